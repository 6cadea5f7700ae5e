//! Wrong bodies, queries and fields, and how they are explained.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use http_body_util::BodyExt;
use wire::error_code::ErrorCode;

use super::{posted, problem, request, send};
use crate::{field, input};

#[tokio::test]
async fn an_unknown_field_is_refused_by_its_name_wherever_it_stands() {
    let (status, refusal) = posted(r#"{"name":"a","nmae":"b"}"#).await;
    assert_eq!((status.as_u16(), &refusal["code"]), (422, &"field.unknown".into()));
    assert_eq!(refusal["detail"], "There is no field `nmae`. Fields that are taken: name, parts.");
    let (_, refusal) = posted(r#"{"name":"a","parts":[{"size":1},{"size":1,"seize":2}]}"#).await;
    assert_eq!(refusal["code"], "field.unknown");
    assert_eq!(
        refusal["detail"],
        "There is no field `parts[1].seize`. Fields that are taken: size."
    );
}

#[tokio::test]
async fn a_missing_twice_given_or_misshapen_field_is_named() {
    for (body, named) in [
        ("{}", "The field `name` is missing."),
        (r#"{"name":"a","parts":[{}]}"#, "The field `parts[0].size` is missing."),
        (r#"{"name":"a","name":"b"}"#, "The field `name` stands there twice."),
        (
            r#"{"name":"a","parts":[{"size":-1}]}"#,
            "The field `parts[0].size` has the wrong shape (invalid value: integer `-1`, expected \
             u32).",
        ),
        (
            "7",
            "What was sent has the wrong shape (invalid type: integer `7`, expected struct Form).",
        ),
        (
            r#"{"name":7}"#,
            "The field `name` has the wrong shape (invalid type: integer `7`, expected a string).",
        ),
    ] {
        let (status, refusal) = posted(body).await;
        assert_eq!((status.as_u16(), &refusal["code"]), (422, &"field.invalid".into()), "{body}");
        assert_eq!(refusal["detail"], named, "{body}");
    }
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    for body in ["", "{", "nonsense", r#"{"name":"a"} {}"#, "{\"name\":\"\u{1}\"}"] {
        let (status, refusal) = posted(body).await;
        assert_eq!(
            (status.as_u16(), &refusal["code"]),
            (400, &"request.malformed".into()),
            "{body}"
        );
    }
    let (_, refusal) = posted(vec![b'{', b'"', 0xff, b'"']).await;
    assert_eq!(refusal["code"], "request.malformed");
}

#[tokio::test]
async fn another_media_type_and_a_long_body_are_refused() {
    let plain = request(Method::POST, "/echo").header(header::CONTENT_TYPE, "text/plain");
    let (status, _) = problem(plain.body(Body::from("{}")).unwrap()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let (status, refusal) = posted(vec![b' '; input::MAX_BODY_BYTES + 1]).await;
    assert_eq!((status.as_u16(), &refusal["code"]), (413, &"request.too_large".into()));
}

#[tokio::test]
async fn a_query_is_as_strict_as_a_body() {
    for (query, code) in [
        ("limit=0", "field.invalid"),
        ("limit=201", "field.invalid"),
        ("limit=many", "field.invalid"),
        ("limit=1&limit=2", "field.invalid"),
        ("limits=1", "field.unknown"),
    ] {
        let asked = request(Method::GET, &format!("/paged?{query}"));
        let (status, refusal) = problem(asked.body(Body::empty()).unwrap()).await;
        assert_eq!((status.as_u16(), &refusal["code"]), (422, &code.into()), "{query}");
    }
    let asked = request(Method::GET, "/paged?after=H24.12%2Fa&limit=200");
    let response = send(asked.body(Body::empty()).unwrap()).await;
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(body, "H24.12/a 200");
}

#[test]
fn a_wrong_code_is_told_its_rule() {
    let refusal = field::parse::<wire::organisation_code::OrganisationCode>("code", "h24");
    let problem = refusal.unwrap_err().0;
    assert_eq!(problem.code, ErrorCode::FieldInvalid);
    assert!(problem.detail.vi.contains("«code»") && problem.detail.vi.contains("QĐ 20/2020"));
    assert!(problem.detail.en.contains("at most 35 characters"));
}

#[test]
fn a_sentence_is_trimmed_and_holds_no_control_characters() {
    assert_eq!(field::sentence("name", "  Sở Nội vụ ", 10).unwrap(), "Sở Nội vụ");
    for text in ["", "   ", "a\nb", "Sở Nội vụ 1"] {
        assert!(field::sentence("name", text, 10).is_err(), "{text}");
    }
}
