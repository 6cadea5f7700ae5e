//! Who may read what, what a reading leaves behind, and what tlog-tiles clients rely on.

mod fixture;

use axum::http::{StatusCode, header};
use wire::bundle::{Bundle, verify};
use wire::checkpoint::Checkpoint;
use wire::entry::{Entry, Kind};
use wire::merkle::{leaf_hash, root_of};
use wire::note::SignedNote;
use wire::tile::decode_entries;

use self::fixture::{AUDITOR, BEARER, Fixture, OPERATOR, READERS, RECODED};
use super::{BUNDLE, CALL, CHECKPOINT, ENTRIES, HASHES, TRUST};

/// Every route × every reader of [`READERS`]. A route without a line here has no business in
/// `router`.
const RIGHTS: [(&str, [u16; 11]); 6] = [
    //           stranger, bad token, state, operator, admin: consumer, provider, other,
    //           officer: consumer, other, auditor, incident handler
    (TRUST, [200; 11]),
    (CHECKPOINT, [200; 11]),
    (HASHES, [200; 11]),
    (ENTRIES, [401, 401, 403, 403, 403, 403, 403, 403, 403, 200, 403]),
    (CALL, [401, 401, 200, 200, 200, 200, 403, 200, 403, 200, 200]),
    (BUNDLE, [401, 401, 200, 200, 200, 200, 403, 200, 403, 200, 200]),
];

#[tokio::test]
async fn each_route_answers_whom_it_may_and_every_reading_is_an_entry_first() {
    let fixture = Fixture::new(false).await;
    for (route, statuses) in RIGHTS {
        for (reader, status) in READERS.iter().zip(statuses) {
            let before = fixture.log().size();
            let answer = fixture.get(&fixture.path(route), reader).await;
            assert_eq!(answer.status.as_u16(), status, "{route} for {reader:?}");
            let recorded = fixture.entries_after(before).await;
            let is_public = [TRUST, CHECKPOINT, HASHES].contains(&route);
            let [entry] = &recorded[..] else {
                assert!(recorded.is_empty(), "{route} for {reader:?}: {recorded:?}");
                assert!(is_public || status == 401, "{route} for {reader:?} was not recorded");
                continue;
            };
            assert_eq!((entry.kind, entry.action.as_str()), (Kind::Access, "evidence.read"));
            let outcome = if status == 200 { "ok" } else { "role.not_permitted" };
            assert_eq!(entry.outcome, outcome, "{route} for {reader:?}");
            let organisation = entry.actor.as_ref().unwrap().organisation.as_ref().unwrap();
            assert_eq!(Some(organisation.to_string()), reader.organisation());
        }
    }
}

#[tokio::test]
async fn public_entries_need_no_right_and_leave_no_entry() {
    let fixture = Fixture::new(true).await;
    let before = fixture.log().size();
    for reader in &READERS {
        let answer = fixture.get(&fixture.path(ENTRIES), reader).await;
        assert_eq!(answer.status, StatusCode::OK, "{reader:?}");
        assert!(answer.header(header::CACHE_CONTROL).contains("immutable"));
    }
    assert_eq!(fixture.log().size(), before);
}

#[tokio::test]
async fn a_tiles_client_computes_the_signed_root_from_the_entries() {
    let fixture = Fixture::new(false).await;
    let checkpoint = fixture.get(&fixture.path(CHECKPOINT), &READERS[0]).await;
    assert_eq!(checkpoint.header(header::CACHE_CONTROL), "no-cache");
    assert_eq!(checkpoint.header(header::CONTENT_TYPE), "text/plain; charset=utf-8");
    let note: SignedNote = checkpoint.text().parse().unwrap();
    let checkpoint: Checkpoint = note.text.parse().unwrap();

    let hashes = fixture.get(&fixture.path(HASHES), &READERS[0]).await;
    assert!(hashes.header(header::CACHE_CONTROL).contains("immutable"));
    let leaves: Vec<[u8; 32]> = hashes.body.as_chunks::<32>().0.to_vec();
    assert_eq!(leaves.len() as u64, checkpoint.size);
    assert_eq!(root_of(leaves.iter().copied()), checkpoint.root);

    let entries = fixture.get(&fixture.path(ENTRIES), &AUDITOR).await;
    assert_eq!(entries.header(header::CACHE_CONTROL), "private, no-store");
    let entries = decode_entries(&entries.body).unwrap();
    assert_eq!(entries.into_iter().map(leaf_hash).collect::<Vec<_>>(), leaves);
}

#[tokio::test]
async fn what_the_log_has_not_published_is_not_found() {
    let fixture = Fixture::new(false).await;

    for path in [
        "/evidence/logs/other/checkpoint",
        "/evidence/logs/log/tile/0/001",
        "/evidence/logs/log/tile/0/000",
        "/evidence/logs/log/tile/0/0",
        "/evidence/logs/log/tile/0/../entries/000.p/1",
        "/evidence/logs/log/tile/entries/000",
        "/evidence/v1/calls/01935700-0000-7000-8000-000000000000",
        "/evidence/v1/bundles/9999",
    ] {
        let answer = fixture.get(path, &AUDITOR).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["code"], "evidence.not_found", "{path}");
    }
    for path in ["/evidence/v1/calls/17", "/evidence/v1/bundles/x"] {
        let answer = fixture.get(path, &AUDITOR).await;
        assert_eq!(answer.json()["code"], "field.invalid", "{path}");
    }
}

