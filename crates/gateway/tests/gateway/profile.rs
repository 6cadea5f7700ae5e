//! Technical profiles: which algorithms pass when, and what a service demands beside.

use std::time::Duration;

use wire::ambient::{Clock, UtcMicros};
use wire::directory::{
    Method, ProfileAssignmentRecord, ProfileDemand, ProfileRecord, ProfileRule, Record, Scope,
};
use wire::signature::Algorithm;

use crate::caller::Ask;
use crate::city::{City, city};
use crate::policy::{ED25519, HMAC};
use crate::provider::Provider;

fn rule(algorithm: Algorithm, until: Option<UtcMicros>) -> ProfileRule {
    let scope = Scope { until, ..Scope::default() };
    ProfileRule { algorithm, method: Method::HttpSignature, scope }
}

fn install(city: &City, rules: Vec<ProfileRule>, demands: Vec<ProfileDemand>) {
    let mut policy = city.policy.clone();
    let code = "2026-modern".parse().unwrap();
    policy.more = vec![
        Record::Profile(ProfileRecord { code, version: 1, rules, demands }),
        Record::ProfileAssignment(ProfileAssignmentRecord {
            number: 1,
            system: None,
            profile: "2026-modern".parse().unwrap(),
            from: UtcMicros::MIN,
            until: None,
        }),
    ];
    city.install(&policy);
}

async fn told(city: &City, key: &str) -> (u16, String) {
    let answer = city.ask(&Ask::get("/units").key(key)).await;
    let code = if answer.status == 200 { String::new() } else { answer.code() };
    if answer.status == 403 {
        let entry = city.entry_of(&answer).await;
        assert_eq!((entry.outcome.as_str(), entry.action.as_str()), (&*code, "call.refused"));
        assert_eq!(entry.actor.unwrap().credential.as_deref(), Some(key));
    }
    (answer.status, code)
}

#[tokio::test]
async fn an_algorithm_ends_by_the_clock_without_a_new_directory() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let end = city.clock.now().saturating_add(Duration::from_mins(1));
    install(
        &city,
        vec![rule(Algorithm::HmacSha256, Some(end)), rule(Algorithm::Ed25519, None)],
        vec![],
    );
    for key in [HMAC, ED25519] {
        assert_eq!(told(&city, key).await.0, 200, "{key}");
    }
    city.clock.set(end);
    assert_eq!(told(&city, HMAC).await, (403, "profile.not_allowed".to_owned()));
    assert_eq!(told(&city, ED25519).await.0, 200);
    assert_eq!(provider.seen().len(), 3);
}

#[tokio::test]
async fn a_service_may_demand_asymmetric_signatures_and_signed_answers_from_a_date_on() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let minute = Duration::from_mins(1);
    let asymmetric_from = city.clock.now().saturating_add(minute);
    let signed_from = asymmetric_from.saturating_add(minute);
    let demand = |asymmetric, signed_answers, from| ProfileDemand {
        service: None,
        asymmetric,
        signed_answers,
        scope: Scope { from: Some(from), ..Scope::default() },
    };
    let rules = vec![rule(Algorithm::HmacSha256, None), rule(Algorithm::Ed25519, None)];
    let demands = vec![demand(true, false, asymmetric_from), demand(false, true, signed_from)];
    install(&city, rules, demands);
    assert_eq!(told(&city, HMAC).await.0, 200);
    city.clock.set(asymmetric_from);
    assert_eq!(told(&city, HMAC).await, (403, "profile.asymmetric_needed".to_owned()));
    assert_eq!(told(&city, ED25519).await.0, 200);
    city.clock.set(signed_from);
    assert_eq!(told(&city, ED25519).await, (502, "provider.answer_unsigned".to_owned()));
}
