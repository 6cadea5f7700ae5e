//! Cosignatures of witnesses (C2SP tlog-cosignature, Ed25519): a statement with a time that a
//! checkpoint is the largest of its log that the witness has seen, and grew from the one before.
//!
//! ```text
//! cosignature/v1
//! time 1679315147
//! demo.lgsp.example/log
//! 42
//! q2Qf…=
//! ```
//! The signature line holds eight bytes of time, then the Ed25519 signature of this text.
//!
//! **Invariant**: a cosignature is never a note's signature, nor the other way round: the text that
//! is signed begins otherwise, and the use stands in the key's id.

use super::NoteSignature;
use super::named_key::{COSIGNATURE, NamedKey};
use crate::ambient::UtcMicros;

/// Eight bytes of time and 64 of Ed25519.
const LEN: usize = 72;

/// A witness's named key, which can check its cosignatures. Written `name+hash+key` as a
/// verifier key of type 4.
pub type CosignatureVerifier = NamedKey<COSIGNATURE>;

impl CosignatureVerifier {
    /// When this witness cosigned the checkpoint `text` (with its final newline), if it did.
    pub fn verify(&self, text: &str, signature: &NoteSignature) -> Option<UtcMicros> {
        if !self.is_for(signature) || signature.signature.len() != LEN {
            return None;
        }
        let (time, bare) = signature.signature.split_first_chunk()?;
        let seconds = u64::from_be_bytes(*time);
        // The format bounds it so.
        let since_1970 = i64::try_from(seconds).ok()?;
        let signed = self.signed(cosigned(text, seconds).as_bytes(), bare);
        signed.then(|| UtcMicros::from_seconds(since_1970))
    }
}

/// What a witness signs to cosign the checkpoint `text` (with its final newline) at a time in
/// seconds since 1970.
pub fn cosigned(text: &str, seconds: u64) -> String {
    format!("cosignature/v1\ntime {seconds}\n{text}")
}

/// The line, with its newline, of the signature over what [`cosigned`] gives for these `seconds`.
/// The name must be one that [`CosignatureVerifier::new`] takes.
pub fn cosignature_line(
    name: &str,
    public_key: &[u8; 32],
    seconds: u64,
    signature: &[u8; 64],
) -> String {
    let timed = [&seconds.to_be_bytes()[..], signature].concat();
    CosignatureVerifier::line(name, public_key, timed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::note::{SignedNote, VerifierError};
    use crate::testing::TestKey;

    const TEXT: &str = "log.example/a\n42\n//////////////////////////////////////////8=\n";

    fn cosign(key: &TestKey, name: &str, seconds: u64) -> NoteSignature {
        let signature = key.sign(cosigned(TEXT, seconds).as_bytes());
        let line = cosignature_line(name, &key.public_key(), seconds, &signature);
        line.trim_end().parse().unwrap()
    }

    #[test]
    fn a_cosignature_tells_its_time_and_fits_its_text_alone() {
        let key = TestKey::new("witness.example/1", 3);
        let verifier = CosignatureVerifier::new("witness.example/1", key.public_key()).unwrap();
        let signature = cosign(&key, "witness.example/1", 1_679_315_147);
        let time = UtcMicros::from_seconds(1_679_315_147);
        assert_eq!(verifier.verify(TEXT, &signature), Some(time));
        assert_eq!(verifier.verify(&TEXT.replace("42", "43"), &signature), None);
        for place in 0..signature.signature.len() {
            let mut altered = signature.clone();
            altered.signature[place] ^= 1;
            assert_eq!(verifier.verify(TEXT, &altered), None, "{place}");
        }
        let mut longer = signature.clone();
        longer.signature.push(0);
        assert_eq!(verifier.verify(TEXT, &longer), None);
        let another = CosignatureVerifier::new("witness.example/2", key.public_key()).unwrap();
        assert_eq!(another.verify(TEXT, &signature), None);
    }

    #[test]
    fn a_time_beyond_the_format_s_bound_is_refused() {
        let key = TestKey::new("witness.example/1", 3);
        let verifier = CosignatureVerifier::new("witness.example/1", key.public_key()).unwrap();
        let last = u64::try_from(i64::MAX).unwrap();
        let signature = cosign(&key, "witness.example/1", last + 1);
        assert_eq!(verifier.verify(TEXT, &signature), None);
    }

    #[test]
    fn a_key_is_read_for_its_own_use_alone() {
        let key = TestKey::new("witness.example/1", 3);
        let verifier = CosignatureVerifier::new("witness.example/1", key.public_key()).unwrap();
        assert_eq!(verifier.to_string().parse(), Ok(verifier.clone()));
        let as_log = verifier.to_string().parse::<crate::note::NoteVerifier>();
        assert_eq!(as_log, Err(VerifierError::UnknownAlgorithm));
        let as_witness = key.verifier().to_string().parse::<CosignatureVerifier>();
        assert_eq!(as_witness, Err(VerifierError::UnknownAlgorithm));
    }

    /// The example of tlog-cosignature: its key is not published, its form and time are.
    #[test]
    fn the_example_of_the_specification_is_read() {
        let note = "example.com/behind-the-sofa\n20852163\n\
            CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
            \u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl\
            rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
        let note: SignedNote = note.parse().unwrap();
        let [signature] = note.signatures.as_slice() else { panic!("one signature") };
        assert_eq!(signature.signature.len(), LEN);
        let time = signature.signature.first_chunk().map(|time| u64::from_be_bytes(*time));
        assert_eq!(time, Some(1_679_315_147));
    }
}
