//! From where a system may call.

use transport::{Acceptor, TrustedProxies};
use wire::directory::{Record, SystemRecord};

use crate::caller::Ask;
use crate::city::{City, Setting};
use crate::policy::Policy;
use crate::provider::Provider;

fn with_networks(policy: &Policy, networks: &[&str]) -> Policy {
    let mut policy = policy.clone();
    policy.more = vec![Record::System(SystemRecord {
        id: "H24.30/mot-cua".parse().unwrap(),
        name: "Một cửa".to_owned(),
        networks: networks.iter().map(|network| network.parse().unwrap()).collect(),
        level: None,
    })];
    policy
}

async fn outcome(city: &City) -> (u16, String) {
    let answer = city.ask(&Ask::get("/units")).await;
    let entry = city.entry_of(&answer).await;
    (answer.status, entry.outcome)
}

#[tokio::test]
async fn a_system_calls_from_its_networks_only_and_a_refusal_is_recorded_as_its_own() {
    let provider = Provider::friendly().await;
    let city = Setting::new(provider.address).start().await;
    // The tests call from 127.0.0.1.
    for (networks, status) in [
        (&[][..], 200),
        (&["127.0.0.0/8"], 200),
        (&["10.24.0.0/16", "127.0.0.1"], 200),
        (&["10.24.0.0/16", "2001:db8::/32"], 403),
        (&["::/0"], 403),
    ] {
        city.install(&with_networks(&city.policy, networks));
        let (answered, outcome) = outcome(&city).await;
        assert_eq!(answered, status, "{networks:?}");
        if status == 403 {
            assert_eq!(outcome, "system.network_not_allowed", "{networks:?}");
        }
    }
    assert_eq!(provider.seen().len(), 3);
}

#[tokio::test]
async fn it_is_the_address_that_a_trusted_proxy_tells_and_no_others_word() {
    let provider = Provider::friendly().await;
    let city = Setting::new(provider.address).start().await;
    city.install(&with_networks(&city.policy, &["10.24.0.0/16"]));
    let lying = Ask::get("/units").header("forwarded", "for=10.24.0.7");
    let answer = city.ask(&lying).await;
    assert_eq!((answer.status, answer.code().as_str()), (403, "system.network_not_allowed"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("127.0.0.1"));

    let mut setting = Setting::new(provider.address);
    let proxies = TrustedProxies::parse(["127.0.0.1"]).unwrap();
    setting.config.acceptor = Acceptor::default().behind(proxies, false);
    setting.policy = with_networks(&setting.policy, &["10.24.0.0/16"]);
    let city = setting.start().await;
    for (told, status) in [("for=10.24.0.7;proto=http", 200), ("for=10.25.0.7;proto=http", 403)] {
        let answer = city.ask(&Ask::get("/units").header("forwarded", told)).await;
        assert_eq!(answer.status, status, "{told}");
    }
}
