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
const DAY_S: i64 = 24 * 60 * 60;

/// One finding per certificate, and one per public URL that none covers.
pub(super) fn at(config: &Config) -> Vec<Finding> {
    let gateway: Vec<&Url> = config.gateway.public_urls.iter().collect();
    let control: Vec<&Url> = config.control.public_url.iter().collect();
    let listeners = [
        ("control", &config.control.listener, control),
        ("gateway", &config.gateway.listener, gateway),
        ("operations", &config.operations, Vec::new()),
    ];
    let now = SystemClock.now();
    let certificates =
        listeners.iter().flat_map(|(section, listener, urls)| of(section, listener, urls, now));
    certificates.chain(unreachable_urls(&config.gateway)).collect()
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

fn of(section: &str, listener: &ListenerConfig, urls: &[&Url], now: UtcMicros) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut certificates = Vec::new();
    for files in &listener.certificates {
        match Certificate::load(files) {
            Ok(certificate) => {
                findings.push(dates(&files.to_string(), &certificate, now));
                certificates.push(certificate);
            }
            Err(error) => findings.push(Finding::problem(
                "certificate",
                error.to_string(),
                format!("mend what {section}.tls_certificates and {section}.tls_keys name"),
            )),
        }
    }
    if certificates.len() == listener.certificates.len() {
        findings.extend(urls.iter().filter_map(|url| not_covered(section, url, &certificates)));
    }
    findings
}

fn dates(file: &str, certificate: &Certificate, now: UtcMicros) -> Finding {
    let (from, until) = (certificate.not_before, certificate.not_after);
    let days_left = (until.as_seconds() - now.as_seconds()) / DAY_S;
    let next = "get a new certificate and put it in its place: it is taken without a restart";
    if now < from {
        return Finding::problem("certificate", format!("{file} counts from {from} only"), next);
    }
    if now > until {
        return Finding::problem("certificate", format!("{file} was over at {until}"), next);
    }
    if days_left < SOON_DAYS {
        let seen = format!("{file} is over at {until}, in {days_left} days");
        return Finding::problem("certificate", seen, next);
    }
    Finding::ok("certificate", format!("{file} fits its key and counts until {until}"))
}

/// A URL in `https` that callers could not verify, or one that no listener answers for.
fn not_covered(section: &str, url: &Url, certificates: &[Certificate]) -> Option<Finding> {
    if url.scheme() != "https" || certificates.is_empty() {
        return None;
    }
    let name = name_of(url)?;
    if certificates.iter().any(|certificate| certificate.covers(&name)) {
        return None;
    }
    Some(Finding::problem(
        "certificate",
        format!("none of {section}.tls_certificates is for the host of {url}"),
        "get a certificate for that name, or correct the URL: callers refuse the others",
    ))
}

fn name_of(url: &Url) -> Option<CoveredName> {
    match url.host()? {
        Host::Domain(name) => CoveredName::try_from(name.to_owned()).ok(),
        Host::Ipv4(address) => Some(CoveredName::IpAddress(IpAddr::from(address).into())),
        Host::Ipv6(address) => Some(CoveredName::IpAddress(IpAddr::from(address).into())),
    }
}
