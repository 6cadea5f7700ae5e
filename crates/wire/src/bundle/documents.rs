//! The files of a bundle that carry its content, and the JSON in them (all canonical, RFC 8785).

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{
    BodyOpening, BundleRefusal, CHECKPOINT, CommitmentLabel, DIRECTORY, DirectoryExtract,
    EntryPart, HeadProof, PROOF, Parts, REVEALED, entry_file,
};
use crate::canonical::{canonical_of, from_canonical};
use crate::checkpoint::Checkpoint;
use crate::container::File;
use crate::merkle::{Hash, base64_text, sha256};
use crate::note::SignedNote;

/// The version of the JSON files.
const VERSION: u8 = 1;

/// What is shown of what an entry commits to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Revealed {
    /// Lines of a head, each with its own proof: all of them, or only some.
    Lines(Vec<HeadProof>),
    /// The digest of a body.
    Body(BodyOpening),
    /// A whole text: the signature base.
    Text(RevealedText),
    /// Whole bytes: the signature.
    Bytes(RevealedBytes),
}

/// A text behind a commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealedText {
    /// The salt of this commitment.
    #[serde(with = "base64_text")]
    pub salt: Hash,
    /// The text.
    pub text: String,
}

/// Bytes behind a commitment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevealedBytes {
    /// The salt of this commitment.
    #[serde(with = "base64_text")]
    pub salt: Hash,
    /// The bytes, as base64 in JSON.
    #[serde(with = "bytes_text")]
    pub bytes: Vec<u8>,
}

/// Records of one version of the directory, with that version's signed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryVersion {
    /// The signed note.
    pub head: String,
    /// The records with proofs.
    pub extract: DirectoryExtract,
}

impl DirectoryVersion {
    /// What the head says; none if it is no note over a checkpoint. Nothing is verified.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let note: SignedNote = self.head.parse().ok()?;
        note.text.parse().ok()
    }

    /// The version, by its root.
    pub fn root(&self) -> Option<Hash> {
        Some(self.checkpoint()?.root)
    }
}

impl Revealed {
    /// Whether what is shown fits the commitment that stands in the entry under `label`. Heads
    /// open as lines, bodies as digests, the signature base as a text, a signature as bytes.
    pub fn fits(&self, label: CommitmentLabel, commitment: &Hash) -> bool {
        use CommitmentLabel as Label;
        match (self, label) {
            (Self::Lines(lines), Label::RequestHead | Label::ResponseHead) => {
                let sizes_agree =
                    lines.iter().all(|l| lines.first().is_some_and(|f| f.size == l.size));
                let in_order =
                    lines.iter().zip(lines.iter().skip(1)).all(|(a, b)| a.index < b.index);
                sizes_agree && in_order && lines.iter().all(|l| l.verify(commitment).is_ok())
            }
            (Self::Body(body), Label::RequestBody | Label::ResponseBody) => {
                body.fits(label, commitment)
            }
            (
                Self::Text(RevealedText { salt, text }),
                Label::SignatureBase | Label::ResponseSignatureBase,
            ) => opening(salt, text.as_bytes()).fits(label, commitment),
            (
                Self::Bytes(RevealedBytes { salt, bytes }),
                Label::Signature | Label::ResponseSignature,
            ) => opening(salt, bytes).fits(label, commitment),
            _ => false,
        }
    }
}

