use std::sync::Arc;

use serde_json::json;
use testkit::FaultyDisk;
use testkit::faulty_disk::Call;
use wire::note::NoteVerifier;

use crate::tests::platform::*;

#[tokio::test]
async fn every_version_is_signed_under_the_directorys_name() {
    let platform = Platform::with_service().await;
    let verifier =
        NoteVerifier::new("lgsp.test/log/directory", platform.directory_key.public_key()).unwrap();
    let published = platform.in_force();
    published.signed.verify(&[verifier]).unwrap();
    let answered = platform.get("/api/v1/directory").await;
    assert_eq!(answered["size"], published.signed.directory.size());
    assert_eq!(answered["head"], published.signed.head.as_str());
    assert!(published.signed.head.contains(answered["root"].as_str().unwrap()));
}

#[tokio::test]
async fn what_gateways_need_not_know_publishes_nothing() {
    let platform = Platform::with_service().await;
    let before = platform.in_force();
    platform.connection_after(&["submit", "consent"]).await;
    assert!(Arc::ptr_eq(&before, &platform.in_force()));
}

#[tokio::test]
async fn a_restart_restores_the_version_in_force_with_its_secrets_and_records_nothing() {
    let platform = Platform::with_service().await;
    let credential = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(CONSUMER, "/api/v1/credentials", credential).await;
    let (before, size) = (platform.in_force(), platform.log.size());
    let platform = platform.restart().await;
    let after = platform.in_force();
    assert_eq!(after.signed, before.signed);
    assert_eq!(after.hmac_secrets, before.hmac_secrets);
    assert_eq!(platform.log.size(), size);
}

#[tokio::test]
async fn a_change_whose_publication_a_crash_prevented_comes_into_force_at_the_next_start() {
    let platform = Platform::with_service().await;
    let recorder = &platform.registry.recorder;
    let mut change =
        recorder.change(&actor(OPERATOR).unwrap(), "organisation.renamed").await.unwrap();
    let sql = "UPDATE organisation SET name = 'Sở Nội vụ' WHERE code = 'H24.12'";
    change.execute(sql, &[]).await.unwrap();
    change.record([("organisation".to_owned(), "H24.12".to_owned())].into()).await.unwrap();
    let platform = platform.restart().await;
    assert_eq!(platform.record("organisation/H24.12").unwrap()["name"], "Sở Nội vụ");
    let last = platform.entries().await.pop().unwrap();
    assert_eq!((last.action.as_str(), last.actor), ("directory.published", None));
}

#[tokio::test]
async fn going_back_to_what_was_in_force_before_is_published_even_if_a_crash_comes_between() {
    let platform = Platform::with_service().await;
    let first = platform.in_force().signed.directory.root();
    let names = json!({"name": "Sở Nội vụ"});
    platform.made(OPERATOR, "/api/v1/organisations/H24.12/rename", names).await;
    let second = platform.in_force().signed.directory.root();
    let recorder = &platform.registry.recorder;
    let mut change =
        recorder.change(&actor(OPERATOR).unwrap(), "organisation.renamed").await.unwrap();
    let sql = "UPDATE organisation SET name = 'Cơ quan H24.12' WHERE code = 'H24.12'";
    change.execute(sql, &[]).await.unwrap();
    change.record([("organisation".to_owned(), "H24.12".to_owned())].into()).await.unwrap();

    let platform = platform.restart().await;
    assert_eq!(platform.in_force().signed.directory.root(), first);
    let last = platform.entries().await.pop().unwrap();
    assert_eq!((last.action.as_str(), last.directory), ("directory.published", Some(first)));
    let size = platform.log.size();
    let platform = platform.restart().await;
    assert_eq!(platform.log.size(), size, "once");
    let versions: Vec<_> =
        platform.entries().await.iter().filter_map(|entry| entry.directory).collect();
    assert_eq!(versions[versions.len() - 3..], [first, second, first]);
}

#[tokio::test]
async fn changes_at_once_are_handed_over_in_the_order_in_which_they_are_recorded() {
    let platform = Arc::new(Platform::with_service().await);
    let mut versions = platform.registry.published();
    let seen = tokio::spawn(async move {
        let mut roots = vec![versions.borrow_and_update().signed.directory.root()];
        while versions.changed().await.is_ok() {
            let published = versions.borrow_and_update().clone();
            roots.push(published.signed.directory.root());
            if published.signed.directory.find("system/H24.31/xong").is_some() {
                break;
            }
        }
        roots
    });
    let mut changes = Vec::new();
    for number in 0..20 {
        let platform = Arc::clone(&platform);
        changes.push(tokio::spawn(async move {
            let code = format!("he-thong-{number}");
            let form = json!({"organisation": "H24.31", "code": code, "name": "x"});
            platform.made(CONSUMER, "/api/v1/systems", form).await;
            let key = format!("system/H24.31/he-thong-{number}");
            assert!(platform.record(&key).is_some(), "answered before it is in force");
        }));
    }
    for change in changes {
        change.await.unwrap();
    }
    let last = json!({"organisation": "H24.31", "code": "xong", "name": "x"});
    platform.made(CONSUMER, "/api/v1/systems", last).await;
    let seen = seen.await.unwrap();
    let entries = platform.entries().await;
    let recorded: Vec<_> = entries.iter().filter_map(|entry| entry.directory).collect();
    // Two versions may follow each other before the observer looks; never the other way round.
    let mut recorded = recorded.into_iter();
    for root in seen {
        assert!(recorded.any(|version| version == root), "a version was handed over out of turn");
    }
    assert_eq!(recorded.next(), None, "the last recorded version is the one in force");
}

#[tokio::test]
async fn a_change_that_could_not_be_published_comes_into_force_when_the_log_is_whole_again() {
    let disk = FaultyDisk::new(1);
    let platform = Platform::start_on(disk.process()).await.and_service().await;
    let mut versions = platform.registry.published();
    versions.mark_unchanged();
    // The change commits; its entry meets the failing disk, and so would the version's.
    disk.fail_next(Call::Sync, "wal");
    let names = json!({"name": "Sở Nội vụ"});
    let (status, answer) =
        platform.post(OPERATOR, "/api/v1/organisations/H24.12/rename", names).await;
    if status == 503 {
        assert_eq!(answer["code"], "log.unavailable", "{answer}");
        assert!(answer["detail"].as_str().unwrap().contains("recorded"), "{answer}");
    }
    versions.changed().await.unwrap();
    assert_eq!(platform.record("organisation/H24.12").unwrap()["name"], "Sở Nội vụ");
    let actions = platform.actions().await;
    let end: Vec<_> = actions.iter().rev().take(2).collect();
    assert_eq!(end, ["directory.published", "organisation.renamed"]);
}

#[tokio::test]
async fn a_connection_that_is_tried_is_published_as_such_and_as_nothing_more() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent"]).await;
    let key = format!("connection/{}", path.rsplit('/').next().unwrap());
    assert_eq!(platform.record(&key), None);
    for (step, testing, active) in [
        ("test", json!(true), false),
        ("approve", json!(null), false),
        ("activate", json!(null), true),
    ] {
        platform.step(&path, step).await;
        let record = platform.record(&key).unwrap();
        assert_eq!((&record["testing"], &record["active"]), (&testing, &active.into()), "{step}");
    }
    let withdrawn = platform.connection_after(&["submit", "consent", "test", "withdraw"]).await;
    let key = format!("connection/{}", withdrawn.rsplit('/').next().unwrap());
    assert_eq!(platform.record(&key), None, "what was withdrawn is tried no more");
}
