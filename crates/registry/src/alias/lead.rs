//! Former names in requests to the API: in paths and filters of every route, at one place before
//! them.
//!
//! What is registered under the name itself is asked first, as at gateways. A name that leads
//! nowhere stays as it is; the route then says what it makes of it.

use std::borrow::Cow;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::Uri;
use axum::http::uri::PathAndQuery;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use store::{Database, StoreError};
use tower::ServiceExt;
use url::form_urlencoded;
use web::{Authenticated, Refusal};
use wire::ambient::UtcMicros;
use wire::directory::{AliasName, Aliases, MAX_STEPS};
use wire::id::{ServiceId, SystemId};
use wire::organisation_code::OrganisationCode;

use super::sql;
use crate::Registry;
use crate::refused::Refused;
use crate::system;

/// What [`lead`] works with: the registry, and its routes without this middleware.
#[derive(Clone)]
pub(crate) struct Leading {
    pub(crate) registry: Registry,
    pub(crate) routes: Router,
}

/// Middleware around the routes: a request that uses former names is answered as if it had used
/// today's.
pub(crate) async fn lead(State(leading): State<Leading>, request: Request, next: Next) -> Response {
    match led(&leading.registry, request.uri()).await {
        Ok(None) => next.run(request).await,
        Ok(Some(uri)) => match leading.routes.oneshot(anew(request, uri)).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        Err(error) => Refusal::from(Refused::from(error)).into_response(),
    }
}

/// The request with another target, and nothing of what was found out for the former: only who
/// asks.
fn anew(request: Request, uri: Uri) -> Request {
    let (mut parts, body) = request.into_parts();
    let signed_on = parts.extensions.remove::<Authenticated>();
    parts.extensions.clear();
    if let Some(signed_on) = signed_on {
        parts.extensions.insert(signed_on);
    }
    parts.uri = uri;
    Request::from_parts(parts, body)
}

/// The same target by today's names; `None` if nothing in it leads elsewhere.
async fn led(registry: &Registry, uri: &Uri) -> Result<Option<Uri>, StoreError> {
    let path = led_path(registry, uri.path()).await?;
    let query = match uri.query() {
        Some(query) => led_query(registry, query).await?,
        None => None,
    };
    if path.is_none() && query.is_none() {
        return Ok(None);
    }
    let path = path.as_deref().unwrap_or(uri.path());
    let target = match query.as_deref().or(uri.query()) {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    Ok(PathAndQuery::try_from(target).ok().map(Uri::from))
}

/// `/api/v1/systems/{organisation}/{system}…` and `/api/v1/services/{organisation}/{system}/…`.
/// Codes need no percent-encoding; whoever used some is not led.
async fn led_path(registry: &Registry, path: &str) -> Result<Option<String>, StoreError> {
    let mut segments: Vec<&str> = path.split('/').collect();
    let ["", "api", "v1", "systems" | "services", organisation, system, ..] = segments.as_slice()
    else {
        return Ok(None);
    };
    let Ok(id) = format!("{organisation}/{system}").parse::<SystemId>() else {
        return Ok(None);
    };
    let Some(led) = registry.led_system(&id).await? else {
        return Ok(None);
    };
    let (organisation, system) = (led.organisation.to_string(), led.system.to_string());
    for (at, segment) in [(4, organisation.as_str()), (5, system.as_str())] {
        if let Some(place) = segments.get_mut(at) {
            *place = segment;
        }
    }
    Ok(Some(segments.join("/")))
}

/// Filters whose value is the code of an organisation, or the id of a system or a service.
async fn led_query(registry: &Registry, query: &str) -> Result<Option<String>, StoreError> {
    let mut pairs: Vec<(Cow<'_, str>, Cow<'_, str>)> = Vec::new();
    let mut is_led = false;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        // Once for each filter: no route takes one twice, and a look costs a query.
        let is_repeated = pairs.iter().any(|(earlier, _)| *earlier == name);
        let led = match &*name {
            "organisation" | "system" | "consumer" | "provider" | "service" | "owner"
                if !is_repeated =>
            {
                registry.led_text(&value).await?
            }
            _ => None,
        };
        is_led |= led.is_some();
        pairs.push((name, led.map_or(value, Into::into)));
    }
    if !is_led {
        return Ok(None);
    }
    Ok(Some(form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()))
}

