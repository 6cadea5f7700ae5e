//! The description of a service (tài liệu mô tả): the OpenAPI or WSDL document that says what can
//! be called and what is answered.
//!
//! Read first: [`read`] (bytes to [`Described`], or [`Mistakes`] with line, column and rule), then
//! `placed.rs` (a document whose every part knows its place), `openapi.rs`, `wsdl.rs`. A document
//! is kept byte for byte; each one that differs from the last is a revision, a minor version.
//!
//! **Invariant**: nothing that a document points to is ever fetched, and its size, depth and
//! number of parts are bounded before anything is made of it. **Trust**: a document is written by
//! a stranger; it is stored, listed and handed out, and decides no call.

pub(crate) mod api;
mod budget;
pub(crate) mod command;
mod fields;
mod json;
mod mistake;
mod openapi;
mod placed;
mod references;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;
mod wsdl;
mod yaml;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::directory::Operation;

pub use self::command::{NotDescribed, not_described};
pub use self::mistake::{Mistake, Mistakes, Place};

/// The longest document, in bytes: 2 MiB.
pub const MAX_BYTES: usize = 2 << 20;
/// How deep the parts of a document may stand within each other.
const MAX_DEPTH: usize = 64;
/// The most parts a document may have.
const MAX_PARTS: usize = 200_000;
/// The most operations it may describe.
const MAX_OPERATIONS: usize = 2_000;
/// The most revisions that are kept of one service: none is ever taken out.
pub const MAX_REVISIONS: u32 = 50;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// YAML 1.2 without aliases.
    Yaml,
    /// XML 1.0 without a document type.
    Xml,
}

/// What a document describes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ServiceDescription)]
pub struct Described {
    /// The specification it follows.
    #[schema(example = "OpenAPI 3.1")]
    pub specification: String,
    /// The version that the document gives itself, if it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "1.2.0")]
    pub version: Option<String>,
    /// What can be called.
    pub operations: Vec<DescribedOperation>,
    /// Documents that it points to. They were not fetched.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unresolved: Vec<Unresolved>,
}

/// One thing that can be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DescribedOperation {
    /// The HTTP method.
    #[schema(example = "GET")]
    pub method: String,
    /// The path template after the service's own prefix, as a connection asks for it.
    #[schema(example = "/units/{id}")]
    pub path: String,
    /// What the document calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "listUnits")]
    pub name: Option<String>,
    /// What it does, in the document's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "Danh sách đơn vị hành chính")]
    pub summary: Option<String>,
    /// The fields of its successful answers, from the outside in, with dots between.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
}

/// Something that stands in another document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unresolved {
    /// On which line it is pointed to, counted from 1.
    #[schema(example = 12)]
    pub line: u32,
    /// Where it should be.
    #[schema(example = "kieu-du-lieu.xsd")]
    pub location: String,
}

/// A document that was taken for a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revision {
    /// 1 for the first; the highest is in force.
    pub number: u32,
    /// How it is written.
    pub format: Format,
    /// The digest of its bytes (RFC 9530 form).
    pub digest: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// When it was taken.
    pub taken_at: UtcMicros,
    /// What it says.
    pub described: Described,
}

/// What `document` describes. Pure, and bounded by its length.
pub fn read(format: Format, document: &[u8]) -> Result<Described, Mistakes> {
    let text =
        std::str::from_utf8(document).map_err(|error| mistake::not_utf8(document, &error))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    match format {
        Format::Json => openapi::read(&json::read(text)?),
        Format::Yaml => openapi::read(&yaml::read(text)?),
        Format::Xml => wsdl::read(text),
    }
}

impl Described {
    /// Whether `asked` is one of the operations, or a narrower form of one: a fixed segment where
    /// the description has a parameter. `/**` asks for more than any description says.
    pub fn describes(&self, asked: &Operation) -> bool {
        let wanted: Vec<&str> = asked.path.split('/').collect();
        self.operations.iter().any(|known| {
            let known_path: Vec<&str> = known.path.split('/').collect();
            known.method == asked.method
                && known_path.len() == wanted.len()
                && known_path.iter().zip(&wanted).all(|(known, wanted)| {
                    (known.starts_with('{') && *wanted != "**") || known == wanted
                })
        })
    }

    /// Whether some operation answers with `field`, or with fields below it.
    pub fn has_field(&self, field: &str) -> bool {
        let below = |known: &String| {
            known.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.operations.iter().flat_map(|operation| &operation.fields).any(below)
    }
}

impl Format {
    /// The media type with which a document leaves.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/openapi+json",
            Self::Yaml => "application/openapi+yaml",
            Self::Xml => "application/wsdl+xml",
        }
    }

    /// The format that a media type names, without its parameters.
    pub fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/openapi+json" | "application/json" => Some(Self::Json),
            "application/openapi+yaml" | "application/yaml" | "application/x-yaml" => {
                Some(Self::Yaml)
            }
            "application/wsdl+xml" | "application/xml" | "text/xml" => Some(Self::Xml),
            _ => None,
        }
    }
}
