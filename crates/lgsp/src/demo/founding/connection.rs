//! One connection's way from a wish to a permission, each step by whom it belongs to.

use serde_json::json;
use wire::ambient::Clock as _;
use wire::id::Role;

use super::{Offices, Trial, YEAR, text};
use crate::ambient::SystemClock;
use crate::control_api::Answer;
use crate::demo::city::{self, Service};

/// A connection on its way.
#[derive(Debug)]
pub(in crate::demo) struct Connection {
    id: String,
    consumer: String,
    provider: &'static str,
}

impl Connection {
    /// The consumer's administrator drafts the request and hands it in.
    pub(in crate::demo) async fn request(
        offices: &Offices,
        consumer_system: &str,
        wish: &Service,
    ) -> anyhow::Result<Self> {
        let consumer = consumer_system.split('/').next().unwrap_or_default().to_owned();
        let operations =
            wish.operations.iter().map(|(method, path)| json!({"method": method, "path": path}));
        let now = SystemClock.now();
        let form = json!({
            "consumer": consumer_system,
            "service": wish.id(),
            "asked": {
                "purpose": wish.purpose, "usage": wish.usage, "legal_basis": wish.legal_basis,
                "operations": operations.collect::<Vec<_>>(),
                "data_items": [{"name": wish.data_item}],
                "frequency": "khi có hồ sơ",
                "quota": {"per_minute": wish.per_minute, "burst": wish.per_minute},
                "from": now, "until": now.saturating_add(YEAR),
            },
        });
        let administrator = offices.administrator(&consumer)?;
        let made = offices.api.must_post(administrator, "/api/v1/connections", &form).await?;
        let id = text(&made, "id")?;
        let connection = Self { id, consumer, provider: wish.system.organisation };
        let administrator = offices.administrator(&connection.consumer)?;
        connection.step(offices, administrator, "submit").await?;
        Ok(connection)
    }

    /// Consent, test, approval, activation.
    pub(in crate::demo) async fn bring_into_force(
        &self,
        offices: &Offices,
        trial: Option<&Trial>,
        service: &Service,
    ) -> anyhow::Result<()> {
        self.consent(offices).await?;
        self.test(offices).await?;
        match trial {
            Some(trial) => self.confirm_test(offices, &trial.call_all(service).await?).await?,
            None => self.waive_test(offices).await?,
        }
        self.approve(offices).await?;
        self.activate(offices).await
    }

    /// The provider agrees to the use of its data.
    pub(in crate::demo) async fn consent(&self, offices: &Offices) -> anyhow::Result<()> {
        self.step(offices, offices.administrator(self.provider)?, "consent").await
    }

    /// The operator lets it be tried in the sandbox.
    pub(in crate::demo) async fn test(&self, offices: &Offices) -> anyhow::Result<()> {
        self.step(offices, offices.operator()?, "test").await
    }

    /// The operator confirms that it was tried, by the entries of the calls.
    pub(in crate::demo) async fn confirm_test(
        &self,
        offices: &Offices,
        entries: &[String],
    ) -> anyhow::Result<()> {
        let path = format!("/api/v1/connections/{}/confirm_test", self.id);
        offices.api.must_post(offices.operator()?, &path, &json!({"entries": entries})).await?;
        Ok(())
    }

    /// The operator decides that it need not be tried.
    async fn waive_test(&self, offices: &Offices) -> anyhow::Result<()> {
        let path = format!("/api/v1/connections/{}/waive_test", self.id);
        let why = json!({"reason": "Cổng kết nối chưa hoạt động tại địa chỉ công khai"});
        offices.api.must_post(offices.operator()?, &path, &why).await?;
        Ok(())
    }

    /// The state manager decides.
    pub(in crate::demo) async fn approve(&self, offices: &Offices) -> anyhow::Result<()> {
        let state_manager = offices.token(Role::StateManager, city::STATE_MANAGER)?;
        self.step(offices, state_manager, "approve").await
    }

    /// The operator switches it on.
    pub(in crate::demo) async fn activate(&self, offices: &Offices) -> anyhow::Result<()> {
        self.step(offices, offices.operator()?, "activate").await
    }

    /// The requester tries to decide its own request.
    pub(in crate::demo) async fn approve_oneself(
        &self,
        offices: &Offices,
    ) -> anyhow::Result<Answer> {
        let path = format!("/api/v1/connections/{}/approve", self.id);
        let administrator = offices.administrator(&self.consumer)?;
        offices.api.post(administrator, &path, &json!({})).await
    }

    /// The id, as it stands in entries.
    pub(in crate::demo) fn id(&self) -> &str {
        &self.id
    }

    async fn step(&self, offices: &Offices, token: &str, step: &str) -> anyhow::Result<()> {
        let path = format!("/api/v1/connections/{}/{step}", self.id);
        offices.api.must_post(token, &path, &json!({})).await?;
        Ok(())
    }
}
