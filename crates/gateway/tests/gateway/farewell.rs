//! Calls to a service whose end is announced, and past it.

use std::time::Duration;

use wire::ambient::Clock;

use crate::caller::Ask;
use crate::city::city;
use crate::policy::SERVICE;
use crate::provider::Provider;

#[tokio::test]
async fn a_service_that_goes_says_so_and_by_the_clock_it_is_gone() {
    let provider = Provider::friendly().await;
    let city = city(provider.address).await;
    let ask = || Ask::get("/units");
    let answer = city.ask(&ask()).await;
    assert_eq!(answer.status, 200);
    for name in ["deprecation", "sunset", "link"] {
        assert_eq!(answer.header(name), None, "{name}");
    }

    let mut policy = city.policy.clone();
    let now = city.clock.now();
    let end = now.saturating_add(Duration::from_hours(1));
    policy.service.deprecated_at = Some(now);
    policy.service.retired_at = Some(end);
    policy.service.successor = Some(SERVICE.replace("/v1", "/v2").parse().unwrap());
    city.install(&policy);
    let answer = city.ask(&ask()).await;
    assert_eq!(answer.status, 200);
    let since = format!("@{}", now.as_seconds());
    assert_eq!(answer.header("deprecation"), Some(since.as_str()));
    let sunset = answer.header("sunset").unwrap().to_owned();
    assert!(sunset.ends_with(" GMT"), "{sunset}");
    let link = format!("</{}>; rel=\"successor-version\"", SERVICE.replace("/v1", "/v2"));
    assert_eq!(answer.header("link"), Some(link.as_str()));

    let seen = provider.seen().len();
    city.clock.advance(Duration::from_hours(1));
    let answer = city.ask(&ask()).await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "service.retired"));
    assert_eq!(answer.header("sunset"), Some(sunset.as_str()));
    assert_eq!(answer.header("link"), Some(link.as_str()));
    assert_eq!(provider.seen().len(), seen, "nothing was forwarded");
    assert_eq!(city.entry_of(&answer).await.outcome, "service.retired");
}
