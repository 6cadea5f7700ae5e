//! What is sent about organisations, and how it becomes what the commands take.

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::problem::Text;

use crate::organisation::command::{Basis, Names, NewOrganisation};

/// The longest name, in characters.
const NAME_CHARS: usize = 250;
/// An organisation to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationForm {
    /// Identification code of QĐ 20/2020/QĐ-TTg.
    #[schema(example = "H24.12")]
    code: String,
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    name: String,
    /// Its name in English.
    name_en: Option<String>,
    /// Its code of the old format (QCVN 102), if it had one.
    #[schema(example = "000.00.12.H24")]
    legacy_code: Option<String>,
    /// Since when its code is in force; now when left out. Not in the future.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// The decision that created it.
    #[schema(example = "01/2025/QĐ-UBND")]
    decision: Option<String>,
}

/// Other names for an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameForm {
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    name: String,
    /// Its name in English; left out, it has none.
    name_en: Option<String>,
    /// Since when it is called so; now when left out. Not in the future.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// The decision that renamed it.
    #[schema(example = "01/2025/QĐ-UBND")]
    decision: Option<String>,
}

/// The end of an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseForm {
    /// The decision that dissolves it.
    #[schema(example = "02/2025/QĐ-UBND")]
    decision: String,
    /// When that took effect; now when left out. Not in the future.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
}

impl OrganisationForm {
    pub(super) fn read(&self) -> Result<(NewOrganisation, Basis), Refusal> {
        let new = NewOrganisation {
            code: field::parse("code", &self.code)?,
            names: names(&self.name, self.name_en.as_deref())?,
            legacy_code: field::parse_optional("legacy_code", self.legacy_code.as_deref())?,
        };
        Ok((new, basis(self.effective_at.as_deref(), self.decision.as_deref())?))
    }
}

impl RenameForm {
    pub(super) fn read(&self) -> Result<(Names, Basis), Refusal> {
        let names = names(&self.name, self.name_en.as_deref())?;
        Ok((names, basis(self.effective_at.as_deref(), self.decision.as_deref())?))
    }
}

impl CloseForm {
    pub(super) fn read(&self) -> Result<Basis, Refusal> {
        basis(self.effective_at.as_deref(), Some(&self.decision))
    }
}

pub(super) fn names(name: &str, name_en: Option<&str>) -> Result<Names, Refusal> {
    Ok(Names {
        name: field::sentence("name", name, NAME_CHARS)?,
        name_en: name_en.map(|name| field::sentence("name_en", name, NAME_CHARS)).transpose()?,
    })
}

pub(super) fn basis(effective_at: Option<&str>, decision: Option<&str>) -> Result<Basis, Refusal> {
    Ok(Basis {
        effective_at: field::parse_optional("effective_at", effective_at)?,
        decision: field::parse_optional("decision", decision)?,
    })
}

/// Whether those in force are wanted, or the others.
pub(super) fn state(state: Option<&str>) -> Result<Option<bool>, Refusal> {
    match state {
        None => Ok(None),
        Some("open") => Ok(Some(true)),
        Some("closed") => Ok(Some(false)),
        Some(_) => {
            let rule = Text::new("«open» hoặc «closed».", "`open` or `closed`.");
            Err(field::invalid("state", &rule))
        }
    }
}

/// The cursor of a list in the order of numbers; an empty one is before the first.
pub(super) fn number(name: &str, cursor: &str) -> Result<i64, Refusal> {
    if cursor.is_empty() {
        return Ok(0);
    }
    let rule = Text::new("«next» của trang trước.", "`next` of the page before.");
    cursor.parse::<u32>().map(i64::from).map_err(|_| field::invalid(name, &rule))
}

pub(super) fn one_code() -> Refusal {
    let reason = Text::new(
        "Cần nêu đúng một trong hai mã: code hoặc legacy_code.",
        "Name exactly one of `code` and `legacy_code`.",
    );
    field::refused("code", &reason)
}
