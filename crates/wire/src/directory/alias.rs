//! Old names that go on to be understood: an organisation's former code, or a system's former id.
//!
//! A name leads to its successor from one moment until another, which may lead on to the next.
//! Whatever has the name itself is asked first; an alias only says where to look when nothing has.
//!
//! **Invariant**: resolving ends, whatever the records say: more than [`MAX_STEPS`] steps lead
//! nowhere. **Trust**: an alias permits nothing; what it leads to has its own connections.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Record;
use crate::ambient::UtcMicros;
use crate::id::{ServiceId, SystemCode, SystemId};
use crate::organisation_code::OrganisationCode;
use crate::text::{Malformed, serde_as_text};

/// How many aliases may lead on from one to the next. Each stands for a reorganisation.
pub const MAX_STEPS: usize = 16;

/// What has, or had, a name: `H23.12`, or `H23.12/mot-cua`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AliasName {
    /// An organisation, with all its systems that have no alias of their own.
    Organisation(OrganisationCode),
    /// One system.
    System(SystemId),
}

/// A former name and what it leads to. Both are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AliasRecord {
    /// The former name.
    pub name: AliasName,
    /// What it leads to.
    pub successor: AliasName,
    /// From when it does.
    pub from: UtcMicros,
    /// Until when it does (exclusive); without it, for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<UtcMicros>,
}

/// Aliases, by their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Aliases(HashMap<AliasName, AliasRecord>);

impl AliasName {
    /// Whether both are organisations, or both are systems.
    pub fn is_like(&self, other: &Self) -> bool {
        matches!(
            (self, other),
            (Self::Organisation(_), Self::Organisation(_)) | (Self::System(_), Self::System(_))
        )
    }

    fn system_code(&self) -> Option<&SystemCode> {
        match self {
            Self::Organisation(_) => None,
            Self::System(id) => Some(&id.system),
        }
    }
}

impl AliasRecord {
    /// Whether the name leads on at `now`.
    pub fn is_in_force(&self, now: UtcMicros) -> bool {
        self.from <= now && self.until.is_none_or(|until| now < until)
    }
}

impl Aliases {
    /// The aliases among these records. One whose successor is of another kind leads nowhere.
    pub fn of<'r>(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let alias = |record: &'r Record| match record {
            Record::Alias(alias) => Some(alias.clone()),
            _ => None,
        };
        records.into_iter().filter_map(alias).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The alias of exactly this name, in force or not.
    pub fn find(&self, name: &AliasName) -> Option<&AliasRecord> {
        self.0.get(name)
    }

    /// The code that a former code leads to at `now`; `None` if it leads nowhere.
    pub fn organisation(
        &self,
        code: &OrganisationCode,
        now: UtcMicros,
    ) -> Option<OrganisationCode> {
        match self.follow(&AliasName::Organisation(code.clone()), |it| it.is_in_force(now))? {
            AliasName::Organisation(code) => Some(code),
            AliasName::System(_) => None,
        }
    }

    /// The id that a former id of a system leads to at `now`; `None` if it leads nowhere.
    pub fn system(&self, id: &SystemId, now: UtcMicros) -> Option<SystemId> {
        self.system_by(id, |it| it.is_in_force(now))
    }

    /// The same for a service, which goes where its system goes.
    pub fn service(&self, id: &ServiceId, now: UtcMicros) -> Option<ServiceId> {
        Some(moved(id, self.system(&id.system_id(), now)?))
    }

    /// Where a former id of a service led or will lead, whatever the time.
    pub fn service_at_any_time(&self, id: &ServiceId) -> Option<ServiceId> {
        Some(moved(id, self.system_by(&id.system_id(), |_| true)?))
    }

    /// Whether some name would lead back to itself, or on and on, if `name` were made to lead to
    /// `successor`. The time does not count: what turns only if two dates overlap turns.
    pub fn would_turn(&self, name: &AliasName, successor: &AliasName) -> bool {
        let mut after = self.clone();
        after.0.insert(
            name.clone(),
            AliasRecord {
                name: name.clone(),
                successor: successor.clone(),
                from: UtcMicros::MIN,
                until: None,
            },
        );
        // What turns, turns by way of the new one. An organisation's is one for each of its systems;
        // those codes matter that some system's own way begins or ends with.
        let mut systems = Vec::new();
        if let AliasName::Organisation(organisation) = name {
            let codes = after.0.values().flat_map(|alias| [&alias.name, &alias.successor]);
            let codes: HashSet<_> = codes.filter_map(AliasName::system_code).collect();
            systems.extend(codes.into_iter().cloned().map(|system| {
                AliasName::System(SystemId { organisation: organisation.clone(), system })
            }));
        }
        let mut names = after.0.keys().cloned().chain(systems);
        names.any(|name| after.step(&name, |_| true).is_some() && after.last(&name).is_none())
    }

