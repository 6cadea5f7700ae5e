//! `/api/v1/credentials`

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Authenticated, Json, Page, PageRequest, Path, Query, Refusal, field};
use wire::directory::Environment;
use wire::problem::Text;
use wire::signature::Algorithm;

use super::command::{self, HandedIn, Made, NewCredential, NewKey, RotationTimes};
use super::sql::{self, Filter};
use super::{Credential, CredentialState};
use crate::Registry;
use crate::authority::Sight;
use crate::profile::registration::Prospect;
use crate::refused::Refused;

/// The life of a credential when nobody says otherwise, in days.
const DEFAULT_VALID_DAYS: u32 = 365;
/// The longest life, in days: two years.
const MAX_VALID_DAYS: u32 = 731;
/// How long an old credential lives beside its successor when nobody says otherwise, in hours.
const DEFAULT_OVERLAP_HOURS: u32 = 24;
/// The longest overlap, in hours: 30 days.
const MAX_OVERLAP_HOURS: u32 = 720;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default()
        .routes(routes!(list, make))
        .routes(routes!(read))
        .routes(routes!(rotate))
        .routes(routes!(revoke))
}

/// A credential to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialForm {
    /// The system it will speak for.
    #[schema(example = "H24.31/mot-cua")]
    system: String,
    /// `hmac-sha256` (the platform makes the secret), or `rsa-pss-sha512`, `rsa-v1_5-sha256`,
    /// `ecdsa-p256-sha256`, `ecdsa-p384-sha384` or `ed25519` (send `public_key`, `certificate` or `certificate_request`).
    #[schema(example = "ed25519")]
    algorithm: String,
    /// Except for `hmac-sha256`: the public key as PEM (block `PUBLIC KEY`), of the type that the
    /// algorithm needs, RSA with 2048 to 8192 bits; for `ed25519` its 32 bytes in base64 will do.
    #[schema(example = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")]
    public_key: Option<String>,
    /// Instead of `public_key`: an X.509 certificate with the key, as PEM or its DER in base64; RSA
    /// with 2048 to 4096 bits. The credential lives no longer than the certificate. Who signed it is
    /// shown and not judged.
    certificate: Option<String>,
    /// Instead of `public_key`: a certificate request (PKCS#10) with the key, as PEM or its DER in
    /// base64, signed by the key: which proves that its sender has the private one.
    certificate_request: Option<String>,
    /// Where its calls go: `production` (when left out) or `sandbox`, to which the other never
    /// gets. A successor stays where its credential was.
    #[schema(value_type = Option<String>, example = "production")]
    environment: Option<Environment>,
    /// Its life in days: 1 to 731; 365 when left out.
    #[schema(minimum = 1, maximum = 731)]
    valid_days: Option<u32>,
}

/// A successor for a credential.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotationForm {
    /// Except for `hmac-sha256`: the successor's public key, as when the first was made.
    #[schema(example = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=")]
    public_key: Option<String>,
    /// Instead of `public_key`: a certificate, as when the first was made.
    certificate: Option<String>,
    /// Instead of `public_key`: a certificate request, as when the first was made.
    certificate_request: Option<String>,
    /// The successor's life in days: 1 to 731; 365 when left out.
    #[schema(minimum = 1, maximum = 731)]
    valid_days: Option<u32>,
    /// How many hours the old credential lives on, at most: 0 to 720; 24 when left out.
    #[schema(minimum = 0, maximum = 720)]
    overlap_hours: Option<u32>,
}

/// A credential just made, with the secret that is shown this once.
#[derive(Serialize, ToSchema)]
pub struct MadeCredential {
    #[serde(flatten)]
    credential: Credential,
    /// The HMAC secret in base64: keep it now, it is never shown again. Absent for public keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
    /// Whether gateways accept it already. If not, they will soon, without anyone asking again.
    in_force: bool,
    /// When calls with it pass by the technical profile; absent where no profile was ever assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    prospect: Option<Prospect>,
}

/// Which credentials to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CredentialQuery {
    /// Only those of this system.
    system: Option<String>,
    /// Only those that are `valid`, `expired` or `revoked` now.
    state: Option<String>,
    /// Only those of `production`, or of the `sandbox`.
    environment: Option<String>,
    /// Only those of this algorithm.
    algorithm: Option<String>,
    /// Only those that count now and come to their end before this time.
    expiring_before: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Credentials in the order of their ids, without secrets: all for those who run and audit the
/// platform, else those of one's own organisation.
#[utoipa::path(get, path = "/api/v1/credentials", tag = "credentials", params(CredentialQuery),
    responses((status = 200, body = Page<Credential>), Problems))]
async fn list(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Query(query): Query<CredentialQuery>,
) -> Result<Json<Page<Credential>>, Refusal> {
    let now = registry.clock.now();
    let expiring = field::parse_optional("expiring_before", query.expiring_before.as_deref())?;
    let state = query.state.as_deref().map(state).transpose()?;
    let filter = Filter {
        system: field::parse_optional("system", query.system.as_deref())?,
        state: state.map(|state| (state, now)),
        environment: query.environment.as_deref().map(environment).transpose()?,
        algorithm: query.algorithm.as_deref().map(algorithm).transpose()?,
        expiring: expiring.map(|before| (now, before)),
    };
    let page = PageRequest::new(query.after, query.limit)?;
    let sight = Sight::of(&actor);
    let found = sql::list(&registry.database, &sight, &filter, &page).await;
    Ok(Json(page.page(found.map_err(Refused::from)?, |credential| credential.keyid.to_string())))
}

