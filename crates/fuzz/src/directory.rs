//! Records of the directory, and extracts of it with their proofs.

use wire::canonical::{canonical_of, from_canonical};
use wire::directory::{Directory, DirectoryExtract, Operation, Record};

/// A record prints as it reads; an operation that is one permits no path with dots.
pub(crate) fn record(bytes: &[u8]) {
    if let Ok(record) = from_canonical::<Record>(bytes) {
        assert_eq!(canonical_of(&record).as_deref(), Ok(bytes));
        let key = record.key();
        if let Ok(directory) = Directory::new(vec![record.clone()]) {
            assert_eq!(directory.find(&key), Some(&record));
            let extract = directory.extract([key.as_str()]);
            assert_eq!(extract.verify(&directory.root()), Ok(()));
        }
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (path, asked) = text.split_once('\n').unwrap_or((text, "/a/../b"));
    if let Ok(operation) = Operation::new("GET", path)
        && operation.permits("GET", asked)
    {
        assert!(!asked.split('/').any(|segment| matches!(segment, "." | "..")));
        assert!(asked.starts_with('/'));
    }
}

/// An extract prints as it reads, and under a root that is not its own it proves nothing.
pub(crate) fn extract(bytes: &[u8]) {
    let Ok(extract) = from_canonical::<DirectoryExtract>(bytes) else {
        return;
    };
    assert_eq!(canonical_of(&extract).as_deref(), Ok(bytes));
    let proves = extract.verify(&[7; 32]).is_ok();
    assert!(!proves || extract.records.is_empty(), "records under a root of sevens");
}
