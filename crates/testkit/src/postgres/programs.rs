//! The server's programs, and the user they run as.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

const HOME: &str = "/usr/lib/postgresql";

/// Where Debian puts the server, and whether somebody else has to run it.
#[derive(Debug)]
pub(super) struct Programs {
    bin: PathBuf,
    /// Set under root, whom the server refuses.
    user: Option<&'static str>,
}

impl Programs {
    /// The newest server that is installed.
    pub(super) fn find() -> Self {
        let versions = fs::read_dir(HOME).into_iter().flatten().flatten();
        let with_server = versions.filter_map(|version| {
            let number: u32 = version.file_name().to_str()?.parse().ok()?;
            let bin = version.path().join("bin");
            bin.join("postgres").is_file().then_some((number, bin))
        });
        let Some((_, bin)) = with_server.max() else {
            panic!("no PostgreSQL server below {HOME}: install the Debian package postgresql");
        };
        Self { bin, user: is_root().then_some("postgres") }
    }

    /// A folder that the server's user owns, among the temporary files: it may not be able to
    /// reach the build's own folder.
    pub(super) fn own_folder(&self) -> TempDir {
        let made = tempfile::Builder::new()
            .prefix("lgsp-postgres-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()
            .unwrap();
        if let Some(user) = self.user {
            let given = Command::new("chown").arg(user).arg(made.path()).status().unwrap();
            assert!(given.success(), "the folder could not be given to {user}");
        }
        made
    }

    /// Makes the data directory `folder/data`.
    pub(super) fn initialise(&self, folder: &Path, user: &str, password: &str) {
        let secret = folder.join("password");
        fs::write(&secret, password).unwrap();
        fs::set_permissions(&secret, Permissions::from_mode(0o644)).unwrap();
        let mut command = self.command("initdb");
        // A password in clear over loopback: SCRAM's 4096 rounds take an unoptimised build most of
        // a second for each connection.
        command.args(["--username", user, "--auth=password", "--encoding=UTF8"]);
        // People's order, not that of bytes: what relies on the latter must ask for it.
        command.args(["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=vi"]);
        command.args(["--no-sync", "--pgdata"]).arg(folder.join("data"));
        command.arg("--pwfile").arg(secret);
        let made = command.output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// The server itself, as one process whose id is the child's.
    pub(super) fn server(&self, data: &Path) -> Command {
        let mut command = self.command("postgres");
        command.arg("-D").arg(data);
        command
    }

    pub(super) fn is_ready(&self, port: u16) -> bool {
        let mut command = Command::new(self.bin.join("pg_isready"));
        command.args(["--quiet", "--host=127.0.0.1", "--timeout=1", "--port", &port.to_string()]);
        command.stdin(Stdio::null()).status().unwrap().success()
    }

    /// `setpriv` becomes the program it runs, so that signals reach the right process.
    fn command(&self, program: &str) -> Command {
        let program = self.bin.join(program);
        let mut command = match self.user {
            None => Command::new(program),
            Some(user) => {
                let mut command = Command::new("setpriv");
                command.args(["--reuid", user, "--regid", user, "--init-groups", "--reset-env"]);
                command.arg(program);
                command
            }
        };
        command.current_dir("/");
        command
    }
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}
