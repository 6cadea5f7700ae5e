//! The list of administrative units, published by the agency that keeps it from the sheet that comes
//! with the platform.

use serde_json::json;

use super::Offices;
use crate::demo::city::{CODE_LIST, UNITS_SYSTEM};

pub(super) async fn publish(offices: &Offices) -> anyhow::Result<()> {
    let owner = UNITS_SYSTEM.organisation;
    let administrator = offices.administrator(owner)?;
    let form = json!({"code": CODE_LIST.code, "organisation": owner, "about": {
        "title": "Danh mục đơn vị hành chính thành phố Hải Phòng",
        "steward": "Phòng Xây dựng chính quyền, Sở Nội vụ",
        "legal_basis": CODE_LIST.legal_basis,
    }});
    offices.api.must_post(administrator, "/api/v1/code-lists", &form).await?;
    let shipped = format!("/api/v1/shipped-code-lists/{}", CODE_LIST.code);
    let sheet = offices.api.must_download(administrator, &shipped).await?;
    let path = format!(
        "/api/v1/code-lists/{}/versions?effective_on=2025-07-01&decision=NQ+1669/NQ-UBTVQH15",
        CODE_LIST.code
    );
    offices.api.must_upload(administrator, &path, ("text/csv", sheet)).await
}
