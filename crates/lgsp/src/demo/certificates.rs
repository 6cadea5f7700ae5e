//! What a demo shows in TLS: one certificate for this machine, and the root that vouches for it.
//!
//! **Invariant**: whoever believes `ca.pem` believes the listeners for a month at least; what is
//! damaged or nearly over is made anew, root and all. **Trust**: the root's key is forgotten as soon
//! as it has signed, so who believes `ca.pem`, in a browser say, believes this one certificate and
//! never another.

use std::fs::DirBuilder;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use time::OffsetDateTime;
use transport::{Certificate, CertificateFiles, CoveredName, TrustedRoots};
use wire::ambient::UtcMicros;

use super::manifest::replace;
use crate::assembly::data_directory::DataDirectory;
use crate::complaint::Complaint;
use crate::config::Config;

/// The root certificate, in the demo's folder.
pub const CA: &str = "ca.pem";
/// Where certificate and key stand, in the demo's folder.
pub const FOLDER: &str = "tls";

const DAY: Duration = Duration::from_hours(24);
/// Browsers take nothing that counts for longer.
const LIFE: Duration = Duration::from_hours(397 * 24);
/// With less left of its life, a certificate is made anew.
const LEFT: Duration = Duration::from_hours(30 * 24);

/// Lets all listeners show the certificate.
pub fn show(config: &mut Config, folder: &Path) {
    for listener in
        [&mut config.control.listener, &mut config.gateway.listener, &mut config.operations]
    {
        listener.certificates = vec![files(folder)];
    }
}

/// A client of the demo's own; in TLS it believes `ca` and nobody else.
pub(super) fn client(ca: Option<&Path>) -> anyhow::Result<reqwest::ClientBuilder> {
    let builder = reqwest::Client::builder().no_proxy();
    let Some(ca) = ca else {
        return Ok(builder);
    };
    Ok(builder.tls_certs_only([reqwest::Certificate::from_pem(&std::fs::read(ca)?)?]))
}

/// Makes them, unless what stands in `folder` will do.
pub(super) fn make_or_keep(folder: &Path, now: UtcMicros) -> Result<(), Complaint> {
    // Held meanwhile: another process may be serving by them.
    let _held = DataDirectory::open(folder)?;
    if will_do(folder, now) {
        return Ok(());
    }
    make(folder, now).map_err(|error| {
        Complaint::new(
            format_args!("the demo's certificate cannot be made: {error:#}"),
            format_args!("let this user write to {}, or leave --tls out", folder.display()),
        )
    })
}

fn files(folder: &Path) -> CertificateFiles {
    let folder = folder.join(FOLDER);
    CertificateFiles { chain: folder.join("listener.pem"), key: folder.join("listener.key") }
}

/// Judged as a client would, today and when it would be late to find out.
fn will_do(folder: &Path, now: UtcMicros) -> bool {
    let (Ok(certificate), Ok(roots)) =
        (Certificate::load(&files(folder)), TrustedRoots::only(&folder.join(CA)))
    else {
        return false;
    };
    let Ok(localhost) = CoveredName::try_from("localhost") else {
        return false;
    };
    let names = [localhost, CoveredName::IpAddress(IpAddr::from(Ipv4Addr::LOCALHOST).into())];
    let believed = |at| names.iter().all(|name| roots.believe(&certificate, name, at));
    believed(now) && believed(now.saturating_add(LEFT))
}

/// A crash in here leaves files that do not fit one another; the next start makes all anew.
fn make(folder: &Path, now: UtcMicros) -> anyhow::Result<()> {
    let now = OffsetDateTime::from_unix_timestamp(now.as_seconds())?;
    let of_today = |params: &mut CertificateParams, name: &str| {
        params.distinguished_name.push(DnType::CommonName, name);
        params.not_before = now - DAY;
        params.not_after = now + LIFE - DAY;
    };
    let mut root = CertificateParams::new(Vec::new())?;
    of_today(&mut root, "LGSP demo, this folder only");
    root.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    root.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let root_key = KeyPair::generate()?;
    let ca = root.self_signed(&root_key)?;

    let mut listener = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    of_today(&mut listener, "LGSP demo");
    listener.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    listener.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    listener.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = listener.signed_by(&key, &Issuer::new(root, root_key))?;

    let files = files(folder);
    let place = folder.join(FOLDER);
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&place);
    made.with_context(|| place.display().to_string())?;
    replace(&files.key, key.serialize_pem().as_bytes())?;
    replace(&files.chain, certificate.pem().as_bytes())?;
    replace(&folder.join(CA), ca.pem().as_bytes())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    const NOW: UtcMicros = UtcMicros::from_seconds(1_790_000_000);

    fn folder() -> tempfile::TempDir {
        let private = Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir().unwrap();
        make_or_keep(folder.path(), NOW).unwrap();
        folder
    }

    /// What stands there, after a demo was started at that moment.
    fn after_a_start(folder: &Path, now: UtcMicros) -> Vec<u8> {
        make_or_keep(folder, now).unwrap();
        assert!(will_do(folder, now));
        std::fs::read(folder.join(CA)).unwrap()
    }

    #[test]
    fn certificates_are_kept_until_their_last_month() {
        let folder = folder();
        let first = std::fs::read(folder.path().join(CA)).unwrap();
        assert_eq!(after_a_start(folder.path(), NOW.saturating_add(300 * DAY)), first);
        assert_ne!(after_a_start(folder.path(), NOW.saturating_add(370 * DAY)), first);
    }

    #[test]
    fn the_root_lets_no_key_lie_around_and_the_listeners_key_is_its_owners() {
        let folder = folder();
        let key = files(folder.path()).key;
        let mode = std::fs::metadata(&key).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
        let found = std::fs::read_dir(folder.path().join(FOLDER)).unwrap();
        assert_eq!(found.count(), 2);
        let root = std::fs::read_to_string(folder.path().join(CA)).unwrap();
        assert!(!root.contains("PRIVATE"));
    }

    #[test]
    fn whatever_is_damaged_is_made_anew() {
        let (other, folder) = (folder(), folder());
        let folder = folder.path();
        let key = files(folder).key;
        for damaged in [CA, "tls/listener.pem", "tls/listener.key"] {
            let file = folder.join(damaged);
            let damages: [&dyn Fn(); 5] = [
                &|| std::fs::write(&file, "").unwrap(),
                &|| std::fs::write(&file, "not a certificate").unwrap(),
                &|| std::fs::remove_file(&file).unwrap(),
                &|| std::fs::copy(other.path().join(damaged), &file).map(drop).unwrap(),
                &|| std::fs::set_permissions(&key, Permissions::from_mode(0o640)).unwrap(),
            ];
            for (number, damage) in damages.iter().enumerate() {
                let before = (std::fs::read(folder.join(CA)), std::fs::read(&key));
                damage();
                assert!(!will_do(folder, NOW), "{damaged} {number}");
                let after = after_a_start(folder, NOW);
                assert_ne!(after, before.0.unwrap(), "{damaged} {number}");
                assert_ne!(std::fs::read(&key).unwrap(), before.1.unwrap(), "{damaged} {number}");
            }
        }
    }
}
