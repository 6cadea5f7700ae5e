//! `/api/v1/catalogue`, open to everyone.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::openapi::Problems;
use web::{Json, Page, PageRequest, Query, Refusal, Tagged, field};
use wire::ambient::UtcMicros;
use wire::directory::Record;
use wire::id::ServiceId;
use wire::problem::Text;

use super::dcat::{self, Content};
use super::index::{Shown, Wanted};
use super::{index, words};
use crate::Registry;
use crate::refused::Refused;
use crate::service::life::ServiceState;
use crate::service::{About, Classification};
use crate::{codelist, dataset};

/// The longest question, in characters, and the most words of it.
const QUESTION_CHARS: usize = 200;
const MAX_WORDS: usize = 8;

pub(crate) fn routes() -> OpenApiRouter<Registry> {
    OpenApiRouter::default().routes(routes!(search)).routes(routes!(harvest))
}

/// A published service, as everyone may know it.
#[derive(Debug, Serialize, ToSchema)]
struct CatalogueItem {
    /// Its full name.
    #[schema(value_type = String, example = "H24.12/don-vi-hanh-chinh/danh-muc/v1")]
    id: ServiceId,
    /// What people call it.
    title: String,
    /// The name of the organisation that provides it.
    owner: String,
    /// `published`, `deprecated` or `retired`, as it is now.
    state: ServiceState,
    /// What it is about, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About>,
    /// Since when, or from when, nobody should begin to use it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    deprecated_at: Option<UtcMicros>,
    /// From when no call passes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retired_at: Option<UtcMicros>,
    /// What is to be used in its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    successor: Option<ServiceId>,
    /// When it was published.
    #[schema(value_type = String, format = DateTime)]
    published_at: UtcMicros,
}

/// What to look for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CatalogueQuery {
    /// Words in Vietnamese, with diacritics or without, whole or their beginnings: all of them are
    /// found in the title, the owner's name, the id, the summary or the data items. At most 200
    /// characters and 8 words.
    #[param(max_length = 200)]
    q: Option<String>,
    /// Only services of the organisation with this code.
    organisation: Option<String>,
    /// Only with this classification: `open`, `internal`, `personal` or `sensitive`.
    classification: Option<String>,
    /// Only in this state: `published`, `deprecated` or `retired`; all but retired when left out.
    state: Option<String>,
    /// `next` of the page before.
    after: Option<String>,
    /// Items on the page: 1 to 200; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// The published services, the best fitting first. Open to everyone, without a token.
#[utoipa::path(get, path = "/api/v1/catalogue", operation_id = "search", tag = "catalogue",
    params(CatalogueQuery), security(()),
    responses((status = 200, body = Page<CatalogueItem>), Problems))]
async fn search(
    State(registry): State<Registry>,
    Query(query): Query<CatalogueQuery>,
) -> Result<Json<Page<CatalogueItem>>, Refusal> {
    let (wanted, page) = query.read()?;
    let after = cursor(&page.after)?;
    let index = index(&registry).await.map_err(Refused::from)?;
    let now = registry.clock.now();
    let found = index.search(&wanted, now);
    let comes_after = |(score, shown): &(u32, &Shown)| match &after {
        None => true,
        Some((last_score, last)) => {
            score < last_score || (score == last_score && shown.service.id > *last)
        }
    };
    let rows = usize::try_from(page.rows()).unwrap_or(usize::MAX);
    let found: Vec<_> = found.into_iter().filter(comes_after).take(rows).collect();
    let page = page.page(found, |(score, shown)| format!("{score} {}", shown.service.id));
    Ok(Json(page.map(|(_, shown)| CatalogueItem::new(shown, now))))
}

/// The public catalogue for other catalogues: DCAT 3 in JSON-LD, with services, data sets and code
/// lists. Open to everyone, without a token.
#[utoipa::path(get, path = "/api/v1/catalogue/dcat", operation_id = "harvest", tag = "catalogue",
    security(()),
    responses((status = 200, description = "The catalogue",
        content((serde_json::Value = "application/ld+json"))), Problems))]
