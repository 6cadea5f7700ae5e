//! Certificates and requests as OpenSSL makes them.

use std::fs;
use std::process::Command;

use tempfile::TempDir;
use wire::public_key::NotAPublicKey;
use wire::signature::Algorithm;

use super::*;
use crate::{SigningKey, public_key};

/// A folder in which `openssl` commands run.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn run(&self, command: &str) {
        let output = Command::new("openssl")
            .current_dir(self.0.path())
            .args(command.split(' '))
            .output()
            .expect("the openssl command is needed: apt-get install openssl");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{command}: {said}");
    }

    fn bytes(&self, name: &str) -> Vec<u8> {
        fs::read(self.0.path().join(name)).unwrap()
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.bytes(name)).unwrap()
    }
}

/// Runs `make`, which writes `key.pem`, then makes a request and a certificate of ten days.
fn documents(make: &str) -> Folder {
    let folder = Folder::new();
    folder.run(make);
    // OpenSSL's own salt is as long as there is room; what is verified here is as long as the hash.
    let salt = if make.contains("RSA-PSS") { " -sigopt rsa_pss_saltlen:digest" } else { "" };
    let request = format!("req -new -key key.pem{salt}");
    folder.run(&format!("{request} -subj /C=VN/CN=mot-cua/O=UBND -out request.pem"));
    folder.run(&format!("{request} -subj /CN=mot-cua -outform DER -out request.der"));
    folder
        .run("req -x509 -key key.pem -days 10 -subj /CN=mot-cua -set_serial 0x0a1b -out cert.pem");
    folder.run("x509 -in cert.pem -outform DER -out cert.der");
    folder.run("pkey -in key.pem -pubout -out public.pem");
    folder
}

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

fn certificate(text: &str) -> Result<KeyDocument, NotAKeyDocument> {
    KeyDocument::read(DocumentKind::Certificate, text)
}

fn request(text: &str) -> Result<KeyDocument, NotAKeyDocument> {
    KeyDocument::read(DocumentKind::Request, text)
}

/// A moment within what the certificate says.
fn within(document: &KeyDocument) -> UtcMicros {
    document.validity.map_or(UtcMicros::MIN, |(from, _)| from.saturating_add(DAY))
}

