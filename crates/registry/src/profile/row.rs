//! The rows of a profile's table, as people write and read them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::directory::{ProfileDemand, ProfileRule, Scope};
use wire::problem::Text;
use wire::signature::Algorithm;

/// A row: signing so is allowed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileRule)]
pub(crate) struct RuleRow {
    /// The registered name of the algorithm (RFC 9421 §6.2).
    #[schema(example = "ed25519")]
    algorithm: String,
    /// How the signature travels: `http_signature`, `axis_headers` or `bearer_token`.
    #[schema(example = "http_signature")]
    method: String,
    /// Whom the row is about, and when; everybody and always when left out.
    #[serde(default)]
    scope: ScopeRow,
}

/// A row: services of the systems for which the profile holds demand more.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileDemand)]
pub(crate) struct DemandRow {
    /// Of this service only.
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    /// Callers sign with another algorithm than HMAC.
    #[schema(example = true)]
    asymmetric: bool,
    /// The provider signs its answers.
    #[schema(example = false)]
    signed_answers: bool,
    /// Whom the row is about, and when.
    #[serde(default)]
    scope: ScopeRow,
}

/// Whom a row is about, and when. What is left out bounds nothing.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ProfileScope)]
pub(crate) struct ScopeRow {
    /// `production` or `sandbox`.
    #[serde(skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// The lowest security level, 1 to 5. A system of unknown level is in no such row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5)]
    min_level: Option<u8>,
    /// The highest security level, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 5)]
    max_level: Option<u8>,
    /// From when (RFC 3339, UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Until when (RFC 3339, UTC), exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl RuleRow {
    pub(super) fn read(self, name: &str) -> Result<ProfileRule, Refusal> {
        let (algorithm, method) = (self.algorithm.parse(), self.method.parse());
        Ok(ProfileRule {
            algorithm: algorithm.map_err(|_| no_algorithm(&format!("{name}.algorithm")))?,
            method: method.map_err(|_| no_method(&format!("{name}.method")))?,
            scope: self.scope.read(&format!("{name}.scope"))?,
        })
    }
}

impl DemandRow {
    pub(super) fn read(self, name: &str) -> Result<ProfileDemand, Refusal> {
        Ok(ProfileDemand {
            service: field::parse_optional(&format!("{name}.service"), self.service.as_deref())?,
            asymmetric: self.asymmetric,
            signed_answers: self.signed_answers,
            scope: self.scope.read(&format!("{name}.scope"))?,
        })
    }
}

impl ScopeRow {
    fn read(self, name: &str) -> Result<Scope, Refusal> {
        let member = |member: &str| format!("{name}.{member}");
        let environment = self.environment.as_deref().map(|text| {
            let rule = || Text::new("«production» hoặc «sandbox».", "`production` or `sandbox`.");
            text.parse().map_err(|_| field::invalid(&member("environment"), &rule()))
        });
        let level = |name: &str, level: Option<u8>| {
            level.map(|level| field::within(&member(name), level, 1..=5)).transpose()
        };
        let scope = Scope {
            environment: environment.transpose()?,
            min_level: level("min_level", self.min_level)?,
            max_level: level("max_level", self.max_level)?,
            from: field::parse_optional(&member("from"), self.from.as_deref())?,
            until: field::parse_optional(&member("until"), self.until.as_deref())?,
        };
        if scope.min_level.zip(scope.max_level).is_some_and(|(least, most)| least > most) {
            let rule =
                Text::new("một cấp độ không thấp hơn «min_level».", "not below `min_level`.");
            return Err(field::invalid(&member("max_level"), &rule));
        }
        if scope.from.zip(scope.until).is_some_and(|(from, until)| until <= from) {
            let rule = Text::new("một thời điểm sau «from».", "after `from`.");
            return Err(field::invalid(&member("until"), &rule));
        }
        Ok(scope)
    }
}

fn no_algorithm(name: &str) -> Refusal {
    let known = |open: &str, close: &str| {
        let names = Algorithm::ALL.iter().map(|one| format!("{open}{one}{close}"));
        names.collect::<Vec<_>>().join(", ")
    };
    let (vi, en) = (known("«", "»"), known("`", "`"));
    let rule = Text::new(
        format!("một thuật toán mà cổng kết nối kiểm tra được: {vi}."),
        format!("an algorithm that gateways verify: {en}."),
    );
    field::invalid(name, &rule)
}

fn no_method(name: &str) -> Refusal {
    let rule = Text::new(
        "«http_signature», «axis_headers» hoặc «bearer_token».",
        "`http_signature`, `axis_headers` or `bearer_token`.",
    );
    field::invalid(name, &rule)
}

impl From<Scope> for ScopeRow {
    fn from(scope: Scope) -> Self {
        Self {
            environment: scope.environment.map(|environment| environment.to_string()),
            min_level: scope.min_level,
            max_level: scope.max_level,
            from: scope.from.map(|at| at.to_string()),
            until: scope.until.map(|at| at.to_string()),
        }
    }
}

impl From<ProfileRule> for RuleRow {
    fn from(rule: ProfileRule) -> Self {
        Self {
            algorithm: rule.algorithm.to_string(),
            method: rule.method.to_string(),
            scope: rule.scope.into(),
        }
    }
}

impl From<ProfileDemand> for DemandRow {
    fn from(demand: ProfileDemand) -> Self {
        Self {
            service: demand.service.map(|service| service.to_string()),
            asymmetric: demand.asymmetric,
            signed_answers: demand.signed_answers,
            scope: demand.scope.into(),
        }
    }
}
