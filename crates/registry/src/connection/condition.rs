//! Conditions for connecting (điều kiện kết nối): what must be so before a connection is approved,
//! each with whether it is and why.
//!
//! Which of them are required is a matter of the rules of the day; all are shown. **Invariant**: no
//! approval while a required one is unmet, and the refusal names each.

#[cfg(test)]
mod tests;

use std::fmt;

use store::Database;
use wire::ambient::UtcMicros;
use wire::organisation_code::OrganisationCode;
use wire::problem::Text;

use super::lifecycle::Step;
use super::{Connection, sandbox_test, sql as steps};
use crate::profile::fitness::fits;
use crate::refused::Refused;
use crate::{credential, organisation, regulation, system};

/// Something that must be so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConditionCode {
    /// Both organisations have identification codes in force, and both systems are in use.
    IdentificationCode,
    /// The consumer has a production credential in force.
    Credential,
    /// Every operation was called in the sandbox, and the operator confirmed it; or that was
    /// waived. The lifecycle demands it, so it is required whatever the rules say.
    SandboxTest,
    /// The consuming system's level of information security is approved (NĐ 85/2016/NĐ-CP).
    SecurityLevel,
    /// A production key of the consumer passes by the technical profile when the connection begins.
    Profile,
}

/// Whether one of them is so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// Which.
    pub code: ConditionCode,
    /// Whether approval needs it.
    pub required: bool,
    /// Whether it is so.
    pub met: bool,
    /// Why it is, or what is missing.
    pub why: Text,
}

/// All conditions of a connection at `now`.
pub(crate) async fn of(
    database: &Database,
    connection: &Connection,
    now: UtcMicros,
) -> Result<Vec<Condition>, Refused> {
    let rules = regulation::sql::in_force(database, now).await?;
    let found = [
        (ConditionCode::IdentificationCode, identification(database, connection).await?),
        (ConditionCode::Credential, credential(database, connection, now).await?),
        (ConditionCode::SandboxTest, tested(database, connection).await?),
        (ConditionCode::SecurityLevel, security(database, connection).await?),
        (ConditionCode::Profile, profile(database, connection, now).await?),
    ];
    let condition = |(code, (met, why)): (ConditionCode, (bool, Text))| Condition {
        code,
        required: code == ConditionCode::SandboxTest
            || rules.conditions.iter().any(|required| required == code.as_str()),
        met,
        why,
    };
    Ok(found.into_iter().map(condition).collect())
}

/// Refuses while a required condition is unmet.
pub(super) async fn must_be_met(
    database: &Database,
    connection: &Connection,
    now: UtcMicros,
) -> Result<(), Refused> {
    let mut conditions = of(database, connection, now).await?;
    conditions.retain(|condition| condition.required && !condition.met);
    if conditions.is_empty() { Ok(()) } else { Err(Refused::ConditionsUnmet(conditions)) }
}

async fn identification(
    database: &Database,
    connection: &Connection,
) -> Result<(bool, Text), Refused> {
    let provider = connection.service.system_id();
    for system_id in [&connection.consumer, &provider] {
        let code: &OrganisationCode = &system_id.organisation;
        let organisation = organisation::sql::find(database, code).await?;
        if organisation.is_none_or(|organisation| organisation.closed_at.is_some()) {
            let why = Text::new(
                format!("Mã định danh {code} không còn hiệu lực."),
                format!("The identification code {code} is not in force."),
            );
            return Ok((false, why));
        }
        let found = system::sql::find(database, system_id).await?;
        if found.is_none_or(|system| system.closed_at.is_some()) {
            let why = Text::new(
                format!("Hệ thống {system_id} đã ngừng sử dụng."),
                format!("The system {system_id} is closed."),
            );
            return Ok((false, why));
        }
    }
    let (consumer, provider) = (&connection.consumer.organisation, &provider.organisation);
    let why = Text::new(
        format!("Mã định danh {consumer} và {provider} đang có hiệu lực."),
        format!("The identification codes {consumer} and {provider} are in force."),
    );
    Ok((true, why))
}

async fn credential(
    database: &Database,
    connection: &Connection,
    now: UtcMicros,
) -> Result<(bool, Text), Refused> {
    let consumer = &connection.consumer;
    let count = credential::sql::count_in_force(database, consumer, now).await?;
    Ok(if count > 0 {
        let why = Text::new(
            format!("Hệ thống {consumer} có {count} khóa chính thức đang có hiệu lực."),
            format!("The system {consumer} has {count} production credentials in force."),
        );
        (true, why)
    } else {
        let why = Text::new(
            format!("Hệ thống {consumer} chưa có khóa chính thức đang có hiệu lực."),
            format!("The system {consumer} has no production credential in force."),
        );
        (false, why)
    })
}

async fn tested(database: &Database, connection: &Connection) -> Result<(bool, Text), Refused> {
    let Some(test) = sandbox_test::sql::find(database, &connection.id).await? else {
        return waived(database, connection).await;
    };
    let (calls, at) = (test.calls.len(), test.confirmed_at);
    let why = Text::new(
        format!("Đã thử nghiệm bằng {calls} lượt gọi, xác nhận lúc {at}."),
        format!("Tested by {calls} calls, confirmed at {at}."),
    );
    Ok((true, why))
}

/// Without a test: whether somebody decided that none is needed.
async fn waived(database: &Database, connection: &Connection) -> Result<(bool, Text), Refused> {
    let waived = steps::last_taken(database, &connection.id, Step::WaiveTest).await?;
    let Some(at) = waived else {
        let why =
            Text::new("Chưa có kết quả thử nghiệm được xác nhận.", "No test has been confirmed.");
        return Ok((false, why));
    };
    let why = Text::new(
        format!("Được miễn thử nghiệm lúc {at}; người quyết định và lý do ghi trong lịch sử."),
        format!("Waived at {at}; by whom and why stands in the history."),
    );
    Ok((true, why))
}

async fn security(database: &Database, connection: &Connection) -> Result<(bool, Text), Refused> {
    let consumer = &connection.consumer;
    let found = system::sql::find(database, consumer).await?;
    let level = found.and_then(|system| system.security_level.zip(system.level_decision));
    let Some((level, decision)) = level else {
        let why = Text::new(
            format!("Hệ thống {consumer} chưa có cấp độ an toàn thông tin được phê duyệt."),
            format!("The system {consumer} has no approved level of information security."),
        );
        return Ok((false, why));
    };
    let why = Text::new(
        format!("Hệ thống {consumer} có cấp độ {level} theo {decision}."),
        format!("The system {consumer} is of level {level} by {decision}."),
    );
    Ok((true, why))
}

async fn profile(
    database: &Database,
    connection: &Connection,
    now: UtcMicros,
) -> Result<(bool, Text), Refused> {
    let begins = connection.asked.from.max(now);
    fits(database, &connection.consumer, &connection.service, begins).await
}

impl ConditionCode {
    /// Every condition.
    pub const ALL: [Self; 5] = [
        Self::IdentificationCode,
        Self::Credential,
        Self::SandboxTest,
        Self::SecurityLevel,
        Self::Profile,
    ];

    /// The written form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::IdentificationCode => "identification_code",
            Self::Credential => "credential",
            Self::SandboxTest => "sandbox_test",
            Self::SecurityLevel => "security_level",
            Self::Profile => "profile",
        }
    }
}

impl fmt::Display for ConditionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
