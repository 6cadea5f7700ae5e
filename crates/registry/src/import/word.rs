//! Words: columns whose texts are the platform's own names for things, a step, a state, a role.
//!
//! A word that no noun knows would be written without a murmur, and then keep whatever reads the row
//! from being read: so the document is refused, and the row named.

use std::str::FromStr;

use wire::directory::Environment;
use wire::id::Role;
use wire::problem::Text;
use wire::signature::Algorithm;

use crate::connection::lifecycle::{Party, State, Step};
use crate::dispute::life::{DisputeState, DisputeStep};
use crate::dispute::{About, Effect, Outcome};
use crate::organisation::history::EventKind;
use crate::service::life::Stage;

/// Whether the column of this table may hold `text`; any text may stand where no words are.
pub(crate) fn may_stand(table: &str, column: &str, text: &str) -> bool {
    match (table, column) {
        ("organisation_event", "kind") => is::<EventKind>(text),
        ("credential", "algorithm") => is::<Algorithm>(text),
        ("credential", "environment") => is::<Environment>(text),
        ("service", "stage") => Stage::read(text).is_some(),
        ("connection" | "connection_step", "state") => is::<State>(text),
        ("connection_step", "step") => is::<Step>(text),
        ("connection_deadline", "waiting") => text.split_whitespace().all(is::<State>),
        ("connection_deadline", "by_party") | ("dispute", "opened_by" | "against") => {
            is::<Party>(text)
        }
        ("dispute" | "dispute_step", "state") => is::<DisputeState>(text),
        ("dispute_step", "step") => is::<DisputeStep>(text),
        ("dispute", "about") => is::<About>(text),
        ("dispute", "outcome") => is::<Outcome>(text),
        ("dispute", "effect") => is::<Effect>(text),
        (_, "role" | "ended_role") => is::<Role>(text),
        _ => true,
    }
}

fn is<T: FromStr>(text: &str) -> bool {
    text.parse::<T>().is_ok()
}

/// What is told of a word that may not stand where it does.
pub(crate) fn unknown(text: &str) -> Text {
    // As long as any word is.
    let shown: String = text.chars().take(40).collect();
    Text::new(
        format!("«{shown}» không phải là từ mà trường này dùng."),
        format!("`{shown}` is no word that this field knows."),
    )
}