impl Registry {
    /// The system that a former id leads to now, if nothing has that id.
    pub(crate) async fn led_system(&self, id: &SystemId) -> Result<Option<SystemId>, StoreError> {
        let name = AliasName::System(id.clone());
        let aliases = from_here(&self.database, name).await?;
        let Some(led) = aliases.system(id, self.clock.now()) else {
            return Ok(None);
        };
        let has_it = system::sql::find(&self.database, id).await?.is_some();
        Ok(Some(led).filter(|_| !has_it))
    }

    /// The system that is meant by an id today: itself, or where its former id leads.
    pub(crate) async fn today_system(&self, id: SystemId) -> Result<SystemId, Refused> {
        Ok(self.led_system(&id).await?.unwrap_or(id))
    }

    /// The same for a service.
    pub(crate) async fn today_service(&self, id: ServiceId) -> Result<ServiceId, Refused> {
        let led = self.led_system(&id.system_id()).await?;
        Ok(match led {
            Some(SystemId { organisation, system }) => ServiceId { organisation, system, ..id },
            None => id,
        })
    }

    /// The code under which an organisation is known today: where its former code leads.
    pub(crate) async fn led_organisation(
        &self,
        code: &OrganisationCode,
    ) -> Result<Option<OrganisationCode>, StoreError> {
        let name = AliasName::Organisation(code.clone());
        let aliases = from_here(&self.database, name).await?;
        Ok(aliases.organisation(code, self.clock.now()))
    }

    /// The code under which the *same* organisation is known today. A merger leads elsewhere: the
    /// people of what was merged get rights anew.
    pub(crate) async fn same_organisation(
        &self,
        code: &OrganisationCode,
    ) -> Result<OrganisationCode, StoreError> {
        let (mut at, now) = (code.clone(), self.clock.now());
        for _ in 0..MAX_STEPS {
            let found = sql::find(&self.database, &AliasName::Organisation(at.clone())).await?;
            let is_led = |from: UtcMicros| from <= now;
            match found.filter(|alias| alias.same_organisation && is_led(alias.from)) {
                Some(alias) => match alias.successor {
                    AliasName::Organisation(next) => at = next,
                    AliasName::System(_) => break,
                },
                None => break,
            }
        }
        Ok(at)
    }

    /// Where a text leads that is one of the three kinds of names; `None`: nowhere.
    async fn led_text(&self, text: &str) -> Result<Option<String>, StoreError> {
        if let Ok(id) = text.parse::<ServiceId>() {
            let led = self.led_system(&id.system_id()).await?;
            return Ok(led.map(|led| {
                let SystemId { organisation, system } = led;
                ServiceId { organisation, system, ..id }.to_string()
            }));
        }
        if let Ok(id) = text.parse::<SystemId>() {
            return Ok(self.led_system(&id).await?.map(|led| led.to_string()));
        }
        match text.parse::<OrganisationCode>() {
            Ok(code) => Ok(self.led_organisation(&code).await?.map(|led| led.to_string())),
            Err(_) => Ok(None),
        }
    }
}

/// The aliases that following `name` may need, one step after the other.
async fn from_here(database: &Database, name: AliasName) -> Result<Aliases, StoreError> {
    let mut found = Vec::new();
    let mut at = name;
    for _ in 0..MAX_STEPS {
        let own = sql::find(database, &at).await?;
        let (alias, next) = match (own, &at) {
            (Some(own), _) => {
                let next = own.successor.clone();
                (own, next)
            }
            (None, AliasName::Organisation(_)) => break,
            (None, AliasName::System(id)) => {
                let above = AliasName::Organisation(id.organisation.clone());
                let Some(above) = sql::find(database, &above).await? else {
                    break;
                };
                let AliasName::Organisation(organisation) = above.successor.clone() else {
                    break;
                };
                let system = id.system.clone();
                (above, AliasName::System(SystemId { organisation, system }))
            }
        };
        found.push(alias.into());
        at = next;
    }
    Ok(found.into_iter().collect())
}
