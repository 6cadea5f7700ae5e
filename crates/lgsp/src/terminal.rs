//! The words a command says to a person or a program.
//!
//! What was asked for goes to standard output, complaints to standard error. A reader that has
//! gone away (`lgsp check | head`) ends nothing: what could not be said is dropped.

use std::fmt::Display;
use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Read, Write, stderr, stdout};

use keys::Zeroizing;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

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

/// The longest secret that is taken from a terminal.
const LONGEST_SECRET: usize = 1_024;

/// Asks the person at the terminal for a secret, which is not shown; `None` if there is no person
/// (end of input) or they gave up (Ctrl-C).
pub fn ask_secretly(prompt: &str) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    // Before the question, so that nothing of a quick answer is shown or lost.
    let unseen = Unseen::begin(&terminal)?;
    (&terminal).write_all(prompt.as_bytes())?;
    let answer = unseen.line();
    drop(unseen);
    (&terminal).write_all(b"\n")?;
    answer
}

/// A terminal that shows nothing of what is typed and makes no signal of Ctrl-C, so that it is
/// always given back as it was.
struct Unseen<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Unseen<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut unseen = before.clone();
        unseen.local_modes -=
            LocalModes::ECHO | LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG;
        tcsetattr(terminal, OptionalActions::Flush, &unseen)?;
        Ok(Self { terminal, before })
    }

    fn line(&self) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        // All the room at once: a growing buffer would leave copies of a secret behind.
        let mut line = Zeroizing::new(Vec::with_capacity(LONGEST_SECRET));
        let (mut terminal, mut byte) = (self.terminal, [0]);
        // One byte at a time: what follows the line is for the next question.
        while terminal.read(&mut byte)? == 1 {
            let [byte] = byte;
            match byte {
                b'\r' | b'\n' => return Ok(Some(line)),
                // Ctrl-C; Ctrl-D.
                3 | 4 => return Ok(None),
                // Backspace, as the one or the other keyboard has it.
                8 | 127 => drop(line.pop()),
                _ if line.len() < LONGEST_SECRET => line.push(byte),
                _ => return Err(io::Error::other("too long")),
            }
        }
        Ok(None)
    }
}

impl Drop for Unseen<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
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
