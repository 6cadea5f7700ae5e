//! A stranger's judgement: the `openssl` command reads our keys and verifies our signatures, and
//! we read and verify its.

use std::fs;
use std::path::Path;
use std::process::Command;

use wire::public_key::NotAPublicKey;
use wire::signature::Algorithm;

use crate::{CallerKey, Ed25519Key, SigningKey, SystemRandomness, ed25519_public_key, public_key};

fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the openssl command is needed: apt-get install openssl");
    output.status.success()
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signature() {
    let temp = tempfile::tempdir().unwrap();
    let key = Ed25519Key::generate(&SystemRandomness).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(temp.path().join(name), bytes).unwrap();
    write("private.pem", key.to_pkcs8_pem().unwrap().as_bytes());
    write("public.pem", key.public_key_pem().as_bytes());
    write("message", b"a signature base");
    write("signature", &key.sign(b"a signature base"));

    let verify = "pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature";
    let verify: Vec<&str> = verify.split(' ').collect();
    assert!(openssl(temp.path(), &verify));
    let derive: Vec<&str> = "pkey -in private.pem -pubout -out derived.pem".split(' ').collect();
    assert!(openssl(temp.path(), &derive));
    let derived = fs::read_to_string(temp.path().join("derived.pem")).unwrap();
    assert_eq!(derived, key.public_key_pem());

    write("message", b"another base");
    assert!(!openssl(temp.path(), &verify));
}

#[test]
fn we_read_openssls_keys_and_verify_its_signature() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("message"), b"a signature base").unwrap();
    for command in [
        "genpkey -algorithm ed25519 -out private.pem",
        "pkey -in private.pem -pubout -out public.pem",
        "pkeyutl -sign -inkey private.pem -rawin -in message -out signature",
    ] {
        let arguments: Vec<&str> = command.split(' ').collect();
        assert!(openssl(temp.path(), &arguments), "{command}");
    }
    let read = |name: &str| fs::read(temp.path().join(name)).unwrap();
    let text = |name: &str| String::from_utf8(read(name)).unwrap();

    let public = ed25519_public_key(&text("public.pem")).unwrap();
    let private = Ed25519Key::from_pkcs8_pem(&text("private.pem")).unwrap();
    assert_eq!(private.public_key(), public);
    assert_eq!(*private.to_pkcs8_pem().unwrap(), text("private.pem"));
    let verifier = CallerKey::ed25519(&public).unwrap();
    assert!(verifier.verify(b"a signature base", &read("signature")));
}

/// How OpenSSL makes a key of each type, and what it is told to sign and verify with.
const OTHERS: &[(Algorithm, &str, &str)] = &[
    (
        Algorithm::RsaPssSha512,
        "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out private.pem",
        "-digest sha512 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:64",
    ),
    (
        Algorithm::RsaPssSha512,
        "genpkey -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:3072 -out private.pem",
        "-digest sha512 -pkeyopt rsa_padding_mode:pss -pkeyopt rsa_pss_saltlen:64",
    ),
    (
        Algorithm::RsaV1_5Sha256,
        "genrsa -traditional -out private.pem 2048",
        "-digest sha256 -pkeyopt rsa_padding_mode:pkcs1",
    ),
    (
        Algorithm::EcdsaP256Sha256,
        "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out private.pem",
        "-digest sha256",
    ),
    (
        Algorithm::EcdsaP384Sha384,
        "ecparam -name secp384r1 -genkey -noout -out private.pem",
        "-digest sha384",
    ),
];

#[test]
fn openssl_and_we_read_each_others_keys_of_every_type_and_verify_each_others_signatures() {
    for (algorithm, make, options) in OTHERS {
        let temp = tempfile::tempdir().unwrap();
        let run = |command: &str| {
            let arguments: Vec<&str> = command.split(' ').collect();
            openssl(temp.path(), &arguments)
        };
        let read = |name: &str| fs::read(temp.path().join(name)).unwrap();
        let text = |name: &str| String::from_utf8(read(name)).unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(temp.path().join(name), bytes).unwrap();
        write("message", b"a signature base");
        assert!(run(make), "{make}");
        assert!(run("pkey -in private.pem -pubout -out public.pem"), "{make}");
        let sign =
            format!("pkeyutl -sign -inkey private.pem -rawin -in message -out signature {options}");
        assert!(run(&sign), "{sign}");

        let public = public_key(*algorithm, &text("public.pem")).unwrap();
        let private = SigningKey::from_pem(&text("private.pem"), Some(*algorithm)).unwrap();
        assert_eq!(private.public_key().as_ref(), Some(&public), "{make}");
        let verifier = CallerKey::public(*algorithm, &public).unwrap();
        let theirs = read("signature");
        let in_our_form = fixed(*algorithm, &theirs);
        assert!(verifier.verify(b"a signature base", &in_our_form), "{make}");
        assert!(!verifier.verify(b"another base", &in_our_form), "{make}");

        write("ours.pem", private.to_pkcs8_pem().unwrap().as_bytes());
        assert!(run("pkey -in ours.pem -check -noout"), "{make}");
        write("signature", &der(*algorithm, &private.sign(b"a signature base").unwrap()));
        let verify = format!(
            "pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile signature {options}"
        );
        assert!(run(&verify), "{verify}");
        write("message", b"another base");
        assert!(!run(&verify), "{verify}");
    }
}

