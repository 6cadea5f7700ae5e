//! `/api/v1/tokens`

use axum::extract::State;
use axum::http::StatusCode;
use keys::Zeroizing;
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageQuery, PageRequest, Path, Query, Refusal, field};
use wire::id::Role;
use wire::problem::Text;

use super::command::{self, NewToken};
use super::{ApiToken, TokenId};
use crate::Identity;

/// The longest name, in characters.
const NAME_CHARS: usize = 100;

pub(crate) fn routes() -> OpenApiRouter<Identity> {
    OpenApiRouter::default().routes(routes!(list, make)).routes(routes!(revoke))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenForm {
    /// In which organisation its holder acts.
    #[schema(example = "H24.12")]
    organisation: String,
    /// In which role.
    #[schema(example = "organisation_admin")]
    role: String,
    /// What people call it, to know it again.
    #[schema(example = "Máy chủ đối soát địa bàn")]
    name: String,
    /// Until when, exclusive: at most 366 days ahead; 90 days when left out.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// A token just made.
#[derive(Serialize, ToSchema)]
pub struct MadeToken {
    /// What its holder sends as `Authorization: Bearer …`. It is shown only here.
    #[schema(value_type = String)]
    #[serde(serialize_with = "shown_once")]
    token: Zeroizing<String>,
    #[serde(flatten)]
    about: ApiToken,
}

/// Tokens in the order they were made, never their secrets. The state manager, the operator and
/// the auditor see all, an organisation's administrator those of its own.
#[utoipa::path(get, path = "/api/v1/tokens", tag = "tokens", params(PageQuery),
    responses((status = 200, body = Page<ApiToken>), Problems))]
async fn list(
    State(identity): State<Identity>,
    Authenticated(actor): Authenticated,
    Query(query): Query<PageQuery>,
) -> Result<Json<Page<ApiToken>>, Refusal> {
    let page = PageRequest::try_from(query)?;
    Ok(Json(command::list(&identity, &actor, &page).await?))
}

/// Makes a token and shows it once. The state manager makes those of state managers, auditors and
/// incident handlers, the operator those of operators, an organisation's administrator those of its
/// administrators and officers; until an organisation has an administrator, the operator does.
#[utoipa::path(post, path = "/api/v1/tokens", tag = "tokens", request_body = TokenForm,
    responses((status = 201, body = MadeToken), Problems))]
async fn make(
    State(identity): State<Identity>,
    Authenticated(actor): Authenticated,
    Json(form): Json<TokenForm>,
) -> Result<(StatusCode, Json<MadeToken>), Refusal> {
    let new = NewToken {
        organisation: field::parse("organisation", &form.organisation)?,
        role: role(&form.role)?,
        name: field::sentence("name", &form.name, NAME_CHARS)?,
        expires_at: field::parse_optional("expires_at", form.expires_at.as_deref())?,
    };
    let (about, bearer) = command::make(&identity, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(MadeToken { token: bearer.reveal(), about })))
}

/// Revokes a token for good. Whoever may make such a token may revoke it, and so may its holder;
/// the last valid token of the operator or the state manager stays.
#[utoipa::path(post, path = "/api/v1/tokens/{id}/revoke", tag = "tokens",
    params(("id" = String, Path, description = "The token's id")),
    responses((status = 200, body = ApiToken), Problems))]
async fn revoke(
    State(identity): State<Identity>,
    Authenticated(actor): Authenticated,
    Path(id): Path<String>,
) -> Result<Json<ApiToken>, Refusal> {
    let id: TokenId = field::parse("id", &id)?;
    Ok(Json(command::revoke(&identity, &actor, id).await?))
}

fn role(text: &str) -> Result<Role, Refusal> {
    let all: Vec<&str> = Role::ALL.into_iter().map(Role::as_str).collect();
    let rule = || {
        let all = all.join(", ");
        Text::new(format!("một trong các vai trò {all}."), format!("one of the roles {all}."))
    };
    text.parse().map_err(|_| field::invalid("role", &rule()))
}

impl field::Field for TokenId {
    fn rule() -> Text {
        Text::new("một UUID phiên bản 7.", "a UUID of version 7.")
    }
}

fn shown_once<S: Serializer>(text: &Zeroizing<String>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
