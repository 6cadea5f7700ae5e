use super::*;
use std::collections::BTreeSet;
use std::path::Path;

#[test]
fn every_code_stands_in_docs_errors_md() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&page, catalogue_markdown()).unwrap();
    }
    let written = std::fs::read_to_string(&page).unwrap_or_default();
    assert!(
        written == catalogue_markdown(),
        "docs/errors.md is behind the catalogue: run UPDATE_DOCS=1 cargo test -p wire"
    );
}

#[test]
fn every_code_is_written_once_and_reads_back() {
    let written: BTreeSet<_> = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(written.len(), ErrorCode::ALL.len());
    for code in ErrorCode::ALL {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert!(code.as_str().split_once('.').is_some_and(|(noun, what)| {
            let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
            is_word(noun) && is_word(what)
        }));
    }
    assert!("connection".parse::<ErrorCode>().is_err());
}

#[test]
fn every_code_speaks_both_languages_in_whole_sentences() {
    for code in ErrorCode::ALL {
        let mut said = BTreeSet::new();
        for language in [Language::Vietnamese, Language::English] {
            for text in [code.title(language), code.next_step(language)] {
                assert!(text.ends_with('.') && text.trim() == text, "{code}: {text}");
                said.insert(text);
            }
        }
        assert_eq!(said.len(), 4, "{code}");
    }
}

#[test]
fn the_status_agrees_with_the_fault() {
    for code in ErrorCode::ALL {
        let by_caller = matches!(code.fault(), Fault::Caller | Fault::Network);
        assert_eq!(by_caller, (400..500).contains(&code.status()), "{code}");
    }
}
