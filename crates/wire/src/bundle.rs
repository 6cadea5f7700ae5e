//! The bundle: one file that proves what happened in a call to a reader without network.
//!
//! ```text
//! mimetype  META-INF/ASiCManifest.xml  entries/0.json …  proof.json  checkpoint
//! revealed.json  directory.json  tom-tat.txt
//! ```
//! The entries stand in it as the bytes of the log, with inclusion proofs to one signed
//! checkpoint, with what is revealed of their commitments, and with the records of the directory
//! by which they were decided. The manifest and the summary are functions of the rest, so
//! [`Bundle::open`] takes exactly what [`Bundle::assemble`] gives. Read on: [`verify`].
//!
//! **Invariant**: whatever byte of a bundle is changed, it is refused with the file and a reason.
//! **Trust**: a bundle is nobody's word until [`verify`] held it against a trust file; what it
//! does not prove stands in its verdict.

mod caller;
mod documents;
mod manifest;
mod provider;
mod signature_base;
mod statement;
mod summary;
#[cfg(test)]
mod tests;
mod verdict;
mod wording;

use std::collections::BTreeMap;

use crate::checkpoint::Checkpoint;
use crate::commitment::{BodyOpening, CommitmentLabel, HeadProof};
use crate::container;
use crate::directory::{DirectoryExtract, Record};
use crate::entry::Entry;
use crate::id::ServiceId;
use crate::merkle::Hash;
use crate::note::SignedNote;
use crate::problem::Text;

pub use documents::{DirectoryVersion, Revealed, RevealedBytes, RevealedText};
pub use provider::PROVIDER_CREDENTIAL;
pub use verdict::{Verdict, verify};

/// The media type of the container (ETSI EN 319 162-1).
pub const MEDIA_TYPE: &str = "application/vnd.etsi.asic-e+zip";

/// The summary for a reader, in Vietnamese.
pub const SUMMARY: &str = "tom-tat.txt";

const MIMETYPE: &str = "mimetype";
const MANIFEST: &str = "META-INF/ASiCManifest.xml";
const PROOF: &str = "proof.json";
const CHECKPOINT: &str = "checkpoint";
const REVEALED: &str = "revealed.json";
const DIRECTORY: &str = "directory.json";

/// What a bundle is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// The entries of one call, in the order of the log: at least one.
    pub entries: Vec<EntryPart>,
    /// The signed note of the checkpoint to which the proofs lead.
    pub checkpoint: String,
    /// The versions of the directory that the entries name, as far as they are at hand.
    pub directories: Vec<DirectoryVersion>,
}

/// One entry with its proof and what is revealed of it.
#[derive(Debug, Clone, PartialEq)]
pub struct EntryPart {
    /// The entry as it stands in the log.
    pub bytes: Vec<u8>,
    /// Its number in the log.
    pub index: u64,
    /// The inclusion proof to the checkpoint.
    pub path: Vec<Hash>,
    /// Openings of its commitments.
    pub revealed: BTreeMap<CommitmentLabel, Revealed>,
}

/// A bundle whose form is right. What it says is not verified yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Bundle {
    parts: Parts,
    entries: Vec<Entry>,
    checkpoint: Checkpoint,
}

/// Why a bundle is refused: in which of its files, and the reason. Final for the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {}", reason.en)]
pub struct BundleRefusal {
    /// The file within the bundle, or `container`.
    pub file: String,
    /// For people.
    pub reason: Text,
}

impl BundleRefusal {
    fn new(file: impl Into<String>, vi: impl Into<String>, en: impl Into<String>) -> Self {
        Self { file: file.into(), reason: Text::new(vi.into(), en.into()) }
    }
}

impl Bundle {
    /// The bytes of the bundle of these parts.
    pub fn assemble(parts: Parts) -> Result<Vec<u8>, BundleRefusal> {
        Self::new(parts)?.to_bytes()
    }

