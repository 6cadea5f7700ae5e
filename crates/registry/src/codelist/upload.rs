//! What is uploaded as a version: a sheet, or JSON.

use serde::Deserialize;
use utoipa::ToSchema;
use web::Refusal;
use web::input::shape;
use wire::error_code::ErrorCode;
use wire::problem::Text;

use super::entry::Entry;
use super::rules::{self, Entries, Mistake, Placed};
use super::sheet;

/// The media type of a sheet.
pub(super) const CSV: &str = "text/csv";
/// The media type of the other form.
pub(super) const JSON: &str = "application/json";

/// All entries of a version, of every period.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CodeListUpload, example = json!({"entries": [
    {"code": "288", "name": "Thành phố Hải Dương", "valid_until": "2025-07-01"},
    {"code": "10510", "name": "Phường Bình Hàn", "parent": "288", "valid_until": "2025-07-01",
        "successors": ["10507"], "attributes": {"loai": "phường"}},
    {"code": "10507", "name": "Phường Thành Đông", "valid_from": "2025-07-01"},
]}))]
pub(super) struct Upload {
    /// The entries: 1 to 20,000.
    entries: Vec<Entry>,
}

/// The entries of an upload that is one, told by its media type.
pub(super) fn read(media_type: &str, bytes: &[u8]) -> Result<Entries, Refusal> {
    let placed = match media_type {
        CSV => sheet::read(bytes).map_err(refusal)?,
        JSON => {
            let upload: Upload = shape::from_json(bytes)?;
            let entries = upload.entries.into_iter().enumerate();
            let place = |at| Text::new(format!("entries[{at}]"), format!("entries[{at}]"));
            entries.map(|(at, entry)| Placed { place: place(at), entry }).collect()
        }
        _ => return Err(other_media_type()),
    };
    rules::check(placed).map_err(refusal)
}

fn refusal(mistakes: Vec<Mistake>) -> Refusal {
    let said = |Mistake { place, rule }: Mistake| {
        (
            format!("{}: phải là {}", place.vi, rule.vi),
            format!("{}: it must be {}", place.en, rule.en),
        )
    };
    let (vi, en): (Vec<_>, Vec<_>) = mistakes.into_iter().map(said).unzip();
    Refusal::new(
        ErrorCode::FieldInvalid,
        Text::new(
            format!("Danh mục tải lên có lỗi. {}", vi.join(" ")),
            format!("The uploaded list has mistakes. {}", en.join(" ")),
        ),
    )
}

fn other_media_type() -> Refusal {
    Refusal::new(
        ErrorCode::MediaTypeUnsupported,
        Text::new(
            "Phần thân phải là text/csv hoặc application/json.",
            "The body must be text/csv or application/json.",
        ),
    )
}
