//! `keys` is the only toucher of private keys and secrets.
//!
//! Keys live in files of a folder that nobody else may read ([`KeyDirectory`]); what runs gets
//! objects that sign, verify, seal and open, and never the key itself. One provider of
//! cryptography stands behind all of it: aws-lc-rs.
//!
//! Read first: [`PlatformKeys`] for what the platform signs with, [`CallerKey`] for how a caller
//! is recognised, [`SecretBox`] for secrets that must stand in the database, [`DetailKeys`] for
//! what must be deletable, [`KeySecret`] for what encrypts the folder at rest,
//! [`KeyDocument`] for certificates that organisations hand in.
//!
//! **Invariant**: a private key or secret leaves this crate only through a function whose name
//! says so (`to_pkcs8_pem`, `reveal`, `new_hmac_secret`), in memory that is wiped when dropped,
//! and never through `Debug` or an error. A key file is whole or it is refused.
//! **Trust**: whoever controls this crate can speak as the platform and as every HMAC caller;
//! nobody can rewrite what is already under a published checkpoint.

#![cfg_attr(test, allow(clippy::string_slice, reason = "tests cut ASCII they wrote"))]

mod caller_key;
mod detail_keys;
mod ecdsa;
mod ed25519;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod hsm;
mod key_directory;
mod key_document;
mod peer_key;
mod pem;
mod platform_keys;
mod platform_signer;
mod private_key;
mod protection;
mod public_key;
mod randomness;
mod rsa;
mod secret_box;
mod signing_key;
mod symmetric;
mod token;

#[cfg(test)]
mod openssl_tests;

pub use caller_key::CallerKey;
pub use detail_keys::{DetailKeys, NONCE_LEN, TAG_LEN};
pub use ecdsa::EcdsaKey;
pub use ed25519::Ed25519Key;
pub use error::KeyError;
pub use hsm::{Hsm, HsmKey, TokenName};
pub use key_directory::KeyDirectory;
pub use key_document::{DocumentKind, KeyDocument, NotAKeyDocument, holds_private_key};
pub use peer_key::PeerKey;
pub use platform_keys::{KeyPlace, KeyValidity, PlaceInHsm, PlatformKey, PlatformKeys};
pub use platform_signer::PlatformSigner;
pub use protection::{Cost, KeySecret, Protection, read_secret_file};
pub use public_key::{ed25519_public_key, ed25519_public_key_pem, public_key, public_key_pem};
pub use randomness::SystemRandomness;
pub use rsa::RsaKey;
pub use secret_box::SecretBox;
pub use signing_key::SigningKey;
pub use token::{TokenHash, TokenSecret, new_hmac_secret};
pub use zeroize::Zeroizing;
