//! Reading `Signature-Input` (RFC 9421 §4.1) and `Accept-Signature` (§5.1).

use std::borrow::Cow;
use std::convert::Infallible;

use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, InnerListVisitor, ItemVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef, StringRef};

use super::structured::{dictionary_members, parser};
use super::{Component, MAX_COMPONENTS, Name, Parameters, SignatureError, SignatureInput, plain};

/// The signature of `Signature-Input` whose `tag` is the given one; none if there is none.
/// Signatures under other tags are passed over, whatever is wrong with them; two under this tag
/// are [`SignatureError::Ambiguous`], and so is a label that is used twice.
pub fn find_tagged<'a>(
    signature_input: &'a str,
    tag: &str,
) -> Result<Option<SignatureInput<'a>>, SignatureError> {
    match plain::signature_input(signature_input, tag) {
        Some(usual) => Ok(Some(usual)),
        None => find_any(signature_input, tag),
    }
}

/// The same, however the field is written.
pub(super) fn find_any<'a>(
    signature_input: &'a str,
    tag: &str,
) -> Result<Option<SignatureInput<'a>>, SignatureError> {
    find(signature_input, |parameters| parameters.tag.as_deref() == Some(tag), false)
}

/// The signature that `Accept-Signature` asks for under this tag or under none.
pub fn find_requested<'a>(
    accept_signature: &'a str,
    tag: &str,
) -> Result<Option<SignatureInput<'a>>, SignatureError> {
    let is_meant = |parameters: &Parameters<'_>| {
        parameters.tag.is_none() || parameters.tag.as_deref() == Some(tag)
    };
    find(accept_signature, is_meant, true)
}

fn find(
    field: &str,
    is_meant: impl Fn(&Parameters<'_>) -> bool,
    requested: bool,
) -> Result<Option<SignatureInput<'_>>, SignatureError> {
    let mut members = parser(field)
        .parse_dictionary_with_visitor(Members { found: Vec::new(), requested })
        .map_err(|_| SignatureError::NotADictionary)?;
    let mut meant = members.iter().enumerate().filter(|(_, member)| is_meant(&member.parameters));
    let Some((position, &Member { label, .. })) = meant.next() else {
        return Ok(None);
    };
    let is_repeated = members.iter().filter(|member| member.label == label).count() > 1;
    if meant.next().is_some() || is_repeated {
        return Err(SignatureError::Ambiguous);
    }
    let Member { components, parameters, fault, .. } = members.swap_remove(position);
    // `sfv` told the members in the order in which they stand in the field.
    let (_, raw) = dictionary_members(field).nth(position).ok_or(SignatureError::NotADictionary)?;
    match fault {
        Some(fault) => Err(fault),
        None => Ok(Some(SignatureInput { label, components, parameters, raw })),
    }
}

/// All members of a `Signature-Input`, each with what is wrong with it, if anything: only of the
/// one that is meant does it matter.
struct Members<'a> {
    found: Vec<Member<'a>>,
    requested: bool,
}

struct Member<'a> {
    label: &'a str,
    components: Vec<Component<'a>>,
    parameters: Parameters<'a>,
    fault: Option<SignatureError>,
    /// Of an `Accept-Signature`: parameters may be flags, asking the signer to choose (§5.1).
    requested: bool,
}

impl Member<'_> {
    fn blame(&mut self, fault: SignatureError) {
        self.fault.get_or_insert(fault);
    }
}

impl<'de> DictionaryVisitor<'de> for Members<'de> {
    type Out = Vec<Member<'de>>;
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        self.found.push(Member {
            label: key.as_str(),
            components: Vec::new(),
            parameters: Parameters::default(),
            fault: None,
            requested: self.requested,
        });
        Ok(self.found.last_mut())
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(self.found)
    }
}

impl<'de> EntryVisitor<'de> for &mut Member<'de> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        self.blame(SignatureError::NotComponents);
        Ok(SignatureParameters(self))
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        Ok(self)
    }
}

impl<'de> InnerListVisitor<'de> for &mut Member<'de> {
    type Error = Infallible;

    fn item(&mut self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(OneComponent(self))
    }

    fn finish(self) -> Result<impl ParameterVisitor<'de>, Infallible> {
        let mut seen = self.components.as_slice();
        while let [component, rest @ ..] = seen {
            if rest.contains(component) {
                let repeated = component.to_string();
                self.blame(SignatureError::ComponentRepeated(repeated));
                break;
            }
            seen = rest;
        }
        Ok(SignatureParameters(self))
    }
}

