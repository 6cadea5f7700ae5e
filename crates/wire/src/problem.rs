//! A refusal as it is answered: `application/problem+json` (RFC 9457), in the reader's language.
//!
//! **Invariant**: a body says the same in both languages and always carries `code`, `fault`,
//! `retry` and `next_step`, so that neither a program nor a person has to guess.
//! **Trust**: the detail is shown to whoever asked; whoever writes one must not put a secret, a
//! stranger's data or an inner error text in it.

use std::borrow::Cow;

use serde::Serialize;

use crate::error_code::{ErrorCode, Retry};
use crate::id::RequestId;

/// The media type of a [`Problem`].
pub const PROBLEM_JSON: &str = "application/problem+json";

/// A language people are answered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// The default.
    #[default]
    Vietnamese,
    /// On request.
    English,
}

impl Language {
    /// The tag of RFC 5646.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi",
            Self::English => "en",
        }
    }

    /// What an `Accept-Language` value (RFC 9110 §12.5.4) asks for: English only if it is
    /// preferred to Vietnamese; Vietnamese if nothing, nothing known or nonsense is asked for.
    pub fn from_accept_language(value: Option<&str>) -> Self {
        let mut best = (Self::Vietnamese, 0);
        for range in value.unwrap_or_default().split(',') {
            let (tag, weight) = match range.split_once(';') {
                Some((tag, weight)) => (tag.trim(), thousandths(weight.trim())),
                None => (range.trim(), 1000),
            };
            let primary = tag.split('-').next().unwrap_or_default();
            let language = if primary.eq_ignore_ascii_case("en") {
                Self::English
            } else if primary.eq_ignore_ascii_case("vi") {
                Self::Vietnamese
            } else {
                continue;
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// `q=0.8` as 800; 0, which asks for nothing, if it is not understood.
fn thousandths(weight: &str) -> u32 {
    let Some(number) = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q=")) else {
        return 0;
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let is_number = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    match whole {
        "1" if is_number => 1000,
        "0" if is_number => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

/// The same sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// In Vietnamese.
    pub vi: Cow<'static, str>,
    /// In English.
    pub en: Cow<'static, str>,
}

impl Text {
    /// A text from its two wordings.
    pub fn new(vi: impl Into<Cow<'static, str>>, en: impl Into<Cow<'static, str>>) -> Self {
        Self { vi: vi.into(), en: en.into() }
    }

    /// The wording in `language`.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Vietnamese => &self.vi,
            Language::English => &self.en,
        }
    }
}

/// One refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which.
    pub code: ErrorCode,
    /// What it was this time.
    pub detail: Text,
    /// The call it answers.
    pub request_id: Option<RequestId>,
    /// Where this occurrence can be looked up: a URI reference.
    pub instance: Option<String>,
    /// When to try again, in seconds, if it is known better than the code says.
    pub retry_after_s: Option<u32>,
}

impl Problem {
    /// A refusal with this detail.
    pub fn new(code: ErrorCode, detail: Text) -> Self {
        Self { code, detail, request_id: None, instance: None, retry_after_s: None }
    }

    /// Whether and when the same content may be sent again.
    pub fn retry(&self) -> Retry {
        self.retry_after_s.map_or_else(|| self.code.retry(), Retry::AfterSeconds)
    }

    /// The body: the members of RFC 9457 §3.1, then ours.
    pub fn to_json(&self, language: Language) -> Vec<u8> {
        self.to_json_from("", language)
    }

    /// The body, from a listener other than the one that explains codes and shows records: `base`
    /// is that one's URL, without a slash at its end, and stands before `type` and `instance`.
    pub fn to_json_from(&self, base: &str, language: Language) -> Vec<u8> {
        let (code, retry) = (self.code, self.retry().to_string());
        let instance = self.instance.as_ref().map(|instance| format!("{base}{instance}"));
        let body = Body {
            r#type: &format!("{base}/docs/errors#{code}"),
            title: code.title(language),
            status: code.status(),
            detail: self.detail.in_language(language),
            instance: instance.as_deref(),
            code: code.as_str(),
            fault: code.fault().as_str(),
            retry: &retry,
            next_step: code.next_step(language),
            request_id: self.request_id,
        };
        // Strings, a number and an id: serialising them cannot fail.
        serde_json::to_vec(&body).unwrap_or_default()
    }
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'a str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<&'a str>,
    code: &'a str,
    fault: &'a str,
    retry: &'a str,
    next_step: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn english_is_spoken_only_to_who_prefers_it() {
        use Language::{English, Vietnamese};
        for (asked, spoken) in [
            (None, Vietnamese),
            (Some(""), Vietnamese),
            (Some("fr"), Vietnamese),
            (Some("en"), English),
            (Some("en-GB,en;q=0.9"), English),
            (Some("vi,en;q=0.9"), Vietnamese),
            (Some("en;q=0.5, vi;q=0.8"), Vietnamese),
            (Some("fr, en;q=0.1"), English),
            (Some("en;q=0"), Vietnamese),
            (Some("en;q=zero"), Vietnamese),
            (Some("*"), Vietnamese),
            (Some("EN-us"), English),
        ] {
            assert_eq!(Language::from_accept_language(asked), spoken, "{asked:?}");
        }
    }

    #[test]
    fn a_problem_from_another_listener_links_to_where_it_is_explained() {
        let mut problem = Problem::new(ErrorCode::ConnectionNone, Text::new("Không.", "No."));
        problem.instance = Some("/evidence/v1/calls/x".to_owned());
        let body = problem.to_json_from("https://lgsp.example", Language::English);
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["type"], "https://lgsp.example/docs/errors#connection.none");
        assert_eq!(body["instance"], "https://lgsp.example/evidence/v1/calls/x");
    }

    #[test]
    fn a_problem_has_the_members_of_the_contract() {
        let mut problem = Problem::new(
            ErrorCode::QuotaExceeded,
            Text::new("Hết 60 lượt gọi trong phút này.", "60 calls of this minute are used up."),
        );
        problem.retry_after_s = Some(7);
        problem.request_id = "019ab0c4-7b3f-7fff-bfff-ffffffffffff".parse().ok();
        let body = String::from_utf8(problem.to_json(Language::English)).unwrap();
        insta::assert_snapshot!(body.replace(",\"", ",\n\""), @r#"
        {"type":"/docs/errors#quota.exceeded",
        "title":"The connection's quota is used up.",
        "status":429,
        "detail":"60 calls of this minute are used up.",
        "code":"quota.exceeded",
        "fault":"caller",
        "retry":"after:7",
        "next_step":"Call again after the time in Retry-After, or ask for a larger quota.",
        "request_id":"019ab0c4-7b3f-7fff-bfff-ffffffffffff"}
        "#);
    }

    proptest! {
        #[test]
        fn any_accept_language_gets_an_answer(value in "\\PC*") {
            let _ = Language::from_accept_language(Some(&value));
        }
    }
}