    /// The last name to which `name` leads, whatever the time.
    fn last(&self, name: &AliasName) -> Option<AliasName> {
        self.follow(name, |_| true)
    }

    fn system_by(&self, id: &SystemId, counts: impl Fn(&AliasRecord) -> bool) -> Option<SystemId> {
        match self.follow(&AliasName::System(id.clone()), counts)? {
            AliasName::System(id) => Some(id),
            AliasName::Organisation(_) => None,
        }
    }

    /// The last name to which `name` leads; `None` if it leads nowhere, or on and on.
    fn follow(&self, name: &AliasName, counts: impl Fn(&AliasRecord) -> bool) -> Option<AliasName> {
        let mut at = self.step(name, &counts)?;
        for _ in 1..MAX_STEPS {
            match self.step(&at, &counts) {
                Some(next) => at = next,
                None => return Some(at),
            }
        }
        if self.step(&at, &counts).is_none() { Some(at) } else { None }
    }

    /// One step on: a system by its own alias, without one by its organisation's. A system whose
    /// own alias is not in force goes nowhere: its organisation's would lead to another system of
    /// the same code, for which it was given a way of its own.
    fn step(&self, name: &AliasName, counts: impl Fn(&AliasRecord) -> bool) -> Option<AliasName> {
        if let Some(own) = self.0.get(name) {
            return counts(own).then(|| own.successor.clone());
        }
        let AliasName::System(id) = name else {
            return None;
        };
        let above = AliasName::Organisation(id.organisation.clone());
        match &self.0.get(&above).filter(|alias| counts(alias))?.successor {
            AliasName::Organisation(organisation) => {
                let organisation = organisation.clone();
                Some(AliasName::System(SystemId { organisation, system: id.system.clone() }))
            }
            AliasName::System(_) => None,
        }
    }
}

fn moved(id: &ServiceId, system: SystemId) -> ServiceId {
    let SystemId { organisation, system } = system;
    ServiceId { organisation, system, service: id.service.clone(), major: id.major }
}

impl FromIterator<AliasRecord> for Aliases {
    fn from_iter<I: IntoIterator<Item = AliasRecord>>(records: I) -> Self {
        let fits = |alias: &AliasRecord| alias.name.is_like(&alias.successor);
        let by_name = |alias: AliasRecord| (alias.name.clone(), alias);
        Self(records.into_iter().filter(fits).map(by_name).collect())
    }
}

impl fmt::Display for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Organisation(code) => fmt::Display::fmt(code, f),
            Self::System(id) => fmt::Display::fmt(id, f),
        }
    }
}

impl fmt::Debug for AliasName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for AliasName {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text.contains('/') {
            text.parse().map(Self::System)
        } else {
            text.parse().map(Self::Organisation)
        }
    }
}

