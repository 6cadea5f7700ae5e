//! How agreements are answered.

use serde::Serialize;
use utoipa::ToSchema;
use wire::ambient::UtcMicros;

use super::super::agreement::{Agreement, Document};

/// The agreement of a connection, or its draft.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Agreement)]
pub(crate) struct AgreementView {
    /// When it was approved; absent for a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    approved_at: Option<UtcMicros>,
    /// The digest of `text`.
    #[schema(example = "sha-256=:uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=:")]
    digest: String,
    /// The whole document as plain text.
    text: String,
    /// The same, part by part.
    document: Document,
}

impl From<Agreement> for AgreementView {
    fn from(agreement: Agreement) -> Self {
        Self {
            approved_at: agreement.approved_at,
            digest: agreement.digest,
            text: agreement.document.to_text(),
            document: agreement.document,
        }
    }
}
