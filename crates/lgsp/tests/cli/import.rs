//! Another registry becomes part of this one, and leaves it again, as an operator does it.

use std::fs;
use std::path::{Path, PathBuf};

use drill::merge::{RegistrySize, run as merge};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{LGSP, Said, lgsp};
use crate::running::Demo;

struct Office {
    demo: Demo,
    folder: TempDir,
}

impl Office {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let demo = Demo::start(&folder.path().join("demo"));
        Self { demo, folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &str) -> String {
        fs::write(self.path(name), content).unwrap();
        self.path(name).to_str().unwrap().to_owned()
    }

    fn run(&self, role: &str, words: &[&str]) -> Said {
        let mut command = lgsp(words);
        command.args(["--url", self.demo.text("portal"), "--lang", "en"]);
        if let Some(ca) = self.demo.ca() {
            command.arg("--ca").arg(ca);
        }
        if role != "nobody" {
            command.env("LGSP_TOKEN", self.demo.token(role, None));
        }
        Said::from(command.output().unwrap())
    }

    fn export(&self) -> Value {
        let said = self.run("operator", &["export"]);
        assert_eq!(said.code, Some(0), "{said:?}");
        serde_json::from_str(&said.out).unwrap()
    }
}

/// The first word that looks like an import's id.
fn id(said: &Said) -> String {
    let words = said.out.split_whitespace();
    let id = words.into_iter().find(|word| word.len() == 36 && word.matches('-').count() == 4);
    id.unwrap_or_else(|| panic!("no id: {said:?}")).to_owned()
}

/// Decides about everything in the file in the same way.
fn decide(file: &Path, choice: &Value) {
    let mut decisions: Value = serde_json::from_slice(&fs::read(file).unwrap()).unwrap();
    for one in decisions.as_array_mut().unwrap() {
        one["choice"] = choice.clone();
    }
    fs::write(file, decisions.to_string()).unwrap();
}

#[test]
fn sheets_of_another_registry_are_proposed_decided_rehearsed_written_and_taken_back() {
    let office = Office::open();
    let before = office.export();
    let sheet = "\u{feff}Mã định danh;Tên cơ quan;Mã cũ\r\nH23;UBND tỉnh cũ;000.00.00.H23\r\n\
                 H23.05;Sở Y tế cũ;\r\nH24;Một tên khác;\r\n";
    let organisations = office.file("organisation.csv", sheet);
    let systems = office.file("system.csv", "Mã hệ thống;Tên hệ thống\nH23.05/ho-so;Hồ sơ\n");
    let decisions = office.path("decisions.json");
    let proposed = office.run(
        "operator",
        &[
            "import",
            "propose",
            &organisations,
            &systems,
            "--title",
            "LGSP cũ",
            "--legal-basis",
            "01/2025/QĐ-UBND",
            "--decisions",
            decisions.to_str().unwrap(),
        ],
    );
    assert_eq!(proposed.code, Some(1), "a conflict is undecided: {proposed:?}");
    assert!(
        proposed.out.contains("same_code organisation H24  [keep | take | as]"),
        "{proposed:?}"
    );
    let id = id(&proposed);
    let early = office.run("state_manager", &["import", "apply", &id]);
    assert_eq!(early.code, Some(1));
    assert!(early.err.contains("resource.conflict"), "{early:?}");

    decide(&decisions, &json!({"choose": "keep"}));
    let decided = office.run("operator", &["import", "resolve", &id, decisions.to_str().unwrap()]);
    assert_eq!(decided.code, Some(0), "{decided:?}");
    let service = office.demo.manifest["services"][0]["id"].as_str().unwrap();
    let caller = &office.demo.manifest["credentials"][0];
    let text = |name: &str| caller[name].as_str().unwrap();
    let consumer = format!("{}/{}", text("organisation"), text("system"));
    let calls = json!([{"consumer": consumer, "method": "GET", "path": format!("/{service}/units"),
        "keyid": text("keyid")}]);
    let calls = office.file("calls.json", &calls.to_string());
    let rehearsed = office.run("operator", &["import", "rehearse", &id, &calls]);
    assert_eq!(rehearsed.code, Some(0), "{rehearsed:?}");
    assert!(
        rehearsed.out.contains("1 calls; 1 pass now, 1 pass after the import"),
        "{rehearsed:?}"
    );
    assert_eq!(office.export(), before, "nothing is written yet");

    let applied = office.run("state_manager", &["import", "apply", &id]);
    assert_eq!(applied.code, Some(0), "{applied:?}");
    assert!(office.export().to_string().contains("H23.05/ho-so"));
    let kept = office.run("operator", &["import", "show", &id, "--rows", "kept"]);
    assert!(kept.out.contains("kept organisation H24"), "{kept:?}");
    let undone = office.run("state_manager", &["import", "undo", &id]);
    assert_eq!(undone.code, Some(0), "{undone:?}");
    assert_eq!(office.export(), before);
}

#[test]
fn a_file_describes_a_state_and_is_carried_out_once() {
    let office = Office::open();
    let desired = json!({"lgsp_registry": 1,
        "organisation": [{"code": "H24.91", "name": "Sở Một"}, {"code": "H24", "name": "Thành phố"}],
        "system": [{"id": "H24.91/mot", "name": "Một"}]});
    let file = office.file("desired.json", &desired.to_string());
    let shown = office.run("operator", &["apply", &file]);
    assert_eq!(shown.code, Some(1), "{shown:?}");
    for line in
        ["+ organisation H24.91", "~ organisation H24", "→ \"Thành phố\"", "+ system H24.91/mot"]
    {
        assert!(shown.out.contains(line), "{line}: {shown:?}");
    }
    let done = office.run("operator", &["apply", &file, "--yes"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let again = office.run("operator", &["apply", &file]);
    assert_eq!((again.code, again.out.as_str()), (Some(0), ""), "{again:?}");
}

#[test]
fn what_cannot_be_read_is_told_before_anything_is_sent() {
    let office = Office::open();
    let sheet = office.file("organisation.csv", "Mã định danh;Tên cơ quann\nH23;x\n");
    let words = ["--title", "x", "--legal-basis", "1/QĐ"];
    let said = office.run("operator", &[&["import", "propose", &sheet][..], &words].concat());
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("Tên cơ quann") && said.err.contains("line 1"), "{said:?}");
    let broken = office.file("broken.json", "{\"lgsp_registry\": 1,");
    let said = office.run("operator", &[&["import", "propose", &broken][..], &words].concat());
    assert_eq!(said.code, Some(2), "{said:?}");
    let wrong = office.file("wrong.json", r#"{"lgsp_registry":1,"organisation":[{"code":"h24"}]}"#);
    let said = office.run("operator", &[&["import", "propose", &wrong][..], &words].concat());
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("organisation[0].code"), "{said:?}");
    let nobody = office.run("nobody", &["export"]);
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
}

/// What `cargo xtask drill merge` plays, in little.
#[tokio::test(flavor = "multi_thread")]
async fn two_registries_merge_amid_calls_and_part_again() {
    merge(Path::new(LGSP), RegistrySize { organisations: 40, systems: 80, callers: 4 }).await;
}
