//! The words a command says to a person or a program.
//!
//! What was asked for goes to standard output, complaints to standard error. A reader that has
//! gone away (`lgsp check | head`) ends nothing: what could not be said is dropped.

use std::fmt::Display;
use std::io::{IsTerminal, Write, stderr, stdout};

/// One line to standard output.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout().lock(), "{line}");
}

/// One line to standard error.
pub fn complain(line: impl Display) {
    let _ = writeln!(stderr().lock(), "{line}");
}

/// A value as indented JSON to standard output.
pub fn say_json(value: &serde_json::Value) {
    say(format_args!("{value:#}"));
}

/// Emphasis, where the reader is a terminal that hasn't asked for none (<https://no-color.org>).
#[derive(Debug, Clone, Copy)]
pub struct Emphasis(bool);

impl Emphasis {
    /// Whether standard output wants emphasis.
    pub fn of_stdout() -> Self {
        Self(stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none())
    }

    /// A heading.
    pub fn strong(self, text: impl Display) -> String {
        self.wrap("1", text)
    }

    /// Something less important.
    pub fn faint(self, text: impl Display) -> String {
        self.wrap("2", text)
    }

    /// What went as it should.
    pub fn good(self, text: impl Display) -> String {
        self.wrap("32", text)
    }

    /// What did not.
    pub fn bad(self, text: impl Display) -> String {
        self.wrap("31", text)
    }

    fn wrap(self, code: &str, text: impl Display) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Writes `text` in lines of at most `width` characters, each after `indent`.
pub fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.is_empty() && length + indent.chars().count() > width {
            lines.push(format!("{indent}{line}"));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.is_empty() {
        lines.push(format!("{indent}{line}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_wrapped_between_words_and_long_words_stay_whole() {
        assert_eq!(wrapped("one two three", "  ", 9), "  one two\n  three");
        assert_eq!(wrapped("a unbreakable b", "", 5), "a\nunbreakable\nb");
    }
}
