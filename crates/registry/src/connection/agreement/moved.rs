//! Agreements whose sides get other codes: the same permission under other names.
//!
//! A reorganisation gives systems and services new ids (decision 0030), and so does an import that
//! brings connections under new codes. Nothing that was agreed changes by it, so nobody approves
//! anew: the text gets the new codes, and its annex names the former ones and the digest of the
//! text before, which stands in the log.
//!
//! **Invariant**: only what was as agreed before is as agreed afterwards.

use std::collections::BTreeMap;

use evidence::Change;
use wire::canonical::canonical_of;
use wire::digest::{ContentDigest, DigestAlgorithm};

use super::enforced::{CONSUMER, Enforced, SERVICE};
use super::{Agreement, Document, Line, enforced, sql};
use crate::connection::lifecycle::State;
use crate::connection::{self, Connection};
use crate::refused::Refused;

/// What an agreement has become.
#[derive(Debug)]
pub(crate) struct Moved {
    pub(crate) document: Document,
    /// Of its text.
    pub(crate) digest: String,
    /// Of what gateways enforce.
    pub(crate) enforced: String,
}

/// All connections that an agreement holds, before something gives their sides other ids.
pub(crate) async fn held(change: &mut Change) -> Result<Vec<Connection>, Refused> {
    Ok(connection::sql::agreed(change).await?)
}

/// Lets the agreements of those that were [`held`] name their sides as they are called now. Returns
/// the digest of all new texts' digests by connection, for the entry; `None` if there are none.
pub(crate) async fn follow(
    change: &mut Change,
    held: Vec<Connection>,
) -> Result<Option<String>, Refused> {
    let mut digests = BTreeMap::new();
    for before in held {
        let id = before.id;
        let after = connection::sql::find(&mut *change, &id).await?;
        let after = after.ok_or_else(|| connection::command::unknown(&id))?;
        let agreed = sql::find_enforced(&mut *change, &id).await?;
        let kept = sql::find(&mut *change, &id).await?;
        let (Some(kept), Some(agreed)) = (kept, agreed) else { continue };
        if let Some(moved) = moved(&kept.document, &agreed, before, after)? {
            digests.insert(id.to_string(), moved.digest.clone());
            let Moved { document, digest, enforced } = moved;
            sql::rewrite(change, &Agreement { document, digest, ..kept }, &enforced).await?;
        }
    }
    if digests.is_empty() {
        return Ok(None);
    }
    let canonical = canonical_of(&digests);
    let canonical = canonical.map_err(|error| Refused::NotWritable(error.to_string()))?;
    Ok(Some(ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string()))
}

/// What becomes of an agreement that held `before`, if that has other sides `after`. What was not as
/// agreed is left as it is, and so is what is over: it tells what was.
pub(crate) fn moved(
    document: &Document,
    agreed: &str,
    before: Connection,
    after: Connection,
) -> Result<Option<Moved>, Refused> {
    let is_over = !matches!(after.state, State::Approved | State::Active | State::Suspended);
    let is_same = before.consumer == after.consumer && before.service == after.service;
    let before = enforced(before)?;
    if is_over || is_same || before.digest()? != agreed {
        return Ok(None);
    }
    let after = enforced(after)?;
    let document = document.naming_anew(&before, &after);
    Ok(Some(Moved { digest: document.digest(), enforced: after.digest()?, document }))
}

impl Document {
    /// The same text with the new codes; the annex names the former ones.
    fn naming_anew(&self, before: &Enforced, after: &Enforced) -> Self {
        let mut document = self.clone();
        let (provider, now) = (before.service.system_id(), after.service.system_id());
        let sides = [(&provider, &now), (&before.consumer, &after.consumer)];
        for (part, (old, new)) in document.parties.iter_mut().zip(sides) {
            for line in &mut part.lines {
                rename(&mut line.value, old.organisation.as_str(), new.organisation.as_str());
                rename(&mut line.value, &old.to_string(), &new.to_string());
            }
        }
        let (service, now) = (before.service.to_string(), after.service.to_string());
        for clause in document.articles.iter_mut().flat_map(|article| &mut article.clauses) {
            rename(clause, &service, &now);
        }
        let (consumer, consumer_now) = (before.consumer.to_string(), after.consumer.to_string());
        let ids = [(CONSUMER, consumer, consumer_now), (SERVICE, service, now)];
        let line = |label: String, value: String| Line { label, value };
        for (label, old, new) in ids.into_iter().filter(|(_, old, new)| old != new) {
            let lines = document.annex.iter_mut().filter(|line| line.label == label);
            lines.for_each(|line| rename(&mut line.value, &old, &new));
            document.annex.push(line(format!("{label}, mã trước đây"), old));
        }
        document.annex.push(line("Thay văn bản có mã băm".to_owned(), self.digest()));
        document
    }
}

/// Puts another code where `text` is this one, or ends in it as `named` and the clauses write it.
fn rename(text: &mut String, old: &str, new: &str) {
    for (before, after) in [("(", ")"), ("(", ")."), (": ", ".")] {
        if let Some(head) = text.strip_suffix(&format!("{before}{old}{after}")) {
            *text = format!("{head}{before}{new}{after}");
            return;
        }
    }
    if text == old {
        new.clone_into(text);
    }
}