    /// A bundle of these parts: the entries are strict and of one call, the checkpoint parses.
    pub fn new(parts: Parts) -> Result<Self, BundleRefusal> {
        let mut entries = Vec::with_capacity(parts.entries.len());
        for (position, part) in parts.entries.iter().enumerate() {
            let entry = Entry::parse(&part.bytes).map_err(|error| {
                let vi = format!("không phải một bản ghi đúng dạng ({error})");
                BundleRefusal::new(entry_file(position), vi, error.to_string())
            })?;
            entries.push(entry);
        }
        check_one_call(&parts.entries, &entries)?;
        let malformed = |error: &dyn std::fmt::Display| {
            let vi = format!("không phải một điểm kiểm chứng đúng dạng ({error})");
            BundleRefusal::new(CHECKPOINT, vi, error.to_string())
        };
        let note: SignedNote = parts.checkpoint.parse().map_err(|error| malformed(&error))?;
        let checkpoint = note.text.parse().map_err(|error| malformed(&error))?;
        Ok(Self { parts, entries, checkpoint })
    }

    /// Reads a bundle file. Everything in it must be exactly as [`Self::assemble`] writes it.
    pub fn open(bytes: &[u8]) -> Result<Self, BundleRefusal> {
        let files = container::read(bytes).map_err(|error| {
            let vi = format!("tệp gói bị hỏng hoặc không phải gói bằng chứng ({error})");
            BundleRefusal::new("container", vi, error.to_string())
        })?;
        let bundle = Self::new(documents::read(&files)?)?;
        let expected = bundle.files()?;
        check_names(&files, &expected)?;
        // Backwards, so that a changed summary is named before the manifest that it spoils.
        for ((name, content), (_, expected)) in files.iter().zip(&expected).rev() {
            if content != expected {
                return Err(differs(name, content, expected));
            }
        }
        Ok(bundle)
    }

    /// The bytes of the bundle.
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleRefusal> {
        let files = self.files()?;
        let files: Vec<(&str, &[u8])> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        container::write(&files).map_err(|error| {
            BundleRefusal::new(
                "container",
                format!("không lập được gói ({error})"),
                error.to_string(),
            )
        })
    }

    /// The parts as they were given.
    pub const fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The entries, in the order of the log.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What the checkpoint says.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The summary for a reader: the file `tom-tat.txt`.
    pub fn summary(&self) -> String {
        summary::write(self)
    }

    /// The version of the directory by which `entry` was decided, if it is in the bundle.
    fn directory_of(&self, entry: &Entry) -> Option<&DirectoryExtract> {
        let root = entry.directory?;
        let version = self.parts.directories.iter().find(|version| version.root() == Some(root));
        version.map(|version| &version.extract)
    }

    /// A record of the directory by which `entry` was decided.
    fn record(&self, entry: &Entry, key: &str) -> Option<&Record> {
        self.directory_of(entry)?.find(key)
    }

    /// The most that an entry shows of something: of what ranks the same, the latest.
    fn best<'a, P>(
        &'a self,
        proof_of: fn(&'a Self, &'a Entry, &'a EntryPart) -> Result<P, BundleRefusal>,
        rank: fn(&P) -> u8,
    ) -> Result<Option<P>, BundleRefusal> {
        let parts = self.entries.iter().zip(&self.parts.entries);
        let proofs = parts.map(|(entry, part)| proof_of(self, entry, part));
        let proofs: Vec<P> = proofs.collect::<Result<_, _>>()?;
        Ok(proofs.into_iter().max_by_key(rank))
    }

    /// All files of the bundle, in their order.
    fn files(&self) -> Result<Vec<container::File>, BundleRefusal> {
        let mut files = documents::write(&self.parts)?;
        files.push((SUMMARY.to_owned(), self.summary().into_bytes()));
        let manifest = manifest::write(&files);
        let mut all = vec![
            (MIMETYPE.to_owned(), MEDIA_TYPE.as_bytes().to_vec()),
            (MANIFEST.to_owned(), manifest.into_bytes()),
        ];
        all.append(&mut files);
        Ok(all)
    }
}

/// The subject of an entry under which the service's former id stands, if its caller used one.
pub const CALLED: &str = "called";

