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
    assert_eq!(
        refusal["detail"],
        "There is no field `nmae`. Fields that are taken: name, parts, whole, size."
    );
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
            "The field `parts[0].size` is not valid; it must be a whole number from 0 on, in range.",
        ),
        ("7", "What was sent is not valid; it must be a JSON object."),
        (r#"["a",[]]"#, "What was sent is not valid; it must be a JSON object."),
        (
            r#"{"name":"a","parts":[{"size":1},[1]]}"#,
            "The field `parts[1]` is not valid; it must be a JSON object.",
        ),
        (
            r#"{"name":"a","whole":[1]}"#,
            "The field `whole` is not valid; it must be a JSON object.",
        ),
        (r#"{"name":7}"#, "The field `name` is not valid; it must be a string."),
        (r#"{"name":"a","parts":{}}"#, "The field `parts` is not valid; it must be a JSON array."),
    ] {
        let (status, refusal) = posted(body).await;
        assert_eq!((status.as_u16(), &refusal["code"]), (422, &"field.invalid".into()), "{body}");
        assert_eq!(refusal["detail"], named, "{body}");
    }
}

#[tokio::test]
async fn vietnamese_is_told_in_vietnamese_what_was_expected() {
    for (body, told) in [
        (r#"{"name":7}"#, "Trường «name» không hợp lệ; phải là một chuỗi."),
        (
            r#"{"name":"a","parts":[{"size":"1"}]}"#,
            "Trường «parts[0].size» không hợp lệ; phải là một số nguyên không âm trong giới hạn \
             cho phép.",
        ),
        (r#"{"name":"a","whole":"x"}"#, "Trường «whole» không hợp lệ; phải là một đối tượng JSON."),
        (
            r#"{"name":"a","size":"tall"}"#,
            "Trường «size» không hợp lệ; phải là một trong các giá trị small, large.",
        ),
        ("[]", "Nội dung gửi lên không hợp lệ; phải là một đối tượng JSON."),
        ("{}", "Thiếu trường «name»."),
    ] {
        let posted =
            request(Method::POST, "/echo").header(header::CONTENT_TYPE, "application/json");
        let (status, refusal) = problem(posted.body(Body::from(body)).unwrap()).await;
        assert_eq!((status.as_u16(), &refusal["detail"]), (422, &told.into()), "{body}");
    }
    let (_, refusal) =
        problem(request(Method::GET, "/paged?limit=many").body(Body::empty()).unwrap()).await;
    assert_eq!(
        refusal["detail"],
        "Trường «limit» không hợp lệ; phải là một số nguyên không âm trong giới hạn cho phép."
    );
}

#[tokio::test]
async fn no_body_at_all_is_an_empty_object() {
    let bare = || request(Method::POST, "/echo");
    let typed = || bare().header(header::CONTENT_TYPE, "application/json");
    for request in [bare(), typed()] {
        let (status, refusal) = problem(request.body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refusal["detail"], "Thiếu trường «name».");
    }
    let optional = || request(Method::POST, "/optional");
    let response = send(optional().body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let (status, _) = problem(optional().body(Body::from("{}")).unwrap()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "a body says what it is");
}

#[tokio::test]
async fn what_is_no_json_is_refused_with_its_place() {
    for body in [" ", "{", "nonsense", r#"{"name":"a"} {}"#, "{\"name\":\"\u{1}\"}"] {
        let (status, refusal) = posted(body).await;
        assert_eq!((status.as_u16(), &refusal["code"]), (400, &"body.malformed".into()), "{body}");
    }
    let (_, refusal) = posted(vec![b'{', b'"', 0xff, b'"']).await;
    assert_eq!(refusal["code"], "body.malformed");
    assert_eq!(refusal["title"], "The body is not well-formed JSON.");
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
        ("after=%00", "field.invalid"),
        (&format!("after={}", "x".repeat(501)), "field.invalid"),
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
    for text in ["", "   ", "a\nb", "a\u{2028}b", "\u{202e}gpj.exe", "\u{2066}a", "Sở Nội vụ 1"]
    {
        assert!(field::sentence("name", text, 10).is_err(), "{text}");
    }
}
