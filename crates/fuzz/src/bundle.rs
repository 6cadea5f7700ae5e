//! What `lgsp verify` is given: a bundle from anybody, a trust file from the operator.

use wire::bundle::Bundle;
use wire::container;
use wire::trust::TrustFile;

/// The trust file of the platform that made the bundles of the corpus.
const TRUST: &[u8] = include_bytes!("../../../fuzz/corpus/trust_file/demo");

/// The whole way of `lgsp verify`. A bundle has one form: what opens is written again the same.
pub(crate) fn bundle(bytes: &[u8]) {
    let trust = TrustFile::parse(TRUST).expect("the trust file of the corpus");
    if let Ok(bundle) = Bundle::open(bytes) {
        assert_eq!(bundle.to_bytes().as_deref(), Ok(bytes));
        let _ = bundle.summary();
    }
    let _ = client::verify_bundle(bytes, &trust);
    assert!(client::verify_bundle(bytes, &TrustFile::default()).is_err(), "without any key");
}

/// A container has one form.
pub(crate) fn container(bytes: &[u8]) {
    if let Ok(files) = container::read(bytes) {
        let files: Vec<_> =
            files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
        assert_eq!(container::write(&files).as_deref(), Ok(bytes));
    }
}

/// A trust file means the same when it is written again.
pub(crate) fn trust_file(bytes: &[u8]) {
    if let Ok(trust) = TrustFile::parse(bytes) {
        let again = trust.to_json().expect("what was read can be written");
        assert_eq!(TrustFile::parse(&again).ok(), Some(trust));
    }
}
