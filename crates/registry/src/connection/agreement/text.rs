//! A document as plain text: the bytes whose digest stands in the entry of the approval.

use std::fmt::Write;

use super::Document;

impl Document {
    /// The document as plain text in UTF-8, one part per line, ended by a line break.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        // Writing to a text cannot fail.
        let _ = self.write_to(&mut text);
        text
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
        writeln!(out, "\nPhụ lục. Nội dung do cổng kết nối thực thi")?;
        for line in &self.annex {
            writeln!(out, "- {}: {}", line.label, line.value)?;
        }
        Ok(())
    }
}
