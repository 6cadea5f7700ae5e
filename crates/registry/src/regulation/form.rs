//! What people send about the regulation, and the bounds it must keep.

use std::collections::BTreeSet;

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::ambient::UtcMicros;
use wire::problem::Text;

use super::{
    ConnectionRules, DeadlineRule, DisputeRules, Ground, PublicationRules, Responsibilities,
    SuspensionRules,
};
use crate::connection::condition::ConditionCode;
use crate::connection::lifecycle::{Party, State, Step, leads_to, who_may};

const TEXT_CHARS: usize = 1_000;
const MAX_ITEMS: usize = 50;
/// A year of work.
const MAX_DAYS: u32 = 250;

/// Rules to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConnectionRulesForm)]
pub(super) struct RulesForm {
    /// From when they are in force (RFC 3339, UTC): not before now; at once if left out.
    #[schema(example = "2027-01-01T00:00:00Z")]
    from: Option<String>,
    /// On which documents this rests.
    #[schema(example = "Quy chế quản lý, vận hành, khai thác LGSP của thành phố")]
    basis: String,
    /// Which conditions must be met before a connection is approved: `identification_code`,
    /// `credential`, `sandbox_test`, `security_level`, `profile`.
    #[schema(example = json!(["identification_code", "credential", "sandbox_test"]))]
    conditions: Vec<String>,
    /// Who may waive the test in the sandbox, with a reason: `operator`, `state_manager`; nobody
    /// when left out.
    #[schema(example = json!(["state_manager"]))]
    test_waived_by: Option<Vec<String>>,
    /// By when whoever is waited for has to act: at most 50.
    deadlines: Vec<DeadlineRuleForm>,
    /// How a suspension is announced.
    suspension: SuspensionRules,
    /// The clocks of a dispute.
    disputes: DisputeRules,
    /// How soon a service is published; one working day when left out.
    publication: Option<PublicationRules>,
    /// On which grounds a connection may be ended: 1 to 50.
    grounds: Vec<Ground>,
    /// Who answers for what: 1 to 50 sentences each.
    responsibilities: Responsibilities,
}

/// A time within which somebody has to act.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeadlineRuleForm {
    /// What is to be done, as a code: a-z and underscores.
    #[schema(example = "decision")]
    duty: String,
    /// What is to be done, in Vietnamese.
    #[schema(example = "Quyết định về đề nghị kết nối")]
    name: String,
    /// Who has to: `consumer`, `provider`, `operator` or `state_manager`.
    #[schema(example = "state_manager")]
    by: String,
    /// The step from whose day on the days count; it leads into one of the states of `while`.
    #[schema(example = "submit")]
    since: String,
    /// In which states it is waited for.
    #[serde(rename = "while")]
    #[schema(example = json!(["submitted", "consented", "testing"]))]
    waiting: Vec<String>,
    /// How many working days: 1 to 250.
    #[schema(example = 5)]
    working_days: u32,
}

impl RulesForm {
    pub(super) fn read(self, now: UtcMicros) -> Result<(UtcMicros, ConnectionRules), Refusal> {
        let from = field::parse_optional("from", self.from.as_deref())?.unwrap_or(now);
        if from < now {
            let rule = Text::new("một thời điểm từ hiện tại trở đi.", "an instant not before now.");
            return Err(field::invalid("from", &rule));
        }
        let read = |(place, rule): (usize, DeadlineRuleForm)| rule.read(place);
        let deadlines: Vec<_> =
            self.deadlines.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
        distinct("deadlines", deadlines.iter().map(|rule| rule.duty.as_str()), 0)?;
        distinct("grounds", self.grounds.iter().map(|ground| ground.code.as_str()), 1)?;
        let publication = self.publication.unwrap_or_default();
        for (name, days) in [
            ("suspension.notice_working_days", self.suspension.notice_working_days),
            ("suspension.told_within_working_days", self.suspension.told_within_working_days),
            ("disputes.provider_working_days", self.disputes.provider_working_days),
            ("disputes.unit_working_days", self.disputes.unit_working_days),
            ("publication.working_days", publication.working_days),
        ] {
            field::within(name, days, 1..=MAX_DAYS)?;
        }
        let unit = self.disputes.decided_by;
        if !matches!(unit, Party::Operator | Party::StateManager) {
            return Err(one_of("disputes.decided_by", ["operator", "state_manager"].into_iter()));
        }
        let ground = |(place, ground): (usize, Ground)| {
            let name = format!("grounds[{place}]");
            code(&format!("{name}.code"), &ground.code)?;
            let text = field::sentence(&format!("{name}.name"), &ground.name, TEXT_CHARS)?;
            Ok(Ground { code: ground.code, name: text })
        };
        let rules = ConnectionRules {
            basis: field::sentence("basis", &self.basis, TEXT_CHARS)?,
            conditions: conditions(self.conditions)?,
            test_waived_by: waivers(&self.test_waived_by.unwrap_or_default())?,
            deadlines,
            suspension: self.suspension,
            disputes: self.disputes,
            responsibilities: responsibilities(self.responsibilities)?,
            publication,
            grounds: self
                .grounds
                .into_iter()
                .enumerate()
                .map(ground)
                .collect::<Result<_, Refusal>>()?,
        };
        Ok((from, rules))
    }
}

