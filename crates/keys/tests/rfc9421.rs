//! RFC 9421 appendix B: the keys of B.1 are read, the published signatures of B.2 verify with
//! them, and those that have one value only are made again to the byte.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::borrow::Cow;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use keys::{CallerKey, SigningKey, public_key};
use wire::public_key::NotAPublicKey;
use wire::signature::{
    Algorithm, Message, Name, find_requested, serialise_signature, signature_base, signature_bytes,
};

/// A message as the RFC prints it.
struct Printed {
    derived: &'static [(Name<'static>, &'static str)],
    fields: &'static [(&'static str, &'static str)],
}

impl Message for Printed {
    fn derived(&self, name: &Name<'_>) -> Option<Cow<'_, str>> {
        self.derived.iter().find(|(found, _)| found == name).map(|(_, value)| (*value).into())
    }

    fn field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields.iter().find(|(found, _)| *found == name).map(|(_, value)| (*value).into())
    }
}

const REQUEST: Printed = Printed {
    derived: &[
        (Name::Method, "POST"),
        (Name::Authority, "example.com"),
        (Name::Path, "/foo"),
        (Name::Query, "?param=Value&Pet=dog"),
    ],
    fields: &[
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        ),
        ("content-length", "18"),
    ],
};

const RESPONSE: Printed = Printed {
    derived: &[(Name::Status, "200")],
    fields: &[
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
        ),
        ("content-length", "23"),
    ],
};

/// Section, message, algorithm, key, `Signature-Input`, signature.
const VECTORS: &[(&str, &Printed, Algorithm, &str, &str, &str)] = &[
    (
        "B.2.1",
        &REQUEST,
        Algorithm::RsaPssSha512,
        "test-key-rsa-pss",
        r#"sig=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd""#,
        "d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==",
    ),
    (
        "B.2.2",
        &REQUEST,
        Algorithm::RsaPssSha512,
        "test-key-rsa-pss",
        r#"sig=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example""#,
        "LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==",
    ),
    (
        "B.2.3",
        &REQUEST,
        Algorithm::RsaPssSha512,
        "test-key-rsa-pss",
        r#"sig=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-rsa-pss""#,
        "bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==",
    ),
    (
        "B.2.4",
        &RESPONSE,
        Algorithm::EcdsaP256Sha256,
        "test-key-ecc-p256",
        r#"sig=("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256""#,
        "wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==",
    ),
    (
        "B.2.5",
        &REQUEST,
        Algorithm::HmacSha256,
        "test-shared-secret",
        r#"sig=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret""#,
        "pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=",
    ),
    (
        "B.2.6",
        &REQUEST,
        Algorithm::Ed25519,
        "test-key-ed25519",
        r#"sig=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519""#,
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==",
    ),
];

/// B.1.5.
const SHARED_SECRET: &str =
    "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rfc9421");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

fn pair(name: &str, algorithm: Algorithm) -> (SigningKey, CallerKey) {
    if algorithm == Algorithm::HmacSha256 {
        let secret = STANDARD.decode(SHARED_SECRET).unwrap();
        let signer = SigningKey::hmac_sha256(&secret).unwrap();
        return (signer, CallerKey::hmac_sha256(&secret).unwrap());
    }
    let signer = SigningKey::from_pem(&file(&format!("{name}.key")), Some(algorithm)).unwrap();
    let public = public_key(algorithm, &file(&format!("{name}.pem"))).unwrap();
    assert_eq!(signer.public_key().as_ref(), Some(&public), "{name}");
    (signer, CallerKey::public(algorithm, &public).unwrap())
}

#[test]
fn the_published_signatures_verify_and_what_has_one_value_is_made_again() {
    for (section, message, algorithm, name, input, published) in VECTORS {
        let (signer, verifier) = pair(name, *algorithm);
        // Without a tag of ours: as an `Accept-Signature` would ask for it.
        let input = find_requested(input, "header-example").unwrap().unwrap();
        let base = signature_base(&input, *message).unwrap();
        let signature = STANDARD.decode(published).unwrap();
        assert!(verifier.verify(&base, &signature), "{section}");

        let made = signer.sign(&base).unwrap();
        let is_deterministic = matches!(algorithm, Algorithm::HmacSha256 | Algorithm::Ed25519);
        assert_eq!(made == signature, is_deterministic, "{section}");
        assert_eq!(made.len(), signature.len(), "{section}");
        assert!(verifier.verify(&base, &made), "{section}");
        let field = serialise_signature("sig", &made);
        assert_eq!(signature_bytes(&field, "sig"), Ok(Some(made)), "{section}");

        for at in [0, base.len() / 2, base.len() - 1] {
            let mut altered = base.clone();
            altered[at] ^= 1;
            assert!(!verifier.verify(&altered, &signature), "{section}: base byte {at}");
        }
        for at in [0, signature.len() / 2, signature.len() - 1] {
            let mut altered = signature.clone();
            altered[at] ^= 1;
            assert!(!verifier.verify(&base, &altered), "{section}: signature byte {at}");
        }
    }
}

#[test]
fn the_container_for_pss_alone_is_read_without_being_told_and_serves_nothing_else() {
    let pem = file("test-key-rsa-pss.key");
    assert_eq!(SigningKey::from_pem(&pem, None).unwrap().algorithm(), Algorithm::RsaPssSha512);
    let refusal = SigningKey::from_pem(&pem, Some(Algorithm::RsaV1_5Sha256)).unwrap_err();
    assert!(refusal.to_string().contains("PSS only"), "{refusal}");
}

#[test]
fn the_pkcs1_key_of_b_1_1_signs_for_both_rsa_algorithms_and_each_refuses_the_other() {
    let pem = file("test-key-rsa.key");
    // A bare `RSA PUBLIC KEY` is no SubjectPublicKeyInfo.
    let bare = public_key(Algorithm::RsaV1_5Sha256, &file("test-key-rsa.pem"));
    assert_eq!(bare, Err(NotAPublicKey::Form));
    let [pss, pkcs1] = [Algorithm::RsaPssSha512, Algorithm::RsaV1_5Sha256].map(|algorithm| {
        let signer = SigningKey::from_pem(&pem, Some(algorithm)).unwrap();
        let verifier = CallerKey::public(algorithm, &signer.public_key().unwrap()).unwrap();
        let signature = signer.sign(b"base").unwrap();
        assert!(verifier.verify(b"base", &signature));
        (verifier, signature)
    });
    assert!(!pss.0.verify(b"base", &pkcs1.1));
    assert!(!pkcs1.0.verify(b"base", &pss.1));
}
