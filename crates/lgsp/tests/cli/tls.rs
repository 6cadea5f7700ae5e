//! TLS of the whole binary, judged by curl and by clients that believe one authority only.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use serde_json::Value;
use testkit::authority::Issued;
use testkit::{Authority, Process};

use crate::binary::{LGSP, Node, Said, lgsp, run};

/// What `curl` got, with its exit code.
fn curl(arguments: &[&str]) -> Said {
    Said::from(
        Command::new("curl").args(["-sS", "--noproxy", "*"]).args(arguments).output().unwrap(),
    )
}

/// A demo in TLS, whatever the other tests call over.
fn sealed_demo(data: &Path) -> (Process, Value) {
    let (mut process, ca) = (demo(data, &["--tls"]), data.join("ca.pem").display().to_string());
    process.wait_for_line(|line| line.contains(&ca));
    let manifest = manifest_at_its_start(&mut process, data);
    (process, manifest)
}

/// A demo without TLS, whatever the other tests call over.
fn plain_demo(data: &Path) -> (Process, Value) {
    let mut process = demo(data, &[]);
    let manifest = manifest_at_its_start(&mut process, data);
    (process, manifest)
}

fn demo(data: &Path, more: &[&str]) -> Process {
    let free = "127.0.0.1:0";
    let mut command = lgsp(&["demo", "--listen", free, "--gateway", free, "--data"]);
    Process::start_command(command.arg(data).args(more))
}

fn manifest_at_its_start(process: &mut Process, data: &Path) -> Value {
    process.wait_for_line(|line| line.contains("Ctrl-C"));
    let manifest = std::fs::read(data.join("demo.json")).unwrap();
    serde_json::from_slice(&manifest).unwrap()
}

