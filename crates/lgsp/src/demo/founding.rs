//! How the sample city comes to be: agencies, systems, keys, services, connections, each
//! registered by whoever's part it is, over HTTP.

mod code_list;
mod connection;
mod credential;
mod trial;

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use wire::ambient::Clock as _;
use wire::id::Role;
use wire::organisation_code::OrganisationCode;

use super::city::{self, AGENCIES, SERVICES, SYSTEMS, Service, System};
use super::manifest::{DemoExample, DemoLog, DemoService, DemoToken, Manifest};
use super::{Plan, certificates};
use crate::ambient::SystemClock;
use crate::assembly::Running;
use crate::control_api::ControlApi;
pub(super) use connection::Connection;
use credential::make_credentials;
pub(super) use credential::pair_credential;
pub(super) use trial::Trial;

/// How long tokens and connections of the demo hold.
const YEAR: Duration = Duration::from_hours(365 * 24);

/// Everyone's tokens, and the API to use them on.
#[derive(Debug)]
pub(super) struct Offices {
    pub(super) api: ControlApi,
    tokens: Vec<DemoToken>,
}

/// The control listener at `base`, for whom `ca` vouches in TLS.
fn control_api(base: &str, ca: Option<&Path>) -> anyhow::Result<ControlApi> {
    let client = certificates::client(ca)?.timeout(Duration::from_secs(30)).build()?;
    Ok(ControlApi::new(client, base))
}

impl Offices {
    /// From what an earlier founding left.
    pub(super) fn of(manifest: &Manifest) -> anyhow::Result<Self> {
        Ok(Self {
            api: control_api(&manifest.portal, manifest.ca.as_deref())?,
            tokens: manifest.tokens.clone(),
        })
    }

    /// The token of a role in an organisation.
    pub(super) fn token(&self, role: Role, organisation: &str) -> anyhow::Result<&str> {
        let held =
            |token: &&DemoToken| token.role == role.as_str() && token.organisation == organisation;
        let token = self.tokens.iter().find(held);
        let token = token.ok_or_else(|| {
            anyhow::anyhow!("demo.json holds no token of {} for {organisation}", role.as_str())
        })?;
        Ok(&token.token)
    }

    pub(super) fn operator(&self) -> anyhow::Result<&str> {
        self.token(Role::Operator, city::OPERATOR)
    }

    pub(super) fn administrator(&self, organisation: &str) -> anyhow::Result<&str> {
        self.token(Role::OrganisationAdmin, organisation)
    }
}

/// Registers the whole city on a platform that knows nobody.
pub(super) async fn found(
    plan: &Plan,
    running: &Running,
    mocks: SocketAddr,
) -> anyhow::Result<Manifest> {
    let mut offices = first_offices(plan, running).await?;
    register_agencies(&offices).await?;
    appoint_administrators(&mut offices).await?;
    for system in SYSTEMS {
        register_system(&offices, system).await?;
    }
    let mut credentials = make_credentials(&offices).await?;
    let trial = Trial::prepare(plan, running, &offices, &city::CONSUMER_SYSTEM).await?;
    let trial = if trial.can_be_made().await {
        Some(trial)
    } else {
        // Behind a proxy that does not run yet nobody can call, and so nobody can try.
        trial::waive(&offices).await?;
        None
    };
    code_list::publish(&offices).await?;
    for service in SERVICES {
        publish(&offices, service, &place_of(service, running, mocks)?).await?;
        Connection::request(&offices, &city::CONSUMER_SYSTEM.id(), service)
            .await?
            .bring_into_force(&offices, trial.as_ref(), service)
            .await?;
    }
    for credential in &mut credentials {
        if credential.system == city::CONSUMER_SYSTEM.code {
            credential.may_call = SERVICES.iter().map(|service| service.id()).collect();
        }
    }
    let manifest = Manifest {
        portal: String::new(),
        gateway: String::new(),
        operations: String::new(),
        trust: plan.folder.trust(),
        ca: None,
        logs: Vec::new(),
        people: Vec::new(),
        tokens: offices.tokens,
        services: Vec::new(),
        credentials,
        mock_systems: String::new(),
        code_lists: running.code_lists_url(),
    };
    Ok(with_addresses(plan, manifest, running, mocks))
}

/// Later runs: the same city at the addresses of today.
pub(super) async fn refresh(
    plan: &Plan,
    manifest: Manifest,
    running: &Running,
    mocks: SocketAddr,
) -> anyhow::Result<Manifest> {
    let moved = manifest.mock_systems != format!("http://{mocks}")
        || manifest.code_lists != running.code_lists_url();
    let mut manifest = with_addresses(plan, manifest, running, mocks);
    if moved {
        let offices = Offices::of(&manifest)?;
        for service in SERVICES.iter().filter(|service| is_there(service, &manifest)) {
            move_upstream(&offices, service, &place_of(service, running, mocks)?).await?;
        }
    }
    if manifest.code_lists.is_some() {
        manifest.code_lists = running.code_lists_url();
    }
    Ok(manifest)
}

