//! Where a demo keeps its data: a folder that stays, or a temporary one.

use std::fs::{Permissions, remove_dir_all, remove_file};
use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use wire::trust::TrustFile;

use super::certificates;
use super::manifest::replace;
use crate::assembly::data_directory::{DataDirectory, LOCK};
use crate::complaint::Complaint;

/// Stands in a folder while a demo is founded there.
const FOUNDING: &str = "demo.founding";

/// What a founding makes, apart from its own mark.
const MADE: &[&str] = &[
    "keys",
    "log",
    "platform.db",
    "platform.db-wal",
    "platform.db-shm",
    "trust.json",
    "trust.json.new",
    "demo.json.new",
    certificates::CA,
    certificates::FOLDER,
];

/// The demo's folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Deleted with this, at the very end.
    temporary: Option<TempDir>,
    /// Whether it was made just now; then it is not left behind empty.
    is_new: bool,
}

impl Folder {
    /// The named folder, created if it isn't there; without a name a temporary one.
    pub fn open(named: Option<PathBuf>) -> Result<Self, Complaint> {
        if let Some(path) = named {
            let is_new = !path.exists();
            DataDirectory::create(&path)?;
            make_private(&path);
            return Ok(Self { path, temporary: None, is_new });
        }
        let temporary =
            tempfile::Builder::new().prefix("lgsp-demo-").permissions(private()).tempdir();
        let temporary = temporary.map_err(|error| {
            Complaint::new(
                format_args!("no temporary folder can be made: {error}"),
                "name one with --data DIR, or set TMPDIR",
            )
        })?;
        let path = temporary.path().to_owned();
        Ok(Self { path, temporary: Some(temporary), is_new: false })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it goes away with the demo.
    pub fn is_temporary(&self) -> bool {
        self.temporary.is_some()
    }

    /// Whether a platform was made here before; its database may be elsewhere. An empty `log` may
    /// be a disk that somebody mounted for the first demo.
    pub(super) fn has_platform(&self) -> bool {
        let has_log = std::fs::read_dir(self.path.join("log"))
            .is_ok_and(|mut entries| entries.next().is_some());
        has_log || ["platform.db", "keys"].iter().any(|made| self.path.join(made).exists())
    }

    /// Marks an empty folder as a demo's that is being founded: if that is cut short, the next demo
    /// begins again. A folder that holds anything else gets no mark: nothing is ever deleted there.
    pub(super) fn begin_founding(&self) -> std::io::Result<()> {
        let is_empty = std::fs::read_dir(&self.path)?.next().is_none();
        if is_empty { std::fs::write(self.path.join(FOUNDING), "") } else { Ok(()) }
    }

    /// The city stands: from here on the folder is kept.
    pub(super) fn is_founded(&self) -> anyhow::Result<()> {
        match remove_file(self.path.join(FOUNDING)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// Deletes what a founding that was cut short has left; answers whether it was one.
    pub(super) fn clear_half_founded(&self) -> Result<bool, Complaint> {
        if !self.path.join(FOUNDING).exists() {
            return Ok(false);
        }
        // Held while it is cleared: it may be another process that is just founding here.
        let _held = DataDirectory::open(&self.path)?;
        for name in MADE {
            let path = self.path.join(name);
            let removed = if path.is_dir() { remove_dir_all(&path) } else { remove_file(&path) };
            match removed {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    return Err(Complaint::new(
                        format_args!("{} cannot be deleted: {error}", path.display()),
                        "delete it (it holds sample data only), or name another folder with --data",
                    ));
                }
                _ => {}
            }
        }
        Ok(true)
    }

    /// Where the trust file is.
    pub(super) fn trust(&self) -> PathBuf {
        self.path.join("trust.json")
    }

    /// Writes the trust file whole.
    pub(super) fn write_trust(&self, trust: &TrustFile) -> anyhow::Result<()> {
        replace(&self.trust(), &serde_json::to_vec_pretty(trust)?)
    }
}

/// A demo that did not start has put nothing but its marks and, in TLS, its certificates into the
/// folder it made.
impl Drop for Folder {
    fn drop(&mut self) {
        const MARKS: [&str; 4] = [FOUNDING, LOCK, certificates::CA, certificates::FOLDER];
        if !self.is_new {
            return;
        }
        // Held meanwhile: another demo may just be founding here.
        let Ok(_held) = DataDirectory::open(&self.path) else {
            return;
        };
        let only_marks = std::fs::read_dir(&self.path).is_ok_and(|mut entries| {
            entries.all(|entry| {
                entry.is_ok_and(|entry| MARKS.iter().any(|mark| entry.file_name() == *mark))
            })
        });
        if only_marks {
            // What can't be removed is found again by the next demo, and is no harm to it.
            let _ = MARKS.map(|mark| remove_file(self.path.join(mark)));
            let _ = remove_dir_all(self.path.join(certificates::FOLDER));
            let _ = std::fs::remove_dir(&self.path);
        }
    }
}

fn private() -> Permissions {
    Permissions::from_mode(0o700)
}

/// A folder that somebody made for the demo with `mkdir` is open to others; close it. A folder
/// that has a life of its own (folders in it, or others who write there) is left as it is, and the
/// start will say so.
fn make_private(path: &Path) {
    let only_files = std::fs::read_dir(path).is_ok_and(|mut entries| {
        entries
            .all(|entry| entry.and_then(|entry| entry.file_type()).is_ok_and(|kind| kind.is_file()))
    });
    let shared =
        std::fs::metadata(path).is_ok_and(|found| found.permissions().mode() & 0o1022 != 0);
    if only_files && !shared {
        // If it can't be closed, the start says what is wrong with it.
        let _ = std::fs::set_permissions(path, private());
    }
}