fn half(algorithm: Algorithm) -> Option<usize> {
    match algorithm {
        Algorithm::EcdsaP256Sha256 => Some(32),
        Algorithm::EcdsaP384Sha384 => Some(48),
        _ => None,
    }
}

/// OpenSSL writes `SEQUENCE { INTEGER r, INTEGER s }`; all its lengths here are below 128.
fn fixed(algorithm: Algorithm, signature: &[u8]) -> Vec<u8> {
    let Some(half) = half(algorithm) else {
        return signature.to_vec();
    };
    let (mut rest, mut both) = (&signature[2..], Vec::new());
    for _ in 0..2 {
        let (number, after) = rest[2..].split_at(usize::from(rest[1]));
        let number = number.strip_prefix(&[0]).unwrap_or(number);
        both.extend(vec![0; half - number.len()]);
        both.extend_from_slice(number);
        rest = after;
    }
    both
}

fn der(algorithm: Algorithm, signature: &[u8]) -> Vec<u8> {
    let Some(half) = half(algorithm) else {
        return signature.to_vec();
    };
    let mut numbers = Vec::new();
    for number in signature.chunks(half) {
        let start = number.iter().position(|byte| *byte != 0).unwrap();
        let mut number = number[start..].to_vec();
        if number[0] & 0x80 != 0 {
            number.insert(0, 0);
        }
        numbers.extend([&[2, u8::try_from(number.len()).unwrap()], number.as_slice()].concat());
    }
    [&[0x30, u8::try_from(numbers.len()).unwrap()], numbers.as_slice()].concat()
}

/// Runs an `openssl` command that writes `key.pem`, then reads the key and writes `public.pem`.
fn odd_pair(commands: &[&str]) -> (String, String) {
    let temp = tempfile::tempdir().unwrap();
    let public = "pkey -in key.pem -pubout -out public.pem";
    for command in commands.iter().chain([&public]) {
        let arguments: Vec<&str> = command.split(' ').collect();
        assert!(openssl(temp.path(), &arguments), "{command}");
    }
    let read = |name: &str| fs::read_to_string(temp.path().join(name)).unwrap();
    (read("key.pem"), read("public.pem"))
}

#[test]
fn an_ec_key_with_its_curve_before_it_is_read_as_openssl_writes_it() {
    let (private, public) = odd_pair(&["ecparam -name prime256v1 -genkey -out key.pem"]);
    assert!(private.starts_with("-----BEGIN EC PARAMETERS-----"), "{}", &private[..40]);
    let key = SigningKey::from_pem(&private, None).unwrap();
    assert_eq!(key.algorithm(), Algorithm::EcdsaP256Sha256);
    assert_eq!(key.public_key().unwrap(), public_key(key.algorithm(), &public).unwrap());
}

#[test]
fn openssls_weak_and_odd_keys_are_refused_as_what_they_are() {
    let rsa = Algorithm::RsaPssSha512;
    let (private, short) = odd_pair(&["genrsa -out key.pem 1024"]);
    assert_eq!(public_key(rsa, &short), Err(NotAPublicKey::RsaLength(1024)));
    assert!(SigningKey::from_pem(&private, Some(rsa)).is_err());
    let (_, cheap) = odd_pair(&["genrsa -3 -out key.pem 2048"]);
    assert_eq!(public_key(rsa, &cheap), Err(NotAPublicKey::RsaExponent));
    // The curve spelt out, as in a key that claims one curve and has another's base point.
    let explicit = "ecparam -name prime256v1 -param_enc explicit -genkey -noout -out key.pem";
    let (_, explicit) = odd_pair(&[explicit]);
    let p256 = Algorithm::EcdsaP256Sha256;
    assert_eq!(public_key(p256, &explicit), Err(NotAPublicKey::OtherType(p256)));
    let (_, other) = odd_pair(&["ecparam -name secp256k1 -genkey -noout -out key.pem"]);
    assert_eq!(public_key(p256, &other), Err(NotAPublicKey::OtherType(p256)));
}

#[test]
fn a_file_with_more_than_one_key_or_anything_after_it_is_refused() {
    let (private, public) = odd_pair(&["genpkey -algorithm ed25519 -out key.pem"]);
    let algorithm = Algorithm::Ed25519;
    for more in [public.as_str(), "x", "-----BEGIN CERTIFICATE-----\n"] {
        let text = format!("{public}{more}");
        assert_eq!(public_key(algorithm, &text), Err(NotAPublicKey::Form), "{more}");
        assert!(SigningKey::from_pem(&format!("{private}{more}"), None).is_err(), "{more}");
    }
    assert_eq!(public_key(algorithm, &format!("{public}{private}")), Err(NotAPublicKey::Private));
}
