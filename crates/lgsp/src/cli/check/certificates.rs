//! Looking at certificates: can they be read, do they fit, for how long, and for which names; and
//! whether calls can be signed for the public URLs at all.

use std::net::IpAddr;

use transport::{Certificate, CoveredName};
use url::{Host, Url};
use wire::ambient::{Clock as _, UtcMicros};

use super::Finding;
use crate::ambient::SystemClock;
use crate::config::{Config, GatewayConfig, ListenerConfig};

/// With fewer days left, somebody should act now.
const SOON_DAYS: i64 = 21;
const SUBJECT: &str = "certificate";
const DAY_S: i64 = 24 * 60 * 60;

/// One finding per certificate of a listener, and one per address that none covers.
pub(super) fn at(config: &Config) -> Vec<Finding> {
    let (control, gateway) = (&config.control, &config.gateway);
    let now = SystemClock.now();
    let mut findings = Vec::new();
    let control_urls: Vec<_> = control.public_url.iter().collect();
    for (section, listener, urls) in [
        ("control", &control.listener, control_urls.as_slice()),
        ("gateway", &gateway.listener, &gateway.public_urls.iter().collect::<Vec<_>>()),
    ] {
        let certificates = of(section, listener, now, &mut findings);
        findings.extend(not_covered(section, listener, urls, &certificates));
    }
    // Nothing says by which name whoever watches the node reaches this one.
    of("operations", &config.operations, now, &mut findings);
    findings.extend(unreachable_urls(gateway));
    findings
}

/// A signature counts for the URL as the gateway sees it: with the scheme of its listener, or the
/// one that a trusted proxy names.
fn unreachable_urls(gateway: &GatewayConfig) -> Vec<Finding> {
    let listener = &gateway.listener;
    if !listener.proxies.is_empty() {
        return Vec::new();
    }
    let scheme = listener.scheme();
    let others = gateway.public_urls.iter().filter(|url| url.scheme() != scheme);
    let finding = |url: &Url| {
        Finding::problem(
            "public url",
            format!("no call can be signed for {url}: gateway.listen speaks {scheme} only"),
            "name certificates in gateway.tls_certificates, or the proxy that ends TLS in \
             gateway.trusted_proxies, or correct gateway.public_urls",
        )
    };
    others.map(finding).collect()
}

/// The certificates that can be used.
fn of(
    section: &str,
    listener: &ListenerConfig,
    now: UtcMicros,
    findings: &mut Vec<Finding>,
) -> Vec<Certificate> {
    let mut usable = Vec::new();
    for files in &listener.certificates {
        match Certificate::load(files) {
            Ok(certificate) => {
                let file = format!("{files} ({section}.tls_certificates)");
                findings.push(dates(&file, &certificate, now));
                usable.push(certificate);
            }
            Err(error) => findings.push(Finding::problem(
                SUBJECT,
                format!("{section}.tls_certificates: {error}"),
                format!("mend what {section}.tls_certificates and {section}.tls_keys name"),
            )),
        }
    }
    usable
}

fn dates(file: &str, certificate: &Certificate, now: UtcMicros) -> Finding {
    let (from, until) = (certificate.not_before, certificate.not_after);
    let days_left = (until.as_seconds() - now.as_seconds()) / DAY_S;
    let next = "get a new certificate and put it in its place: it is taken without a restart";
    if now < from {
        return Finding::problem(SUBJECT, format!("{file} counts from {from} only"), next);
    }
    if now > until {
        return Finding::problem(SUBJECT, format!("{file} was over at {until}"), next);
    }
    if days_left < SOON_DAYS {
        let seen = format!("{file} is over at {until}, in {days_left} days");
        return Finding::problem(SUBJECT, seen, next);
    }
    Finding::ok(SUBJECT, format!("{file} fits its key and counts until {until}"))
}

/// The hosts by which callers reach the listener and for which it shows no certificate. Without a
/// public URL they reach it where it listens, if that is one address.
fn not_covered(
    section: &str,
    listener: &ListenerConfig,
    urls: &[&Url],
    certificates: &[Certificate],
) -> Vec<Finding> {
    // With one that cannot be read, it is not known which names are lacking.
    if certificates.is_empty() || certificates.len() < listener.certificates.len() {
        return Vec::new();
    }
    let lacks = |name: &CoveredName| !certificates.iter().any(|one| one.covers(name));
    if urls.is_empty() {
        let address = listener.listen.ip();
        let name = CoveredName::IpAddress(address.into());
        let is_lacking = !address.is_unspecified() && lacks(&name);
        return is_lacking.then(|| nameless(section, address)).into_iter().collect();
    }
    let in_tls = urls.iter().filter(|url| url.scheme() == "https");
    let lacking = in_tls.filter(|url| name_of(url).is_some_and(|name| lacks(&name)));
    let finding = |url: &&Url| {
        Finding::problem(
            SUBJECT,
            format!("none of {section}.tls_certificates is for the host of {url}"),
            "get a certificate for that name, or correct the URL: callers refuse the others",
        )
    };
    lacking.map(finding).collect()
}

/// The gateway answers for no other name than this address, the control listener for any.
fn nameless(section: &str, address: IpAddr) -> Finding {
    let seen = format!("none of {section}.tls_certificates is for {address} ({section}.listen)");
    if section == "gateway" {
        let next = "name the URLs that callers use in gateway.public_urls, or get a certificate \
                    for that address: callers refuse the others";
        return Finding::problem(SUBJECT, seen, next);
    }
    let next = "name the URL by which it is reached in control.public_url: links lead to that \
                address, where readers refuse the certificate";
    Finding::warning(SUBJECT, seen, next)
}

fn name_of(url: &Url) -> Option<CoveredName> {
    match url.host()? {
        Host::Domain(name) => CoveredName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(CoveredName::IpAddress(IpAddr::from(address).into())),
        Host::Ipv6(address) => Some(CoveredName::IpAddress(IpAddr::from(address).into())),
    }
}
