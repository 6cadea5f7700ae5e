//! The steps as a table for people, out of the lifecycle's own.

use std::fmt::Write;

use super::super::lifecycle::{Party, Rule, TABLE, names};
use super::STEPS;

/// The description of the route that takes a step: Markdown with one row for each step.
pub(super) fn description() -> String {
    let mut text = String::from(
        "Whoever took an earlier step of a request may not decide it. When the answer arrives, the \
         step is in force. A step without a reason needs no body.\n\n\
         | step | from | to | who | reason |\n|---|---|---|---|---|\n",
    );
    for rule in TABLE.iter().filter(|rule| STEPS.contains(&rule.step)) {
        let Rule { step, to, .. } = rule;
        // What the platform does as a consequence of something else, nobody asks for here.
        let people = rule.by.iter().copied().filter(|party| *party != Party::Platform);
        let by: Vec<_> = people.collect();
        let from: Vec<_> = rule.from.iter().map(|state| state.as_str()).collect();
        let reason = if rule.needs_reason { "required" } else { "" };
        // Writing to a text cannot fail.
        let _ =
            writeln!(text, "| `{step}` | {} | {to} | {} | {reason} |", from.join(", "), names(&by));
    }
    text
}
