//! Making, rotating and revoking credentials.

use std::collections::BTreeMap;
use std::time::Duration;

use evidence::{Actor, Change};
use keys::{
    DocumentKind, KeyDocument, NotAKeyDocument, Zeroizing, new_hmac_secret, public_key_pem,
};
use web::field;
use wire::ambient::UtcMicros;
use wire::directory::Environment;
use wire::id::{KeyId, SystemId};
use wire::problem::Text;
use wire::public_key::PublicKey;
use wire::signature::Algorithm;

use super::{Credential, CredentialDocument, MAX_PER_SYSTEM, TOLD_AFTER_ITS_END, sql};
use crate::Registry;
use crate::authority::must_administer;
use crate::profile::registration::{self, Prospect};
use crate::refused::{Noun, Refused};
use crate::system;

/// The key of a new credential.
#[derive(Debug, Clone)]
pub enum NewKey {
    /// The platform makes a secret and shows it once.
    HmacSha256,
    /// The system made a pair and keeps the private key.
    Public {
        /// What it signs with.
        algorithm: Algorithm,
        /// The public key, which fits.
        key: PublicKey,
        /// What it came in, if it did not come alone.
        document: Option<Box<KeyDocument>>,
    },
}

/// What an organisation hands in of its key: at most one of these, and none for a secret.
#[derive(Debug, Clone, Copy, Default)]
pub struct HandedIn<'a> {
    /// A public key.
    pub public_key: Option<&'a str>,
    /// A certificate.
    pub certificate: Option<&'a str>,
    /// A certificate request.
    pub certificate_request: Option<&'a str>,
}

/// A new credential with the secret that is never shown again.
pub struct Made {
    /// The credential.
    pub credential: Credential,
    /// The HMAC secret; none for a public key.
    pub secret: Option<Zeroizing<[u8; 32]>>,
    /// Whether gateways know it. If not, they will without anyone asking again: the secret can be
    /// shown only now, so its being late is no reason to withhold it.
    pub in_force: bool,
    /// When it passes by the technical profile; none where no profile was ever assigned.
    pub prospect: Option<Prospect>,
}

/// A credential to be made.
#[derive(Debug)]
pub struct NewCredential {
    /// The system it will speak for.
    pub system: SystemId,
    /// Where its calls will go.
    pub environment: Environment,
    /// Its key.
    pub key: NewKey,
    /// How long it lives.
    pub life: Duration,
    /// The credential that it takes over from.
    pub replaces: Option<KeyId>,
}

/// Makes a credential.
pub async fn make(registry: &Registry, actor: &Actor, new: NewCredential) -> Result<Made, Refused> {
    must_administer(actor, &new.system.organisation)?;
    let mut change = registry.recorder.change(actor, "credential.made").await?;
    system::command::open(&mut change, &new.system).await?;
    let mut made = insert(registry, &mut change, new).await?;
    change.record(subject(&made.credential)).await?;
    made.in_force = registry.publisher.publish(Some(actor)).await.is_ok();
    Ok(made)
}

/// Makes a successor of the same algorithm, with what was handed in if that has public keys; the old
/// credential lives on for `overlap` at most.
pub async fn rotate(
    registry: &Registry,
    actor: &Actor,
    keyid: &KeyId,
    given: HandedIn<'_>,
    times: RotationTimes,
) -> Result<Made, Refused> {
    let mut change = registry.recorder.change(actor, "credential.rotated").await?;
    let old = load_administered(&mut change, actor, keyid).await?;
    let now = change.time();
    if !old.is_alive(now) {
        return Err(Refused::CredentialNotValid(keyid.to_string()));
    }
    if given.is_none() != (old.algorithm == Algorithm::HmacSha256) {
        return Err(Refused::OtherAlgorithm(old.algorithm));
    }
    let key = NewKey::of(old.algorithm, given, now)?;
    let until = now.saturating_add(times.overlap).min(old.not_after);
    sql::shorten(&mut change, keyid, until).await?;
    let new = NewCredential {
        system: old.system.clone(),
        environment: old.environment,
        key,
        life: times.life,
        replaces: Some(keyid.clone()),
    };
    let mut made = insert(registry, &mut change, new).await?;
    let mut subject = subject(&made.credential);
    subject.insert("replaces".to_owned(), keyid.to_string());
    change.record(subject).await?;
    made.in_force = registry.publisher.publish(Some(actor)).await.is_ok();
    Ok(made)
}

