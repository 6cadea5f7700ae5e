//! Data sets (tập dữ liệu dùng chung, QĐ 01/2025/QĐ-UBND): who keeps which data, how they may be
//! shared, and whether they are updated as they should be.
//!
//! **Invariant**: a data item has one authoritative data set (nguồn tin cậy duy nhất); another that
//! names it is refused and told which one it is. **Trust**: who keeps a data set says what the city
//! relies on; it decides no call.

pub(crate) mod api;
pub(crate) mod command;
mod event;
mod form;
pub(crate) mod lateness;
pub(crate) mod sql;
#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wire::ambient::UtcMicros;
use wire::id::{ServiceCode, ServiceId};
use wire::organisation_code::OrganisationCode;

use crate::service::{Classification, ItemKind};

/// A data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Its code, of the whole city.
    pub code: ServiceCode,
    /// Whose it is.
    pub organisation: OrganisationCode,
    /// What is said of it.
    pub about: DataSetAbout,
    /// When an update was declared last; when it was registered, until then.
    pub updated_at: UtcMicros,
    /// How many updates were declared: the number of its version.
    pub version: u32,
    /// When it was registered.
    pub registered_at: UtcMicros,
    /// The services that give it.
    pub services: Vec<ServiceId>,
    /// The code lists that its items are written in and that are no longer kept.
    pub retired_code_lists: Vec<ServiceCode>,
}

/// What is said of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DataSetAbout {
    /// What people call it.
    #[schema(example = "Danh mục đơn vị hành chính")]
    pub title: String,
    /// The unit that keeps it. Never a person: this is shown to all.
    #[schema(example = "Phòng Xây dựng chính quyền, Sở Nội vụ")]
    pub steward: String,
    /// On which basis it is kept and shared.
    #[schema(example = "QĐ 01/2025/QĐ-UBND")]
    pub legal_basis: String,
    /// Its data: 1 to 500. This data set is the one source of each of them.
    pub items: Vec<SourceItem>,
    /// How widely it may be known.
    pub classification: Classification,
    /// How it is shared.
    pub sharing: Sharing,
    /// Within how many days an update follows the one before; absent: when something changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 30, minimum = 1, maximum = 3_660)]
    pub update_every_days: Option<u32>,
}

/// A data item and its code, of the whole city.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceItem {
    /// Its code: a-z, 0-9 and `-`.
    #[schema(example = "ten-don-vi-hanh-chinh")]
    pub code: String,
    /// What people call it.
    #[schema(example = "Tên đơn vị hành chính")]
    pub name: String,
    /// Of what kind it is.
    #[serde(rename = "type")]
    pub kind: ItemKind,
    /// The code list that its values are codes of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_list: Option<String>,
}

/// How a data set is shared (phương thức chia sẻ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// With everyone.
    Open,
    /// With whom a connection is approved for.
    ByRequest,
    /// With nobody.
    NotShared,
}

impl DataSetAbout {
    /// The code lists that its items are written in.
    pub(crate) fn code_lists(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| item.code_list.as_deref())
    }
}

impl DataSet {
    /// By when the next update is to be declared, if it has a schedule.
    pub fn update_due(&self) -> Option<UtcMicros> {
        const DAY: u64 = 24 * 60 * 60;
        let days = u64::from(self.about.update_every_days?);
        Some(self.updated_at.saturating_add(Duration::from_secs(days * DAY)))
    }
}
