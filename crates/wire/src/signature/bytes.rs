//! Reading `Signature` (RFC 9421 §4.2).

use std::convert::Infallible;

use sfv::visitor::{
    DictionaryVisitor, EntryVisitor, Ignored, InnerListVisitor, ItemVisitor, ParameterVisitor,
};
use sfv::{BareItemFromInput, KeyRef};

use super::structured::parser;
use super::{SignatureError, plain};

/// The bytes that `Signature` has under `label`; none if it has no such member.
pub fn signature_bytes(signature: &str, label: &str) -> Result<Option<Vec<u8>>, SignatureError> {
    match plain::signature_bytes(signature, label) {
        Some(usual) => Ok(Some(usual)),
        None => find_any(signature, label),
    }
}

/// The same, however the field is written.
pub(super) fn find_any(signature: &str, label: &str) -> Result<Option<Vec<u8>>, SignatureError> {
    parser(signature)
        .parse_dictionary_with_visitor(Bytes { label, found: None, times: 0 })
        .map_err(|_| SignatureError::NotADictionary)?
}

/// The member of `Signature` under one label.
struct Bytes<'l> {
    label: &'l str,
    found: Option<Vec<u8>>,
    times: usize,
}

impl<'de> DictionaryVisitor<'de> for Bytes<'_> {
    type Out = Result<Option<Vec<u8>>, SignatureError>;
    type Error = Infallible;

    fn entry(&mut self, key: &'de KeyRef) -> Result<impl EntryVisitor<'de>, Infallible> {
        if key.as_str() == self.label {
            self.times += 1;
            return Ok(Some(BytesSlot(&mut self.found)));
        }
        Ok(None)
    }

    fn finish(self) -> Result<Self::Out, Infallible> {
        Ok(match (self.times, self.found) {
            (0, _) => Ok(None),
            (1, Some(bytes)) => Ok(Some(bytes)),
            (1, None) => Err(SignatureError::NotBytes),
            _ => Err(SignatureError::Ambiguous),
        })
    }
}

struct BytesSlot<'s>(&'s mut Option<Vec<u8>>);

impl<'de> EntryVisitor<'de> for BytesSlot<'_> {
    type Error = Infallible;

    fn item(self) -> Result<impl ItemVisitor<'de>, Infallible> {
        Ok(self)
    }

    fn inner_list(self) -> Result<impl InnerListVisitor<'de>, Infallible> {
        Ok(Ignored)
    }
}

impl<'de> ItemVisitor<'de> for BytesSlot<'_> {
    type Out = ();
    type Error = Infallible;

    fn bare_item(
        self,
        item: BareItemFromInput<'de>,
    ) -> Result<impl ParameterVisitor<'de, Out = ()>, Infallible> {
        if let BareItemFromInput::ByteSequence(bytes) = item {
            *self.0 = Some(bytes);
        }
        Ok(Ignored)
    }
}
