//! Production or sandbox: which of a service's two places a credential's calls go to.

use std::fmt;
use std::str::FromStr;

use crate::text::{Malformed, serde_as_text};

/// The environment that a credential belongs to. The two never meet: what is signed with a sandbox
/// credential reaches no production system, and the other way round.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Environment {
    /// Real data. Left out wherever it goes without saying.
    #[default]
    Production,
    /// Made-up data, for trying out.
    Sandbox,
}

impl Environment {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Production, Self::Sandbox];

    /// The written form: `sandbox`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Sandbox => "sandbox",
        }
    }

    /// Whether it is the sandbox.
    pub fn is_sandbox(self) -> bool {
        self == Self::Sandbox
    }

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(super) fn is_production(&self) -> bool {
        *self == Self::Production
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Environment {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let found = Self::ALL.into_iter().find(|environment| environment.as_str() == text);
        found.ok_or(Malformed { expected: "production or sandbox" })
    }
}

serde_as_text!(Environment);
