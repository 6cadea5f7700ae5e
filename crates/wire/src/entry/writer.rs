//! Writes an entry's canonical JSON directly, member by member in their order.
//!
//! Every call ends in one of these, so no tree of values is built in between and no formatter is
//! asked; a test holds the result against [`crate::canonical`].

use super::{ActorRef, EntryView, REQUEST_ID};
use crate::canonical::write_string;
use crate::merkle::{Hash, base64_text};

/// How an entry ends after its time: the version stands last.
pub(super) const AFTER_TIME: &[u8] = b"\",\"v\":1}";

/// Appends the entry's text. Its subject names and its sequence must have been checked.
pub(super) fn write(out: &mut Vec<u8>, entry: &EntryView<'_>) {
    let mut json = Object::open(out);
    json.text("action", entry.action);
    if let Some(actor) = entry.actor {
        json.object("actor", |json| write_actor(json, actor));
    }
    if !entry.commitments.is_empty() {
        json.object("commitments", |json| {
            for (label, hash) in entry.commitments {
                json.hash(label.as_str(), hash);
            }
        });
    }
    if let Some(directory) = entry.directory {
        json.hash("directory", directory);
    }
    json.plain("id", &entry.id.spelling());
    json.plain("kind", entry.kind.as_str());
    json.text("outcome", entry.outcome);
    if let Some(sequence) = entry.sequence {
        json.number("sequence", sequence);
    }
    if !entry.subject.is_empty() || entry.request_id.is_some() {
        json.object("subject", |json| write_subject(json, entry));
    }
    json.name("time");
    json.out.push(b'"');
    json.out.extend_from_slice(&entry.time.spelling());
    json.out.extend_from_slice(AFTER_TIME);
}

fn write_actor(json: &mut Object<'_>, actor: &ActorRef) {
    if let Some(credential) = &actor.credential {
        json.text("credential", credential);
    }
    if let Some(organisation) = &actor.organisation {
        json.plain("organisation", organisation.as_str());
    }
    if let Some(role) = actor.role {
        json.plain("role", role.as_str());
    }
    if let Some(system) = &actor.system {
        json.plain("system", system.as_str());
    }
}

/// The call's id stands among the other names, in their order.
fn write_subject(json: &mut Object<'_>, entry: &EntryView<'_>) {
    let mut request_id = entry.request_id;
    for (name, value) in entry.subject {
        if let Some(id) = request_id.take_if(|_| name.as_str() >= REQUEST_ID) {
            json.plain(REQUEST_ID, &id.spelling());
        }
        if entry.request_id.is_none() || name != REQUEST_ID {
            json.text(name, value);
        }
    }
    if let Some(id) = request_id {
        json.plain(REQUEST_ID, &id.spelling());
    }
}

/// A JSON object being written. Members must come in the order of their names.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, is_empty: true }
    }

    fn name(&mut self, name: &str) {
        self.out.extend_from_slice(if self.is_empty { b"\"" } else { b",\"" });
        self.is_empty = false;
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        // Looks at all of them, for several bytes are judged at once where none ends the search.
        let is_special = |byte: u8| byte < 0x20 || byte == b'"' || byte == b'\\';
        if !value.bytes().fold(false, |found, byte| found | is_special(byte)) {
            return self.plain(name, value);
        }
        let mut escaped = String::new();
        write_string(&mut escaped, value);
        self.name(name);
        self.out.extend_from_slice(escaped.as_bytes());
    }

    /// A value whose text never needs escaping: ids, codes, hashes.
    fn plain(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(value.as_bytes());
        self.out.push(b'"');
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    fn hash(&mut self, name: &str, hash: &Hash) {
        self.name(name);
        self.out.push(b'"');
        self.out.extend_from_slice(&base64_text::spelling(hash));
        self.out.push(b'"');
    }

    fn object(&mut self, name: &str, members: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        members(&mut Object::open(self.out));
        self.out.push(b'}');
    }
}