#[test]
fn the_story_is_played_over_tls() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let said = run(&["demo", "--once", "--tls", "--data", data.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{}\n{}", said.out, said.err);
    let manifest = std::fs::read_to_string(data.join("demo.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["ca"], data.join("ca.pem").to_str().unwrap());
    for url in [
        &manifest["portal"],
        &manifest["gateway"],
        &manifest["operations"],
        &manifest["logs"][0]["url"],
        &manifest["services"][0]["url"],
    ] {
        assert!(url.as_str().unwrap().starts_with("https://127.0.0.1:"), "{url}");
    }
}

#[test]
fn a_demo_in_tls_is_believed_by_its_root_alone_and_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let (process, manifest) = sealed_demo(&data);
    let ca = data.join("ca.pem");
    for (name, path) in [("portal", "/"), ("operations", "/readyz")] {
        let url = format!("{}{path}", manifest[name].as_str().unwrap());
        for host in ["127.0.0.1", "localhost"] {
            let url = url.replace("127.0.0.1", host);
            let said = curl(&["--fail", "--cacert", ca.to_str().unwrap(), &url]);
            assert_eq!(said.code, Some(0), "{url}: {said:?}");
        }
        assert_eq!(curl(&[&url]).code, Some(60), "{url}: without the root nobody is believed");
    }
    process.terminate();
    assert_eq!(process.wait().0.code(), Some(0));
    let first = std::fs::read(&ca).unwrap();
    let (_again, _) = sealed_demo(&data);
    assert_eq!(std::fs::read(&ca).unwrap(), first);
}

#[test]
fn a_call_believes_the_root_that_it_is_given_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("demo");
    let (_process, manifest) = sealed_demo(&data);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let url = format!("{}/units", text(&manifest["services"][0]["url"]));

    let said = run(&["call", "--demo", data.to_str().unwrap(), "GET", &url, "--lang", "en"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(said.err.contains("+ entry"), "{}", said.err);

    let mut credentials = manifest["credentials"].as_array().unwrap().iter();
    let credential = credentials.find(|one| one["alg"] == "ed25519").unwrap();
    let key = folder.path().join("system.pem");
    std::fs::write(&key, text(&credential["private_key_pem"])).unwrap();
    let (keyid, log) = (text(&credential["keyid"]), text(&manifest["logs"][0]["url"]));
    let (trust, ca) = (text(&manifest["trust"]), text(&manifest["ca"]));
    let key = key.to_str().unwrap();
    let call = ["call", "GET", &url, "--key", key, "--keyid", &keyid, "--trust", &trust];
    let call = [&call[..], &["--log", &log, "--lang", "en"]].concat();
    let said = run(&[&call[..], &["--ca", &ca]].concat());
    assert_eq!(said.code, Some(0), "{said:?}");
    for check in ["+ digest", "+ signature", "+ entry"] {
        assert!(said.err.contains(check), "{check}: {}", said.err);
    }
    let other = folder.path().join("other.pem");
    std::fs::write(&other, &Authority::new("another").pem).unwrap();
    for more in [&[][..], &["--ca", other.to_str().unwrap()]] {
        let said = run(&[&call[..], more].concat());
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains("certificate"), "{}", said.err);
    }
}

#[test]
fn a_call_by_the_wrong_scheme_names_the_right_one() {
    let folder = tempfile::tempdir().unwrap();
    for (data, from, to) in [("sealed", "https", "http"), ("plain", "http", "https")] {
        let data = folder.path().join(data);
        let (_process, manifest) =
            if from == "https" { sealed_demo(&data) } else { plain_demo(&data) };
        let right = format!("{}/units", manifest["services"][0]["url"].as_str().unwrap());
        let wrong = right.replace(&format!("{from}://"), &format!("{to}://"));
        let body = "x".repeat(100_000);
        for content in [&[][..], &["--data", &body]] {
            let call = ["call", "--demo", data.to_str().unwrap(), "POST", &wrong];
            let said = run(&[&call[..], content].concat());
            assert_eq!(said.code, Some(2), "{said:?}");
            assert!(said.err.contains(&format!("call {right}")), "{}", said.err);
        }
    }
}

/// A node whose three listeners show one certificate of an authority of its own.
struct Sealed {
    node: Node,
    authority: Authority,
}

impl Sealed {
    fn new(gateway: &str) -> Self {
        let (node, authority) = (Node::init(), Authority::new("cli tests"));
        std::fs::write(node.folder.path().join("ca.pem"), &authority.pem).unwrap();
        let sealed = Self { node, authority };
        sealed.show(&sealed.authority.issue(&["first.example", "127.0.0.1"]));
        let listens = "listen = \"127.0.0.1:0\"\ntls_certificates = [\"listener.pem\"]\n\
                       tls_keys = [\"listener.key\"]\n";
        sealed.node.configure(&format!(
            "[control]\n{listens}[gateway]\n{listens}{gateway}\n[operations]\n{listens}"
        ));
        sealed
    }

    fn show(&self, issued: &Issued) {
        issued.write(self.node.folder.path(), "listener");
    }

    fn ca(&self) -> PathBuf {
        self.node.folder.path().join("ca.pem")
    }

    /// What is found about certificates and public URLs.
    fn findings(&self) -> Vec<Value> {
        let said = self.node.run("check", &["--json"]);
        let report: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(said.code, Some(i32::from(report["ok"] == false)), "{report:#}");
        let findings = report["findings"].as_array().unwrap().iter();
        let of_tls: Vec<_> = findings
            .filter(|one| matches!(one["subject"].as_str(), Some("certificate" | "public url")))
            .cloned()
            .collect();
        assert!(!of_tls.is_empty(), "{report:#}");
        of_tls
    }

    /// What is seen that is not in order.
    fn problems(&self) -> Vec<String> {
        seen(&self.findings(), |one| one["ok"] == false)
    }
}

fn seen(findings: &[Value], fits: impl Fn(&Value) -> bool) -> Vec<String> {
    let fitting = findings.iter().filter(|one| fits(one));
    fitting.map(|one| one["seen"].as_str().unwrap().to_owned()).collect()
}

/// Whether the listener at `url` is believed to be `name`.
fn is(sealed: &Sealed, url: &str, name: &str) -> bool {
    let port = url.rsplit(':').next().unwrap();
    let to = format!("{name}:{port}:127.0.0.1:{port}");
    let url = format!("https://{name}:{port}/readyz");
    let said = curl(&["--cacert", sealed.ca().to_str().unwrap(), "--connect-to", &to, &url]);
    assert!(matches!(said.code, Some(0 | 60)), "{said:?}");
    said.code == Some(0)
}

#[test]
fn all_listeners_speak_tls_and_show_a_new_certificate_at_sighup() {
    let sealed = Sealed::new("");
    let config = sealed.node.config();
    let mut serve =
        Process::start_command(&mut lgsp(&["serve", "--config", config.to_str().unwrap()]));
    let line = serve.wait_for_line(|line| line.contains("\"listening\""));
    let line: Value = serde_json::from_str(&line).unwrap();
    let urls = ["control", "gateway", "operations"].map(|name| line[name].as_str().unwrap());
    for url in urls {
        assert!(is(&sealed, url, "first.example"), "{url}");
        assert!(!is(&sealed, url, "second.example"), "{url}");
        let plain = curl(&[&format!("http://{url}/readyz")]);
        assert_ne!(plain.code, Some(0), "{url}: plain HTTP is not understood: {plain:?}");
    }

    // A key that does not fit: the old certificate stays, and the log says so.
    let second = sealed.authority.issue(&["second.example", "127.0.0.1"]);
    let stranger = sealed.authority.issue(&["third.example"]);
    sealed.show(&Issued { key: stranger.key, ..second.clone() });
    serve.signal("HUP");
    for _listener in urls {
        serve.wait_for_line(|line| line.contains("cannot be used; the old certificate"));
    }
    assert!(urls.iter().all(|url| is(&sealed, url, "first.example")));

    sealed.show(&second);
    serve.signal("HUP");
    for _listener in urls {
        serve.wait_for_line(|line| line.contains("new certificates are shown"));
    }
    for url in urls {
        assert!(is(&sealed, url, "second.example"), "{url}");
        assert!(!is(&sealed, url, "first.example"), "{url}");
    }
    serve.terminate();
    assert_eq!(serve.wait().0.code(), Some(0));
}

#[test]
fn check_finds_what_is_wrong_with_certificates() {
    let sealed = Sealed::new("public_urls = [\"https://first.example\"]");
    assert_eq!(sealed.problems(), Vec::<String>::new());

    sealed.show(&sealed.authority.issue_expired(&["first.example"]));
    let problems = sealed.problems();
    assert_eq!(problems.len(), 3, "one per listener: {problems:?}");
    for (problem, section) in problems.iter().zip(["control", "gateway", "operations"]) {
        let told = format!("listener.pem ({section}.tls_certificates) was over at 2021-01-01");
        assert!(problem.contains(&told), "{problem}");
    }

    sealed.show(&sealed.authority.issue(&["second.example"]));
    let problems = sealed.problems();
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].contains("is for the host of https://first.example"), "{problems:?}");

    let (right, other) =
        (sealed.authority.issue(&["first.example"]), sealed.authority.issue(&["first.example"]));
    sealed.show(&Issued { key: other.key, ..right });
    let problems = sealed.problems();
    assert_eq!(problems.len(), 3, "{problems:?}");
    for (problem, section) in problems.iter().zip(["control", "gateway", "operations"]) {
        assert!(problem.starts_with(&format!("{section}.tls_certificates: ")), "{problem}");
        assert!(problem.contains("does not belong to"), "{problem}");
    }
}

