//! Updates that are due and were not declared: said once, in an event and an entry of its own.
//!
//! **Invariant**: of each due time at most one event is recorded, whichever node looks first.

use crate::Registry;
use crate::dataset::event::{self, EventKind, Update};
use crate::dataset::{command, sql};
use crate::refused::Refused;

/// Says of every data set whose update is late that it is. Returns how many there were.
pub(crate) async fn note(registry: &Registry) -> Result<usize, Refused> {
    let mut noted = 0;
    for code in sql::late(&registry.database, registry.clock.now()).await? {
        let mut change = registry.recorder.change_by_platform("data_set.late").await?;
        let now = change.time();
        let Some(set) = sql::find_within(&mut change, &code).await? else { continue };
        let known = sql::late_noted(&mut change, &code).await?;
        let due = set.update_due().filter(|due| *due <= now && known.is_none_or(|at| at < *due));
        let Some(due) = due else { continue };
        sql::note_late(&mut change, &code, due).await?;
        event::write(&mut change, &set, EventKind::Late, &Update::default(), Some(due)).await?;
        let mut subject = command::subject(&set);
        subject.insert("due".to_owned(), due.to_string());
        change.record(subject).await?;
        noted += 1;
    }
    Ok(noted)
}
