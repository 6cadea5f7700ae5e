//! `lgsp demo`: the story, and what it leaves for others to read.

use drill::provider::{Manner, Provider};
use serde_json::{Value, json};
use testkit::process::Process;

use crate::binary::{lgsp, run};
use crate::cell;
use crate::running::Demo;

#[test]
fn the_story_ends_well_and_explains_itself() {
    let said = run(&[&["demo", "--once"], cell::demo_words()].concat());
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    for word in ["Thủy Nguyên", "nonce.replayed", "signature.invalid", "connection.none"] {
        assert!(said.out.contains(word), "{word} is missing:\n{}", said.out);
    }
    assert!(said.err.is_empty(), "{}", said.err);
}

#[test]
fn the_story_is_told_in_vietnamese_too() {
    let said = run(&[&["demo", "--once", "--lang", "vi"], cell::demo_words()].concat());
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    for words in ["Vì sao tin được", "lập hồ sơ đề nghị", "Bên gọi không thể chối bỏ"]
    {
        assert!(said.out.contains(words), "{words}: {}", said.out);
    }
}

#[tokio::test]
async fn demo_json_has_the_promised_shape_and_real_addresses() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);
    let manifest = &demo.manifest;
    for listener in ["portal", "gateway"] {
        let url = manifest[listener].as_str().unwrap();
        assert!(
            url.starts_with(&format!("{}://127.0.0.1:", cell::scheme())) && !url.ends_with(":0"),
            "{url}"
        );
    }
    assert_eq!(manifest["people"], Value::Array(Vec::new()));
    for role in ["state_manager", "operator", "auditor", "organisation_admin"] {
        let tokens = manifest["tokens"].as_array().unwrap();
        assert!(tokens.iter().any(|token| token["role"] == role), "no token of {role}");
    }
    let services = manifest["services"].as_array().unwrap();
    assert_eq!(services[0]["id"], "H24.12/don-vi-hanh-chinh/danh-muc/v1");
    assert_eq!(services[0]["examples"][0]["path"], "/units");
    let credentials = manifest["credentials"].as_array().unwrap();
    let with = |alg: &str, key: &str| {
        let found = credentials.iter().find(|one| one["alg"] == alg && one[key].is_string());
        assert!(found.is_some_and(|one| one["may_call"][0] == services[0]["id"]), "{alg}");
    };
    for alg in wire::signature::Algorithm::ALL {
        let is_secret = alg == wire::signature::Algorithm::HmacSha256;
        with(alg.as_str(), if is_secret { "secret_base64" } else { "private_key_pem" });
    }
    assert!(credentials.iter().any(|one| one["may_call"] == Value::Array(Vec::new())));

    let trust = std::fs::read(manifest["trust"].as_str().unwrap()).unwrap();
    let trust: Value = serde_json::from_slice(&trust).unwrap();
    assert_eq!(trust["logs"][0]["origin"], manifest["logs"][0]["origin"]);
    let log = manifest["logs"][0]["url"].as_str().unwrap();
    let checkpoint = demo.http().get(format!("{log}/checkpoint")).send().await.unwrap();
    assert_eq!(checkpoint.status(), 200);
    let checkpoint = checkpoint.text().await.unwrap();
    assert!(checkpoint.starts_with(manifest["logs"][0]["origin"].as_str().unwrap()));
    assert_eq!(demo.stop(), Some(0));
}

#[test]
fn a_demo_that_is_stopped_says_where_its_data_stays() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);
    demo.process.terminate();
    let (ended, said) = demo.process.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
    let line = format!("Stopped; the data stays in {}", data.display());
    assert!(said.lines().any(|said| said == line), "{said}");
}

