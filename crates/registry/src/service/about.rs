//! What a service is about: the data it gives, how sensitive they are, on which basis and how well
//! they are provided, and whom to ask.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::problem::Text;

const TEXT_CHARS: usize = 1_000;
const NAME_CHARS: usize = 250;
const MAX_ITEMS: usize = 500;

/// How widely data may be known (phân loại dữ liệu).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// To everyone (dữ liệu mở).
    Open,
    /// Between agencies (dữ liệu nội bộ).
    Internal,
    /// About persons (dữ liệu cá nhân).
    Personal,
    /// About persons, sensitive (dữ liệu cá nhân nhạy cảm).
    Sensitive,
}

/// What a service is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceAbout)]
pub struct About {
    /// What it is for, in a sentence or two.
    #[schema(example = "Tra cứu danh mục đơn vị hành chính cấp xã của thành phố")]
    pub summary: String,
    /// The data that it gives: 1 to 500.
    pub data_items: Vec<DataItem>,
    /// How widely they may be known: the strictest of them counts.
    pub classification: Classification,
    /// On which basis they are shared.
    #[schema(example = "QĐ 01/2025/QĐ-UBND")]
    pub legal_basis: String,
    /// How often they change.
    #[schema(example = "khi có thay đổi địa giới")]
    pub update_frequency: String,
    /// How well it is provided.
    pub service_level: ServiceLevel,
    /// The unit to ask. Never a person: this is public.
    #[schema(example = "Trung tâm Công nghệ thông tin và Truyền thông, 0225 000 0000")]
    pub contact: String,
}

/// One kind of data (trường dữ liệu).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceDataItem)]
pub struct DataItem {
    /// What it is called.
    #[schema(example = "Tên đơn vị hành chính")]
    pub name: String,
    /// Of what kind it is: `text`, `number`, `date`, `boolean`, `code`, `file` or `object`.
    #[serde(rename = "type")]
    #[schema(example = "text")]
    pub kind: ItemKind,
    /// Its field in the answers of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "items.name")]
    pub field: Option<String>,
}

/// Of what kind a data item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemKind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// A day or an instant.
    Date,
    /// Yes or no.
    Boolean,
    /// A code out of a list.
    Code,
    /// A file.
    File,
    /// Several of them together.
    Object,
}

/// How well a service is provided (mức chất lượng dịch vụ).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceLevel {
    /// How much of the time it answers, in hundredths of a percent: 9950 is 99.50 %.
    #[schema(example = 9950, minimum = 0, maximum = 10_000)]
    pub availability_bp: u32,
    /// Within how many milliseconds it answers.
    #[schema(example = 2_000, minimum = 1, maximum = 600_000)]
    pub response_ms: u32,
}

impl About {
    /// The same with its texts trimmed, or the rule that one of its parts breaks.
    pub(crate) fn read(mut self) -> Result<Self, Refusal> {
        self.summary = field::sentence("summary", &self.summary, TEXT_CHARS)?;
        self.legal_basis = field::sentence("legal_basis", &self.legal_basis, TEXT_CHARS)?;
        self.update_frequency =
            field::sentence("update_frequency", &self.update_frequency, NAME_CHARS)?;
        self.contact = field::sentence("contact", &self.contact, NAME_CHARS)?;
        let level = &self.service_level;
        field::within("service_level.availability_bp", level.availability_bp, 0..=10_000)?;
        field::within("service_level.response_ms", level.response_ms, 1..=600_000)?;
        field::within("data_items", self.data_items.len(), 1..=MAX_ITEMS)?;
        for (place, item) in self.data_items.iter_mut().enumerate() {
            let name = format!("data_items[{place}]");
            item.name = field::sentence(&format!("{name}.name"), &item.name, NAME_CHARS)?;
            if let Some(path) = &mut item.field {
                *path = field::sentence(&format!("{name}.field"), path, NAME_CHARS)?;
            }
        }
        let mut names: Vec<_> = self.data_items.iter().map(|item| &item.name).collect();
        names.sort_unstable();
        if names.windows(2).any(|pair| matches!(pair, [one, other] if one == other)) {
            let rule = Text::new("các trường có tên khác nhau.", "items of different names.");
            return Err(field::invalid("data_items", &rule));
        }
        Ok(self)
    }
}