fn opening(salt: &Hash, bytes: &[u8]) -> BodyOpening {
    BodyOpening { salt: *salt, sha256: sha256(&[bytes]) }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProofDocument {
    v: u8,
    entries: Vec<EntryProof>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryProof {
    file: String,
    index: u64,
    #[serde(with = "base64_text::list")]
    path: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevealedDocument {
    v: u8,
    entries: Vec<EntryRevealed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRevealed {
    file: String,
    revealed: BTreeMap<CommitmentLabel, Revealed>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DirectoryDocument {
    v: u8,
    versions: Vec<DirectoryVersion>,
}

/// The files that carry `parts`, in their order in the bundle.
pub(super) fn write(parts: &Parts) -> Result<Vec<File>, BundleRefusal> {
    let (mut files, mut proofs, mut openings) = (Vec::new(), Vec::new(), Vec::new());
    for (position, part) in parts.entries.iter().enumerate() {
        let file = entry_file(position);
        files.push((file.clone(), part.bytes.clone()));
        let (index, path) = (part.index, part.path.clone());
        proofs.push(EntryProof { file: file.clone(), index, path });
        openings.push(EntryRevealed { file, revealed: part.revealed.clone() });
    }
    let proof = ProofDocument { v: VERSION, entries: proofs };
    let revealed = RevealedDocument { v: VERSION, entries: openings };
    let directory = DirectoryDocument { v: VERSION, versions: parts.directories.clone() };
    files.push((PROOF.to_owned(), to_json(PROOF, &proof)?));
    files.push((CHECKPOINT.to_owned(), parts.checkpoint.clone().into_bytes()));
    files.push((REVEALED.to_owned(), to_json(REVEALED, &revealed)?));
    files.push((DIRECTORY.to_owned(), to_json(DIRECTORY, &directory)?));
    Ok(files)
}

/// The parts that `files` carry. Whether there are other files too is not looked at here.
pub(super) fn read(files: &[File]) -> Result<Parts, BundleRefusal> {
    let proof: ProofDocument = from_json(PROOF, files)?;
    let revealed: RevealedDocument = from_json(REVEALED, files)?;
    let directory: DirectoryDocument = from_json(DIRECTORY, files)?;
    for (name, version) in [(PROOF, proof.v), (REVEALED, revealed.v), (DIRECTORY, directory.v)] {
        if version != VERSION {
            let vi = format!("phiên bản {version}, chương trình này chỉ đọc phiên bản {VERSION}");
            let en = format!("version {version}; this program reads version {VERSION}");
            return Err(BundleRefusal::new(name, vi, en));
        }
    }
    if proof.entries.len() != revealed.entries.len() {
        let vi = "số bản ghi khác với số bản ghi trong proof.json";
        let en = "not as many entries as in proof.json";
        return Err(BundleRefusal::new(REVEALED, vi, en));
    }
    let mut entries = Vec::new();
    for (position, (proof, opening)) in proof.entries.into_iter().zip(revealed.entries).enumerate()
    {
        let bytes = find(&entry_file(position), files)?.to_vec();
        let EntryProof { index, path, .. } = proof;
        entries.push(EntryPart { bytes, index, path, revealed: opening.revealed });
    }
    let checkpoint = String::from_utf8(find(CHECKPOINT, files)?.to_vec())
        .map_err(|_| BundleRefusal::new(CHECKPOINT, "không phải văn bản UTF-8", "is not UTF-8"))?;
    Ok(Parts { entries, checkpoint, directories: directory.versions })
}

fn find<'a>(name: &str, files: &'a [File]) -> Result<&'a [u8], BundleRefusal> {
    let file = files.iter().find(|(other, _)| other == name);
    file.map(|(_, bytes)| bytes.as_slice())
        .ok_or_else(|| BundleRefusal::new(name, "gói thiếu tệp này", "is missing"))
}

fn to_json(name: &str, document: &impl Serialize) -> Result<Vec<u8>, BundleRefusal> {
    canonical_of(document).map_err(|error| {
        BundleRefusal::new(name, format!("không ghi được ({error})"), error.to_string())
    })
}

fn from_json<T: DeserializeOwned + Serialize>(
    name: &str,
    files: &[File],
) -> Result<T, BundleRefusal> {
    from_canonical(find(name, files)?).map_err(|error| {
        let vi = format!("không phải JSON chuẩn tắc đúng dạng ({error})");
        BundleRefusal::new(name, vi, error.to_string())
    })
}

/// Bytes as base64 in JSON.
mod bytes_text {
    use super::{Engine, STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