/// How long things last when a credential is rotated.
#[derive(Debug, Clone, Copy)]
pub struct RotationTimes {
    /// The life of the successor.
    pub life: Duration,
    /// How much longer the old credential lives, at most.
    pub overlap: Duration,
}

/// Ends a credential at once. Revoking one that is revoked already changes nothing.
pub async fn revoke(
    registry: &Registry,
    actor: &Actor,
    keyid: &KeyId,
) -> Result<Credential, Refused> {
    let mut change = registry.recorder.change(actor, "credential.revoked").await?;
    let mut credential = load_administered(&mut change, actor, keyid).await?;
    if credential.revoked_at.is_some() {
        return Ok(credential);
    }
    let now = change.time();
    credential.revoked_at = Some(now);
    sql::revoke(&mut change, keyid, now, None).await?;
    change.record(subject(&credential)).await?;
    registry.publisher.publish(Some(actor)).await?;
    Ok(credential)
}

async fn load_administered(
    change: &mut Change,
    actor: &Actor,
    keyid: &KeyId,
) -> Result<Credential, Refused> {
    let found = sql::find(&mut *change, keyid).await?;
    let credential = found.ok_or_else(|| unknown(keyid))?;
    must_administer(actor, &credential.system.organisation)?;
    Ok(credential)
}

async fn insert(
    registry: &Registry,
    change: &mut Change,
    new: NewCredential,
) -> Result<Made, Refused> {
    let NewCredential { system, environment, key, life, replaces } = new;
    let since = change.time().saturating_sub(TOLD_AFTER_ITS_END);
    if sql::count_not_ended_before(&mut *change, &system, since).await? >= MAX_PER_SYSTEM {
        return Err(Refused::TooManyCredentials(system));
    }
    let keyid = new_key_id(registry)?;
    let (secret, public_key, document) = match &key {
        NewKey::HmacSha256 => (Some(new_hmac_secret(registry.randomness.as_ref())), None, None),
        NewKey::Public { key, document, .. } => (None, Some(key.clone()), document.as_deref()),
    };
    // Sealed for this key id: swapped between rows, a secret does not open.
    let seal = |secret: &Zeroizing<[u8; 32]>| {
        registry.secrets.seal(keyid.as_str().as_bytes(), secret.as_ref())
    };
    let sealed_secret = secret.as_ref().map(seal).transpose()?;
    let now = change.time();
    let document = document.map(CredentialDocument::from);
    let not_after = now.saturating_add(life);
    // Never longer than its certificate.
    let until = document.as_ref().and_then(|document| document.not_after);
    let credential = Credential {
        keyid: keyid.clone(),
        system,
        algorithm: key.algorithm(),
        environment,
        public_key_pem: public_key.as_ref().map(|public| public_key_pem(key.algorithm(), public)),
        not_before: now,
        not_after: until.map_or(not_after, |until| until.min(not_after)),
        revoked_at: None,
        revoked_because: None,
        replaces,
        document,
        public_key,
    };
    let prospect = registration::judge(change, &credential).await?;
    sql::insert(change, &credential, sealed_secret).await?;
    Ok(Made { credential, secret, in_force: false, prospect })
}

/// `k-` and 64 random bits: says nothing about whose it is.
fn new_key_id(registry: &Registry) -> Result<KeyId, Refused> {
    let mut bytes = [0; 8];
    registry.randomness.fill(&mut bytes);
    let text = format!("k-{:016x}", u64::from_be_bytes(bytes));
    text.parse().map_err(|_| Refused::Taken { noun: Noun::Credential, id: text })
}