/// The keys of the directory records that a bundle about `entry` should carry: the caller's
/// organisation, system and credential, the provider's organisation and system, and its credential
/// if it signed, the aliases by which it was called, the connection.
/// Not the service's record: the provider's inner address stands there.
pub fn directory_keys(entry: &Entry) -> Vec<String> {
    let mut keys = Vec::new();
    if let Some(actor) = &entry.actor {
        keys.extend(actor.organisation.iter().map(|code| format!("organisation/{code}")));
        if let (Some(organisation), Some(system)) = (&actor.organisation, &actor.system) {
            keys.push(format!("system/{organisation}/{system}"));
        }
        keys.extend(actor.credential.iter().map(|keyid| format!("credential/{keyid}")));
    }
    if let Some(service) = service_of(entry) {
        keys.push(format!("organisation/{}", service.organisation));
        keys.push(format!("system/{}", service.system_id()));
    }
    // By which a former name led to the service.
    if let Some(called) = entry.subject.get(CALLED).and_then(|it| it.parse::<ServiceId>().ok()) {
        keys.push(format!("alias/{}", called.organisation));
        keys.push(format!("alias/{}", called.system_id()));
    }
    keys.extend(entry.subject.get("connection").map(|id| format!("connection/{id}")));
    keys.extend(entry.subject.get(PROVIDER_CREDENTIAL).map(|keyid| format!("credential/{keyid}")));
    keys
}

fn service_of(entry: &Entry) -> Option<ServiceId> {
    entry.subject.get("service")?.parse().ok()
}

fn entry_file(position: usize) -> String {
    format!("entries/{position}.json")
}

/// Entries of one bundle belong to one call and stand in the order of the log.
fn check_one_call(parts: &[EntryPart], entries: &[Entry]) -> Result<(), BundleRefusal> {
    if entries.is_empty() {
        let (vi, en) = ("gói không có bản ghi nào", "the bundle has no entry");
        return Err(BundleRefusal::new(entry_file(0), vi, en));
    }
    let places: Vec<_> = parts.iter().zip(entries).map(|(part, e)| (part.index, e.time)).collect();
    for (position, (before, after)) in places.iter().zip(places.iter().skip(1)).enumerate() {
        if before.0 >= after.0 || before.1 >= after.1 {
            let vi = "bản ghi không theo thứ tự của nhật ký";
            let en = "the entries are not in the order of the log";
            return Err(BundleRefusal::new(entry_file(position + 1), vi, en));
        }
    }
    let call = |entry: &Entry| entry.subject.get("request_id").cloned();
    let first = entries.first().and_then(call);
    for (position, entry) in entries.iter().enumerate().skip(1) {
        if call(entry).is_none() || call(entry) != first {
            let vi = "bản ghi thuộc về một lượt gọi khác";
            let en = "the entry is of another call";
            return Err(BundleRefusal::new(entry_file(position), vi, en));
        }
    }
    Ok(())
}

/// The files must be those expected, in their order.
fn check_names(
    files: &[container::File],
    expected: &[container::File],
) -> Result<(), BundleRefusal> {
    for ((name, _), (expected, _)) in files.iter().zip(expected) {
        if name != expected {
            let vi = format!("không đúng vị trí trong gói; ở đây phải là {expected}");
            let en = format!("does not belong here; {expected} does");
            return Err(BundleRefusal::new(name, vi, en));
        }
    }
    if let Some((name, _)) = files.get(expected.len()) {
        return Err(BundleRefusal::new(name, "tệp thừa trong gói", "does not belong here"));
    }
    if let Some((name, _)) = expected.get(files.len()) {
        return Err(BundleRefusal::new(name, "gói thiếu tệp này", "is missing"));
    }
    Ok(())
}

/// A file that is not what the rest of the bundle makes of it.
fn differs(name: &str, content: &[u8], expected: &[u8]) -> BundleRefusal {
    let lines = |bytes: &[u8]| bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    let (found, wanted): (Vec<Vec<u8>>, Vec<Vec<u8>>) = (lines(content), lines(expected));
    let same = found.iter().zip(&wanted).take_while(|(found, wanted)| found == wanted).count();
    let line = same + 1;
    BundleRefusal::new(
        name,
        format!("khác với nội dung suy ra từ các tệp còn lại của gói, từ dòng {line}"),
        format!("differs from what the other files of the bundle make of it, from line {line}"),
    )
}