serde_as_text!(AliasName);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: UtcMicros = UtcMicros::from_seconds(1_000);

    fn alias(name: &str, successor: &str, from: i64, until: Option<i64>) -> AliasRecord {
        AliasRecord {
            name: name.parse().unwrap(),
            successor: successor.parse().unwrap(),
            from: UtcMicros::from_seconds(from),
            until: until.map(UtcMicros::from_seconds),
        }
    }

    fn aliases(all: &[(&str, &str)]) -> Aliases {
        all.iter().map(|(name, successor)| alias(name, successor, 0, None)).collect()
    }

    fn system(aliases: &Aliases, id: &str) -> Option<String> {
        aliases.system(&id.parse().unwrap(), NOW).map(|id| id.to_string())
    }

    #[test]
    fn a_system_goes_where_its_organisation_goes_unless_it_has_its_own_way() {
        let aliases = aliases(&[("H23.12", "H24.12"), ("H23.12/a", "H24.31/b")]);
        assert_eq!(system(&aliases, "H23.12/x").as_deref(), Some("H24.12/x"));
        assert_eq!(system(&aliases, "H23.12/a").as_deref(), Some("H24.31/b"));
        assert_eq!(system(&aliases, "H24.12/x"), None);
        assert_eq!(system(&aliases, "H23.1/x"), None);
        let service = "H23.12/a/tra-cuu/v2".parse().unwrap();
        let led = aliases.service(&service, NOW).unwrap().to_string();
        assert_eq!(led, "H24.31/b/tra-cuu/v2");
    }

    #[test]
    fn aliases_lead_on_and_each_only_in_its_time() {
        for (from, until, leads) in [
            (0, None, true),
            (1_001, None, false),
            (0, Some(1_000), false),
            (1_000, Some(1_001), true),
        ] {
            let all = [alias("H11", "H12", 0, None), alias("H12", "H13", from, until)];
            let all: Aliases = all.into_iter().collect();
            let led = all.organisation(&"H11".parse().unwrap(), NOW).unwrap();
            assert_eq!(led.as_str(), if leads { "H13" } else { "H12" }, "{from} {until:?}");
        }
        let ended: Aliases = [alias("H23.12", "H24.12", 0, Some(999))].into_iter().collect();
        let service = "H23.12/a/tra-cuu/v2".parse().unwrap();
        assert_eq!(ended.service(&service, NOW), None);
        let led = ended.service_at_any_time(&service).unwrap().to_string();
        assert_eq!(led, "H24.12/a/tra-cuu/v2");
    }

    #[test]
    fn a_system_whose_own_way_has_ended_never_becomes_another_of_the_same_code() {
        let own = alias("H23.12/a", "H24.12/a-2", 0, Some(999));
        let all: Aliases = [alias("H23.12", "H24.12", 0, None), own].into_iter().collect();
        assert_eq!(system(&all, "H23.12/a"), None);
        assert_eq!(system(&all, "H23.12/b").as_deref(), Some("H24.12/b"));
    }

    #[test]
    fn a_turn_is_seen_before_it_is_made() {
        let aliases = aliases(&[("H11", "H12"), ("H12", "H13"), ("H13/a", "H14/a")]);
        let turns = |name: &str, successor: &str| {
            aliases.would_turn(&name.parse().unwrap(), &successor.parse().unwrap())
        };
        assert!(turns("H13", "H11"));
        assert!(turns("H15", "H15"));
        assert!(turns("H14/a", "H11/a"), "by the organisations' aliases");
        assert!(turns("H14", "H13"), "by a system with a way of its own");
        assert!(!turns("H13", "H14"));
        assert!(!turns("H10", "H11"));
    }

    #[test]
    fn an_alias_of_another_kind_leads_nowhere() {
        let aliases = aliases(&[("H11", "H12/a"), ("H13/a", "H12")]);
        assert!(aliases.is_empty());
    }

    #[test]
    fn a_record_is_written_like_this() {
        let record = Record::Alias(alias("H23.12/a", "H24.12/a", 0, Some(1)));
        assert_eq!(record.key(), "alias/H23.12/a");
        let written = serde_json::to_string(&record).unwrap();
        assert_eq!(
            written,
            r#"{"type":"alias","name":"H23.12/a","successor":"H24.12/a","from":"1970-01-01T00:00:00.000000Z","until":"1970-01-01T00:00:01.000000Z"}"#
        );
        assert_eq!(serde_json::from_str::<Record>(&written).unwrap(), record);
    }

    fn any_name() -> impl Strategy<Value = String> {
        prop_oneof!["H1[0-4]", "H1[0-4]/[ab]"]
    }

    fn any_aliases() -> impl Strategy<Value = Vec<AliasRecord>> {
        let one = (any_name(), any_name(), 0_i64..4, prop::option::of(0_i64..6));
        prop::collection::vec(
            one.prop_map(|(name, successor, from, until)| alias(&name, &successor, from, until)),
            0..12,
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn resolving_any_aliases_ends(all in any_aliases(), name in any_name(), now in 0_i64..6) {
            let aliases: Aliases = all.into_iter().collect();
            let now = UtcMicros::from_seconds(now);
            match name.parse().unwrap() {
                AliasName::Organisation(code) => { aliases.organisation(&code, now); }
                AliasName::System(id) => { aliases.system(&id, now); }
            }
        }

        #[test]
        fn aliases_made_one_by_one_without_turns_always_lead_to_a_last_name(
            all in any_aliases(), id in "H1[0-4]/[ab]", now in 0_i64..6,
        ) {
            let mut made = Aliases::default();
            for alias in all {
                let is_new = made.find(&alias.name).is_none();
                if is_new
                    && alias.name.is_like(&alias.successor)
                    && !made.would_turn(&alias.name, &alias.successor)
                {
                    made.0.insert(alias.name.clone(), alias);
                }
            }
            let (id, now) = (id.parse::<SystemId>().unwrap(), UtcMicros::from_seconds(now));
            let has_a_step = made
                .step(&AliasName::System(id.clone()), |it| it.is_in_force(now))
                .is_some();
            let led = made.system(&id, now);
            prop_assert_eq!(led.is_some(), has_a_step);
            if let Some(led) = led {
                prop_assert_eq!(made.system(&led, now), None, "there it ends");
            }
        }
    }
}
