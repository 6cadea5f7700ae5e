use super::super::policy::{
    Carried, DigestPlace, MAX_LIFE_S, MAX_NONCE, MAX_SKEW_S, SignatureRefusal, check_request,
    response_components,
};
use super::*;
use crate::ambient::UtcMicros;

const NOW: i64 = 1_795_420_800;
const FULL: &str = r#""@method" "@target-uri" "content-digest" "lgsp-purpose""#;

fn refusal_of(components: &str, parameters: &str, carried: Carried) -> Option<SignatureRefusal> {
    let field = format!(r#"s=({components});{parameters};tag="lgsp""#);
    let input = find_tagged(&field, "lgsp").unwrap().unwrap();
    check_request(&input, carried, UtcMicros::from_seconds(NOW)).err()
}

fn code_of(components: &str, parameters: &str, carried: Carried) -> Option<ErrorCode> {
    refusal_of(components, parameters, carried).map(|refusal| refusal.code)
}

fn parameters(created: i64, expires: i64) -> String {
    format!(r#"created={created};expires={expires};nonce="n";keyid="k""#)
}

const ALL: Carried = Carried { body: true, purpose: true };

#[test]
fn a_signature_that_covers_all_it_must_counts() {
    let valid = parameters(NOW, NOW + 60);
    assert_eq!(code_of(FULL, &valid, ALL), None);
    let parts = r#""@query" "@path" "@authority" "@method""#;
    assert_eq!(code_of(parts, &valid, Carried::default()), None);
    let field = format!(r#"s=({FULL});{valid};alg="ed25519";tag="lgsp""#);
    let input = find_tagged(&field, "lgsp").unwrap().unwrap();
    let claims = check_request(&input, ALL, UtcMicros::from_seconds(NOW)).unwrap();
    assert_eq!(claims.algorithm, Some(Algorithm::Ed25519));
    assert_eq!((claims.keyid.as_str(), claims.nonce.as_str()), ("k", "n"));
}

#[test]
fn what_is_not_covered_is_named() {
    let valid = parameters(NOW, NOW + 60);
    for components in [
        r#""@target-uri" "content-digest" "lgsp-purpose""#,
        r#""@method" "content-digest" "lgsp-purpose""#,
        r#""@method" "@authority" "@path" "content-digest" "lgsp-purpose""#,
        r#""@method" "@target-uri" "lgsp-purpose""#,
        r#""@method" "@target-uri" "content-digest";key="sha-256" "lgsp-purpose""#,
        r#""@method" "@target-uri" "content-digest""#,
        r#""@method";req "@target-uri" "content-digest" "lgsp-purpose""#,
    ] {
        let code = code_of(components, &valid, ALL);
        assert_eq!(code, Some(ErrorCode::SignatureComponentMissing), "{components}");
    }
}

#[test]
fn a_missing_parameter_is_named() {
    let whole = parameters(NOW, NOW + 60);
    for name in ["created", "expires", "nonce", "keyid"] {
        let rest: Vec<_> = whole.split(';').filter(|it| !it.starts_with(name)).collect();
        let code = code_of(FULL, &rest.join(";"), ALL);
        assert_eq!(code, Some(ErrorCode::SignatureParameterMissing), "{name}");
    }
}

#[test]
fn the_borders_of_time_are_exact() {
    for (created, expires, code) in [
        (NOW, NOW + MAX_LIFE_S, None),
        (NOW, NOW + MAX_LIFE_S + 1, Some(ErrorCode::SignatureTooLongLived)),
        (NOW + MAX_SKEW_S, NOW + 60, None),
        (NOW + MAX_SKEW_S + 1, NOW + 60, Some(ErrorCode::SignatureFromTheFuture)),
        (NOW - 60, NOW - MAX_SKEW_S, None),
        (NOW - 60, NOW - MAX_SKEW_S - 1, Some(ErrorCode::SignatureExpired)),
        (NOW, NOW - 1, Some(ErrorCode::SignatureMalformed)),
        (-999_999_999_999_999, 999_999_999_999_999, Some(ErrorCode::SignatureTooLongLived)),
    ] {
        assert_eq!(code_of(FULL, &parameters(created, expires), ALL), code, "{created} {expires}");
    }
}

#[test]
fn nonce_key_and_algorithm_have_their_forms() {
    let times = format!("created={NOW};expires={NOW}");
    for (rest, code) in [
        (r#"nonce="";keyid="k""#.to_owned(), ErrorCode::SignatureMalformed),
        (format!(r#"nonce="{}";keyid="k""#, "n".repeat(129)), ErrorCode::SignatureMalformed),
        (r#"nonce="n";keyid="a key""#.to_owned(), ErrorCode::KeyUnknown),
        (r#"nonce="n";keyid="k";alg="none""#.to_owned(), ErrorCode::SignatureAlgorithmMismatch),
    ] {
        assert_eq!(code_of(FULL, &format!("{times};{rest}"), ALL), Some(code), "{rest}");
    }
}

#[test]
fn a_value_out_of_bounds_is_refused_by_the_name_of_its_bound() {
    let times = format!("created={NOW};expires={NOW}");
    let nonce = |length| format!(r#"{times};nonce="{}";keyid="k""#, "n".repeat(length));
    assert_eq!(code_of(FULL, &nonce(MAX_NONCE), ALL), None);
    for (parameters, vi, en) in [
        (
            nonce(MAX_NONCE + 1),
            "từ 1 đến 128 ký tự; giá trị nhận được dài 129",
            "1 to 128 characters; it has 129",
        ),
        (nonce(0), "từ 1 đến 128 ký tự; giá trị nhận được dài 0", "1 to 128 characters; it has 0"),
        (
            self::parameters(NOW, NOW - 1),
            "sớm hơn thời điểm ký (created) 1 giây",
            "1 seconds earlier than created",
        ),
    ] {
        let refusal = refusal_of(FULL, &parameters, ALL).unwrap();
        assert_eq!(refusal.code, ErrorCode::SignatureMalformed);
        assert!(refusal.detail.vi.contains(vi), "{}", refusal.detail.vi);
        assert!(refusal.detail.en.contains(en), "{}", refusal.detail.en);
    }
}

#[test]
fn the_platforms_own_signature_covers_question_and_answer() {
    for (place, digest) in [
        (DigestPlace::Head, r#" "content-digest""#),
        (DigestPlace::Trailers, r#" "content-digest";tr"#),
        (DigestPlace::Nowhere, ""),
    ] {
        let components = response_components("s", place);
        let written: Vec<_> = components.iter().map(ToString::to_string).collect();
        let rest = r#" "lgsp-entry" "lgsp-request-id" "@method";req "@target-uri";req "signature";req;key="s""#;
        assert_eq!(written.join(" "), format!("\"@status\"{digest}{rest}"));
    }
}

#[test]
fn a_trailer_does_not_stand_for_a_field_of_the_head() {
    let covered = FULL.replace("\"content-digest\"", "\"content-digest\";tr");
    let parameters = parameters(NOW, NOW + 60);
    let code = code_of(&covered, &parameters, ALL);
    assert_eq!(code, Some(ErrorCode::SignatureComponentMissing));
}
