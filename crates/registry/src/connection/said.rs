//! What somebody says when they take a step, and which of it the step takes.

use web::field;
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::lifecycle::Step;
use crate::refused::Refused;

/// What goes with a step.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// Why; for a suspension, what was violated.
    pub reason: Option<String>,
    /// On which ground of the rules a connection is ended.
    pub ground: Option<String>,
    /// From when a planned suspension refuses calls.
    pub from: Option<UtcMicros>,
    /// When calls are expected to pass again.
    pub expected_recovery: Option<UtcMicros>,
    /// What is done about a violation.
    pub measures: Option<String>,
    /// What restores the connection.
    pub restored_when: Option<String>,
    /// Where the entries of the calls of a test stand.
    pub entries: Option<Vec<String>>,
}

impl Said {
    /// A step with nothing but a reason.
    pub fn because(reason: Option<&str>) -> Self {
        Self { reason: reason.map(ToOwned::to_owned), ..Self::default() }
    }

    /// Refuses what `step` does not take: silently ignored, it would be believed to hold.
    pub(crate) fn must_suit(&self, step: Step) -> Result<(), Refused> {
        let suspends = matches!(step, Step::Suspend | Step::AnnounceSuspension);
        for (name, is_said, suits) in [
            ("ground", self.ground.is_some(), step == Step::End),
            ("from", self.from.is_some(), step == Step::AnnounceSuspension),
            ("expected_recovery", self.expected_recovery.is_some(), suspends),
            ("measures", self.measures.is_some(), suspends),
            ("restored_when", self.restored_when.is_some(), suspends),
            ("entries", self.entries.is_some(), step == Step::ConfirmTest),
        ] {
            if is_said && !suits {
                let reason = Text::new(
                    format!("Bước «{step}» không dùng trường này."),
                    format!("The step {step} does not take it."),
                );
                return Err(field::refused(name, &reason).into());
            }
        }
        Ok(())
    }
}