impl HandedIn<'_> {
    /// Whether nothing was.
    fn is_none(&self) -> bool {
        self.public_key.is_none()
            && self.certificate.is_none()
            && self.certificate_request.is_none()
    }
}

impl NewKey {
    /// The key for `algorithm` with what was handed in: a secret to be made for HMAC, else a public key
    /// of the right type that is not weak, in a document that counts `now` if it came in one.
    pub fn of(algorithm: Algorithm, given: HandedIn<'_>, now: UtcMicros) -> Result<Self, Refused> {
        let HandedIn { public_key, certificate, certificate_request } = given;
        let in_document = |field, kind, text| {
            let refused = |why: NotAKeyDocument| Refused::Field(field::refused(field, &why.text()));
            let document = KeyDocument::read(kind, text).map_err(refused)?;
            let key = document.key_at(algorithm, now).map_err(refused)?;
            Ok(Self::Public { algorithm, key, document: Some(Box::new(document)) })
        };
        match (algorithm, public_key, certificate, certificate_request) {
            (Algorithm::HmacSha256, None, None, None) => Ok(Self::HmacSha256),
            (Algorithm::HmacSha256, ..) => Err(nothing_is_sent_for_hmac(given)),
            (_, None, None, None) => Err(Refused::Field(field::missing("public_key"))),
            (_, Some(text), None, None) => {
                let key = keys::public_key(algorithm, text)
                    .map_err(|why| Refused::Field(field::refused("public_key", &why.text())))?;
                Ok(Self::Public { algorithm, key, document: None })
            }
            (_, None, Some(text), None) => {
                in_document("certificate", DocumentKind::Certificate, text)
            }
            (_, None, None, Some(text)) => {
                in_document("certificate_request", DocumentKind::Request, text)
            }
            _ => Err(only_one_of(given)),
        }
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::HmacSha256 => Algorithm::HmacSha256,
            Self::Public { algorithm, .. } => *algorithm,
        }
    }
}

/// The first field that was sent.
fn first_of(given: HandedIn<'_>) -> &'static str {
    match given {
        HandedIn { public_key: Some(_), .. } => "public_key",
        HandedIn { certificate: Some(_), .. } => "certificate",
        _ => "certificate_request",
    }
}

fn nothing_is_sent_for_hmac(given: HandedIn<'_>) -> Refused {
    let reason = Text::new(
        "Khóa hmac-sha256 do nền tảng tạo, không gửi khóa lên.",
        "The platform makes the secret of hmac-sha256; send none.",
    );
    Refused::Field(field::refused(first_of(given), &reason))
}

fn only_one_of(given: HandedIn<'_>) -> Refused {
    let reason = Text::new(
        "Chỉ gửi một trong ba trường: public_key, certificate, certificate_request.",
        "Send one of public_key, certificate and certificate_request alone.",
    );
    Refused::Field(field::refused(first_of(given), &reason))
}

pub(crate) fn unknown(keyid: &KeyId) -> Refused {
    Refused::Unknown { noun: Noun::Credential, id: keyid.to_string() }
}

fn subject(credential: &Credential) -> BTreeMap<String, String> {
    let mut subject = BTreeMap::from([
        ("credential".to_owned(), credential.keyid.to_string()),
        ("system".to_owned(), credential.system.to_string()),
        ("algorithm".to_owned(), credential.algorithm.to_string()),
    ]);
    if let Some(document) = &credential.document {
        // Whom it names may be a person; the digest of what an authority signed tells nobody.
        subject.insert(document.kind.to_owned(), format!("sha256:{}", document.sha256));
    }
    if credential.environment.is_sandbox() {
        subject.insert("environment".to_owned(), credential.environment.to_string());
    }
    subject
}
