//! Writes an entry's canonical JSON directly, member by member in their order.
//!
//! Every call ends in one of these, so no tree of values is built in between and no formatter is
//! asked; a test holds the result against [`crate::canonical`].

use super::members::write_text;
use super::{EntryView, Members};
use crate::merkle::base64_text;

/// How an entry ends after its time: the version stands last.
pub(super) const AFTER_TIME: &[u8] = b"\",\"v\":1}";

/// What an entry's text has beside its members, its action and its outcome.
const OTHER_BYTES: usize = 320;

/// The entry's text. Its subject names and its sequence must have been checked.
pub(super) fn write(entry: &EntryView<'_>) -> Vec<u8> {
    let members = [entry.actor, Some(entry.commitments), Some(entry.subject)];
    let members: usize = members.into_iter().flatten().map(|it| it.spelling().len()).sum();
    let bytes = members + entry.action.len() + entry.outcome.len() + OTHER_BYTES;
    let mut out = Vec::with_capacity(bytes);
    out.extend_from_slice(b"{\"action\":\"");
    write_text(&mut out, entry.action);
    out.push(b'"');
    if let Some(actor) = entry.actor {
        object(&mut out, b",\"actor\":{", actor);
    }
    if !entry.commitments.is_empty() {
        object(&mut out, b",\"commitments\":{", entry.commitments);
    }
    if let Some(directory) = entry.directory {
        out.extend_from_slice(b",\"directory\":\"");
        out.extend_from_slice(&base64_text::spelling(directory));
        out.push(b'"');
    }
    out.extend_from_slice(b",\"id\":\"");
    out.extend_from_slice(entry.id.spelling().as_bytes());
    out.extend_from_slice(b"\",\"kind\":\"");
    out.extend_from_slice(entry.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"outcome\":\"");
    write_text(&mut out, entry.outcome);
    out.push(b'"');
    if let Some(sequence) = entry.sequence {
        out.extend_from_slice(b",\"sequence\":");
        out.extend_from_slice(sequence.to_string().as_bytes());
    }
    if !entry.subject.is_empty() {
        object(&mut out, b",\"subject\":{", entry.subject);
    }
    out.extend_from_slice(b",\"time\":\"");
    out.extend_from_slice(&entry.time.spelling());
    out.extend_from_slice(AFTER_TIME);
    out
}

fn object(out: &mut Vec<u8>, opening: &[u8], members: &Members) {
    out.extend_from_slice(opening);
    out.extend_from_slice(members.spelling());
    out.push(b'}');
}
