//! What a profile's table must not say: rows that undo each other, that allow nothing, or that
//! demand what nothing can meet.

use std::collections::BTreeSet;

use web::Refusal;
use wire::ambient::UtcMicros;
use wire::directory::{Environment, Method, ProfileDemand, ProfileRule, Scope};
use wire::error_code::ErrorCode;
use wire::problem::Text;
use wire::signature::Algorithm;

use super::Content;

/// How many mistakes are told at once.
const TOLD: usize = 20;

/// A mistake, with the places of the rows that make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mistake {
    /// No row allows anything from now on: every call would be refused.
    AllowsNothing,
    /// Two rows allow the same at the same time, so the end of one is undone by the other.
    Overlap(usize, usize),
    /// The national axis knows one algorithm only.
    NotOfTheAxis(usize),
    /// Demands nothing.
    EmptyDemand(usize),
    /// Demands asymmetric signatures when no row allows any.
    Unmeetable { demand: usize, environment: Environment, from: UtcMicros },
}

/// Refuses a table with a mistake, and names all of them.
pub(super) fn must_hold(content: &Content, now: UtcMicros) -> Result<(), Refusal> {
    let found = mistakes(content, now);
    if found.is_empty() {
        return Ok(());
    }
    let told: Vec<_> = found.iter().take(TOLD).map(Mistake::told).collect();
    let joined = |of: fn(&Text) -> &str| told.iter().map(of).collect::<Vec<_>>().join(" ");
    let text = Text::new(joined(|text| text.vi.as_ref()), joined(|text| text.en.as_ref()));
    Err(Refusal::new(ErrorCode::ProfileTableInvalid, text))
}

pub(super) fn mistakes(content: &Content, now: UtcMicros) -> Vec<Mistake> {
    let mut found = Vec::new();
    let rules = &content.rules;
    if !rules.iter().any(|rule| rule.scope.until.is_none_or(|until| now < until)) {
        found.push(Mistake::AllowsNothing);
    }
    for (place, rule) in rules.iter().enumerate() {
        if rule.method == Method::AxisHeaders && rule.algorithm != Algorithm::HmacSha256 {
            found.push(Mistake::NotOfTheAxis(place));
        }
        let earlier = rules.iter().enumerate().take(place);
        found.extend(
            earlier
                .filter(|(_, other)| overlap(other, rule))
                .map(|(other, _)| Mistake::Overlap(other, place)),
        );
    }
    for (place, demand) in content.demands.iter().enumerate() {
        if !demand.asymmetric && !demand.signed_answers {
            found.push(Mistake::EmptyDemand(place));
        }
        if demand.asymmetric {
            found.extend(unmeetable(rules, place, demand, now));
        }
    }
    found
}

fn overlap(one: &ProfileRule, other: &ProfileRule) -> bool {
    let (a, b) = (&one.scope, &other.scope);
    let begins_before_end = |from: Option<UtcMicros>, until: Option<UtcMicros>| match (from, until)
    {
        (Some(from), Some(until)) => from < until,
        _ => true,
    };
    one.algorithm == other.algorithm
        && one.method == other.method
        && a.environment.zip(b.environment).is_none_or(|(a, b)| a == b)
        && a.min_level.zip(b.max_level).is_none_or(|(least, most)| least <= most)
        && b.min_level.zip(a.max_level).is_none_or(|(least, most)| least <= most)
        && begins_before_end(a.from, b.until)
        && begins_before_end(b.from, a.until)
}

/// The first moment from now on at which no row lets anybody sign as is demanded. Levels do not
/// count: those of a demand are the provider's, those of a rule the caller's.
fn unmeetable(
    rules: &[ProfileRule],
    place: usize,
    demand: &ProfileDemand,
    now: UtcMicros,
) -> Option<Mistake> {
    let begin = demand.scope.from.map_or(now, |from| from.max(now));
    let mut moments = BTreeSet::from([begin]);
    moments.extend(rules.iter().flat_map(|rule| [rule.scope.from, rule.scope.until]).flatten());
    moments.retain(|at| begin <= *at && demand.scope.until.is_none_or(|until| *at < until));
    let is_met = |environment: Environment, at: UtcMicros| {
        rules.iter().any(|rule| {
            let anyone = Scope { min_level: None, max_level: None, ..rule.scope.clone() };
            rule.method == Method::HttpSignature
                && rule.algorithm != Algorithm::HmacSha256
                && anyone.covers(None, environment, at)
        })
    };
    let mut environments = Environment::ALL.into_iter();
    environments.find_map(|environment| {
        let concerns = demand.scope.environment.is_none_or(|only| only == environment);
        let from = *moments.iter().find(|at| concerns && !is_met(environment, **at))?;
        Some(Mistake::Unmeetable { demand: place, environment, from })
    })
}

impl Mistake {
    fn told(&self) -> Text {
        match self {
            Self::AllowsNothing => Text::new(
                "Không dòng nào của «rules» còn hiệu lực từ bây giờ, mọi lượt gọi sẽ bị từ chối.",
                "No row of `rules` is in force from now on: every call would be refused.",
            ),
            Self::Overlap(one, other) => Text::new(
                format!(
                    "«rules[{one}]» và «rules[{other}]» cùng cho phép một thuật toán, một phương \
                     thức vào cùng một thời gian."
                ),
                format!(
                    "`rules[{one}]` and `rules[{other}]` allow the same algorithm and method at \
                     the same time."
                ),
            ),
            Self::NotOfTheAxis(place) => Text::new(
                format!("«rules[{place}]»: axis_headers chỉ đi với hmac-sha256."),
                format!("`rules[{place}]`: axis_headers goes with hmac-sha256 only."),
            ),
            Self::EmptyDemand(place) => Text::new(
                format!("«demands[{place}]» không yêu cầu điều gì."),
                format!("`demands[{place}]` demands nothing."),
            ),
            Self::Unmeetable { demand, environment, from } => Text::new(
                format!(
                    "«demands[{demand}]» yêu cầu chữ ký bất đối xứng, nhưng từ {from} không dòng \
                     nào của «rules» cho phép chữ ký đó trong môi trường {environment}."
                ),
                format!(
                    "`demands[{demand}]` demands asymmetric signatures, but from {from} on no row \
                     of `rules` allows any in the {environment} environment."
                ),
            ),
        }
    }
}
