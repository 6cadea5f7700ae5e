//! Before anything is timed: what is valid passes and what was altered does not, at every server
//! that checks.

use super::generator::{Callers, Expected, Requests};
use super::measure::on_their_core;
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

/// Sees it for this server and workload; ends the run where it is not so.
pub(crate) fn verify(peer: &Peer, workload: Workload) {
    let valid = peer.request(workload, 0);
    let length = Some(workload.answered());
    ask(peer, "valid", &valid, Expected { status: 200, length });
    let mut alterations = Vec::new();
    match &peer.calls {
        Calls::Plain => {}
        Calls::OneHmac(_) => alterations.extend(SIGNATURE),
        Calls::Signed { .. } => {
            alterations.extend(SIGNATURE);
            alterations.extend((!valid.body.is_empty()).then_some(BODY));
            ask(peer, "sent before", &valid, Expected { status: 401, length: None });
        }
    }
    for (number, (what, alter, status)) in alterations.into_iter().enumerate() {
        let mut request = peer.request(workload, number + 1);
        alter(&mut request);
        ask(peer, what, &request, Expected { status, length: None });
    }
}

fn ask(peer: &Peer, what: &str, request: &Request, expected: Expected) {
    let requests = Requests::same(&request.bytes(), 1);
    let answered = on_their_core(|| {
        Callers::connect(peer.address, 1, peer.tls.as_ref()).try_all(&requests, expected)
    });
    if let Err(wrong) = answered {
        panic!("{}: a request ({what}) was {wrong}", peer.name);
    }
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
    use super::*;

    #[test]
    fn a_changed_signature_is_another_of_the_same_form() {
        let before = "sig1=:AAAAAAAAAAAA:".to_owned();
        let mut fields = [("signature-input", "x".to_owned()), ("signature", before.clone())];
        change(&mut fields, "signature");
        assert_ne!(fields[1].1, before);
        assert_eq!((fields[1].1.len(), &*fields[0].1), (before.len(), "x"));
    }
}
