//! Opening a commitment: showing what stands behind it, and no more than that.

use serde::{Deserialize, Serialize};

use super::{CommitmentLabel, EntrySecret, body_commitment, leaves, salt, salted_leaf};
use crate::merkle::{Hash, Leaves, ProofError, base64_text, prove_inclusion, verify_inclusion};

/// One line of a head with the proof that it stands in the committed head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HeadProof {
    /// Which line, from 0.
    pub index: u32,
    /// How many lines the head has.
    pub size: u32,
    /// The line itself, without line end.
    pub line: String,
    /// The salt of this line alone; it opens no other.
    #[serde(with = "base64_text")]
    pub salt: Hash,
    /// The siblings on the way to the commitment.
    #[serde(with = "base64_text::list")]
    pub path: Vec<Hash>,
}

/// The digest behind the commitment to a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyOpening {
    /// The salt of this commitment.
    #[serde(with = "base64_text")]
    pub salt: Hash,
    /// The SHA-256 of the body.
    #[serde(with = "base64_text")]
    pub sha256: Hash,
}

/// Opens line `index` of a head; `None` if it has no such line. `lines` must be all lines of the
/// head, as they were committed.
pub fn prove_line<L: AsRef<str>>(
    secret: &EntrySecret,
    label: CommitmentLabel,
    lines: &[L],
    index: u32,
) -> Option<HeadProof> {
    let line = lines.get(usize::try_from(index).ok()?)?.as_ref().to_owned();
    let size = u32::try_from(lines.len()).ok()?;
    let hashes: Leaves = leaves(secret, label, lines.iter().map(L::as_ref)).collect();
    let path = prove_inclusion(u64::from(index), u64::from(size), &hashes).ok()?;
    Some(HeadProof { index, size, line, salt: salt(secret, label, index), path })
}

/// Opens the commitment to a body whose SHA-256 is `digest`.
pub fn open_body(secret: &EntrySecret, label: CommitmentLabel, digest: &Hash) -> BodyOpening {
    BodyOpening { salt: salt(secret, label, 0), sha256: *digest }
}

impl HeadProof {
    /// Checks that the line stands in the head with this commitment.
    pub fn verify(&self, commitment: &Hash) -> Result<(), ProofError> {
        let leaf = salted_leaf(&self.salt, self.line.as_bytes());
        let (index, size) = (u64::from(self.index), u64::from(self.size));
        verify_inclusion(&leaf, index, size, &self.path, commitment)
    }
}

impl BodyOpening {
    /// Whether the commitment under `label` is to this digest.
    pub fn fits(&self, label: CommitmentLabel, commitment: &Hash) -> bool {
        body_commitment(label, &self.salt, &self.sha256) == *commitment
    }
}

#[cfg(test)]
mod tests {
    use super::super::{commit_body, commit_bytes, commit_head};
    use super::*;
    use crate::merkle::sha256;
    use proptest::prelude::*;

    const HEAD: CommitmentLabel = CommitmentLabel::RequestHead;

    fn secret() -> EntrySecret {
        EntrySecret::new(&crate::testing::FixedRandomness(7))
    }

    /// Pinned bytes, computed with another program: entries in logs depend on them for ever.
    #[test]
    fn the_derivations_never_change() {
        let lines = ["GET /units", "host: a.example", "accept: */*"];
        for (hash, pinned) in [
            (
                salt(&secret(), HEAD, 1),
                "4363fb92715acd223b3ddd1fbd7e66225a377c106a274db1aabe9905d77f8a5b",
            ),
            (
                commit_head(&secret(), HEAD, lines),
                "32451726f9bc0575c7ce549f7a3c804f0fb47f18b2053bd3e45a907f9ad91c17",
            ),
            (
                commit_bytes(&secret(), CommitmentLabel::Signature, b"abc"),
                "119a57beb3fac380dc4785339f111e80761d2086d3b48fd086f93efb921447a4",
            ),
        ] {
            assert_eq!(hex::encode(hash), pinned);
        }
    }

    #[test]
    fn labels_sort_as_their_names_and_have_bytes_of_their_own() {
        let names = CommitmentLabel::ALL.map(CommitmentLabel::as_str);
        assert!(names.is_sorted() && CommitmentLabel::ALL.is_sorted());
        for label in CommitmentLabel::ALL {
            assert_eq!(label.as_str().parse(), Ok(label));
            assert!(CommitmentLabel::ALL.iter().filter(|l| l.byte() == label.byte()).count() == 1);
        }
    }

    #[test]
    fn a_body_opens_under_its_own_label_only() {
        let digest = sha256(&[b"body"]);
        let label = CommitmentLabel::ResponseBody;
        let commitment = commit_body(&secret(), label, &digest);
        let opening = open_body(&secret(), label, &digest);
        assert!(opening.fits(label, &commitment));
        assert!(!opening.fits(CommitmentLabel::RequestBody, &commitment));
        let other = BodyOpening { sha256: sha256(&[b"another"]), ..opening };
        assert!(!other.fits(label, &commitment));
    }

    #[test]
    fn an_entry_s_secret_is_not_shown() {
        assert_eq!(format!("{:?}", secret()), "EntrySecret(…)");
    }

    proptest! {
        #[test]
        fn each_line_opens_alone_and_no_altered_one_does(
            lines in prop::collection::vec("[ -~]{0,20}", 1..20), at in any::<prop::sample::Index>()
        ) {
            let commitment = commit_head(&secret(), HEAD, &lines);
            let index = u32::try_from(at.index(lines.len())).unwrap();
            let proof = prove_line(&secret(), HEAD, &lines, index).unwrap();
            prop_assert_eq!(proof.verify(&commitment), Ok(()));
            let altered = HeadProof { line: format!("{}x", proof.line), ..proof.clone() };
            prop_assert!(altered.verify(&commitment).is_err());
            let altered = HeadProof { salt: [0; 32], ..proof.clone() };
            prop_assert!(altered.verify(&commitment).is_err());
            let altered = HeadProof { index: proof.index + 1, ..proof };
            prop_assert!(altered.verify(&commitment).is_err());
            prop_assert_eq!(prove_line(&secret(), HEAD, &lines, 20), None);
        }
    }
}
