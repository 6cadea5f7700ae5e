//! `/docs/errors`: every error code, where the `type` of each problem points (`#<code>`).

use askama::Template;
use axum::response::Response;
use wire::error_code::ErrorCode;

use crate::page::{Reader, Words, answer};

#[derive(Template)]
#[template(path = "error_pages.html")]
struct ErrorPages {
    words: Words,
    codes: Vec<ShownCode>,
}

struct ShownCode {
    code: &'static str,
    status: u16,
    title: String,
    next_step: String,
    fault: &'static str,
    retry: String,
}

pub(crate) async fn show(Reader(language): Reader) -> Response {
    let codes = ErrorCode::ALL.iter().map(|code| ShownCode {
        code: code.as_str(),
        status: code.status(),
        title: code.title(language).to_string(),
        next_step: code.next_step(language).to_string(),
        fault: code.fault().as_str(),
        retry: code.retry().to_string(),
    });
    answer(&ErrorPages { words: Words(language), codes: codes.collect() })
}