const KEYS: &[(Algorithm, &str)] = &[
    (Algorithm::Ed25519, "genpkey -algorithm ed25519 -out key.pem"),
    (
        Algorithm::EcdsaP256Sha256,
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem",
    ),
    (
        Algorithm::EcdsaP384Sha384,
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key.pem",
    ),
    (Algorithm::RsaV1_5Sha256, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out key.pem"),
    (Algorithm::RsaPssSha512, "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out key.pem"),
    (
        Algorithm::RsaPssSha512,
        "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048 -out key.pem",
    ),
];

#[test]
fn openssls_certificates_and_requests_of_every_type_give_their_key_and_what_they_say() {
    for (algorithm, make) in KEYS {
        let made = documents(make);
        let expected = public_key(*algorithm, &made.text("public.pem")).unwrap();
        for text in [made.text("cert.pem"), STANDARD.encode(made.bytes("cert.der"))] {
            let read = certificate(&text).unwrap();
            assert_eq!(read.key_at(*algorithm, within(&read)).as_ref(), Ok(&expected), "{make}");
            assert_eq!(
                (&*read.subject, read.issuer.as_deref()),
                ("CN=mot-cua", Some("CN=mot-cua"))
            );
            assert_eq!(read.serial.as_deref(), Some("0a1b"));
            let (from, until) = read.validity.unwrap();
            assert_eq!(from.saturating_add(10 * DAY), until);
            assert_eq!(read.to_pem(), made.text("cert.pem"));
        }
        for (text, subject) in [
            (made.text("request.pem"), "O=UBND,CN=mot-cua,C=VN"),
            (STANDARD.encode(made.bytes("request.der")), "CN=mot-cua"),
        ] {
            let read = request(&text).unwrap();
            assert_eq!(read.key_at(*algorithm, UtcMicros::MIN).as_ref(), Ok(&expected), "{make}");
            assert_eq!((&*read.subject, &read.issuer, &read.validity), (subject, &None, &None));
        }
        made.run("x509 -in cert.pem -noout -fingerprint -sha256 -out fingerprint");
        let told = made.text("fingerprint").to_lowercase().replace(':', "");
        assert!(told.contains(&certificate(&made.text("cert.pem")).unwrap().sha256), "{told}");
    }
}

#[test]
fn openssl_verifies_the_requests_we_make_and_so_do_we() {
    for algorithm in Algorithm::ALL.into_iter().filter(|it| *it != Algorithm::HmacSha256) {
        let key = SigningKey::generate(algorithm).unwrap();
        let pem = key.certificate_request("H24.31/mot-cua").unwrap();
        let folder = Folder::new();
        fs::write(folder.0.path().join("request.pem"), &pem).unwrap();
        folder.run("req -in request.pem -noout -verify");
        folder.run("req -in request.pem -noout -pubkey -out public.pem");
        let public = key.public_key().unwrap();
        assert_eq!(public_key(algorithm, &folder.text("public.pem")).as_ref(), Ok(&public));
        let read = request(&pem).unwrap();
        assert_eq!(read.subject, "CN=H24.31/mot-cua");
        assert_eq!(read.key_at(algorithm, UtcMicros::MIN), Ok(public));
    }
}

#[test]
fn what_lasts_has_3072_bits() {
    let key = SigningKey::generate_lasting(Algorithm::RsaPssSha512).unwrap();
    let read = request(&key.certificate_request("x").unwrap()).unwrap();
    assert_eq!(read.rsa_bits(Algorithm::RsaPssSha512), Some(3072));
}

#[test]
fn weak_and_odd_keys_are_refused_as_what_they_are() {
    let p256 = Algorithm::EcdsaP256Sha256;
    let rsa = Algorithm::RsaV1_5Sha256;
    let other = |algorithm| NotAKeyDocument::Key(NotAPublicKey::OtherType(algorithm));
    for (algorithm, make, refused) in [
        (rsa, "genrsa -out key.pem 1024", NotAKeyDocument::RsaLength(1024)),
        (rsa, "genrsa -out key.pem 4104", NotAKeyDocument::RsaLength(4104)),
        (rsa, "genrsa -3 -out key.pem 2048", NotAKeyDocument::Key(NotAPublicKey::RsaExponent)),
        (p256, "ecparam -name secp256k1 -genkey -noout -out key.pem", other(p256)),
        (
            p256,
            "ecparam -name prime256v1 -param_enc explicit -genkey -noout -out key.pem",
            other(p256),
        ),
        (p256, "genpkey -algorithm ed25519 -out key.pem", other(p256)),
        (p256, "genpkey -algorithm ed448 -out key.pem", other(p256)),
        (Algorithm::Ed25519, "genrsa -out key.pem 2048", other(Algorithm::Ed25519)),
    ] {
        let made = documents(make);
        let read = certificate(&made.text("cert.pem")).unwrap();
        assert_eq!(read.key_at(algorithm, within(&read)), Err(refused.clone()), "{make}");
        let read = request(&made.text("request.pem")).unwrap();
        assert_eq!(read.key_at(algorithm, UtcMicros::MIN), Err(refused), "{make}");
    }
}

#[test]
fn a_certificate_counts_between_its_dates_and_for_what_it_says() {
    let made = documents(KEYS[0].1);
    let read = certificate(&made.text("cert.pem")).unwrap();
    let (from, until) = read.validity.unwrap();
    let at = |now| read.key_at(Algorithm::Ed25519, now).map(drop);
    let moment = std::time::Duration::from_micros(1);
    assert_eq!(at(from.saturating_sub(moment)), Err(NotAKeyDocument::NotYetValid(from)));
    assert_eq!((at(from), at(until.saturating_sub(moment))), (Ok(()), Ok(())));
    assert_eq!(at(until), Err(NotAKeyDocument::Expired(until)));

    let made = documents(KEYS[1].1);
    for (usage, refused) in [
        ("keyAgreement", Err(NotAKeyDocument::NotForSigning)),
        ("digitalSignature,keyAgreement", Ok(())),
    ] {
        let extension = format!("keyUsage=critical,{usage}");
        made.run(&format!("req -x509 -key key.pem -subj /CN=x -addext {extension} -out used.pem"));
        let read = certificate(&made.text("used.pem")).unwrap();
        let key = read.key_at(Algorithm::EcdsaP256Sha256, within(&read)).map(drop);
        assert_eq!(key, refused, "{usage}");
    }
}

#[test]
fn a_request_that_its_key_did_not_sign_or_signed_weakly_is_refused() {
    let made = documents(KEYS[3].1);
    let algorithm = Algorithm::RsaV1_5Sha256;
    made.run("req -new -key key.pem -subj /CN=x -sha1 -out sha1.pem");
    let sha1 = request(&made.text("sha1.pem")).unwrap().key_at(algorithm, UtcMicros::MIN);
    let named = "1.2.840.113549.1.1.5".to_owned();
    assert_eq!(sha1, Err(NotAKeyDocument::SignatureAlgorithm(named)));

    for (algorithm, make) in KEYS.iter().filter(|(_, make)| !make.contains("4096")) {
        let mut der = documents(make).bytes("request.der");
        // The name within it: another than was signed.
        let at = der.windows(7).position(|part| part == b"mot-cua").unwrap();
        der[at] = b'n';
        let read = request(&STANDARD.encode(&der)).unwrap();
        assert_eq!(read.subject, "CN=not-cua");
        let refused = read.key_at(*algorithm, UtcMicros::MIN);
        assert_eq!(refused, Err(NotAKeyDocument::NotItsSignature), "{make}");
    }
}

#[test]
fn private_keys_are_known_in_every_form_and_public_things_are_not_mistaken_for_them() {
    let made = documents(KEYS[3].1);
    made.run("pkey -in key.pem -outform DER -out pkcs8.der");
    made.run("rsa -in key.pem -traditional -outform DER -out pkcs1.der");
    made.run("pkey -in key.pem -aes256 -passout pass:x -out encrypted.pem");
    made.run("pkcs8 -topk8 -in key.pem -passout pass:x -outform DER -out encrypted.der");
    made.run("pkcs12 -export -inkey key.pem -in cert.pem -passout pass:x -out all.p12");
    made.run("ecparam -name prime256v1 -genkey -noout -outform DER -out sec1.der");
    made.run("genpkey -algorithm ed25519 -outform DER -out ed25519.der");
    let base64 = |name: &str| STANDARD.encode(made.bytes(name));
    let mislabelled = made.text("key.pem").replace("PRIVATE KEY", "CERTIFICATE");
    for (what, text) in [
        ("PEM", made.text("key.pem")),
        ("PEM, encrypted", made.text("encrypted.pem")),
        ("beside a certificate", format!("{}{}", made.text("cert.pem"), made.text("key.pem"))),
        ("under another label", mislabelled),
        ("PKCS#8", base64("pkcs8.der")),
        ("PKCS#8, encrypted", base64("encrypted.der")),
        ("PKCS#1", base64("pkcs1.der")),
        ("SEC 1", base64("sec1.der")),
        ("Ed25519", base64("ed25519.der")),
        ("PKCS#12", base64("all.p12")),
        ("OpenSSH", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn\n".to_owned()),
        ("PuTTY", "PuTTY-User-Key-File-3: ssh-ed25519\n".to_owned()),
        ("JWK", r#"{"kty":"OKP","crv":"Ed25519","x":"A","d":"B"}"#.to_owned()),
    ] {
        assert!(holds_private_key(&text), "{what}");
        assert_eq!(certificate(&text), Err(NotAKeyDocument::Private), "{what}");
        assert_eq!(request(&text), Err(NotAKeyDocument::Private), "{what}");
        assert_eq!(public_key(Algorithm::Ed25519, &text), Err(NotAPublicKey::Private), "{what}");
    }
    made.run("pkey -in key.pem -pubout -outform DER -out public.der");
    made.run("rsa -in key.pem -RSAPublicKey_out -outform DER -out public-pkcs1.der");
    for name in ["cert.der", "request.der", "public.der", "public-pkcs1.der"] {
        assert!(!holds_private_key(&base64(name)), "{name}");
    }
    for text in [made.text("cert.pem"), made.text("public.pem"), STANDARD.encode([7; 32])] {
        assert!(!holds_private_key(&text), "{text}");
    }
}

#[test]
fn what_is_not_exactly_one_document_of_its_kind_is_refused() {
    let made = documents(KEYS[0].1);
    let (cert, csr) = (made.text("cert.pem"), made.text("request.pem"));
    let der = made.bytes("cert.der");
    made.run("x509 -in cert.pem -text -out told.pem");
    let form = |kind| Err(NotAKeyDocument::Form(kind));
    let longer = STANDARD.encode([der.as_slice(), &[0]].concat());
    for (what, text) in [
        ("nothing", String::new()),
        ("a word", "chứng thư".to_owned()),
        ("two", format!("{cert}{cert}")),
        ("a request", csr.clone()),
        ("a public key", made.text("public.pem")),
        ("cut off", cert[..cert.len() / 2].to_owned()),
        ("cut off DER", STANDARD.encode(&der[..der.len() - 1])),
        ("more than DER", longer),
        ("told beside", made.text("told.pem")),
        ("a request under its label", csr.replace("CERTIFICATE REQUEST", "CERTIFICATE")),
    ] {
        assert_eq!(certificate(&text), form(DocumentKind::Certificate), "{what}");
    }
    assert_eq!(request(&cert), form(DocumentKind::Request));
    let renamed = csr.replace("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST");
    assert_eq!(request(&renamed).unwrap().to_pem(), csr);
    for long in ["A".repeat(3 * MAX_BYTES), STANDARD.encode(vec![0x30; MAX_BYTES + 1])] {
        assert_eq!(certificate(&long), Err(NotAKeyDocument::TooLong));
    }
}

#[test]
fn no_changed_byte_of_a_request_passes_for_another() {
    let made = documents(KEYS[0].1);
    let der = made.bytes("request.der");
    for at in 0..der.len() {
        let mut changed = der.clone();
        changed[at] ^= 1;
        let read = KeyDocument::from_der(DocumentKind::Request, &changed);
        let key = read.and_then(|read| read.key_at(Algorithm::Ed25519, UtcMicros::MIN));
        assert!(key.is_err(), "byte {at}");
    }
}

#[test]
fn names_show_as_one_line_whatever_stands_in_them() {
    let made = Folder::new();
    made.run(KEYS[0].1);
    made.run("req -new -utf8 -key key.pem -subj /CN=Một\u{1b}[2Jcửa\nx -out request.pem");
    let read = request(&made.text("request.pem")).unwrap();
    assert_eq!(read.subject, "CN=Một\\1b[2Jcửa\\0ax");
    assert!(!format!("{read:?}").contains("cửa"), "a name may be a person's");
}