/// One credential that one may see, without its secret.
#[utoipa::path(get, path = "/api/v1/credentials/{keyid}", tag = "credentials",
    params(("keyid" = String, Path, description = "Key id")),
    responses((status = 200, body = Credential), Problems))]
async fn read(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(keyid): Path<String>,
) -> Result<Json<Credential>, Refusal> {
    let keyid = field::parse("keyid", &keyid)?;
    let found = sql::find(&registry.database, &keyid).await.map_err(Refused::from)?;
    let sight = Sight::of(&actor);
    // Who may not see it is not told that it is there.
    let seen = found.filter(|credential| sight.covers(&credential.system.organisation));
    Ok(Json(seen.ok_or_else(|| command::unknown(&keyid))?))
}

/// Makes a credential. For an administrator of the system's organisation and the operator.
#[utoipa::path(post, path = "/api/v1/credentials", tag = "credentials",
    request_body = CredentialForm,
    responses((status = 201, body = MadeCredential), Problems))]
async fn make(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Json(form): Json<CredentialForm>,
) -> Result<(StatusCode, Json<MadeCredential>), Refusal> {
    let system = registry.today_system(field::parse("system", &form.system)?).await?;
    let algorithm = algorithm(&form.algorithm)?;
    let given = HandedIn {
        public_key: form.public_key.as_deref(),
        certificate: form.certificate.as_deref(),
        certificate_request: form.certificate_request.as_deref(),
    };
    let key = NewKey::of(algorithm, given, registry.clock.now())?;
    let new = NewCredential {
        system,
        environment: form.environment.unwrap_or_default(),
        key,
        life: life(form.valid_days)?,
        replaces: None,
    };
    let made = command::make(&registry, &actor, new).await?;
    Ok((StatusCode::CREATED, Json(shown_once(made))))
}

/// Makes a successor of the same algorithm and lets the old credential end after an overlap. For
/// an administrator of the system's organisation and the operator.
#[utoipa::path(post, path = "/api/v1/credentials/{keyid}/rotate", tag = "credentials",
    params(("keyid" = String, Path, description = "Key id")),
    request_body = RotationForm,
    responses((status = 201, body = MadeCredential), Problems))]
async fn rotate(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(keyid): Path<String>,
    Json(form): Json<RotationForm>,
) -> Result<(StatusCode, Json<MadeCredential>), Refusal> {
    let keyid = field::parse("keyid", &keyid)?;
    let hours = form.overlap_hours.unwrap_or(DEFAULT_OVERLAP_HOURS);
    let hours = field::within("overlap_hours", hours, 0..=MAX_OVERLAP_HOURS)?;
    let times = RotationTimes {
        life: life(form.valid_days)?,
        overlap: Duration::from_hours(u64::from(hours)),
    };
    let given = HandedIn {
        public_key: form.public_key.as_deref(),
        certificate: form.certificate.as_deref(),
        certificate_request: form.certificate_request.as_deref(),
    };
    let made = command::rotate(&registry, &actor, &keyid, given, times).await?;
    Ok((StatusCode::CREATED, Json(shown_once(made))))
}

/// Ends a credential at once. For an administrator of the system's organisation and the operator.
#[utoipa::path(post, path = "/api/v1/credentials/{keyid}/revoke", tag = "credentials",
    params(("keyid" = String, Path, description = "Key id")),
    responses((status = 200, body = Credential), Problems))]
async fn revoke(
    State(registry): State<Registry>,
    Authenticated(actor): Authenticated,
    Path(keyid): Path<String>,
) -> Result<Json<Credential>, Refusal> {
    let keyid = field::parse("keyid", &keyid)?;
    Ok(Json(command::revoke(&registry, &actor, &keyid).await?))
}

fn state(text: &str) -> Result<CredentialState, Refusal> {
    let rule =
        || Text::new("«valid», «expired» hoặc «revoked».", "`valid`, `expired` or `revoked`.");
    CredentialState::find(text).ok_or_else(|| field::invalid("state", &rule()))
}

fn environment(text: &str) -> Result<Environment, Refusal> {
    let rule = || Text::new("«production» hoặc «sandbox».", "`production` or `sandbox`.");
    text.parse().map_err(|_| field::invalid("environment", &rule()))
}

fn algorithm(text: &str) -> Result<Algorithm, Refusal> {
    text.parse().map_err(|_| unknown_algorithm())
}

fn unknown_algorithm() -> Refusal {
    field::invalid(
        "algorithm",
        &Text::new(
            "«hmac-sha256», «rsa-pss-sha512», «rsa-v1_5-sha256», «ecdsa-p256-sha256», \
             «ecdsa-p384-sha384» hoặc «ed25519».",
            "`hmac-sha256`, `rsa-pss-sha512`, `rsa-v1_5-sha256`, `ecdsa-p256-sha256`, \
             `ecdsa-p384-sha384` or `ed25519`.",
        ),
    )
}

fn life(valid_days: Option<u32>) -> Result<Duration, Refusal> {
    let days = valid_days.unwrap_or(DEFAULT_VALID_DAYS);
    let days = field::within("valid_days", days, 1..=MAX_VALID_DAYS)?;
    Ok(Duration::from_secs(u64::from(days) * 86_400))
}

fn shown_once(made: Made) -> MadeCredential {
    let secret_base64 = made.secret.map(|secret| STANDARD.encode(secret.as_ref()));
    let Made { credential, in_force, prospect, .. } = made;
    MadeCredential { credential, secret_base64, in_force, prospect }
}