#[test]
fn check_finds_a_certificate_for_another_name_where_no_public_url_is_named() {
    let sealed = Sealed::new("");
    assert_eq!(sealed.problems(), Vec::<String>::new());
    sealed.show(&sealed.authority.issue(&["first.example"]));
    let findings = sealed.findings();
    let lacks =
        |section| format!("none of {section}.tls_certificates is for 127.0.0.1 ({section}.listen)");
    assert_eq!(seen(&findings, |one| one["ok"] == false), [lacks("gateway")]);
    assert_eq!(seen(&findings, |one| one["warning"] == true), [lacks("control")]);
}

#[test]
fn check_finds_a_public_url_that_no_call_can_be_signed_for() {
    for (gateway, tells) in [
        ("public_urls = [\"http://first.example\"]", true),
        ("public_urls = [\"https://first.example\"]", false),
        ("public_urls = [\"http://first.example\"]\ntrusted_proxies = [\"10.24.0.7\"]", false),
    ] {
        let problems = Sealed::new(gateway).problems();
        let told = problems.iter().any(|one| one.contains("gateway.listen speaks https only"));
        assert_eq!(told, tells, "{gateway}: {problems:?}");
    }
}

#[tokio::test]
async fn a_node_of_the_drills_listens_in_tls_when_it_is_told_to() {
    let folder = tempfile::tempdir().unwrap();
    let plan = drill::node::Plan {
        lgsp: LGSP.into(),
        folder: folder.path().to_owned(),
        origin: "lgsp.test-1".to_owned(),
        settings: Vec::new(),
        authority: Some(Arc::new(Authority::new("drill"))),
    };
    let mut node = drill::node::Node::init(plan, &drill::city::OFFICES);
    node.start().await;
    assert!(node.control().starts_with("https://"), "{}", node.control());
    assert_eq!(node.trust().await.logs.len(), 1);
}