#[tokio::test]
async fn entries_do_not_leave_by_the_route_of_the_hashes_however_they_are_spelt() {
    let fixture = Fixture::new(false).await;
    for path in ["tile//entries/000.p/1", "tile/%65ntries/000.p/1", "tile/entries%2F000.p/1"] {
        let answer = fixture.get(&format!("/evidence/logs/log/{path}"), &READERS[0]).await;
        assert!(!answer.status.is_success(), "{path}: {}", answer.status);
    }
}

#[tokio::test]
async fn the_record_shows_content_to_the_parties_and_auditors_only_and_secrets_to_nobody() {
    let fixture = Fixture::new(false).await;
    for (reader, sees_content) in
        READERS.iter().zip([false, false, false, false, true, true, false, true, false, true, true])
    {
        let answer = fixture.get(&fixture.path(CALL), reader).await;
        assert!(!answer.text().contains(BEARER), "{reader:?}");
        let content = &answer.json()["entries"][0]["content"];
        assert_eq!(content.is_object(), sees_content, "{reader:?}");
        if sees_content {
            assert_eq!(content["request_head"][0], "GET /units");
            assert_eq!(content["response_body"]["length"], 2);
            let digest = content["response_body"]["content_digest"].as_str().unwrap();
            assert!(digest.starts_with("sha-256=:"), "{digest}");
        }
    }
    let answer = fixture.get(&fixture.path(CALL), &AUDITOR).await.json();
    assert_eq!(answer["entries"][0]["index"], 0);
    assert_eq!(answer["entries"][0]["published"], true);
    assert_eq!(answer["entries"][0]["entry"]["action"], "call.completed");
}

#[tokio::test]
async fn an_organisation_that_got_another_code_goes_on_seeing_its_calls() {
    let fixture = Fixture::new(false).await;
    let answer = fixture.get(&fixture.path(CALL), &RECODED).await.json();
    assert!(answer["entries"][0]["content"].is_object(), "{answer}");
    let entry = &answer["entries"][0]["entry"];
    assert_eq!(entry["actor"]["organisation"], "H24.30", "the entry stays as it was");
}

#[tokio::test]
async fn a_bundle_is_a_file_that_verifies_and_opens_what_its_reader_may_see() {
    let fixture = Fixture::new(false).await;
    for (reader, opens) in [(AUDITOR, true), (OPERATOR, false)] {
        let answer = fixture.get(&fixture.path(BUNDLE), &reader).await;
        assert_eq!(answer.header(header::CONTENT_TYPE), wire::bundle::MEDIA_TYPE);
        assert!(answer.header(header::CONTENT_DISPOSITION).ends_with(".asice\""));
        let bundle = Bundle::open(&answer.body).unwrap();
        verify(&bundle, &fixture.trust()).unwrap();
        assert_eq!(!bundle.parts().entries[0].revealed.is_empty(), opens, "{reader:?}");
    }
    let by_index = fixture.get("/evidence/v1/bundles/0", &AUDITOR).await;
    let bundle = Bundle::open(&by_index.body).unwrap();
    assert_eq!(bundle.entries()[0].action, "call.completed");
}

#[tokio::test]
async fn nothing_is_read_that_cannot_be_recorded() {
    let fixture = Fixture::new(false).await;
    let paths = [CALL, ENTRIES].map(|route| fixture.path(route));
    fixture.log().close().await;
    for path in paths {
        let answer = fixture.get(&path, &AUDITOR).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.json()["code"], "log.unavailable", "{path}");
    }
}

#[tokio::test]
async fn an_entry_of_a_reading_names_what_was_read_and_no_content() {
    let fixture = Fixture::new(false).await;
    let before = fixture.log().size();
    fixture.get(&fixture.path(BUNDLE), &AUDITOR).await;
    let entries: Vec<Entry> = fixture.entries_after(before).await;
    let subject: Vec<_> = entries[0].subject.iter().collect();
    let (call, form) = ("call".to_owned(), "form".to_owned());
    let (id, bundle) = (fixture.request_id().to_string(), "bundle".to_owned());
    assert_eq!(subject, [(&call, &id), (&form, &bundle)]);
}

#[test]
fn the_routes_for_people_are_described_with_who_may_read() {
    let document = serde_json::to_value(super::description()).unwrap();
    for route in [super::CALL, super::BUNDLE] {
        let read = &document["paths"][route]["get"];
        let description = read["description"].as_str().unwrap().replace('\n', " ");
        for role in ["auditor", "incident handler", "administrators", "operator", "state manager"] {
            assert!(description.contains(role), "{route}: {role}");
        }
        assert!(read["responses"]["403"].is_object(), "{route}");
    }
    let bundle = &document["paths"][super::BUNDLE]["get"]["responses"]["200"]["content"];
    assert_eq!(bundle[wire::bundle::MEDIA_TYPE]["schema"]["type"], "string", "{bundle}");
    assert!(document["components"]["schemas"]["CallRecord"].is_object());
}
