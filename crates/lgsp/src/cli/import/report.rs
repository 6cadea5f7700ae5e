//! What an import says of itself, in words.

use std::fmt::Write as _;

use serde_json::{Value, json};
use wire::problem::Language;

/// Conflicts that are named one by one.
const NAMED: usize = 50;

/// The file in which people decide: each conflict with what differs and what can be chosen. A
/// `choice` of null is undecided.
pub(super) fn template(import: &Value) -> Value {
    let conflicts = import.pointer("/report/conflicts").and_then(Value::as_array);
    let decision = |conflict: &Value| {
        json!({
            "conflict": conflict.get("id"),
            "choices": conflict.get("choices"),
            "ours": conflict.get("ours"),
            "differs": conflict.get("differs"),
            "choice": conflict.get("chosen"),
        })
    };
    Value::Array(conflicts.into_iter().flatten().map(decision).collect())
}

/// The words of one language.
pub(super) struct Words(Language);

impl Words {
    pub(super) fn of(language: Language) -> Self {
        Self(language)
    }

    fn say(&self, vi: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::Vietnamese => vi,
            Language::English => en,
        }
    }

    /// What would become, or became, of an import.
    pub(super) fn import(&self, import: &Value) -> String {
        let told = |pointer: &str| import.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        let count = |name: &str| {
            import.pointer(&format!("/report/{name}")).and_then(Value::as_u64).unwrap_or(0)
        };
        let state = match told("/state") {
            "applied" => self.say("đã thực hiện", "carried out"),
            "undone" => self.say("đã hoàn tác", "taken back"),
            _ => self.say("đề xuất, chưa ghi gì", "proposed, nothing is written yet"),
        };
        let mut text = format!("{} {} ({state})\n", self.say("Lần nhập", "Import"), told("/id"));
        let _ = writeln!(text, "  {}", told("/title"));
        for (name, vi, en) in [
            ("rows", "mục trong tài liệu", "rows in the document"),
            ("added", "mục mới", "are new"),
            ("same", "mục đã có, giống hệt", "are here already, word for word"),
            ("taken", "mục thay nội dung hiện có", "take the place of what is here"),
            ("kept", "mục giữ nội dung hiện có", "do not: what is here stays"),
            ("joined", "cơ quan được gộp vào cơ quan đã có", "are one with an organisation here"),
            (
                "left_out",
                "mục không nhập (xem --rows left_out)",
                "do not come in (see --rows left_out)",
            ),
        ] {
            let _ = writeln!(text, "  {:>7}  {}", count(name), self.say(vi, en));
        }
        self.conflicts(&mut text, import);
        self.problems(&mut text, import);
        text.trim_end().to_owned()
    }

    fn conflicts(&self, text: &mut String, import: &Value) {
        let conflicts = import.pointer("/report/conflicts").and_then(Value::as_array);
        let undecided: Vec<_> =
            conflicts.into_iter().flatten().filter(|one| one.get("chosen").is_none()).collect();
        if undecided.is_empty() {
            return;
        }
        let head = self.say("xung đột chưa quyết định:", "conflicts are undecided:");
        let _ = writeln!(text, "{} {head}", undecided.len());
        for conflict in undecided.iter().take(NAMED) {
            let id = conflict.get("id").and_then(Value::as_str).unwrap_or_default();
            let choices = conflict.get("choices").and_then(Value::as_array);
            let choices: Vec<_> = choices.into_iter().flatten().filter_map(Value::as_str).collect();
            let _ = writeln!(text, "  {id}  [{}]", choices.join(" | "));
            let differs = conflict.get("differs").and_then(Value::as_array);
            for one in differs.into_iter().flatten() {
                let _ = writeln!(
                    text,
                    "    {}: {} ≠ {}",
                    one.get("field").and_then(Value::as_str).unwrap_or_default(),
                    one.get("ours").unwrap_or(&Value::Null),
                    one.get("theirs").unwrap_or(&Value::Null),
                );
            }
            if let Some(ours) = conflict.get("ours").and_then(Value::as_str) {
                let _ = writeln!(text, "    {} {ours}", self.say("ở đây:", "here:"));
            }
        }
        if undecided.len() > NAMED {
            let more =
                self.say("xung đột nữa trong tệp quyết định", "more in the file of decisions");
            let _ = writeln!(text, "  … {} {more}", undecided.len() - NAMED);
        }
    }

    fn problems(&self, text: &mut String, import: &Value) {
        let unused = import.pointer("/report/unused").and_then(Value::as_array);
        for decision in unused.into_iter().flatten().filter_map(Value::as_str) {
            let why =
                self.say("không có xung đột này (nữa)", "there is no such conflict (any more)");
            let _ = writeln!(text, "  {decision}: {why}");
        }
        let problems = import.pointer("/report/problems").and_then(Value::as_array);
        for problem in problems.into_iter().flatten() {
            let told = |name: &str| problem.get(name).and_then(Value::as_str).unwrap_or_default();
            let rule = told(match self.0 {
                Language::Vietnamese => "rule",
                Language::English => "rule_en",
            });
            let _ = writeln!(text, "  {}: {rule}", told("place"));
        }
    }

    /// One row and its fate.
    pub(super) fn row(&self, row: &Value) -> String {
        let told = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let reason = told(match self.0 {
            Language::Vietnamese => "reason",
            Language::English => "reason_en",
        });
        format!("  {} {} {} {reason}", told("fate"), told("noun"), told("key"))
            .trim_end()
            .to_owned()
    }

    /// What a rehearsal says.
    pub(super) fn rehearsed(&self, rehearsed: &Value) -> String {
        let count = |name: &str| rehearsed.get(name).and_then(Value::as_u64).unwrap_or(0);
        let mut text = format!(
            "{} {}; {} {}, {} {}\n",
            count("calls"),
            self.say("lượt gọi", "calls"),
            count("passing_before"),
            self.say("đi qua hiện nay", "pass now"),
            count("passing_after"),
            self.say("đi qua sau khi nhập", "pass after the import"),
        );
        let failing = rehearsed.get("failing").and_then(Value::as_array);
        for call in failing.into_iter().flatten() {
            let told = |name: &str| call.get(name).and_then(Value::as_str).unwrap_or_default();
            let (consumer, method, path) = (told("consumer"), told("method"), told("path"));
            let _ = writeln!(text, "  {} {consumer} {method} {path}", told("code"));
        }
        text.trim_end().to_owned()
    }
}
