//! The compiled profiles against a naive reading of their tables.

use proptest::prelude::*;
use wire::directory::{
    ProfileAssignmentRecord, ProfileDemand, ProfileRecord, ProfileRule, RecordMode, Scope, Signing,
    SystemRecord,
};

use super::*;

const SYSTEM: &str = "H24.30/mot-cua";
const OTHER: &str = "H24.31/mot-cua";
const SERVICE: &str = "H24.30/mot-cua/ho-so/v1";
const CODES: [&str; 3] = ["mot", "hai", "ba"];
/// The dates of the tables; calls are made at them, between them and beside them.
const DATES: i64 = 12;

fn moment(date: i64) -> UtcMicros {
    UtcMicros::from_seconds(1_000 + date * 10)
}

fn scope() -> impl Strategy<Value = Scope> {
    let environment = prop::option::of(prop::sample::select(Environment::ALL.to_vec()));
    let level = || prop::option::weighted(0.3, 1_u8..=5);
    let date = || prop::option::of((0..DATES).prop_map(moment));
    (environment, level(), level(), date(), date()).prop_map(
        |(environment, min_level, max_level, from, until)| Scope {
            environment,
            min_level,
            max_level,
            from,
            until,
        },
    )
}

fn rule() -> impl Strategy<Value = ProfileRule> {
    let algorithm = prop::sample::select(vec![Algorithm::HmacSha256, Algorithm::Ed25519]);
    let method = prop::sample::select(Method::ALL.to_vec());
    (algorithm, method, scope()).prop_map(|(algorithm, method, scope)| ProfileRule {
        algorithm,
        method,
        scope,
    })
}

fn demand() -> impl Strategy<Value = ProfileDemand> {
    let service = prop::option::of(prop::sample::select(vec![SERVICE, "H24.30/mot-cua/khac/v1"]));
    (service, any::<bool>(), any::<bool>(), scope()).prop_map(
        |(service, asymmetric, signed_answers, scope)| ProfileDemand {
            service: service.map(|id| id.parse().unwrap()),
            asymmetric,
            signed_answers,
            scope,
        },
    )
}

fn profiles() -> impl Strategy<Value = Vec<ProfileRecord>> {
    let table = (prop::collection::vec(rule(), 0..6), prop::collection::vec(demand(), 0..3));
    prop::collection::vec(table, CODES.len()).prop_map(|tables| {
        let record = |(code, (rules, demands)): (&str, (Vec<_>, Vec<_>))| ProfileRecord {
            code: code.parse().unwrap(),
            version: 1,
            rules,
            demands,
        };
        CODES.into_iter().zip(tables).map(record).collect()
    })
}

fn assignments() -> impl Strategy<Value = Vec<ProfileAssignmentRecord>> {
    let system = prop::option::of(prop::sample::select(vec![SYSTEM, OTHER]));
    let one = (system, 0..CODES.len(), 0..DATES, prop::option::of(0..DATES));
    prop::collection::vec(one, 0..5).prop_map(|all| {
        let record =
            |(number, (system, code, from, until)): (u64, (Option<&str>, usize, _, Option<_>))| {
                ProfileAssignmentRecord {
                    number,
                    system: system.map(|id| id.parse().unwrap()),
                    profile: CODES[code].parse().unwrap(),
                    from: moment(from),
                    until: until.map(moment),
                }
            };
        (0..).zip(all).map(record).collect()
    })
}

/// The table read as one reads it on paper, without any of the code under test.
struct Paper<'a> {
    profiles: &'a [ProfileRecord],
    assignments: &'a [ProfileAssignmentRecord],
    level: Option<u8>,
    environment: Environment,
    at: UtcMicros,
}

