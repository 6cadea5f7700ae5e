//! Checking a bundle offline: nothing but its bytes and a trust file.

use wire::bundle::{Bundle, BundleRefusal, Verdict, verify};
use wire::trust::TrustFile;

/// A bundle that holds, and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// The bundle.
    pub bundle: Bundle,
    /// What it proves and what it does not.
    pub verdict: Verdict,
}

/// Opens a bundle and checks everything in it against the keys in `trust`. Needs no network.
///
/// A refusal names the file within the bundle and the reason; the same bytes are refused again.
pub fn verify_bundle(bytes: &[u8], trust: &TrustFile) -> Result<Verified, BundleRefusal> {
    let bundle = Bundle::open(bytes)?;
    let verdict = verify(&bundle, trust)?;
    Ok(Verified { bundle, verdict })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_bundle_is_refused_with_the_place() {
        for bytes in [b"".as_slice(), b"PK", b"a text"] {
            let refusal = verify_bundle(bytes, &TrustFile::default()).unwrap_err();
            assert_eq!(refusal.file, "container");
        }
    }
}
