//! Whether the machine went down while a node worked on it.
//!
//! What a node had granted to others is written without waiting for the disk: it survives the
//! process, not the machine. So the file `boot` says on which boot of the machine the node last
//! worked, and whether it stopped in order; a boot that is another without that is taken for a loss
//! of power, and the gateway then refuses what it may have forgotten.
//!
//! **Invariant**: the file says "in order" only after the log was closed, with everything synced;
//! who cannot tell one boot from another takes every start after a disorderly end for a new boot.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wire::ambient::UtcMicros;

/// Changes with every boot of a Linux machine.
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";
/// How long a loss of power matters: no signature of before it is accepted afterwards.
const MATTERS_FOR: Duration = Duration::from_mins(15);

/// The file `boot` of a running node.
#[derive(Debug)]
pub(super) struct PowerRecord {
    path: PathBuf,
    boot: String,
    /// The start after the last loss of power.
    pub(super) lost_before: Option<UtcMicros>,
}

impl PowerRecord {
    /// Compares this boot with the one that the file names, and notes that a node works now. To be
    /// called before the node grants anything.
    pub(super) fn begin(path: PathBuf, now: UtcMicros) -> io::Result<Self> {
        let boot = fs::read_to_string(BOOT_ID)
            .map_or_else(|_| format!("unknown since {now}"), |id| id.trim().to_owned());
        Self::begin_on(path, boot, now)
    }

    fn begin_on(path: PathBuf, boot: String, now: UtcMicros) -> io::Result<Self> {
        let before = match fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let lost_before = before.and_then(|text| {
            let mut lines = text.lines();
            let (was_on, lost) =
                (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
            if was_on == "stopped" || was_on == boot {
                // A start after a start: what was lost then is still lost.
                let lost: UtcMicros = lost.parse().ok()?;
                return Some(lost).filter(|lost| now < lost.saturating_add(MATTERS_FOR));
            }
            Some(now)
        });
        let record = Self { path, boot, lost_before };
        record.write(&record.boot)?;
        Ok(record)
    }

    /// The node has stopped in order. Only after the log was closed.
    pub(super) fn end(self) -> io::Result<()> {
        self.write("stopped")
    }

    /// A crash in here leaves the old file or the new one, and either is true enough: at worst a
    /// loss of power is seen where there was none.
    fn write(&self, state: &str) -> io::Result<()> {
        let lost = self.lost_before.map_or(String::new(), |lost| lost.to_string());
        let draft = self.path.with_extension("new");
        let mut options = File::options();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(format!("{state}\n{lost}\n").as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        File::open(self.path.parent().unwrap_or(Path::new(".")))?.sync_all()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UtcMicros {
        UtcMicros::from_seconds(1_795_420_800 + seconds)
    }

    fn begin(path: &Path, boot: &str, seconds: i64) -> PowerRecord {
        PowerRecord::begin_on(path.to_owned(), boot.to_owned(), at(seconds)).unwrap()
    }

    #[test]
    fn another_boot_after_a_disorderly_end_is_a_loss_of_power() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boot");
        assert_eq!(begin(&path, "one", 0).lost_before, None);
        assert_eq!(begin(&path, "one", 1).lost_before, None, "kill -9 is no loss of power");
        assert_eq!(begin(&path, "two", 2).lost_before, Some(at(2)));
        assert_eq!(begin(&path, "two", 3).lost_before, Some(at(2)), "forgotten by a second start");
        assert_eq!(begin(&path, "two", 902).lost_before, None);
    }

    #[test]
    fn an_orderly_stop_before_a_boot_is_none_but_keeps_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("boot");
        begin(&path, "one", 0).end().unwrap();
        assert_eq!(begin(&path, "two", 1).lost_before, None);
        assert_eq!(begin(&path, "three", 2).lost_before, Some(at(2)));
        begin(&path, "three", 3).end().unwrap();
        assert_eq!(begin(&path, "four", 4).lost_before, Some(at(2)));
    }
}
