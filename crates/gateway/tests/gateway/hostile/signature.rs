//! Signatures that are doubled, torn apart or built to cost time.

use crate::caller::Ask;
use crate::city::City;
use crate::hostile::scene::Scene;

const AMBIGUOUS: &str = "signature.ambiguous";
const MALFORMED: &str = "signature.malformed";
const MISSING: &str = "signature.missing";

/// A GET whose signature lines are what `write` makes of the good ones.
fn signed(city: &City, write: impl FnOnce(&str, &str) -> String) -> Vec<u8> {
    let ask = Ask::get("/units");
    let (input, signature) = ask.signature(city);
    let lines = write(&input, &signature);
    let (target, host) = (&ask.target, city.host());
    format!("GET {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n").into()
}

fn relabelled(member: &str, label: &str) -> String {
    member.replacen("sig=", &format!("{label}="), 1)
}

#[tokio::test]
async fn a_label_used_twice_is_ambiguous() {
    let scene = Scene::new().await;
    let twice = |input: &str, signature: &str| {
        format!("Signature-Input: {input}, {input}\r\nSignature: {signature}\r\n")
    };
    scene.refuses(AMBIGUOUS, |city| signed(city, twice)).await;
    let lines = |input: &str, signature: &str| {
        format!(
            "Signature-Input: {input}\r\nSignature-Input: {input}\r\nSignature: {signature}\r\n"
        )
    };
    scene.refuses(AMBIGUOUS, |city| signed(city, lines)).await;
    let bytes = |input: &str, signature: &str| {
        format!("Signature-Input: {input}\r\nSignature: {signature}, {signature}\r\n")
    };
    scene.refuses(AMBIGUOUS, |city| signed(city, bytes)).await;
    let other = |input: &str, signature: &str| {
        format!(
            "Signature-Input: sig=(\"@method\");tag=\"x\", {input}\r\nSignature: {signature}\r\n"
        )
    };
    scene.refuses(AMBIGUOUS, |city| signed(city, other)).await;
    let other = |input: &str, signature: &str| {
        format!("Signature-Input: {input}\r\nSignature: sig=:AAAA:, {signature}\r\n")
    };
    scene.refuses(AMBIGUOUS, |city| signed(city, other)).await;
}

#[tokio::test]
async fn two_signatures_with_our_tag_are_ambiguous_whichever_is_good() {
    let scene = Scene::new().await;
    for swapped in [false, true] {
        let write = |input: &str, signature: &str| {
            let (other, bytes) = (relabelled(input, "b"), relabelled(signature, "b"));
            let bad = relabelled("sig=:AAAA:", "b");
            let (first, second) = if swapped { (&*other, input) } else { (input, &*other) };
            let bytes = if swapped { bytes } else { bad };
            format!(
                "Signature-Input: {first}\r\nSignature: {signature}\r\n\
                 signature-input: {second}\r\nSIGNATURE: {bytes}\r\n"
            )
        };
        scene.refuses(AMBIGUOUS, |city| signed(city, write)).await;
    }
}

#[tokio::test]
async fn members_count_in_any_order_and_over_any_lines_as_long_as_they_are_one() {
    let scene = Scene::new().await;
    let write = |city: &City| {
        let bytes = signed(city, |input, signature| {
            format!(
                "Signature: other=:AAAA:\r\nSignature-Input: z=(\"@method\");tag=\"x\"\r\n\
                 Signature-Input: {input}\r\nSignature: {signature}\r\n"
            )
        });
        String::from_utf8(bytes).unwrap().replacen("Connection: close\r\n", "", 1).into_bytes()
    };
    assert_eq!(scene.passes(write).await.line(), "get /units http/1.1");
}

#[tokio::test]
async fn a_signature_without_its_input_or_an_input_without_its_signature_is_missing() {
    let scene = Scene::new().await;
    let alone = |_: &str, signature: &str| format!("Signature: {signature}\r\n");
    scene.refuses(MISSING, |city| signed(city, alone)).await;
    let alone = |input: &str, _: &str| format!("Signature-Input: {input}\r\n");
    scene.refuses(MISSING, |city| signed(city, alone)).await;
    let strangers = |input: &str, signature: &str| {
        let signature = relabelled(signature, "other");
        format!("Signature-Input: {input}\r\nSignature: {signature}\r\n")
    };
    scene.refuses(MISSING, |city| signed(city, strangers)).await;
    let spelt = |input: &str, signature: &str| {
        format!("Signature_Input: {input}\r\nSignature: {signature}\r\n")
    };
    scene.refuses(MISSING, |city| signed(city, spelt)).await;
}

#[tokio::test]
async fn what_covers_something_else_covers_nothing() {
    let scene = Scene::new().await;
    for (from, to, code) in [
        ("\"@method\"", "\"@method\";req", "signature.component_missing"),
        ("\"@target-uri\"", "\"@target-uri\";req", "signature.component_missing"),
        ("\"@method\"", "\"@status\"", "signature.component_missing"),
        (";tag=\"lgsp\"", ";tag=\"LGSP\"", MISSING),
        (";tag=\"lgsp\"", ";tag=lgsp", MISSING),
        (";tag=\"lgsp\"", ";tag=\"lgsp\";x=\u{e9}", MISSING),
    ] {
        let write = |input: &str, signature: &str| {
            let input = input.replacen(from, to, 1);
            format!("Signature-Input: {input}\r\nSignature: {signature}\r\n")
        };
        scene.refuses(code, |city| signed(city, write)).await;
    }
}

