//! Keys that never leave a security module (PKCS#11): a smart card, an HSM, `SoftHSM`.
//!
//! The module is a library of its vendor, loaded when the node starts. Read first: [`Hsm`] (one
//! token, logged in), then [`HsmKey`] (one private key in it). A session that the token forgot, or
//! a token that was taken out and put back, is logged in to anew once per signature.
//!
//! **Invariant**: a signature counts only after it was verified with the public key that the index
//! names: a token that errs signs nothing in our name. A PIN that was refused is not tried again by
//! this process, so that no token locks itself.
//! **Trust**: the vendor's library runs within this process and sees all of it. The token's owner
//! can sign as the platform; whoever has the disk alone cannot.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::MechanismType;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use crate::KeyError;

mod key;
mod object;

#[cfg(test)]
mod tests;

pub use key::HsmKey;

/// Which token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenName {
    /// By its label; exactly one token has it.
    Label(String),
    /// By the number of its slot.
    Slot(u64),
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Label(label) => write!(f, "the token '{label}'"),
            Self::Slot(number) => write!(f, "the token in slot {number}"),
        }
    }
}

/// A token of a security module, logged in to. Clones share it.
#[derive(Clone)]
pub struct Hsm(Arc<Shared>);

struct Shared {
    module: Pkcs11,
    path: PathBuf,
    token: TokenName,
    pin: AuthPin,
    /// A refused PIN is not tried again: some tokens lock after three times.
    is_refused: AtomicBool,
}

impl Hsm {
    /// Loads the vendor's library, finds the token, logs in, and sees that it can sign Ed25519.
    pub fn open(
        module: &Path,
        token: TokenName,
        pin: &Zeroizing<Vec<u8>>,
    ) -> Result<Self, KeyError> {
        let problem = |reason: String| KeyError::Hsm { token: token.to_string(), reason };
        let pin = std::str::from_utf8(pin)
            .map_err(|_| problem("the PIN is no text".to_owned()))?
            .to_owned();
        let path = module.to_owned();
        let module = Pkcs11::new(module).map_err(|error| {
            problem(format!("the module {} cannot be loaded: {error}", path.display()))
        })?;
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => {
                return Err(problem(format!(
                    "the module {} does not start: {error}",
                    path.display()
                )));
            }
        }
        let pin = AuthPin::new(pin.into());
        let is_refused = AtomicBool::new(false);
        let hsm = Self(Arc::new(Shared { module, path, token, pin, is_refused }));
        hsm.session(false)?;
        hsm.refuse_without_ed25519()?;
        Ok(hsm)
    }

    /// The label of the token, which the index of keys names.
    pub fn label(&self) -> Result<String, KeyError> {
        let about = self.0.module.get_token_info(self.slot()?);
        Ok(about.map_err(|error| self.problem("its label", &error))?.label().trim_end().to_owned())
    }

    /// A session that is logged in; all sessions of a process share the login.
    fn session(&self, writes: bool) -> Result<Session, KeyError> {
        if self.0.is_refused.load(Ordering::Relaxed) {
            return Err(
                self.refusal("the PIN was refused before and is not tried again".to_owned())
            );
        }
        let slot = self.slot()?;
        let (module, pin) = (&self.0.module, &self.0.pin);
        let session =
            if writes { module.open_rw_session(slot) } else { module.open_ro_session(slot) };
        let session = session.map_err(|error| self.problem("a session", &error))?;
        match session.login(UserType::User, Some(pin)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Error::Pkcs11(error, _)) if is_about_the_pin(error) => {
                self.0.is_refused.store(true, Ordering::Relaxed);
                Err(self.refusal(format!(
                    "the PIN is refused ({error}); after a few more times a token locks itself"
                )))
            }
            Err(error) => Err(self.problem("the login", &error)),
        }
    }

    fn slot(&self) -> Result<Slot, KeyError> {
        let module = &self.0.module;
        let slots = module.get_slots_with_initialized_token();
        let slots = slots.map_err(|error| self.problem("the list of tokens", &error))?;
        let mut labels = Vec::new();
        let mut fitting = Vec::new();
        for slot in slots {
            let Ok(about) = module.get_token_info(slot) else { continue };
            let label = about.label().trim_end().to_owned();
            let fits = match &self.0.token {
                TokenName::Label(wanted) => *wanted == label,
                TokenName::Slot(wanted) => *wanted == slot.id(),
            };
            labels.push(format!("'{label}' in slot {}", slot.id()));
            if fits {
                fitting.push(slot);
            }
        }
        match fitting.as_slice() {
            [slot] => Ok(*slot),
            [] if labels.is_empty() => Err(self.refusal(format!(
                "no token is there; is it plugged in and initialised, and the module {} set up for \
                 this user?",
                self.0.path.display()
            ))),
            [] => Err(self.refusal(format!("it is not there; there is {}", labels.join(", ")))),
            _ => Err(self.refusal("several tokens have this label; name its slot".to_owned())),
        }
    }

    fn refuse_without_ed25519(&self) -> Result<(), KeyError> {
        let mechanisms = self.0.module.get_mechanism_list(self.slot()?);
        let mechanisms = mechanisms.map_err(|error| self.problem("its mechanisms", &error))?;
        if mechanisms.contains(&MechanismType::EDDSA) {
            return Ok(());
        }
        Err(self.refusal(
            "it does not sign with Ed25519 (CKM_EDDSA), which the platform's keys need".to_owned(),
        ))
    }

    fn problem(&self, what: &str, error: &Error) -> KeyError {
        self.refusal(format!("{what} is not to be had: {error}"))
    }

    fn refusal(&self, reason: String) -> KeyError {
        KeyError::Hsm { token: self.0.token.to_string(), reason }
    }
}

fn is_about_the_pin(error: RvError) -> bool {
    matches!(
        error,
        RvError::PinIncorrect
            | RvError::PinInvalid
            | RvError::PinLenRange
            | RvError::PinExpired
            | RvError::PinLocked
    )
}

impl fmt::Debug for Hsm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hsm({}, {})", self.0.path.display(), self.0.token)
    }
}
