//! What is sent about systems, and how it becomes what the commands take.

use std::ops::RangeInclusive;

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::id::SystemId;
use wire::network::Network;
use wire::problem::Text;

use crate::system::command::Traits;

/// The longest name, in characters.
const NAME_CHARS: usize = 250;
/// The most networks of one system.
const MAX_NETWORKS: usize = 50;
/// The levels of information security of NĐ 85/2016/NĐ-CP.
pub(super) const LEVELS: RangeInclusive<u8> = 1..=5;

/// A system to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SystemForm {
    /// Code of the organisation it belongs to.
    #[schema(example = "H24.12")]
    organisation: String,
    /// What its organisation calls it in addresses.
    #[schema(example = "don-vi-hanh-chinh")]
    code: String,
    /// What people call it.
    #[schema(example = "Cơ sở dữ liệu đơn vị hành chính")]
    name: String,
    /// Its level of information security, if one is approved.
    #[schema(minimum = 1, maximum = 5)]
    security_level: Option<u8>,
    /// The decision that approved the level.
    level_decision: Option<String>,
    /// From where it calls, IPv4 or IPv6 in CIDR notation; from anywhere when left out.
    networks: Option<Vec<String>>,
}

/// What is to change of a system; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeForm {
    /// What people call it.
    #[schema(example = "Cơ sở dữ liệu đơn vị hành chính")]
    name: Option<String>,
    /// Its level of information security; its decision comes with it.
    #[schema(minimum = 1, maximum = 5, example = 3)]
    security_level: Option<u8>,
    /// The decision that approved the level.
    #[schema(example = "12/QĐ-SKHCN")]
    level_decision: Option<String>,
    /// From where it calls, IPv4 or IPv6 in CIDR notation; an empty list: from anywhere.
    #[schema(example = json!(["10.24.0.0/16"]))]
    networks: Option<Vec<String>>,
}

impl SystemForm {
    pub(super) fn read(&self) -> Result<(SystemId, Traits), Refusal> {
        let id = SystemId {
            organisation: field::parse("organisation", &self.organisation)?,
            system: field::parse("code", &self.code)?,
        };
        let traits = Traits {
            name: Some(field::sentence("name", &self.name, NAME_CHARS)?),
            level: level(self.security_level, self.level_decision.as_deref())?,
            networks: self.networks.as_deref().map(networks).transpose()?,
        };
        Ok((id, traits))
    }
}

impl ChangeForm {
    pub(super) fn read(&self) -> Result<Traits, Refusal> {
        let name = self.name.as_deref();
        Ok(Traits {
            name: name.map(|name| field::sentence("name", name, NAME_CHARS)).transpose()?,
            level: level(self.security_level, self.level_decision.as_deref())?,
            networks: self.networks.as_deref().map(networks).transpose()?,
        })
    }
}

/// A level is one that somebody approved.
fn level(
    level: Option<u8>,
    decision: Option<&str>,
) -> Result<Option<(u8, crate::decision::DecisionNumber)>, Refusal> {
    match (level, decision) {
        (None, None) => Ok(None),
        (Some(level), Some(decision)) => Ok(Some((
            field::within("security_level", level, LEVELS)?,
            field::parse("level_decision", decision)?,
        ))),
        (None, Some(_)) => Err(field::missing("security_level")),
        (Some(_), None) => Err(field::missing("level_decision")),
    }
}

fn networks(texts: &[String]) -> Result<Vec<Network>, Refusal> {
    field::within("networks", texts.len(), 0..=MAX_NETWORKS)?;
    let mut networks: Vec<Network> =
        texts.iter().map(|text| field::parse("networks", text)).collect::<Result<_, _>>()?;
    networks.sort_unstable();
    networks.dedup();
    Ok(networks)
}

/// Whether those that are not closed are wanted, or the others.
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
