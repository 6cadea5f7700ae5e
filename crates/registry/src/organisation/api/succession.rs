//! Another code, mergers and divisions.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, IfMatch, Json, Path, Refusal, Tagged, field};
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use crate::Registry;
use crate::organisation::Organisation;
use crate::organisation::succession::{self, Division, Order, Renamed};

/// How many organisations or systems one request may name.
const MOST: usize = 1_000;

pub(super) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(recode)).routes(routes!(merge)).routes(routes!(split))
}

/// Another code for an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecodeForm {
    /// The new code, which nobody has or had.
    #[schema(example = "H24.82")]
    code: String,
    /// The decision.
    #[schema(example = "03/2025/QĐ-UBND")]
    decision: String,
    /// When it took effect; now when left out. Not in the future: what
    /// is to come is planned (`/api/v1/organisation-plans`).
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// Until when the former codes are understood; for ever when left out.
    #[schema(format = DateTime)]
    aliases_until: Option<String>,
}

/// Organisations that go into another one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MergeForm {
    /// The organisations that end.
    #[schema(example = json!(["H24.83"]))]
    from: Vec<String>,
    /// Other codes for systems whose code is taken there; the rest keep theirs.
    #[serde(default)]
    #[schema(example = json!([]))]
    moves: Vec<MoveForm>,
    /// The decision.
    #[schema(example = "04/2025/QĐ-UBND")]
    decision: String,
    /// When it took effect; now when left out. Not in the future: what
    /// is to come is planned (`/api/v1/organisation-plans`).
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// Until when the former codes are understood; for ever when left out.
    #[schema(format = DateTime)]
    aliases_until: Option<String>,
}

/// An organisation that is divided.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SplitForm {
    /// The organisations that go on with its tasks, registered before.
    #[schema(example = json!(["H24.81"]))]
    into: Vec<String>,
    /// Which systems go where. Unless the organisation continues, all must go somewhere.
    #[serde(default)]
    moves: Vec<MoveForm>,
    /// Whether the organisation itself goes on, with the systems that are not named.
    #[schema(example = true)]
    continues: bool,
    /// The decision.
    #[schema(example = "05/2025/QĐ-UBND")]
    decision: String,
    /// When it took effect; now when left out. Not in the future: what
    /// is to come is planned (`/api/v1/organisation-plans`).
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// Until when the former ids are understood; for ever when left out.
    #[schema(format = DateTime)]
    aliases_until: Option<String>,
}

/// A system that goes to another organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::organisation) struct MoveForm {
    /// Its id.
    #[schema(example = "H24.12/don-vi-hanh-chinh")]
    from: String,
    /// The id it gets.
    #[schema(example = "H24.81/don-vi-hanh-chinh")]
    to: String,
}

/// Gives an organisation another code, with all organisations in force below it. Its systems get
/// ids with the new code in the same moment; calls by former ids go on. Its people go on under the
/// new code. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/organisations/{code}/recode", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), IfMatch),
    request_body = RecodeForm,
    responses((status = 200, body = Organisation), Problems))]
async fn recode(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<RecodeForm>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let to = field::parse("code", &form.code)?;
    let RecodeForm { decision, effective_at, aliases_until, .. } = &form;
    let order = order(decision, effective_at.as_deref(), aliases_until.as_deref())?;
    let today = succession::recode(&registry, &actor, &code, &to, order, &if_match).await?;
    Ok(Tagged(today))
}

/// Merges organisations into this one. Refused with a list while there are organisations in force
/// below them, or ids that are taken. Their systems get ids with its code in the same moment;
/// calls by former ids go on. For the operator and the state manager.
#[utoipa::path(post, path = "/api/v1/organisations/{code}/merge", tag = "organisations",
    params(("code" = String, Path, description = "Code of the organisation that goes on"), IfMatch),
    request_body = MergeForm,
    responses((status = 200, body = Organisation), Problems))]
async fn merge(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<MergeForm>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let (from, moves) = (codes("from", &form.from)?, moves(&form.moves)?);
    let MergeForm { decision, effective_at, aliases_until, .. } = &form;
    let order = order(decision, effective_at.as_deref(), aliases_until.as_deref())?;
    let merged = succession::merge(&registry, &actor, &code, from, moves, order, &if_match);
    Ok(Tagged(merged.await?))
}

/// Divides an organisation among others, or parts something from it. Refused with a list while
/// something would be left without an owner. Calls by former ids go on. For the operator and the
/// state manager.
#[utoipa::path(post, path = "/api/v1/organisations/{code}/split", tag = "organisations",
    params(("code" = String, Path, description = "Identification code"), IfMatch),
    request_body = SplitForm,
    responses((status = 200, body = Organisation), Problems))]
async fn split(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(code): Path<String>,
    if_match: IfMatch,
    Json(form): Json<SplitForm>,
) -> Result<Tagged<Organisation>, Refusal> {
    let code = field::parse("code", &code)?;
    let (into, moves) = (codes("into", &form.into)?, moves(&form.moves)?);
    let division = Division { into, moves, continues: form.continues };
    let SplitForm { decision, effective_at, aliases_until, .. } = &form;
    let order = order(decision, effective_at.as_deref(), aliases_until.as_deref())?;
    let source = succession::split(&registry, &actor, &code, division, order, &if_match).await?;
    Ok(Tagged(source))
}

fn order(
    decision: &str,
    effective_at: Option<&str>,
    aliases_until: Option<&str>,
) -> Result<Order, Refusal> {
    Ok(Order {
        decision: field::parse("decision", decision)?,
        effective_at: field::parse_optional("effective_at", effective_at)?,
        aliases_until: field::parse_optional("aliases_until", aliases_until)?,
    })
}

pub(in crate::organisation) fn codes(
    name: &str,
    texts: &[String],
) -> Result<BTreeSet<OrganisationCode>, Refusal> {
    field::within(name, texts.len(), 1..=MOST)?;
    texts.iter().map(|text| field::parse(name, text)).collect()
}

pub(in crate::organisation) fn moves(forms: &[MoveForm]) -> Result<Renamed, Refusal> {
    field::within("moves", forms.len(), 0..=MOST)?;
    let mut moves = Renamed::new();
    for form in forms {
        let from = field::parse("from", &form.from)?;
        if moves.insert(from, field::parse("to", &form.to)?).is_some() {
            let reason = Text::new(
                format!("«{}» được nêu hai lần.", form.from),
                format!("`{}` is named twice.", form.from),
            );
            return Err(field::refused("moves", &reason));
        }
    }
    Ok(moves)
}
