//! What is said of a call that is only rehearsed is what becomes of the call.

use std::time::Duration;

use gateway::{Rehearsal, rehearse};
use wire::ambient::Clock;
use wire::directory::Environment;

use crate::caller::Ask;
use crate::city::{City, city};
use crate::policy::{LONELY, Policy, SERVICE, connection};
use crate::provider::Provider;

/// How a call and its rehearsal end: `ok`, or the code of the refusal.
async fn both(city: &City, policy: &Policy, ask: &Ask) -> [String; 2] {
    city.install(policy);
    let answer = city.ask(ask).await;
    let called = if answer.status == 200 { "ok".to_owned() } else { answer.code() };
    let credential = policy.credentials.iter().find(|it| it.keyid.as_str() == ask.key).unwrap();
    let rehearsal = Rehearsal {
        consumer: &credential.system,
        keyid: Some(&credential.keyid),
        method: &ask.method,
        path: &ask.target,
        purpose: None,
    };
    let calls = [rehearsal].into_iter();
    let rehearsed = rehearse(&policy.snapshot(), calls, city.clock.now()).remove(0);
    [called, rehearsed.map_or_else(|code| code.to_string(), |()| "ok".to_owned())]
}

#[tokio::test]
async fn a_rehearsal_says_of_a_call_what_becomes_of_it() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let now = city.clock.now();
    let changed = |change: &dyn Fn(&mut Policy)| {
        let mut policy = city.policy.clone();
        change(&mut policy);
        policy
    };
    let units = || Ask::get("/units");
    let as_it_is = changed(&|_| {});
    let retired = changed(&|policy| policy.service.retired_at = Some(now));
    let suspended = changed(&|policy| policy.connections[0].active = false);
    let over = changed(&|policy| policy.connections[0].until = now);
    let twice = changed(&|policy| policy.connections.push(connection(2, "doi-soat")));
    let sandbox = changed(&|policy| policy.credentials[0].environment = Environment::Sandbox);
    let later = now.saturating_add(Duration::from_hours(1));
    let not_yet = changed(&|policy| policy.credentials[0].not_before = later);
    let elsewhere =
        units().with(|ask| ask.target = format!("/{}/units", SERVICE.replace("v1", "v9")));
    let deleted = units().with(|ask| ask.method = "DELETE".to_owned());
    for (policy, ask, ends) in [
        (&as_it_is, units(), "ok"),
        (&as_it_is, units().key(LONELY), "connection.none"),
        (&as_it_is, elsewhere, "connection.none"),
        (&as_it_is, deleted, "connection.operation_not_allowed"),
        (&retired, units(), "service.retired"),
        (&suspended, units(), "connection.not_active"),
        (&over, units(), "connection.out_of_period"),
        (&twice, units(), "purpose.needed"),
        (&sandbox, units(), "service.no_sandbox"),
        (&not_yet, units(), "key.not_valid"),
    ] {
        assert_eq!(both(&city, policy, &ask).await, [ends, ends]);
    }
}
