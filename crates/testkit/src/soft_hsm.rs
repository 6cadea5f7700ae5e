//! A real security module without hardware: `SoftHSM` with a token folder of its own.
//!
//! The module reads its environment once per process. What uses it therefore runs in a process of
//! its own: the binary under test, or a test that starts itself again
//! ([`SoftHsm::run_test_in_a_process_of_its_own`]).

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The variable by which the module finds its configuration.
pub const SOFTHSM2_CONF: &str = "SOFTHSM2_CONF";

const LIBRARIES: [&str; 3] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
];

/// A security module with one token; gone when dropped.
#[derive(Debug)]
pub struct SoftHsm {
    home: TempDir,
}

impl SoftHsm {
    /// The token's label.
    pub const LABEL: &'static str = "lgsp";
    /// Its PIN.
    pub const PIN: &'static str = "271828";

    /// Makes the token.
    pub fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("tokens")).unwrap();
        let text = format!("directories.tokendir = {}/tokens\n", home.path().display());
        let module = Self { home };
        std::fs::write(module.config(), text).unwrap();
        let made = Command::new("softhsm2-util")
            .args(["--init-token", "--free", "--so-pin", "314159"])
            .args(["--label", Self::LABEL, "--pin", Self::PIN])
            .env(SOFTHSM2_CONF, module.config())
            .output()
            .expect("SoftHSM is needed: apt-get install softhsm2");
        assert!(made.status.success(), "{made:?}");
        module
    }

    /// The PKCS#11 library.
    pub fn library() -> &'static Path {
        let found = LIBRARIES.into_iter().map(Path::new).find(|path| path.exists());
        found.expect("SoftHSM is needed: apt-get install softhsm2")
    }

    /// What [`SOFTHSM2_CONF`] must say.
    pub fn config(&self) -> PathBuf {
        self.home.path().join("softhsm2.conf")
    }

    /// Takes the keys out of the token: nothing can be signed until [`Self::show_keys`].
    pub fn hide_keys(&self) {
        std::fs::create_dir(self.aside()).unwrap();
        let token = self.token();
        let files = std::fs::read_dir(&token).unwrap().map(|file| file.unwrap().file_name());
        let objects = files.filter(|name| name.to_str().unwrap().ends_with(".object"));
        for name in objects.filter(|name| name != "token.object") {
            std::fs::rename(token.join(&name), self.aside().join(&name)).unwrap();
        }
        self.tell_of_a_change();
    }

    /// Puts them back as they were.
    pub fn show_keys(&self) {
        for file in std::fs::read_dir(self.aside()).unwrap() {
            let file = file.unwrap();
            std::fs::rename(file.path(), self.token().join(file.file_name())).unwrap();
        }
        std::fs::remove_dir(self.aside()).unwrap();
        self.tell_of_a_change();
    }

    fn aside(&self) -> PathBuf {
        self.home.path().join("aside")
    }

    /// The folder of the only token.
    fn token(&self) -> PathBuf {
        let mut tokens = std::fs::read_dir(self.home.path().join("tokens")).unwrap();
        tokens.next().expect("a token").unwrap().path()
    }

    /// The module looks at the token's files anew when this number, big-endian, is another.
    fn tell_of_a_change(&self) {
        let file = self.token().join("generation");
        let mut number = std::fs::read(&file).unwrap();
        let last = number.last_mut().expect("a number");
        *last = last.wrapping_add(1);
        std::fs::write(&file, number).unwrap();
    }

    /// True within such a process; else runs the test `name` of this binary in one, with a token.
    pub fn run_test_in_a_process_of_its_own(name: &str) -> bool {
        if std::env::var_os(SOFTHSM2_CONF).is_some() {
            return true;
        }
        let module = Self::new();
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(SOFTHSM2_CONF, module.config())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
        assert!(said.contains("1 passed"), "the test ran there: {said}");
        false
    }
}

impl Default for SoftHsm {
    fn default() -> Self {
        Self::new()
    }
}
