//! A document as plain text: the bytes whose digest stands in the entry of the approval.

use std::fmt::Write;

use super::{Document, Line};

impl Document {
    /// The document as plain text in UTF-8, one part per line, ended by a line break.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write_to(&mut text);
        text
    }

    /// The annexes with their headings. The text of an agreement from before there were two stays as
    /// it was: its digest is in the log.
    pub fn annexes(&self) -> Vec<(&'static str, &[Line])> {
        if self.entrusted.is_empty() {
            return vec![("Phụ lục. Nội dung do cổng kết nối thực thi", &self.annex)];
        }
        vec![
            ("Phụ lục I. Nội dung do nền tảng kiểm soát tại từng lượt khai thác", &self.annex),
            (
                "Phụ lục II. Nội dung do hai bên chịu trách nhiệm, nền tảng không kiểm soát",
                &self.entrusted,
            ),
        ]
    }

    fn write_to(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n")?;
        writeln!(out, "{}\nSố: {}\n{}\n", self.title, self.number, self.date)?;
        for ground in &self.grounds {
            writeln!(out, "{ground}")?;
        }
        for party in &self.parties {
            writeln!(out, "\n{}", party.side)?;
            for line in &party.lines {
                writeln!(out, "- {}: {}", line.label, line.value)?;
            }
        }
        for article in &self.articles {
            writeln!(out, "\n{}", article.heading)?;
            for (number, clause) in (1..).zip(&article.clauses) {
                writeln!(out, "{number}. {clause}")?;
            }
        }
        for (heading, lines) in self.annexes() {
            writeln!(out, "\n{heading}")?;
            for line in lines {
                writeln!(out, "- {}: {}", line.label, line.value)?;
            }
        }
        Ok(())
    }
}
