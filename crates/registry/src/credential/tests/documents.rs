//! Certificates and certificate requests, as OpenSSL makes them, through the API.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{PATH, keyid};
use crate::tests::platform::*;

/// An organisation's folder with a key, a request and certificates of chosen dates.
struct Office(TempDir);

const AUTHORITY: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=index\nserial=serial\nnew_certs_dir=.\n\
     default_md=default\npolicy=any\nunique_subject=no\nemail_in_dn=no\n[any]\ncommonName=supplied\n";

impl Office {
    fn new() -> Self {
        Self::with_key("genpkey -algorithm ed25519 -out key.pem")
    }

    fn with_key(make: &str) -> Self {
        let office = Self(tempfile::tempdir().unwrap());
        for (name, text) in [("ca.cnf", AUTHORITY), ("index", ""), ("serial", "0A1B\n")] {
            fs::write(office.0.path().join(name), text).unwrap();
        }
        office.run(make);
        office.run("pkey -in key.pem -pubout -out public.pem");
        office.run("req -new -utf8 -key key.pem -subj /CN=Nguyễn␣Văn␣A -out request.pem");
        office
    }

    /// A blank in an argument is written `␣`.
    fn run(&self, command: &str) {
        let arguments = command.split(' ').map(|argument| argument.replace('␣', " "));
        let output = Command::new("openssl")
            .current_dir(self.0.path())
            .args(arguments)
            .output()
            .expect("the openssl command is needed: apt-get install openssl");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    /// A certificate that counts between two days, `20261101`.
    fn certificate(&self, from: &str, until: &str) -> String {
        self.run(&format!(
            "ca -batch -notext -config ca.cnf -selfsign -keyfile key.pem -in request.pem -utf8 \
             -startdate {from}000000Z -enddate {until}000000Z -out cert.pem"
        ));
        self.text("cert.pem")
    }
}

fn form(member: &str, text: &str) -> Value {
    json!({"system": CONSUMING_SYSTEM, "algorithm": "ed25519", member: text})
}

#[tokio::test]
async fn a_certificate_bounds_its_credential_and_is_shown_and_names_nobody_in_the_log() {
    let platform = Platform::with_service().await;
    let office = Office::new();
    let pem = office.certificate("20261101", "20270301");
    let made = platform.made(CONSUMER, PATH, form("certificate", &pem)).await;
    assert_eq!(made["public_key_pem"], office.text("public.pem"));
    // The certificate ends before the year that a credential lives when nobody says otherwise.
    assert_eq!(made["not_before"], "2026-11-23T08:00:00.000000Z");
    assert_eq!(made["not_after"], "2027-03-01T00:00:00.000000Z");
    let shown = platform.get(&format!("{PATH}/{}", keyid(&made))).await;
    let document = &shown["document"];
    for (member, value) in [
        ("kind", "certificate"),
        ("subject", "CN=Nguyễn Văn A"),
        ("issuer", "CN=Nguyễn Văn A"),
        ("serial", "0a1b"),
        ("not_before", "2026-11-01T00:00:00.000000Z"),
        ("not_after", "2027-03-01T00:00:00.000000Z"),
        ("pem", &pem),
    ] {
        assert_eq!(document[member], value, "{member}");
    }
    let listed = platform.get(PATH).await;
    assert_eq!(listed["items"][0]["document"], *document);
    let record = platform.record(&format!("credential/{}", keyid(&made))).unwrap();
    assert_eq!(record["not_after"], "2027-03-01T00:00:00.000000Z");
    assert!(record.get("document").is_none(), "gateways need the key alone");

    let entries = platform.entries().await;
    let entry = entries.iter().find(|entry| entry.action == "credential.made").unwrap();
    let sha256 = document["sha256"].as_str().unwrap();
    assert_eq!(entry.subject["certificate"], format!("sha256:{sha256}"));
    assert!(entries.iter().all(|entry| !format!("{entry:?}").contains("Nguy")));
}

#[tokio::test]
async fn a_shorter_life_than_the_certificate_s_is_kept_and_rotation_is_bounded_too() {
    let platform = Platform::with_service().await;
    let office = Office::new();
    let pem = office.certificate("20261101", "20291101");
    let mut asked = form("certificate", &pem);
    asked["valid_days"] = json!(10);
    let made = platform.made(CONSUMER, PATH, asked).await;
    assert_eq!(made["not_after"], "2026-12-03T08:00:00.000000Z");

    let next = Office::new().certificate("20261101", "20261125");
    let path = format!("{PATH}/{}/rotate", keyid(&made));
    let new = platform.made(CONSUMER, &path, json!({"certificate": next})).await;
    assert_eq!(new["not_after"], "2026-11-25T00:00:00.000000Z");
    assert_eq!(new["document"]["kind"], "certificate");
    let path = format!("{PATH}/{}/rotate", keyid(&new));
    let request = Office::new().text("request.pem");
    let new = platform.made(CONSUMER, &path, json!({"certificate_request": request})).await;
    assert_eq!(new["document"]["kind"], "request");
    assert_eq!(new["not_after"], "2027-11-23T08:00:00.000000Z");
}

#[tokio::test]
async fn a_request_proves_possession_and_is_kept() {
    let platform = Platform::with_service().await;
    let office = Office::new();
    let pem = office.text("request.pem");
    let made = platform.made(CONSUMER, PATH, form("certificate_request", &pem)).await;
    assert_eq!(made["public_key_pem"], office.text("public.pem"));
    let document = &made["document"];
    assert_eq!((&document["kind"], &document["pem"]), (&json!("request"), &json!(pem)));
    assert!(document["issuer"].is_null() && document["not_after"].is_null(), "{document}");
}

#[tokio::test]
async fn what_does_not_count_is_refused_with_its_rule() {
    let platform = Platform::with_service().await;
    let office = Office::new();
    let rsa = Office::with_key("genrsa -out key.pem 1024");
    let weak = json!({"system": CONSUMING_SYSTEM, "algorithm": "rsa-pss-sha512",
        "certificate": rsa.certificate("20261101", "20270301")});
    let mut both = form("certificate", &office.certificate("20261101", "20270301"));
    both["public_key"] = json!(office.text("public.pem"));
    let request = office.text("request.pem");
    let mut of_hmac = form("certificate_request", &request);
    of_hmac["algorithm"] = json!("hmac-sha256");
    let mut of_rsa = form("certificate_request", &request);
    of_rsa["algorithm"] = json!("rsa-pss-sha512");
    for (form, rule) in [
        (
            form("certificate", &office.certificate("20250101", "20261123")),
            "expired at 2026-11-23T00",
        ),
        (form("certificate", &office.certificate("20261124", "20270301")), "is from 2026-11-24T00"),
        (form("certificate", &request), "exactly one X.509 certificate"),
        (form("certificate", ""), "exactly one X.509 certificate"),
        (form("certificate_request", &office.text("cert.pem")), "exactly one PKCS#10"),
        (form("public_key", &office.text("cert.pem")), "block PUBLIC KEY"),
        (weak, "has 1024 bits; keys of 2048 to 4096"),
        (both, "Send one of public_key, certificate and certificate_request alone."),
        (of_hmac, "The platform makes the secret"),
        (of_rsa, "rsa-pss-sha512 needs an RSA key"),
    ] {
        let (status, answer) = platform.post(CONSUMER, PATH, form.clone()).await;
        assert_eq!((status, &answer["code"]), (422, &json!("field.invalid")), "{form}");
        let told = answer["detail"].as_str().unwrap();
        assert!(told.contains(rule), "{told}");
    }
    assert_eq!(platform.get(PATH).await["items"], json!([]));
}

#[tokio::test]
async fn a_private_key_is_recognised_wherever_it_is_pasted_and_kept_nowhere() {
    let platform = Platform::with_service().await;
    let office = Office::new();
    let pem = office.text("key.pem");
    let secret: String = pem.lines().nth(1).unwrap().chars().skip(20).collect();
    let beside = format!("{}{pem}", office.certificate("20261101", "20270301"));
    let size = platform.log.size();
    for member in ["public_key", "certificate", "certificate_request"] {
        for text in [&pem, &beside] {
            let (status, answer) = platform.post(CONSUMER, PATH, form(member, text)).await;
            assert_eq!(status, 422, "{member}");
            let told = answer["detail"].as_str().unwrap();
            assert!(told.contains("consider it compromised"), "{told}");
            assert!(!answer.to_string().contains(&secret), "{answer}");
        }
    }
    // Nor is it said back where nobody looks for a key.
    for member in ["system", "algorithm", "environment", "private_key"] {
        let mut form = form("public_key", "x");
        form[member] = json!(pem);
        let (status, answer) = platform.post(CONSUMER, PATH, form).await;
        assert_eq!(status, 422, "{member}");
        assert!(!answer.to_string().contains(&secret), "{member}: {answer}");
    }
    assert_eq!(platform.log.size(), size, "nothing is recorded");
    assert_eq!(platform.get(PATH).await["items"], json!([]));
}

#[tokio::test]
async fn an_export_carries_documents_and_an_import_refuses_what_is_none() {
    let platform = Platform::with_service().await;
    let pem = Office::new().text("request.pem");
    platform.made(CONSUMER, PATH, form("certificate_request", &pem)).await;
    let exported = platform.get("/api/v1/export").await;
    assert_eq!(exported["credential"][0]["document"], pem);
    let mut row = exported["credential"][0].clone();
    row["document"] = json!("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let import = json!({"title": "x", "legal_basis": "01/2025/QĐ-UBND",
        "document": {"lgsp_registry": 1, "credential": [row]}});
    let (status, answer) = platform.post(OPERATOR, "/api/v1/imports", import).await;
    let told = answer["detail"].as_str().unwrap();
    assert_eq!(status, 422);
    assert!(told.contains("credential[0].document: It must be an X.509 certificate"), "{told}");
}