struct OneComponent<'m, 'de>(&'m mut Member<'de>);

impl<'de> ItemVisitor<'de> for OneComponent<'_, 'de> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        let member = self.0;
        let is_full = member.components.len() == MAX_COMPONENTS;
        match item {
            _ if is_full => member.blame(SignatureError::TooManyComponents),
            // A name with an escape in it is no name, so only borrowed strings can be one.
            BareItemFromInput::String(Cow::Borrowed(name)) => {
                match Component::named(name.as_str()) {
                    Some(component) => {
                        member.components.push(component);
                        return Ok(ComponentParameters(Some(member)));
                    }
                    None => member.blame(unsupported(name.as_str())),
                }
            }
            _ => member.blame(SignatureError::NotComponents),
        }
        Ok(ComponentParameters(None))
    }
}

fn unsupported(identifier: &str) -> SignatureError {
    SignatureError::ComponentUnsupported(format!("\"{identifier}\""))
}

/// The parameters of the component read last; of nothing, if it could not be read.
struct ComponentParameters<'m, 'de>(Option<&'m mut Member<'de>>);

impl<'de> ParameterVisitor<'de> for ComponentParameters<'_, 'de> {
    type Out = ();
    type Error = Infallible;

    fn parameter(
        &mut self,
        key: &'de KeyRef,
        value: BareItemFromInput<'de>,
    ) -> Result<(), Infallible> {
        let Some(member) = &mut self.0 else {
            return Ok(());
        };
        let Some(component) = member.components.last_mut() else {
            return Ok(());
        };
        match (key.as_str(), value, &mut component.name) {
            ("req", BareItemFromInput::Boolean(true), _) if !component.req => component.req = true,
            ("tr", BareItemFromInput::Boolean(true), Name::Field(_)) if !component.tr => {
                component.tr = true;
            }
            ("key", BareItemFromInput::String(value), Name::Field(_))
                if component.key.is_none() =>
            {
                component.key = Some(plain(value));
            }
            ("name", BareItemFromInput::String(value), Name::QueryParam(name))
                if name.is_empty() =>
            {
                *name = plain(value);
            }
            // `sf`, `bs` and whatever may come: not understood is not verified (§3.2).
            (other, ..) => {
                let identifier = format!("{component};{other}");
                member.blame(SignatureError::ComponentUnsupported(identifier));
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

struct SignatureParameters<'m, 'de>(&'m mut Member<'de>);

/// A member that is no list: its tag still tells whether it means to be ours.
impl<'de> ItemVisitor<'de> for SignatureParameters<'_, 'de> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        _: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        Ok(self)
    }
}

impl<'de> ParameterVisitor<'de> for SignatureParameters<'_, 'de> {
    type Out = ();
    type Error = Infallible;

    fn parameter(
        &mut self,
        key: &'de KeyRef,
        value: BareItemFromInput<'de>,
    ) -> Result<(), Infallible> {
        let parameters = &mut self.0.parameters;
        let stored = match key.as_str() {
            "created" => store_integer(&mut parameters.created, &value),
            "expires" => store_integer(&mut parameters.expires, &value),
            "nonce" => store_string(&mut parameters.nonce, &value),
            "keyid" => store_string(&mut parameters.keyid, &value),
            "alg" => store_string(&mut parameters.alg, &value),
            "tag" => store_string(&mut parameters.tag, &value),
            _ => true,
        };
        let is_wish = self.0.requested && matches!(value, BareItemFromInput::Boolean(true));
        if !stored && !is_wish {
            self.0.blame(SignatureError::ParameterMalformed(key.as_str().to_owned()));
        }
        Ok(())
    }

    fn finish(self) -> Result<(), Infallible> {
        Ok(())
    }
}

/// False if the value is of another type or the parameter was there before.
fn store_integer(slot: &mut Option<i64>, value: &BareItemFromInput<'_>) -> bool {
    match value {
        BareItemFromInput::Integer(value) => slot.replace(i64::from(*value)).is_none(),
        _ => false,
    }
}

fn store_string<'de>(slot: &mut Option<Cow<'de, str>>, value: &BareItemFromInput<'de>) -> bool {
    match value {
        BareItemFromInput::String(value) => slot.replace(plain(value.clone())).is_none(),
        _ => false,
    }
}

fn plain(text: Cow<'_, StringRef>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_str()),
        Cow::Owned(text) => Cow::Owned(text.as_str().to_owned()),
    }
}