#[test]
fn a_demo_beside_another_says_how_and_leaves_no_folder() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (listen, gateway) in [(&*taken, "127.0.0.1:0"), ("127.0.0.1:0", &*taken)] {
        let arguments = ["demo", "--listen", listen, "--gateway", gateway, "--data"];
        let said = run(&[&arguments[..], &[data.to_str().unwrap()], cell::demo_words()].concat());
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("is another demo running? stop it"), "{}", said.err);
        assert!(!said.err.contains("control.listen"), "{}", said.err);
        assert!(!data.exists());
    }
    // A folder that was there before stays.
    std::fs::create_dir(&data).unwrap();
    let said = run(&["demo", "--listen", &taken, "--data", data.to_str().unwrap()]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(data.exists());
}

#[test]
fn a_second_run_keeps_keys_and_registry() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let demo = Demo::start(&data);
    let first = demo.manifest.clone();
    assert_eq!(demo.stop(), Some(0));
    let demo = Demo::start(&data);
    for kept in ["tokens", "credentials"] {
        assert_eq!(first[kept], demo.manifest[kept]);
    }
    assert_eq!(first["logs"][0]["vkey"], demo.manifest["logs"][0]["vkey"]);
    assert_eq!(demo.stop(), Some(0));
    let database = cell::database_words(&data);
    let mut once = vec!["demo", "--once", "--data", data.to_str().unwrap()];
    once.extend(database.iter().map(String::as_str));
    once.extend(cell::demo_words());
    let told = run(&once);
    assert_eq!(told.code, Some(0), "{}\n{}", told.out, told.err);
}

#[test]
fn a_founding_that_was_cut_short_begins_again_and_a_founded_demo_never_does() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let vkey = |mut demo: Demo| {
        demo.process.kill();
        demo.manifest["logs"][0]["vkey"].clone()
    };
    let first = vkey(Demo::start(&data));
    // As a kill before the manifest was written would have left it, but for the mark.
    std::fs::remove_file(data.join("demo.json")).unwrap();
    let refused = run(&["demo", "--once", "--data", data.to_str().unwrap()]);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    std::fs::write(data.join("demo.founding"), "").unwrap();
    let second = vkey(Demo::start(&data));
    assert_ne!(first, second);
    assert_eq!(vkey(Demo::start(&data)), second);
}

/// A demo with a call under way to a provider that waits, told once to stop.
struct Stopping {
    demo: Demo,
    call: Process,
    provider: Provider,
    _folder: tempfile::TempDir,
}

async fn stop_amid_a_call() -> Stopping {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let mut command = lgsp(&[]);
    command.env("LGSP__LOG__LEVEL", "info");
    let mut demo = Demo::start_through(&data, command);
    let mut provider = Provider::start(Manner::Waits).await;
    let service = demo.manifest["services"][0]["id"].as_str().unwrap();
    let administrator = demo.token("organisation_admin", Some("H24.12"));
    let terms = format!("services/{service}/terms");
    demo.post(administrator, &terms, &json!({ "upstream": provider.url })).await;
    let call = ["call", "--demo", data.to_str().unwrap(), "GET", &demo.units_url()];
    let call = Process::start_command(&mut lgsp(&call));
    provider.next_request_id().await;
    demo.process.terminate();
    demo.process.wait_for_line(|line| line.contains("stopping"));
    Stopping { demo, call, provider, _folder: folder }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_under_way_ends_before_the_node_does() {
    let stopping = stop_amid_a_call().await;
    stopping.provider.answer();
    let (ended, said) = stopping.call.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
    assert!(said.contains("here you are"), "{said}");
    let (ended, said) = stopping.demo.process.wait();
    assert_eq!(ended.code(), Some(0), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_does_not_wait_for_calls() {
    let stopping = stop_amid_a_call().await;
    stopping.demo.process.terminate();
    let (ended, said) = stopping.demo.process.wait();
    assert_eq!(ended.code(), Some(1), "{said}");
    assert!(said.contains("stopped at once"), "{said}");
    assert_eq!(stopping.call.wait().0.code(), Some(1));
}
