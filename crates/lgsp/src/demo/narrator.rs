//! The voice of the story: numbered chapters, plain sentences, data under them.

use wire::problem::Language;

use crate::terminal::{Emphasis, say, wrapped};

const WIDTH: usize = 92;

/// Tells the story in one language.
#[derive(Debug)]
pub(super) struct Narrator {
    language: Language,
    emphasis: Emphasis,
    chapter: usize,
}

impl Narrator {
    pub(super) fn new(language: Language) -> Self {
        Self { language, emphasis: Emphasis::of_stdout(), chapter: 0 }
    }

    /// The text of the reader's language.
    pub(super) fn choose<'a>(&self, vietnamese: &'a str, english: &'a str) -> &'a str {
        match self.language {
            Language::Vietnamese => vietnamese,
            Language::English => english,
        }
    }

    /// The next numbered chapter.
    pub(super) fn chapter(&mut self, vietnamese: &str, english: &str) {
        self.chapter += 1;
        let title = format!("{}. {}", self.chapter, self.choose(vietnamese, english));
        say(format_args!("\n{}", self.emphasis.strong(title)));
    }

    /// A heading without a number.
    pub(super) fn heading(&self, vietnamese: &str, english: &str) {
        say(format_args!("\n{}", self.emphasis.strong(self.choose(vietnamese, english))));
    }

    /// A paragraph.
    pub(super) fn tell(&self, vietnamese: &str, english: &str) {
        say(wrapped(self.choose(vietnamese, english), "   ", WIDTH));
    }

    /// One of several points.
    pub(super) fn point(&self, vietnamese: &str, english: &str) {
        let text = wrapped(self.choose(vietnamese, english), "     ", WIDTH);
        say(format_args!("   • {}", text.trim_start()));
    }

    /// Something that went as it should.
    pub(super) fn done(&self, vietnamese: &str, english: &str) {
        let text = wrapped(self.choose(vietnamese, english), "     ", WIDTH);
        say(format_args!("   {} {}", self.emphasis.good("✓"), text.trim_start()));
    }

    /// A request that was refused, as it should be.
    pub(super) fn refused(&self, what: (&str, &str), status: u16, code: &str) {
        let what = self.choose(what.0, what.1);
        let refused = self.choose("từ chối", "refused");
        say(format_args!(
            "   {} {what}\n       {refused}: {status} {}",
            self.emphasis.good("✓"),
            self.emphasis.strong(code)
        ));
    }

    /// A sentence of somebody else's, under what it is about.
    pub(super) fn quote(&self, text: &str) {
        say(self.emphasis.faint(wrapped(text, "       ", WIDTH)));
    }

    /// Data, as it came.
    pub(super) fn show(&self, line: &str) {
        say(format_args!("       {}", self.emphasis.faint(line)));
    }
}
