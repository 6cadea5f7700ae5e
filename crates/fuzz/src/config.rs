//! The configuration file.

use lgsp::config::Config;

/// A file is a configuration or a list of what is wrong with it; never both, and the same twice.
pub(crate) fn config_file(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lgsp.toml");
    std::fs::write(&file, bytes).expect("a file");
    let load = || Config::load(Some(&file), []);
    match (load(), load()) {
        (Ok(one), Ok(other)) => assert_eq!(format!("{one:?}"), format!("{other:?}")),
        (Err(one), Err(other)) => {
            assert!(!one.to_string().is_empty());
            assert_eq!(one.to_string(), other.to_string());
        }
        (one, other) => panic!("{one:?} and {other:?}"),
    }
}