impl Paper<'_> {
    fn profile(&self) -> Option<&ProfileRecord> {
        let mut best: Option<&ProfileAssignmentRecord> = None;
        for one in self.assignments {
            let ended = one.until.is_some_and(|until| until <= self.at);
            let is_ours = one.system.as_ref().is_none_or(|id| id.to_string() == SYSTEM);
            if one.from > self.at || ended || !is_ours {
                continue;
            }
            let rank = |one: &ProfileAssignmentRecord| (one.system.is_some(), one.number);
            if best.is_none_or(|best| rank(best) < rank(one)) {
                best = Some(one);
            }
        }
        let code = &best?.profile;
        self.profiles.iter().find(|profile| profile.code == *code)
    }

    fn is_in(&self, scope: &Scope) -> bool {
        let Scope { environment, min_level, max_level, from, until } = scope;
        let level = i16::from(self.level.unwrap_or(0));
        let least = min_level.map_or(-1, i16::from);
        let most = max_level.map_or(9, i16::from);
        let is_bounded = min_level.is_some() || max_level.is_some();
        !(self.level.is_none() && is_bounded)
            && least <= level
            && level <= most
            && (environment.is_none() || *environment == Some(self.environment))
            && !(from.is_some_and(|from| self.at < from))
            && !(until.is_some_and(|until| self.at >= until))
    }

    fn allows(&self, algorithm: Algorithm) -> bool {
        match self.profile() {
            None => true,
            Some(profile) => {
                let mut fitting = 0;
                for rule in &profile.rules {
                    let is_ours = rule.method.as_str() == "http_signature";
                    if rule.algorithm == algorithm && is_ours && self.is_in(&rule.scope) {
                        fitting += 1;
                    }
                }
                fitting > 0
            }
        }
    }

    fn demands(&self) -> Demands {
        let mut demands = Demands::default();
        for demand in self.profile().map_or(&[][..], |profile| &profile.demands) {
            let other = demand.service.as_ref().is_some_and(|id| id.to_string() != SERVICE);
            if !other && self.is_in(&demand.scope) {
                demands.asymmetric = demands.asymmetric || demand.asymmetric;
                demands.signed_answers = demands.signed_answers || demand.signed_answers;
            }
        }
        demands
    }
}

fn credential(keyid: &str, algorithm: Algorithm, environment: Environment) -> CredentialRecord {
    let key = keys::Ed25519Key::generate(&testkit::SeededRandomness::new(1)).unwrap();
    CredentialRecord {
        keyid: keyid.parse().unwrap(),
        system: SYSTEM.parse().unwrap(),
        algorithm,
        public_key: (algorithm == Algorithm::Ed25519).then(|| key.public_key().into()),
        not_before: UtcMicros::MIN,
        not_after: UtcMicros::MAX,
        environment,
        revoked_at: None,
    }
}

fn service() -> ServiceRecord {
    ServiceRecord {
        id: SERVICE.parse().unwrap(),
        title: "Hồ sơ".to_owned(),
        upstream: "http://127.0.0.1:9".to_owned(),
        sandbox_upstream: None,
        timeout_ms: 1_000,
        record: RecordMode::BeforeAnswer,
        max_body_bytes: 1,
        signed_answers: Signing::NotRequired,
        signed_requests: Signing::NotRequired,
        deprecated_at: None,
        retired_at: None,
        successor: None,
    }
}

proptest! {
    #[test]
    fn the_gateway_decides_as_a_naive_reading_of_the_table_does(
        profiles in profiles(),
        assignments in assignments(),
        level in prop::option::of(1_u8..=5),
    ) {
        let kinds = [Algorithm::HmacSha256, Algorithm::Ed25519]
            .into_iter()
            .flat_map(|algorithm| Environment::ALL.map(|environment| (algorithm, environment)))
            .enumerate();
        let keys: Vec<_> = kinds
            .map(|(number, (algorithm, environment))| {
                credential(&format!("k{number}"), algorithm, environment)
            })
            .collect();
        let system = SystemRecord {
            id: SYSTEM.parse().unwrap(),
            name: "Một cửa".to_owned(),
            networks: Vec::new(),
            level,
        };
        let mut records = vec![Record::System(system), Record::Service(service())];
        records.extend(keys.iter().cloned().map(Record::Credential));
        records.extend(profiles.iter().cloned().map(Record::Profile));
        records.extend(assignments.iter().cloned().map(Record::ProfileAssignment));
        let secret = Zeroizing::new(vec![7; 32]);
        let hmac_secrets = keys.iter().map(|key| (key.keyid.clone(), secret.clone())).collect();
        let directory = Arc::new(Directory::new(records).unwrap());
        let routes = Routes::compile(&DirectorySnapshot { directory, hmac_secrets }, None);
        for second in 0..1_000 + (DATES + 2) * 10 {
            // At the very moment, one microsecond before it, and far from any.
            if second > 3 && second < 990 || second % 10 > 1 && second % 10 < 9 {
                continue;
            }
            for at in [UtcMicros::from_seconds(second), UtcMicros::from_seconds(second + 1)
                .saturating_sub(Duration::from_micros(1))]
            {
                for key in &keys {
                    let paper = Paper { profiles: &profiles, assignments: &assignments, level,
                        environment: key.environment, at };
                    let compiled = routes.credential(&key.keyid).unwrap();
                    prop_assert_eq!(
                        compiled.is_allowed_at(at), paper.allows(key.algorithm), "{:?} {}", key, at
                    );
                    let path = format!("/{SERVICE}/");
                    let called = routes.service(&path, at).unwrap();
                    prop_assert_eq!(called.service.demands(key.environment, at), paper.demands());
                }
            }
        }
    }
}