impl DeadlineRuleForm {
    fn read(self, place: usize) -> Result<DeadlineRule, Refusal> {
        let field_of = |member: &str| format!("deadlines[{place}].{member}");
        code(&field_of("duty"), &self.duty)?;
        let by = self.by.parse::<Party>().ok().filter(|by| *by != Party::Platform);
        let known = Party::ALL.iter().filter(|party| **party != Party::Platform);
        let by = by.ok_or_else(|| one_of(&field_of("by"), known.map(|party| party.as_str())))?;
        let steps = || Step::ALL.iter().map(|step| step.as_str());
        let since: Step = self.since.parse().map_err(|_| one_of(&field_of("since"), steps()))?;
        let states = || State::ALL.iter().map(|state| state.as_str());
        let read = |state: &String| state.parse().map_err(|_| one_of(&field_of("while"), states()));
        let waiting: Vec<State> = self.waiting.iter().map(read).collect::<Result<_, _>>()?;
        if !leads_to(since).is_some_and(|to| waiting.contains(&to)) {
            let rule = Text::new(
                "danh sách trạng thái có trạng thái mà bước «since» dẫn tới.",
                "a list of states with the one that the step `since` leads to.",
            );
            return Err(field::invalid(&field_of("while"), &rule));
        }
        Ok(DeadlineRule {
            duty: self.duty,
            name: field::sentence(&field_of("name"), &self.name, TEXT_CHARS)?,
            by,
            since,
            waiting,
            working_days: field::within(
                &field_of("working_days"),
                self.working_days,
                1..=MAX_DAYS,
            )?,
        })
    }
}

fn responsibilities(given: Responsibilities) -> Result<Responsibilities, Refusal> {
    let Responsibilities { provider, consumer, platform } = given;
    Ok(Responsibilities {
        provider: sentences("responsibilities.provider", &provider)?,
        consumer: sentences("responsibilities.consumer", &consumer)?,
        platform: sentences("responsibilities.platform", &platform)?,
    })
}

fn sentences(name: &str, given: &[String]) -> Result<Vec<String>, Refusal> {
    if !(1..=MAX_ITEMS).contains(&given.len()) {
        let rule = Text::new(
            format!("danh sách từ 1 đến {MAX_ITEMS} câu."),
            format!("a list of 1 to {MAX_ITEMS} sentences."),
        );
        return Err(field::invalid(name, &rule));
    }
    let read = |(place, text): (usize, &String)| {
        field::sentence(&format!("{name}[{place}]"), text, TEXT_CHARS)
    };
    given.iter().enumerate().map(read).collect()
}

fn conditions(given: Vec<String>) -> Result<Vec<String>, Refusal> {
    let known = || ConditionCode::ALL.iter().map(|code| code.as_str());
    if let Some(place) = given.iter().position(|code| !known().any(|known| known == code)) {
        return Err(one_of(&format!("conditions[{place}]"), known()));
    }
    distinct("conditions", given.iter().map(String::as_str), 0)?;
    Ok(given)
}

fn waivers(given: &[String]) -> Result<Vec<Party>, Refusal> {
    let may = who_may(Step::WaiveTest);
    let read = |(place, by): (usize, &String)| {
        let found = may.iter().copied().find(|party| party.as_str() == by);
        let known = may.iter().map(|party| party.as_str());
        found.ok_or_else(|| one_of(&format!("test_waived_by[{place}]"), known))
    };
    distinct("test_waived_by", given.iter().map(String::as_str), 0)?;
    given.iter().enumerate().map(read).collect()
}

fn code(name: &str, value: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    if (1..=63).contains(&value.len()) && value.bytes().all(fits) {
        return Ok(());
    }
    let rule = Text::new(
        "một mã dài 1 đến 63 ký tự gồm a-z và «_».",
        "a code of 1 to 63 characters out of a-z and `_`.",
    );
    Err(field::invalid(name, &rule))
}

fn distinct<'a>(
    name: &str,
    codes: impl Iterator<Item = &'a str>,
    least: usize,
) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for code in codes {
        seen.insert(code);
        count += 1;
    }
    if (least..=MAX_ITEMS).contains(&count) && seen.len() == count {
        return Ok(());
    }
    let rule = Text::new(
        format!("danh sách từ {least} đến {MAX_ITEMS} mục, mỗi mã một lần."),
        format!("a list of {least} to {MAX_ITEMS} items, each code once."),
    );
    Err(field::invalid(name, &rule))
}

fn one_of<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Refusal {
    let known = known.collect::<Vec<_>>().join(", ");
    field::invalid(
        name,
        &Text::new(format!("một trong các giá trị {known}."), format!("one of {known}.")),
    )
}
