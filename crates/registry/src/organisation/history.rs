//! What happened to a code, in the order of its dates.
//!
//! Each [`Event`] holds the whole state after it, so what held at a moment is the last event that
//! had taken effect by then. There is nothing to undo: a mistake is followed by another event.
//!
//! **Invariant**: the events of a code are in the order of their dates, the first one issues it,
//! and after one that closes it there is none.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::organisation_code::{LegacyCode, OrganisationCode};
use wire::problem::Text;
use wire::text::Malformed;

use super::Organisation;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The code came into force.
    Issued,
    /// The organisation got other names.
    Renamed,
    /// The organisation took in others, or a part of one.
    Enlarged,
    /// The organisation gave a part of its tasks to others and goes on.
    Reduced,
    /// The organisation goes on under another code.
    Recoded,
    /// The organisation went into another one.
    Merged,
    /// The organisation was divided among others.
    Split,
    /// The organisation ended.
    Closed,
}

/// One thing that happened to a code, and the state after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Event {
    /// Its number among those of the code, from 1.
    pub number: u32,
    /// What happened.
    pub kind: EventKind,
    /// When it took effect.
    #[schema(value_type = String, format = DateTime)]
    pub effective_at: UtcMicros,
    /// The decision by which it was done.
    #[schema(example = "1669/NQ-UBTVQH15")]
    pub decision: Option<String>,
    /// When it was recorded here.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: UtcMicros,
    /// The name from then on, in Vietnamese.
    pub name: String,
    /// The name from then on, in English.
    pub name_en: Option<String>,
    /// The code of the old format from then on.
    #[schema(value_type = Option<String>)]
    pub legacy_code: Option<LegacyCode>,
    /// The organisations it came from or went into.
    #[schema(value_type = Vec<String>)]
    pub counterparts: Vec<OrganisationCode>,
    /// The entry of the log that proves it, `<log origin>/<index>`, once it stands there; none for
    /// what was registered before events were kept.
    pub entry: Option<String>,
    /// The number of the change, by which its entry in the log is found.
    #[serde(skip)]
    pub sequence: Option<u64>,
}

impl EventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Issued,
        Self::Renamed,
        Self::Enlarged,
        Self::Reduced,
        Self::Recoded,
        Self::Merged,
        Self::Split,
        Self::Closed,
    ];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issued => "issued",
            Self::Renamed => "renamed",
            Self::Enlarged => "enlarged",
            Self::Reduced => "reduced",
            Self::Recoded => "recoded",
            Self::Merged => "merged",
            Self::Split => "split",
            Self::Closed => "closed",
        }
    }

    /// Whether the code is not in force after it.
    pub const fn closes(self) -> bool {
        matches!(self, Self::Recoded | Self::Merged | Self::Split | Self::Closed)
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for EventKind {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or(Malformed { expected: "what happened to an organisation, like renamed" })
    }
}

/// The organisation as it was at `moment`, out of its events; none before it was issued.
pub fn as_of(today: &Organisation, events: &[Event], moment: UtcMicros) -> Option<Organisation> {
    let last = events.iter().take_while(|event| event.effective_at <= moment).last()?;
    let is_closed = last.kind.closes();
    Some(Organisation {
        name: last.name.clone(),
        name_en: last.name_en.clone(),
        legacy_code: last.legacy_code,
        closed_at: is_closed.then_some(last.effective_at),
        successors: if is_closed { last.counterparts.clone() } else { Vec::new() },
        ..today.clone()
    })
}

/// Whether an event may take effect at `moment`: not before the last one, not in the future. The
/// reason is in whole sentences.
pub fn check_date(last: UtcMicros, moment: UtcMicros, now: UtcMicros) -> Result<(), Text> {
    if moment > now {
        return Err(Text::new(
            "Thời điểm có hiệu lực chưa đến; đề nghị thực hiện khi quyết định đã có hiệu lực.",
            "It lies in the future: do this when the decision has taken effect.",
        ));
    }
    if moment < last {
        return Err(Text::new(
            format!("Thời điểm có hiệu lực không được trước sự kiện gần nhất ({last})."),
            format!("It lies before what happened last, at {last}."),
        ));
    }
    Ok(())
}