/// The first three tokens can't come from the API: there is nobody yet to ask for them.
async fn first_offices(plan: &Plan, running: &Running) -> anyhow::Result<Offices> {
    let mut tokens = Vec::new();
    for (role, organisation) in [
        (Role::Operator, city::OPERATOR),
        (Role::StateManager, city::STATE_MANAGER),
        (Role::Auditor, city::AUDITOR),
    ] {
        let code: OrganisationCode = organisation.parse()?;
        let token = running.core().bootstrap_token(role, &code).await?;
        tokens.push(DemoToken {
            token,
            role: role.as_str().to_owned(),
            organisation: organisation.to_owned(),
        });
    }
    Ok(Offices { api: control_api(&running.control_url(), plan.ca().as_deref())?, tokens })
}

async fn register_agencies(offices: &Offices) -> anyhow::Result<()> {
    for agency in AGENCIES {
        let form = json!({"code": agency.code, "name": agency.name, "name_en": agency.name_en});
        offices.api.must_post(offices.operator()?, "/api/v1/organisations", &form).await?;
    }
    Ok(())
}

async fn appoint_administrators(offices: &mut Offices) -> anyhow::Result<()> {
    let role = Role::OrganisationAdmin.as_str();
    for system in SYSTEMS {
        let organisation = system.organisation;
        if offices.administrator(organisation).is_ok() {
            continue;
        }
        let form = json!({
            "role": role, "organisation": organisation, "name": "demo",
            "expires_at": SystemClock.now().saturating_add(YEAR),
        });
        let made = offices.api.must_post(offices.operator()?, "/api/v1/tokens", &form).await?;
        offices.tokens.push(DemoToken {
            token: text(&made, "token")?,
            role: role.to_owned(),
            organisation: organisation.to_owned(),
        });
    }
    Ok(())
}

/// Registers a system, as its agency's administrator.
pub(super) async fn register_system(offices: &Offices, system: &System) -> anyhow::Result<()> {
    let form = json!({
        "organisation": system.organisation, "code": system.code, "name": system.name,
        // Made up, like the rest of the city.
        "security_level": 3, "level_decision": "00/QĐ-MINH-HOA",
    });
    let administrator = offices.administrator(system.organisation)?;
    offices.api.must_post(administrator, "/api/v1/systems", &form).await?;
    Ok(())
}

/// Where a service is answered: by the sample systems, or by the platform itself.
fn place_of(service: &Service, running: &Running, mocks: SocketAddr) -> anyhow::Result<String> {
    if service.system.code != city::CODE_LISTS_SYSTEM.code {
        return Ok(format!("http://{mocks}"));
    }
    let lists = running.code_lists_url().context("code lists are not served")?;
    Ok(format!("{lists}/api/v1/code-lists/{}", service.code))
}

/// A demo that was founded before the platform served code lists has no such service.
fn is_there(service: &Service, manifest: &Manifest) -> bool {
    service.system.code != city::CODE_LISTS_SYSTEM.code || manifest.code_lists.is_some()
}

async fn publish(offices: &Offices, service: &Service, place: &str) -> anyhow::Result<()> {
    let form = json!({
        "id": service.id(), "title": service.title, "upstream": place, "sandbox_upstream": place,
    });
    let administrator = offices.administrator(service.system.organisation)?;
    offices.api.must_post(administrator, "/api/v1/services", &form).await?;
    Ok(())
}

/// The provider's system answers at another address than before.
async fn move_upstream(offices: &Offices, service: &Service, place: &str) -> anyhow::Result<()> {
    let administrator = offices.administrator(service.system.organisation)?;
    let path = format!("/api/v1/services/{}/terms", service.id());
    let form = json!({"upstream": place, "sandbox_upstream": place});
    offices.api.must_post(administrator, &path, &form).await?;
    Ok(())
}

fn with_addresses(
    plan: &Plan,
    manifest: Manifest,
    running: &Running,
    mocks: SocketAddr,
) -> Manifest {
    let portal = running.control_url();
    let gateway = running.gateway_url();
    let services = SERVICES.iter().filter(|service| is_there(service, &manifest));
    let services: Vec<_> = services
        .map(|service| DemoService {
            url: format!("{gateway}/{}", service.id()),
            id: service.id(),
            examples: examples(service),
        })
        .collect();
    let logs = running.trust().logs.into_iter().map(|log| DemoLog {
        url: running.log_url(),
        origin: log.origin.to_string(),
        vkey: log.vkey.to_string(),
    });
    Manifest {
        ca: plan.ca(),
        logs: logs.collect(),
        services,
        operations: running.operations_url(),
        mock_systems: format!("http://{mocks}"),
        portal,
        gateway,
        ..manifest
    }
}

fn examples(service: &Service) -> Vec<DemoExample> {
    let call = |method: &str, path: &str, body: Option<Value>| DemoExample {
        method: method.to_owned(),
        path: path.to_owned(),
        body,
    };
    if service.system.code == city::UNITS_SYSTEM.code {
        vec![call("GET", "/units", None), call("GET", "/units/dac-khu-cat-hai", None)]
    } else if service.system.code == city::CODE_LISTS_SYSTEM.code {
        let paths =
            ["/entries?q=cat+hai", "/entries/10510", "/entries/10510/successors", "/changes"];
        paths.into_iter().map(|path| call("GET", path, None)).collect()
    } else {
        vec![call("POST", "/lookup", Some(json!({"reference": "HT-2026-000042"})))]
    }
}

/// A text member of an answer.
pub(super) fn text(answer: &Value, name: &str) -> anyhow::Result<String> {
    let member = answer.get(name).and_then(Value::as_str);
    let member = member.ok_or_else(|| anyhow::anyhow!("the answer has no {name}: {answer}"))?;
    Ok(member.to_owned())
}
