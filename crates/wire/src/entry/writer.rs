//! Writes an entry's canonical JSON directly, member by member in their order.
//!
//! Every call ends in one of these, so no tree of values is built in between; a test holds the
//! result against [`crate::canonical`].

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ActorRef, Entry, VERSION};
use crate::canonical::write_string;
use crate::merkle::Hash;

/// The entry as text. Its subject names and its sequence must have been checked.
pub(super) fn write(entry: &Entry) -> String {
    let mut json = Object::open(String::with_capacity(1_024));
    json.text("action", &entry.action);
    if let Some(actor) = &entry.actor {
        json.object("actor", |json| write_actor(json, actor));
    }
    if !entry.commitments.is_empty() {
        json.object("commitments", |json| {
            for (label, hash) in &entry.commitments {
                json.hash(label.as_str(), hash);
            }
        });
    }
    if let Some(directory) = &entry.directory {
        json.hash("directory", directory);
    }
    json.plain("id", entry.id);
    json.plain("kind", entry.kind);
    json.text("outcome", &entry.outcome);
    if let Some(sequence) = entry.sequence {
        json.number("sequence", sequence);
    }
    if !entry.subject.is_empty() {
        json.object("subject", |json| {
            for (name, value) in &entry.subject {
                json.text(name, value);
            }
        });
    }
    json.plain("time", entry.time);
    json.number("v", VERSION.into());
    json.close()
}

fn write_actor(json: &mut Object, actor: &ActorRef) {
    if let Some(credential) = &actor.credential {
        json.text("credential", credential);
    }
    if let Some(organisation) = &actor.organisation {
        json.plain("organisation", organisation);
    }
    if let Some(role) = actor.role {
        json.plain("role", role);
    }
    if let Some(system) = &actor.system {
        json.plain("system", system);
    }
}

/// A JSON object being written. Members must come in the order of their names.
struct Object {
    out: String,
    is_empty: bool,
}

impl Object {
    fn open(mut out: String) -> Self {
        out.push('{');
        Self { out, is_empty: true }
    }

    fn close(mut self) -> String {
        self.out.push('}');
        self.out
    }

    fn name(&mut self, name: &str) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
    }

    fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        write_string(&mut self.out, value);
    }

    /// A value whose text never needs escaping: ids, codes, times.
    fn plain(&mut self, name: &str, value: impl std::fmt::Display) {
        self.name(name);
        self.out.push('"');
        // Writing to a `String` cannot fail.
        let _ = write!(self.out, "{value}");
        self.out.push('"');
    }

    fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        let _ = write!(self.out, "{value}");
    }

    fn hash(&mut self, name: &str, hash: &Hash) {
        self.name(name);
        let mut text = [0; 44];
        // 32 bytes are 44 characters of base64, all of them ASCII.
        let written = STANDARD.encode_slice(hash, &mut text).map(|_| std::str::from_utf8(&text));
        self.out.push('"');
        self.out.push_str(written.ok().and_then(Result::ok).unwrap_or_default());
        self.out.push('"');
    }

    fn object(&mut self, name: &str, members: impl FnOnce(&mut Self)) {
        self.name(name);
        let mut inner = Self::open(std::mem::take(&mut self.out));
        members(&mut inner);
        self.out = inner.close();
    }
}
