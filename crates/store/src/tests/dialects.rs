//! The differences between the kinds of database, listed: a new one is seen in review.

use std::path::Path;

/// Each file of a dialect, with the first sentence of its front page.
fn files() -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut lines = Vec::new();
    for dialect in ["postgres", "sqlite"] {
        let mut files = vec![source.join(format!("{dialect}.rs"))];
        let folder = std::fs::read_dir(source.join(dialect)).unwrap();
        files.extend(folder.map(|entry| entry.unwrap().path()));
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            let front = text.lines().map_while(|line| line.strip_prefix("//! "));
            let front = front.collect::<Vec<_>>().join(" ");
            let name = file.strip_prefix(&source).unwrap().display().to_string();
            lines.push(format!("{name}: {}", front.split(". ").next().unwrap()));
        }
    }
    lines.sort();
    lines.join("\n")
}

#[test]
fn the_dialects_differ_in_these_files_only() {
    insta::assert_snapshot!(files());
}
