//! Verifying a bundle: every step from a trusted key to what is shown.

use super::caller::caller_proof;
use super::provider::provider_proof;
use super::statement::Proofs;
use super::{
    Bundle, BundleRefusal, CHECKPOINT, DIRECTORY, DirectoryVersion, EntryPart, PROOF, REVEALED,
    entry_file, statement,
};
use crate::ambient::UtcMicros;
use crate::entry::Entry;
use crate::merkle::{leaf_hash, verify_inclusion};
use crate::note::open;
use crate::problem::Text;
use crate::trust::TrustFile;

/// What a verified bundle proves, and what it does not, each in a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What is proved: by whom, when.
    pub proved: Vec<Text>,
    /// What is not proved, and why.
    pub not_proved: Vec<Text>,
}

/// Checks everything in `bundle` against the keys in `trust`. Needs no network and no clock.
pub fn verify(bundle: &Bundle, trust: &TrustFile) -> Result<Verdict, BundleRefusal> {
    let (Some(first), Some(last)) = (bundle.entries.first(), bundle.entries.last()) else {
        return Err(BundleRefusal::new(entry_file(0), "thiếu bản ghi", "is missing"));
    };
    check_checkpoint(bundle, last.time, trust)?;
    for (position, (entry, part)) in bundle.entries.iter().zip(&bundle.parts.entries).enumerate() {
        check_inclusion(bundle, position, part)?;
        check_revealed(position, entry, part)?;
    }
    for version in &bundle.parts.directories {
        check_directory(bundle, version, first.time, trust)?;
    }
    let proofs = Proofs { caller: caller_proof(bundle)?, provider: provider_proof(bundle)? };
    Ok(verdict(bundle, proofs))
}

/// The verdict on a bundle that passes every check. The summary says it as well, for a reader
/// who will have to run the check to rely on it.
pub(super) fn verdict(bundle: &Bundle, proofs: Proofs<'_>) -> Verdict {
    Verdict {
        proved: statement::proved(bundle, proofs),
        not_proved: statement::not_proved(bundle, proofs),
    }
}

/// The checkpoint must be signed by a trusted key of its log that was still in service at the
/// time of the entries.
fn check_checkpoint(
    bundle: &Bundle,
    time: UtcMicros,
    trust: &TrustFile,
) -> Result<(), BundleRefusal> {
    let origin = &bundle.checkpoint.origin;
    let keys = trust.log_keys(origin, time);
    if keys.is_empty() {
        let vi =
            format!("tệp tin cậy không có khóa của nhật ký {origin} dùng được cho thời điểm này");
        let en = format!("the trust file has no key of the log {origin} for that time");
        return Err(BundleRefusal::new(CHECKPOINT, vi, en));
    }
    open(&bundle.parts.checkpoint, &keys).map_err(|error| {
        let vi = format!("điểm kiểm chứng không có chữ ký hợp lệ của nhật ký {origin} ({error})");
        BundleRefusal::new(CHECKPOINT, vi, error.to_string())
    })?;
    Ok(())
}

fn check_inclusion(
    bundle: &Bundle,
    position: usize,
    part: &EntryPart,
) -> Result<(), BundleRefusal> {
    let (leaf, checkpoint) = (leaf_hash(&part.bytes), &bundle.checkpoint);
    verify_inclusion(&leaf, part.index, checkpoint.size, &part.path, &checkpoint.root).map_err(
        |error| {
            let file = entry_file(position);
            let vi = format!("{file} không nằm trong nhật ký theo điểm kiểm chứng này ({error})");
            let en = format!("{file} is not in the log of this checkpoint: {error}");
            BundleRefusal::new(PROOF, vi, en)
        },
    )
}

fn check_revealed(position: usize, entry: &Entry, part: &EntryPart) -> Result<(), BundleRefusal> {
    for (label, revealed) in &part.revealed {
        let commitment = entry.commitments.get(label);
        if !commitment.is_some_and(|commitment| revealed.fits(*label, commitment)) {
            let file = entry_file(position);
            let vi = format!("nội dung công bố ({label}) không khớp với cam kết trong {file}");
            let en = format!("what is revealed as {label} does not fit the commitment in {file}");
            return Err(BundleRefusal::new(REVEALED, vi, en));
        }
    }
    Ok(())
}

/// A version of the directory must be named by an entry, signed by a trusted key under the key's
/// own name, and contain the records shown.
fn check_directory(
    bundle: &Bundle,
    version: &DirectoryVersion,
    time: UtcMicros,
    trust: &TrustFile,
) -> Result<(), BundleRefusal> {
    let refused = |vi: String, en: String| Err(BundleRefusal::new(DIRECTORY, vi, en));
    let Some(head) = version.checkpoint() else {
        return refused(
            "phần đầu của danh bạ không đúng dạng".to_owned(),
            "the head of the directory is not a signed note over a checkpoint".to_owned(),
        );
    };
    let mut roots = bundle.entries.iter().map(|entry| entry.directory);
    let twice = bundle.parts.directories.iter().filter(|other| other.root() == Some(head.root));
    if !roots.any(|root| root == Some(head.root)) || twice.count() > 1 {
        return refused(
            "phiên bản danh bạ không phải phiên bản mà bản ghi nêu".to_owned(),
            "the version of the directory is not the one that the entry names".to_owned(),
        );
    }
    let mut keys = trust.directory_keys(time);
    keys.retain(|key| key.name() == head.origin.as_ref());
    if let Err(error) = open(&version.head, &keys) {
        return refused(
            format!("danh bạ không có chữ ký hợp lệ của khóa được tin cậy ({error})"),
            error.to_string(),
        );
    }
    if version.extract.size != head.size {
        return refused(
            "số mục của bản trích khác với phần đầu danh bạ".to_owned(),
            "the extract and the head differ in the number of records".to_owned(),
        );
    }
    version.extract.verify(&head.root).or_else(|error| {
        refused(format!("bản trích danh bạ không đúng ({error})"), error.to_string())
    })
}