/// Inputs that stand in the place of the good one.
async fn malformed(inputs: &[String]) {
    let scene = Scene::new().await;
    for bomb in inputs {
        let write = |_: &str, signature: &str| {
            format!("Signature-Input: {bomb}\r\nSignature: {signature}\r\n")
        };
        scene.refuses(MALFORMED, |city| signed(city, write)).await;
    }
}

#[tokio::test]
async fn deep_lists_and_other_types_are_malformed() {
    let tail = ";created=1;expires=2;nonce=\"n\";keyid=\"k\";tag=\"lgsp\"";
    malformed(&[
        format!("sig={}{}{tail}", "(".repeat(5000), ")".repeat(5000)),
        format!("sig=((\"@method\")){tail}"),
        format!("sig=(\"@method\"{tail}"),
        format!("sig=\"@method\"{tail}"),
        format!("sig=1{tail}"),
        format!("sig{tail}"),
        format!("sig=(1 2 3){tail}"),
        format!("sig=(@method){tail}"),
        format!("sig=(\"@method\"  \"@target-uri\"){tail},"),
        format!("sig=(\"@METHOD\"){tail}"),
        format!("sig=(\"\\@method\"){tail}"),
        format!("sig=(\"@method\" \"@method\"){tail}"),
        format!("Sig=(\"@method\"){tail}"),
        "{\"sig\": []}".to_owned(),
    ])
    .await;
}

#[tokio::test]
async fn bombs_of_parameters_integers_and_keys_are_malformed() {
    let fill = |text: &str, times| text.repeat(times);
    malformed(&[
        format!("sig=({}\"@method\");tag=\"lgsp\"", fill("\"a\" ", 3000)),
        format!("sig=(\"@method\");created={};tag=\"lgsp\"", fill("1", 12_000)),
        format!("sig=(\"@method\");created=-{};tag=\"lgsp\"", fill("9", 16)),
        "sig=(\"@method\");created=1.5;tag=\"lgsp\"".to_owned(),
        "sig=(\"@method\");created=\"1\";tag=\"lgsp\"".to_owned(),
        "sig=(\"@method\");created=@1;tag=\"lgsp\"".to_owned(),
        "sig=(\"@method\");created=?1;tag=\"lgsp\"".to_owned(),
        format!("sig=(\"@method\");nonce={};tag=\"lgsp\"", fill("1", 10)),
        format!("sig=(\"@method\");tag=\"lgsp\";{}=", fill("k", 5000)),
        format!("sig=(\"@method\";{});tag=\"lgsp\"", fill("a;", 5000).trim_end_matches(';')),
        "sig=(\"@method\");tag=\"lgsp\";created=1;created=2".to_owned(),
    ])
    .await;
}

#[tokio::test]
async fn thousands_of_parameters_and_members_that_nobody_asked_for_are_read_in_one_pass() {
    let scene = Scene::with(|setting| setting.config.limits.max_head_bytes = 128 * 1024).await;
    let parameters = (0..10_000).map(|number| format!(";a{number}")).collect::<Vec<_>>().concat();
    let members = (0..5000).map(|number| format!("m{number}=(), ")).collect::<Vec<_>>().concat();
    // Both change what is signed, or nothing: the base has what came, and does not fit.
    let write = |input: &str, signature: &str| {
        format!("Signature-Input: {input}{parameters}\r\nSignature: {signature}\r\n")
    };
    scene.refuses("signature.invalid", |city| signed(city, write)).await;
    let write = |city: &City| {
        let bytes = signed(city, |input, signature| {
            format!("Signature-Input: {members}{input}\r\nSignature: {signature}\r\n")
        });
        String::from_utf8(bytes).unwrap().replacen("Connection: close\r\n", "", 1).into_bytes()
    };
    assert_eq!(scene.passes(write).await.line(), "get /units http/1.1");
}

#[tokio::test]
async fn a_signature_that_is_no_plain_byte_sequence_is_malformed() {
    let scene = Scene::new().await;
    for bytes in [
        "sig=AAAA",
        "sig=\"AAAA\"",
        "sig=(:AAAA:)",
        "sig=:AAAA",
        "sig=:A:",
        "sig=:AA=A:",
        "sig=:AAA*:",
        "sig=:AAAA::",
        "sig",
        "sig=",
        "sig=:AAAA:,",
        ":AAAA:",
    ] {
        let write =
            |input: &str, _: &str| format!("Signature-Input: {input}\r\nSignature: {bytes}\r\n");
        scene.refuses(MALFORMED, |city| signed(city, write)).await;
    }
}

#[tokio::test]
async fn a_signature_of_a_megabyte_does_not_get_past_the_head_s_limit() {
    let scene = Scene::new().await;
    let write = |input: &str, _: &str| {
        format!("Signature-Input: {input}\r\nSignature: sig=:{}:\r\n", "A".repeat(1 << 20))
    };
    scene.refuses("request.head_too_large", |city| signed(city, write)).await;
}
