//! RFC 9421 appendix B: the vectors whose algorithm we speak, and the bases of all.

use aws_lc_rs::{hmac, signature as asymmetric};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;

/// The request of B.2.
fn request() -> Parts {
    Parts {
        derived: vec![
            (Name::Method, "POST"),
            (Name::Authority, "example.com"),
            (Name::Path, "/foo"),
            (Name::Query, "?param=Value&Pet=dog"),
        ],
        fields: vec![
            ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
            ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdV\
                 LvRwEmTHWXvJwew==:",
            ),
            ("content-length", "18"),
        ],
        request: None,
    }
}

fn base_of(signature_input: &str, message: &Parts) -> String {
    let input = find_requested(signature_input, "header-example").unwrap().unwrap();
    String::from_utf8(signature_base(&input, message).unwrap()).unwrap()
}

fn ed25519_verifies(base: &str, signature: &str) -> bool {
    let key = URL_SAFE_NO_PAD.decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs").unwrap();
    asymmetric::UnparsedPublicKey::new(&asymmetric::ED25519, key)
        .verify(base.as_bytes(), &STANDARD.decode(signature).unwrap())
        .is_ok()
}

#[test]
fn b_2_1_a_signature_over_nothing_has_only_its_parameters_as_base() {
    let input =
        r#"sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#;
    assert_eq!(
        base_of(input, &request()),
        r#""@signature-params": ();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#
    );
}

#[test]
fn b_2_2_selected_components_with_a_query_parameter() {
    let input = r#"sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#;
    assert_eq!(
        base_of(input, &request()),
        r#""@authority": example.com
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"@query-param";name="Pet": dog
"@signature-params": ("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#
    );
}

#[test]
fn b_2_3_full_coverage() {
    let input = r#"sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#;
    assert_eq!(
        base_of(input, &request()),
        r#""date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@query": ?param=Value&Pet=dog
"@authority": example.com
"content-type": application/json
"content-digest": sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#
    );
}

#[test]
fn b_2_4_a_response() {
    let response = Parts {
        derived: vec![(Name::Status, "200")],
        fields: vec![
            ("content-type", "application/json"),
            (
                "content-digest",
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0r\
                 jJuahq4l5aGgfLQ==:",
            ),
            ("content-length", "23"),
        ],
        request: None,
    };
    let input = r#"sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#;
    assert_eq!(
        base_of(input, &response),
        r#""@status": 200
"content-type": application/json
"content-digest": sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:
"content-length": 23
"@signature-params": ("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#
    );
}

#[test]
fn b_2_5_hmac_sha256() {
    let input = r#"sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#;
    let base = base_of(input, &request());
    assert_eq!(
        base,
        r#""date": Tue, 20 Apr 2021 02:07:55 GMT
"@authority": example.com
"content-type": application/json
"@signature-params": ("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#
    );
    let secret =
        "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
    let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret).unwrap());
    let field = "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:";
    let signature = signature_bytes(field, "sig-b25").unwrap().unwrap();
    assert!(hmac::verify(&key, base.as_bytes(), &signature).is_ok());
    assert_eq!(serialise_signature("sig-b25", &signature), field);
}

#[test]
fn b_2_6_ed25519() {
    let input = r#"sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#;
    let base = base_of(input, &request());
    assert_eq!(
        base,
        r#""date": Tue, 20 Apr 2021 02:07:55 GMT
"@method": POST
"@path": /foo
"@authority": example.com
"content-type": application/json
"content-length": 18
"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#
    );
    assert!(ed25519_verifies(
        &base,
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    ));
}

#[test]
fn b_4_field_lines_are_joined_in_their_order() {
    let input = r#"transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519""#;
    let signature =
        "ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==";
    let with_accept = |fields| Parts {
        derived: vec![
            (Name::Method, "GET"),
            (Name::Path, "/demo"),
            (Name::Authority, "example.org"),
        ],
        fields,
        request: None,
    };
    let sent = with_accept(vec![("accept", "application/json"), ("accept", "*/*")]);
    assert!(ed25519_verifies(&base_of(input, &sent), signature));
    let swapped = with_accept(vec![("accept", "*/*"), ("accept", "application/json")]);
    assert!(!ed25519_verifies(&base_of(input, &swapped), signature));
}

#[test]
fn section_2_4_a_response_covers_its_request_and_its_signature() {
    let response = Parts {
        derived: vec![(Name::Status, "503")],
        fields: vec![],
        request: Some(Box::new(Parts {
            derived: vec![(Name::Method, "POST"), (Name::Authority, "example.com")],
            fields: vec![("signature", "sig1=:AAEC:, sig2=:AwQF:")],
            request: None,
        })),
    };
    let input = r#"ttrp=("@status" "@authority";req "signature";req;key="sig2" "signature";key="sig1";req);created=1"#;
    assert_eq!(
        base_of(input, &response),
        r#""@status": 503
"@authority";req: example.com
"signature";req;key="sig2": :AwQF:
"signature";key="sig1";req: :AAEC:
"@signature-params": ("@status" "@authority";req "signature";req;key="sig2" "signature";key="sig1";req);created=1"#
    );
}