async fn harvest(State(registry): State<Registry>) -> Result<Response, Refusal> {
    let index = index(&registry).await.map_err(Refused::from)?;
    let found = index.search(&Wanted::default(), registry.clock.now());
    let database = &registry.database;
    let directory = registry.publisher.subscribe().borrow().signed.clone();
    let names = directory.directory.records().iter().filter_map(|record| match record {
        Record::Organisation(record) => Some((record.code.clone(), record.name.clone())),
        _ => None,
    });
    let content = Content {
        services: found.into_iter().map(|(_, shown)| shown).collect(),
        data_sets: dataset::sql::all(database).await.map_err(Refused::from)?,
        code_lists: codelist::sql::kept(database).await.map_err(Refused::from)?,
        owners: names.collect(),
    };
    let document = dcat::document(&content, &registry.public_urls);
    let mut response = Tagged(document).into_response();
    let media_type = HeaderValue::from_static("application/ld+json");
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    Ok(response)
}

impl CatalogueItem {
    fn new(Shown { service, owner }: &Shown, now: UtcMicros) -> Self {
        Self {
            id: service.id.clone(),
            title: service.title.clone(),
            owner: owner.clone(),
            state: service.life.state(now),
            about: service.about.clone(),
            deprecated_at: service.life.deprecated_at,
            retired_at: service.life.retired_at,
            successor: service.life.successor.clone(),
            published_at: service.published_at,
        }
    }
}

impl CatalogueQuery {
    fn read(self) -> Result<(Wanted, PageRequest), Refusal> {
        let question = self.q.unwrap_or_default();
        let words: Vec<_> = words::of(&question).take(MAX_WORDS + 1).collect();
        if question.chars().count() > QUESTION_CHARS || words.len() > MAX_WORDS {
            let rule = Text::new(
                format!("tối đa {QUESTION_CHARS} ký tự và {MAX_WORDS} từ."),
                format!("at most {QUESTION_CHARS} characters and {MAX_WORDS} words."),
            );
            return Err(field::invalid("q", &rule));
        }
        let wanted = Wanted {
            words,
            owner: field::parse_optional("organisation", self.organisation.as_deref())?,
            classification: self.classification.as_deref().map(classification).transpose()?,
            state: self.state.as_deref().map(state).transpose()?,
        };
        Ok((wanted, PageRequest::new(self.after, self.limit)?))
    }
}

fn cursor(after: &str) -> Result<Option<(u32, ServiceId)>, Refusal> {
    if after.is_empty() {
        return Ok(None);
    }
    let read = || {
        let (score, id) = after.split_once(' ')?;
        Some((score.parse().ok()?, id.parse().ok()?))
    };
    read().map(Some).ok_or_else(|| {
        let rule = Text::new("«next» của trang trước.", "`next` of the page before.");
        field::invalid("after", &rule)
    })
}

fn classification(text: &str) -> Result<Classification, Refusal> {
    let all = [
        ("open", Classification::Open),
        ("internal", Classification::Internal),
        ("personal", Classification::Personal),
        ("sensitive", Classification::Sensitive),
    ];
    let found = all.into_iter().find(|(name, _)| *name == text);
    found.map(|(_, class)| class).ok_or_else(|| {
        let rule = Text::new(
            "open, internal, personal hoặc sensitive.",
            "open, internal, personal or sensitive.",
        );
        field::invalid("classification", &rule)
    })
}

fn state(text: &str) -> Result<ServiceState, Refusal> {
    let shown = [ServiceState::Published, ServiceState::Deprecated, ServiceState::Retired];
    let found = shown.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| {
        let rule =
            Text::new("published, deprecated hoặc retired.", "published, deprecated or retired.");
        field::invalid("state", &rule)
    })
}
