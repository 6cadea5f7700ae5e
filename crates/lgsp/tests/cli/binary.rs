//! Running `lgsp` and reading what it said.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;
use testkit::TestDatabase;

/// The binary under test.
pub(crate) const LGSP: &str = env!("CARGO_BIN_EXE_lgsp");

/// The command, with nothing of the tester's environment that could configure it.
pub(crate) fn lgsp(arguments: &[&str]) -> Command {
    let mut command = Command::new(LGSP);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LGSP_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("NO_COLOR", "1");
    command
}

/// Runs it to its end.
pub(crate) fn run(arguments: &[&str]) -> Said {
    Said::from(lgsp(arguments).output().unwrap())
}

/// How it ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }
}

/// A node made by `lgsp init` in a folder of its own, listening on free ports.
pub(crate) struct Node {
    pub(crate) folder: TempDir,
    pub(crate) database: TestDatabase,
    pub(crate) tokens: Vec<(String, String)>,
}

impl Node {
    pub(crate) fn init() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("lgsp.toml");
        let database = TestDatabase::new(folder.path().join("data/platform.db"));
        let mut arguments = vec![
            "init",
            "--config",
            config.to_str().unwrap(),
            "--origin",
            "lgsp.test-1",
            "--operator",
            "H24.15.1",
            "--state-manager",
            "H24.15",
            "--auditor",
            "H24.18",
            "--json",
        ];
        if database.is_shared() {
            arguments.extend(["--database", database.url()]);
        }
        let said = run(&arguments);
        assert_eq!(said.code, Some(0), "{said:?}");
        let made: serde_json::Value = serde_json::from_str(&said.out).unwrap();
        let tokens = made["tokens"].as_array().unwrap().iter().map(|token| {
            let member = |name: &str| token[name].as_str().unwrap().to_owned();
            (member("role"), member("token"))
        });
        let node = Self { tokens: tokens.collect(), folder, database };
        node.configure("[control]\nlisten = \"127.0.0.1:0\"\n");
        node
    }

    pub(crate) fn config(&self) -> PathBuf {
        self.folder.path().join("lgsp.toml")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Replaces the configuration; ports are free ones unless `text` says otherwise.
    pub(crate) fn configure(&self, text: &str) {
        let mut whole = format!("{text}\n[evidence]\norigin = \"lgsp.test-1\"\n");
        for section in ["gateway", "operations"] {
            if !text.contains(&format!("[{section}]")) {
                whole.extend(["[", section, "]\nlisten = \"127.0.0.1:0\"\n"]);
            }
        }
        if self.database.is_shared() {
            whole.extend(["[database]\nurl = \"", self.database.url(), "\"\n"]);
        }
        if !text.contains("[log]") {
            whole.push_str("[log]\nformat = \"json\"\n");
        }
        std::fs::write(self.config(), whole).unwrap();
    }

    pub(crate) fn run(&self, command: &str, more: &[&str]) -> Said {
        let config = self.config();
        let mut arguments = vec![command, "--config", config.to_str().unwrap()];
        arguments.extend(more);
        run(&arguments)
    }
}

/// Changes the permission bits of a file or folder.
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
