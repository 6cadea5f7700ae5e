//! What a signature can cover: component identifiers (RFC 9421 §2.1, §2.2).

use std::borrow::Cow;
use std::fmt;

/// One component identifier: a name, and whether it is meant of the request that a response
/// answers (`;req`), of the trailers (`;tr`), or of one member of a dictionary field (`;key="…"`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component<'a> {
    /// Field or derived component.
    pub name: Name<'a>,
    /// `;req`: taken from the request that this response answers.
    pub req: bool,
    /// `;tr`: taken from the trailers, not from the head.
    pub tr: bool,
    /// `;key="…"`: only this member of the dictionary field.
    pub key: Option<Cow<'a, str>>,
}

/// What a component is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name<'a> {
    /// `@method`
    Method,
    /// `@target-uri`
    TargetUri,
    /// `@authority`
    Authority,
    /// `@scheme`
    Scheme,
    /// `@request-target`
    RequestTarget,
    /// `@path`
    Path,
    /// `@query`, with its question mark
    Query,
    /// `@query-param` and its `;name="…"`
    QueryParam(Cow<'a, str>),
    /// `@status`
    Status,
    /// A field, by its name in small letters.
    Field(Cow<'a, str>),
}

impl<'a> Component<'a> {
    /// A component without parameters.
    pub const fn new(name: Name<'a>) -> Self {
        Self { name, req: false, tr: false, key: None }
    }

    /// A field by its name in small letters.
    pub const fn field(name: &'a str) -> Self {
        Self::new(Name::Field(Cow::Borrowed(name)))
    }

    /// The same of the request that is answered.
    #[must_use]
    pub fn of_request(mut self) -> Self {
        self.req = true;
        self
    }

    /// The same of the trailers.
    #[must_use]
    pub fn of_trailers(mut self) -> Self {
        self.tr = true;
        self
    }

    /// Only this member of the dictionary field.
    #[must_use]
    pub fn member(mut self, key: &'a str) -> Self {
        self.key = Some(Cow::Borrowed(key));
        self
    }

    /// The component of that name, if there is one. `@query-param` gets its name later.
    pub(super) fn named(name: &'a str) -> Option<Self> {
        let name = match name {
            "@method" => Name::Method,
            "@target-uri" => Name::TargetUri,
            "@authority" => Name::Authority,
            "@scheme" => Name::Scheme,
            "@request-target" => Name::RequestTarget,
            "@path" => Name::Path,
            "@query" => Name::Query,
            "@query-param" => Name::QueryParam(Cow::Borrowed("")),
            "@status" => Name::Status,
            field if is_field_name(field) => Name::Field(Cow::Borrowed(field)),
            _ => return None,
        };
        Some(Self::new(name))
    }
}

/// A field name (RFC 9110 §5.1) in small letters.
fn is_field_name(name: &str) -> bool {
    let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !name.is_empty() && name.bytes().all(|b| is_token(b) && !b.is_ascii_uppercase())
}

impl Name<'_> {
    /// The name as it stands in quotes.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Method => "@method",
            Self::TargetUri => "@target-uri",
            Self::Authority => "@authority",
            Self::Scheme => "@scheme",
            Self::RequestTarget => "@request-target",
            Self::Path => "@path",
            Self::Query => "@query",
            Self::QueryParam(_) => "@query-param",
            Self::Status => "@status",
            Self::Field(name) => name,
        }
    }
}

impl fmt::Display for Component<'_> {
    /// The identifier as a signer of ours writes it: `"signature";req;key="sig1"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.name.as_str())?;
        if let Name::QueryParam(name) = &self.name {
            write!(f, ";name=\"{}\"", Escaped(name))?;
        }
        if self.req {
            f.write_str(";req")?;
        }
        if self.tr {
            f.write_str(";tr")?;
        }
        if let Some(key) = &self.key {
            write!(f, ";key=\"{}\"", Escaped(key))?;
        }
        Ok(())
    }
}

/// A string as it stands between the quotes of a structured field (RFC 9651 §4.1.6).
pub(super) struct Escaped<'a>(pub(super) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['"', '\\']) {
            let plain = piece.trim_end_matches(['"', '\\']);
            f.write_str(plain)?;
            if let Some(special) = piece.get(plain.len()..).filter(|rest| !rest.is_empty()) {
                write!(f, "\\{special}")?;
            }
        }
        Ok(())
    }
}
