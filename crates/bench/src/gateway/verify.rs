//! Before anything is timed: what is valid passes and what was altered does not, at every server
//! that checks.

use super::generator::{Callers, Expected, Requests};
use super::peer::{Calls, Peer, Request};
use super::workload::Workload;

/// What is done to a valid request, and the status that it must then have.
type Alteration = (&'static str, fn(&mut Request), u16);

/// What any check of a signature finds.
const SIGNATURE: [Alteration; 3] = [
    ("its signature was changed", |request| change(&mut request.fields, "signature"), 401),
    ("its path was changed", |request| request.target.push('x'), 401),
    ("it has no signature", |request| request.fields.clear(), 401),
];
/// What the platform finds as well.
const BODY: Alteration =
    ("its body was changed", |request| request.body.iter_mut().for_each(|byte| *byte ^= 1), 400);

/// Sees it for this server and workload; refuses where it is not so.
pub(crate) fn verify(peer: &Peer, workload: Workload) -> Result<(), String> {
    let valid = peer.request(workload, 0);
    let length = Some(workload.answered());
    ask(peer, "valid", &valid, Expected { status: 200, length })?;
    let mut alterations = Vec::new();
    match &peer.calls {
        Calls::Plain => {}
        Calls::OneHmac(_) => alterations.extend(SIGNATURE),
        Calls::Signed { .. } => {
            alterations.extend(SIGNATURE);
            alterations.extend((!valid.body.is_empty()).then_some(BODY));
            ask(peer, "sent before", &valid, Expected { status: 401, length: None })?;
        }
    }
    for (number, (what, alter, status)) in alterations.into_iter().enumerate() {
        let mut request = peer.request(workload, number + 1);
        alter(&mut request);
        ask(peer, what, &request, Expected { status, length: None })?;
    }
    Ok(())
}

fn ask(peer: &Peer, what: &str, request: &Request, expected: Expected) -> Result<(), String> {
    let requests = Requests::same(&request.bytes(), 1);
    let mut callers = Callers::connect(peer.address, 1, peer.tls.as_ref());
    let answered = callers.try_all(&requests, expected);
    answered.map(drop).map_err(|wrong| format!("{}: a request ({what}) was {wrong}", peer.name))
}

/// Changes one letter of the signature within a field, so that it still is one.
fn change(fields: &mut [(&'static str, String)], name: &str) {
    let field = fields.iter_mut().find(|(of, _)| of.ends_with(name)).unwrap();
    // The middle of a signature in base64, whatever stands around it.
    let middle = field.1.len() / 2;
    let other = if field.1.as_bytes()[middle] == b'A' { "B" } else { "A" };
    field.1.replace_range(middle..=middle, other);
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use drill::node::{folder, free_addresses};
    use testkit::Authority;

    use super::*;
    use crate::gateway::generator::Tls;
    use crate::gateway::peer::one_hmac::OneHmac;
    use crate::gateway::peer::{Listens, haproxy, nginx};

    /// Shows to `judge` haproxy, which checks, and nginx, which does not, both asked to check.
    fn with_two_proxies(judge: impl Fn(&Peer, &Peer, &Peer)) {
        let place = tempfile::tempdir().unwrap();
        let authority = Authority::new("bench");
        let certificate = &authority.issue(&["127.0.0.1"]).write(place.path(), "server");
        let [provider, checking, in_tls, careless, unused] = free_addresses();
        let key = OneHmac::new();
        let _provider = nginx::provider(&folder(place.path(), "provider"), provider);
        let listens = Listens { plain: checking, tls: in_tls, certificate };
        let haproxy = folder(place.path(), "haproxy");
        let haproxy = haproxy::proxy(&haproxy, &listens, provider, &key);
        let listens = Listens { plain: careless, tls: unused, certificate };
        let nginx = nginx::proxy(&folder(place.path(), "nginx"), &listens, provider);
        let peer = |name, process, address: SocketAddr, tls| Peer {
            name,
            process,
            address,
            tls,
            calls: Calls::OneHmac(key.clone()),
        };
        judge(
            &peer("haproxy", haproxy.id(), checking, None),
            &peer("haproxy in TLS", haproxy.id(), in_tls, Some(Tls::believing(&authority))),
            &peer("nginx", nginx.id(), careless, None),
        );
    }

    #[test]
    fn who_checks_passes_over_both_transports_and_who_does_not_is_found() {
        with_two_proxies(|checking, in_tls, careless| {
            for workload in Workload::ALL {
                assert_eq!(verify(checking, workload), Ok(()));
                assert_eq!(verify(in_tls, workload), Ok(()));
                let found = verify(careless, workload).unwrap_err();
                assert!(
                    found.contains("nginx: a request (its signature was changed) was answered 200"),
                    "{found}"
                );
            }
        });
    }

    #[test]
    fn a_changed_signature_is_another_of_the_same_form() {
        let before = "sig1=:AAAAAAAAAAAA:".to_owned();
        let mut fields = [("signature-input", "x".to_owned()), ("signature", before.clone())];
        change(&mut fields, "signature");
        assert_ne!(fields[1].1, before);
        assert_eq!((fields[1].1.len(), &*fields[0].1), (before.len(), "x"));
    }
}
