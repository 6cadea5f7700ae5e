//! What every part of the control API's OpenAPI 3.1 document has in common: the problem body, the
//! bearer scheme, the place where the document is served.

mod example;

use std::collections::BTreeMap;

use axum::Router;
use axum::http::header;
use axum::routing::get;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, ObjectBuilder, OpenApi, OpenApiBuilder, PathItem, Ref,
    RefOr, Required, Response, ResponseBuilder, SecurityRequirement,
};
use utoipa::{IntoResponses, PartialSchema, ToSchema};

use wire::problem::PROBLEM_JSON;

/// The name of the security scheme in the document.
const BEARER: &str = "bearer";
/// What [`crate::idempotency`] takes for a key.
const KEY_PATTERN: &str = r"^[!#-~]{1,255}$";

// It describes what `wire::problem::Problem::to_json` writes.
/// The body of a refusal: RFC 9457 and this platform's members.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where this kind of problem is explained: `/docs/errors#<code>`.
    pub r#type: String,
    /// What this kind of problem is, in the reader's language.
    pub title: String,
    /// The status code of the response.
    pub status: u16,
    /// What was wrong with this request.
    pub detail: String,
    /// The path that was asked for.
    pub instance: Option<String>,
    /// The problem's name for programs: `connection.not_active`.
    pub code: String,
    /// Who has to act: `caller`, `provider`, `platform` or `network`.
    pub fault: String,
    /// `no`, `same_request` or `after:<seconds>`.
    pub retry: String,
    /// What to do next, in the reader's language.
    pub next_step: String,
    /// To name when asking about this problem.
    pub request_id: Option<String>,
}

/// Named in a handler's `responses(…)`: the refusals that any route can answer with.
#[derive(Debug)]
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let kinds = [
            ("400", "The request could not be read."),
            ("401", "Nobody is signed on."),
            ("403", "The actor may not do this."),
            ("404", "There is no such thing."),
            ("409", "Things stand so that this cannot be done."),
            ("412", "It was changed since it was read with the tag in `If-Match`."),
            ("413", "The body is too long."),
            ("415", "The body is not JSON."),
            ("422", "A field is unknown, missing or breaks its rule; the detail names it."),
            ("428", "It can only be decided with the tag of a reading in `If-Match`."),
            ("500", "The platform failed."),
            ("503", "The platform cannot do this now; nothing was changed."),
        ];
        let problem = || {
            let schema = Ref::from_schema_name("Problem");
            ContentBuilder::new().schema(Some(schema)).build()
        };
        let response = |description: &str| {
            ResponseBuilder::new().description(description).content(PROBLEM_JSON, problem()).build()
        };
        kinds
            .into_iter()
            .map(|(status, meaning)| (status.to_owned(), RefOr::T(response(meaning))))
            .collect()
    }
}

/// One document out of the parts that the domain crates describe. Every route needs the bearer
/// token.
pub fn document(parts: impl IntoIterator<Item = OpenApi>) -> OpenApi {
    let mut whole = OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("LGSP control API")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(
                    "Organisations, systems, credentials, services, connections and the evidence \
                     of calls. A refusal is \
                     application/problem+json, in Vietnamese unless Accept-Language asks for \
                     English. A field that is not described here is refused.",
                )),
        )
        .build();
    for part in parts {
        whole.merge(part);
    }
    whole.paths.paths.values_mut().for_each(name_operations);
    whole.paths.paths.values_mut().for_each(allow_repeats);
    let components = whole.components.get_or_insert_with(Components::new);
    components.schemas.insert("Problem".to_owned(), ProblemBody::schema());
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("An API token: shown once when it was made, kept only as a hash."))
        .build();
    components.add_security_scheme(BEARER, SecurityScheme::Http(bearer));
    example::add_to(&mut whole);
    whole.security = Some(vec![SecurityRequirement::new(BEARER, Vec::<String>::new())]);
    whole
}

/// Whatever changes something takes an `Idempotency-Key`.
fn allow_repeats(path: &mut PathItem) {
    let key = ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "A name for this request, 1 to 255 ASCII characters without spaces. The same request \
             sent again with it within 24 hours is answered as the first time and not carried out \
             again.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).pattern(Some(KEY_PATTERN))))
        .build();
    for operation in changes(path).into_iter().flatten() {
        operation.parameters.get_or_insert_default().push(key.clone().into());
    }
}

/// The operations of a path that may change something.
fn changes(path: &mut PathItem) -> [&mut Option<Operation>; 4] {
    [&mut path.post, &mut path.put, &mut path.patch, &mut path.delete]
}

/// Every noun has its `list` and `read`; with the noun's tag before it, a name is the only one.
fn name_operations(path: &mut PathItem) {
    let PathItem { get, post, put, patch, delete, .. } = path;
    for operation in [get, post, put, patch, delete].into_iter().flatten() {
        let tag = operation.tags.as_ref().and_then(|tags| tags.first());
        if let (Some(tag), Some(id)) = (tag, &operation.operation_id) {
            operation.operation_id = Some(format!("{tag}.{id}"));
        }
    }
}

/// Serves the document at `/api/openapi.json`, to anyone: it holds no data.
pub fn routes(document: &OpenApi) -> Router {
    let body = serde_json::to_vec(document).unwrap_or_default();
    let serve = move || {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/json")], body) }
    };
    Router::new().route("/api/openapi.json", get(serve))
}
