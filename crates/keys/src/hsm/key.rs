//! One private key in a token.

use std::fmt;
use std::sync::Arc;

use cryptoki::error::Error;
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::ObjectHandle;
use cryptoki::session::Session;
use parking_lot::Mutex;
use wire::ambient::Randomness;

use super::Hsm;
use crate::{CallerKey, KeyError};

/// How many sessions are kept open for the next signatures.
const KEPT_SESSIONS: usize = 8;

/// An Ed25519 key that signs within its token; clones share it.
#[derive(Clone)]
pub struct HsmKey(Arc<Shared>);

struct Shared {
    hsm: Hsm,
    id: Vec<u8>,
    public: [u8; 32],
    verifier: CallerKey,
    /// Sessions of no signature at the moment, each with the key as it knows it.
    idle: Mutex<Vec<(Session, ObjectHandle)>>,
}

impl HsmKey {
    /// Makes a new key in the token.
    pub(crate) fn generate(
        hsm: &Hsm,
        label: &str,
        randomness: &dyn Randomness,
    ) -> Result<Self, KeyError> {
        let mut id = [0; 8];
        randomness.fill(&mut id);
        hsm.generate(&hsm.session(true)?, &id, label)?;
        Self::load(hsm, &id)
    }

    /// The key in the token that has this label.
    pub(crate) fn labelled(hsm: &Hsm, label: &str) -> Result<Self, KeyError> {
        let id = hsm.id_of(&hsm.session(false)?, label)?;
        Self::load(hsm, &id)
    }

    /// The key in the token that has this id; signs once, to see that the halves belong together.
    pub(crate) fn load(hsm: &Hsm, id: &[u8]) -> Result<Self, KeyError> {
        let public = hsm.public(&hsm.session(false)?, id)?;
        let key = Self(Arc::new(Shared {
            hsm: hsm.clone(),
            id: id.to_vec(),
            public,
            verifier: CallerKey::ed25519(&public)?,
            idle: Mutex::default(),
        }));
        // No checkpoint, directory head or signature base begins like this.
        key.sign(b"lgsp sees that this key signs\n")?;
        Ok(key)
    }

    /// Signs, and sees that the signature is good. A session that the token has forgotten is
    /// opened anew, once.
    pub fn sign(&self, message: &[u8]) -> Result<[u8; 64], KeyError> {
        let idle = self.0.idle.lock().pop();
        if let Some(ready) = idle {
            match self.sign_in(ready, message) {
                Ok(signature) => return Ok(signature),
                Err(error) => {
                    tracing::warn!(%error, "a session of the token failed; opening another");
                    // The others are as old.
                    self.0.idle.lock().clear();
                }
            }
        }
        let session = self.0.hsm.session(false)?;
        let key = self.0.hsm.private(&session, &self.0.id)?;
        self.sign_in((session, key), message)
    }

    fn sign_in(
        &self,
        (session, key): (Session, ObjectHandle),
        message: &[u8],
    ) -> Result<[u8; 64], KeyError> {
        let hsm = &self.0.hsm;
        let mechanism = Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Pure));
        let signature = session.sign(&mechanism, key, message);
        let signature = signature.map_err(|error: Error| hsm.problem("a signature", &error))?;
        let signature: [u8; 64] = signature
            .try_into()
            .map_err(|_| hsm.refusal("its signature has not 64 bytes".to_owned()))?;
        if !self.0.verifier.verify(message, &signature) {
            return Err(hsm.refusal("its signature is not that of the key".to_owned()));
        }
        let mut idle = self.0.idle.lock();
        if idle.len() < KEPT_SESSIONS {
            idle.push((session, key));
        }
        Ok(signature)
    }

    /// Removes a key from the token for good; nothing if it is gone, or if by now another key has
    /// its id.
    pub(crate) fn destroy(hsm: &Hsm, id: &[u8], public: &[u8; 32]) -> Result<(), KeyError> {
        let session = hsm.session(true)?;
        match hsm.public(&session, id) {
            Ok(found) if found == *public => hsm.destroy(&session, id),
            _ => Ok(()),
        }
    }

    /// The public key, 32 bytes.
    pub fn public_key(&self) -> [u8; 32] {
        self.0.public
    }

    pub(crate) fn id(&self) -> &[u8] {
        &self.0.id
    }
}

#[cfg(test)]
impl HsmKey {
    pub(super) fn idle_sessions(&self) -> usize {
        self.0.idle.lock().len()
    }
}

impl fmt::Debug for HsmKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HsmKey({:?}, public {})", self.0.hsm, hex::encode(self.0.public))
    }
}
