//! The objects of a token: pairs of a private and a public key that share an id.

use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::Session;

use super::Hsm;
use crate::KeyError;

/// The curve by its name, as PKCS#11 3.0 §6.3 writes it (a `PrintableString`), and by its object
/// identifier (RFC 8410); modules know the one or the other.
const CURVES: [&[u8]; 2] = [b"\x13\x0cedwards25519", b"\x06\x03\x2b\x65\x70"];
/// What stands before the 32 bytes of a point: OCTET STRING.
const POINT_PREFIX: [u8; 2] = [0x04, 0x20];

impl Hsm {
    /// Makes a key pair that cannot be exported.
    pub(super) fn generate(
        &self,
        session: &Session,
        id: &[u8],
        label: &str,
    ) -> Result<(), KeyError> {
        let shared = [
            Attribute::Token(true),
            Attribute::Id(id.to_vec()),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let private = [
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Sign(true),
        ];
        let private = [&shared[..], &private].concat();
        let mut refusal = None;
        for curve in CURVES {
            let public = [Attribute::Private(false), Attribute::Verify(true)];
            let curve = [Attribute::EcParams(curve.to_vec())];
            let public = [&shared[..], &public, &curve].concat();
            match session.generate_key_pair(&Mechanism::EccEdwardsKeyPairGen, &public, &private) {
                Ok(_) => return Ok(()),
                Err(error) => refusal.get_or_insert(error),
            };
        }
        let reason = refusal.map_or_else(String::new, |error| error.to_string());
        Err(self.refusal(format!("it makes no Ed25519 key: {reason}")))
    }

    /// The id of the one private key with this label.
    pub(super) fn id_of(&self, session: &Session, label: &str) -> Result<Vec<u8>, KeyError> {
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::EC_EDWARDS),
            Attribute::Label(label.as_bytes().to_vec()),
        ];
        let what = format!("the Ed25519 key '{label}'");
        let key = self.only(session, &wanted, &what)?;
        let found = session.get_attributes(key, &[AttributeType::Id]);
        let found = found.map_err(|error| self.problem(&what, &error))?;
        match found.into_iter().next() {
            Some(Attribute::Id(id)) if !id.is_empty() => Ok(id),
            _ => Err(self.refusal(format!("{what} has no id (CKA_ID)"))),
        }
    }

    pub(super) fn private(&self, session: &Session, id: &[u8]) -> Result<ObjectHandle, KeyError> {
        let wanted = half(ObjectClass::PRIVATE_KEY, id);
        self.only(session, &wanted, &format!("the private key with id {}", hex::encode(id)))
    }

    pub(super) fn public(&self, session: &Session, id: &[u8]) -> Result<[u8; 32], KeyError> {
        let wanted = half(ObjectClass::PUBLIC_KEY, id);
        let what = format!("the public key with id {}", hex::encode(id));
        let key = self.only(session, &wanted, &what)?;
        let found = session.get_attributes(key, &[AttributeType::EcPoint]);
        let found = found.map_err(|error| self.problem(&what, &error))?;
        let point = found.into_iter().find_map(|attribute| match attribute {
            Attribute::EcPoint(point) => Some(point),
            _ => None,
        });
        let point = point.unwrap_or_default();
        let bytes = point.strip_prefix(&POINT_PREFIX).unwrap_or(&point);
        bytes.try_into().map_err(|_| self.refusal(format!("{what} is no Ed25519 key")))
    }

    /// Removes both halves of a pair; nothing if they are gone. Other objects may have the same id,
    /// such as certificates, and stay. A crash between the two leaves the public half, by which the
    /// pair is found again.
    pub(super) fn destroy(&self, session: &Session, id: &[u8]) -> Result<(), KeyError> {
        for class in [ObjectClass::PRIVATE_KEY, ObjectClass::PUBLIC_KEY] {
            let removed = session.find_objects(&half(class, id)).and_then(|found| {
                found.into_iter().try_for_each(|object| session.destroy_object(object))
            });
            removed.map_err(|error: Error| self.problem("the removal of a retired key", &error))?;
        }
        Ok(())
    }

    fn only(
        &self,
        session: &Session,
        wanted: &[Attribute],
        what: &str,
    ) -> Result<ObjectHandle, KeyError> {
        let found = session.find_objects(wanted).map_err(|error| self.problem(what, &error))?;
        match found.as_slice() {
            [one] => Ok(*one),
            [] => Err(self.refusal(format!("{what} is not in it"))),
            _ => Err(self.refusal(format!("{what} is in it several times"))),
        }
    }
}

/// One half of an Ed25519 pair. A token may give its id to keys of other types too.
fn half(class: ObjectClass, id: &[u8]) -> [Attribute; 3] {
    [Attribute::Class(class), Attribute::KeyType(KeyType::EC_EDWARDS), Attribute::Id(id.to_vec())]
}
