use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::difference::difference;
use super::entry::Entry;
use super::rules::Entries;
use super::shipped::SHIPPED;
use crate::tests::authorisation::{Case, PROVIDERS, read, write};
use crate::tests::platform::*;

const PATH: &str = "/api/v1/code-lists";
const UNITS: &str = "/api/v1/code-lists/don-vi-hanh-chinh";
const ASKED: &str = "effective_on=2025-07-01&decision=NQ+1669/NQ-UBTVQH15";

/// The routes of this noun, for the table of all routes.
pub(crate) async fn cases(platform: &Platform) -> Vec<Case> {
    with_units(platform).await;
    let one = |rest: &str| format!("{UNITS}{rest}");
    let asked = |route: &str| format!("{UNITS}/{route}?effective_on=2026-01-01&decision=x");
    platform.made(PROVIDER, PATH, form("cu")).await;
    vec![
        read("/api/v1/code-lists", PATH),
        write("/api/v1/code-lists", PATH, form("don-vi-hanh-chinh"), PROVIDERS),
        read("/api/v1/code-lists/{code}", UNITS),
        read("/api/v1/code-lists/{code}/versions", one("/versions")),
        read("/api/v1/code-lists/{code}/entries", one("/entries")),
        read("/api/v1/code-lists/{code}/entries/{entry}", one("/entries/10507")),
        read(
            "/api/v1/code-lists/{code}/entries/{entry}/successors",
            one("/entries/10507/successors"),
        ),
        read("/api/v1/code-lists/{code}/changes", one("/changes")),
        write("/api/v1/code-lists/{code}/change", one("/change"), about(), PROVIDERS),
        write(
            "/api/v1/code-lists/{code}/retire",
            format!("{PATH}/cu/retire"),
            json!({}),
            PROVIDERS,
        ),
        write("/api/v1/code-lists/{code}/versions", asked("versions"), two_entries(), PROVIDERS),
        write(
            "/api/v1/code-lists/{code}/versions/preview",
            asked("versions/preview"),
            two_entries(),
            PROVIDERS,
        ),
        read("/api/v1/shipped-code-lists", "/api/v1/shipped-code-lists"),
        read("/api/v1/shipped-code-lists/{code}", "/api/v1/shipped-code-lists/don-vi-hanh-chinh"),
    ]
}

fn about() -> Value {
    json!({
        "title": "Danh mục đơn vị hành chính",
        "steward": "Phòng Xây dựng chính quyền",
        "legal_basis": "QĐ 01/2025/QĐ-UBND",
    })
}

fn form(code: &str) -> Value {
    json!({"code": code, "organisation": "H24.12", "about": about()})
}

fn two_entries() -> Value {
    json!({"entries": [{"code": "1", "name": "Một"}, {"code": "2", "name": "Hai", "parent": "1"}]})
}

async fn sheet(platform: &Platform, path: &str, sheet: &str) -> (u16, Value) {
    let csv = [("content-type", "text/csv; charset=utf-8")];
    let (status, _, body) =
        platform.sent(PROVIDER, "POST", path, sheet.as_bytes().to_vec(), &csv).await;
    (status, serde_json::from_slice(&body).unwrap())
}

/// The shipped list of administrative units, published as it comes.
pub(crate) async fn with_units(platform: &Platform) -> Value {
    platform.made(PROVIDER, PATH, form("don-vi-hanh-chinh")).await;
    let shipped = "/api/v1/shipped-code-lists/don-vi-hanh-chinh";
    let (status, _, bytes) = platform.sent(PROVIDER, "GET", shipped, Vec::new(), &[]).await;
    assert_eq!(status, 200);
    let text = String::from_utf8(bytes).unwrap();
    let (status, version) = sheet(platform, &format!("{UNITS}/versions?{ASKED}"), &text).await;
    assert_eq!(status, 201, "{version}");
    version
}

fn codes(items: &Value) -> Vec<&str> {
    items.as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_shipped_units_are_the_114_of_today_and_those_before_the_merger() {
    let platform = Platform::with_service().await;
    let version = with_units(&platform).await;
    assert_eq!((&version["number"], &version["entries"]), (&json!(1), &json!(517)));
    let mut seen = Vec::new();
    let mut after = String::new();
    loop {
        let page = platform.get(&format!("{UNITS}/entries?parent=31&limit=50{after}")).await;
        seen.extend(codes(&page["items"]).into_iter().map(ToOwned::to_owned));
        let Some(next) = page["next"].as_str() else { break };
        after = format!("&after={}", next.replace(' ', "+"));
    }
    assert_eq!(seen.len(), 114);
    assert!(seen.is_sorted());
    // The day before the merger: communes of a former province, below a district.
    let then =
        platform.get(&format!("{UNITS}/entries?parent=288&as_of=2025-06-30&limit=200")).await;
    assert_eq!(then["items"].as_array().unwrap().len(), 24);
    let none = platform.get(&format!("{UNITS}/entries?parent=288&as_of=2025-07-01")).await;
    assert_eq!(none["items"], json!([]));
    let all = platform.get(&format!("{UNITS}/entries?parent=288&all=true&limit=200")).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 24);
    // Every name of the resolution is there; the demo's list is of another source.
    let names: Vec<_> = SHIPPED[0].sheet.lines().collect();
    assert!(names.iter().any(|line| line.contains("Đặc khu Bạch Long Vĩ,31,2025-07-01")));
}

#[tokio::test]
async fn entries_are_found_by_words_with_and_without_diacritics() {
    let platform = Platform::with_service().await;
    with_units(&platform).await;
    for (query, found) in [
        ("q=bach+long+vi", vec!["11948"]),
        ("q=B%E1%BA%A0CH+long", vec!["11948"]),
        ("q=thanh+dong", vec!["10507"]),
        // With its marks only the one that has them.
        ("q=c%E1%BA%A9m+gi%C3%A0ng", vec!["10903"]),
        ("q=cam+giang", vec!["10888", "10903"]),
        ("q=th%C3%A0nh+%C4%91%C3%B4ng", vec!["10507"]),
        ("q=thanh+do%CC%81ng", vec![]),
        ("q=ach", vec![]),
        ("q=%25", vec!["10507", "10525"]),
    ] {
        let page = platform.get(&format!("{UNITS}/entries?{query}&limit=2")).await;
        assert_eq!(codes(&page["items"]), found, "{query}");
    }
    let long = format!("{UNITS}/entries?q={}", "a+".repeat(9));
    let (status, _) = platform.ask(OPERATOR, "GET", &long, None).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn an_old_code_leads_to_its_successors_even_where_it_was_given_again() {
    let platform = Platform::with_service().await;
    with_units(&platform).await;
    let resolve = async |asked: &str| platform.get(&format!("{UNITS}/entries/{asked}")).await;
    // 10510 is gone, and is part of 10507 today.
    let gone = resolve("10510/successors").await;
    assert_eq!(gone["asked"]["name"], "Phường Bình Hàn");
    assert_eq!((codes(&gone["resolved"]), &gone["ended"]), (vec!["10507"], &json!([])));
    assert_eq!(gone["resolved"][0]["name"], "Phường Thành Đông");
    // 10507 was another ward before: what is meant depends on when it was written down.
    let today = resolve("10507/successors").await;
    assert_eq!(today["asked"]["name"], "Phường Thành Đông");
    let before = resolve("10507/successors?meant_on=2024-03-01").await;
    assert_eq!(before["asked"]["name"], "Phường Cẩm Thượng");
    assert_eq!(before["resolved"][0]["name"], "Phường Thành Đông");
    let then = resolve("10507/successors?meant_on=2024-03-01&as_of=2025-01-01").await;
    assert_eq!(then["resolved"][0]["name"], "Phường Cẩm Thượng");
    // A commune that was divided, a province that became another, a district that left nothing.
    let divided = resolve("11650/successors").await;
    assert!(divided["resolved"].as_array().unwrap().len() <= 3);
    assert_eq!(codes(&resolve("30/successors").await["resolved"]), ["31"]);
    let ended = resolve("288/successors").await;
    assert_eq!((&ended["resolved"], &ended["ended"]), (&json!([]), &json!(["288"])));
    // The way back.
    let one = resolve("10507").await;
    let before = codes(&one["predecessors"]);
    assert!(before.contains(&"10507") && before.contains(&"10510"), "{before:?}");
    let (status, answer) =
        platform.ask(OPERATOR, "GET", &format!("{UNITS}/entries/99"), None).await;
    assert_eq!((status, &answer["code"]), (404, &json!("resource.not_found")));
}

#[tokio::test]
async fn a_version_is_previewed_published_on_its_day_and_told_as_changes() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("muc")).await;
    let path = format!("{PATH}/muc");
    let versions = format!("{path}/versions");
    let one = "code,name\na,Một\nb,Hai\nc,Ba\n";
    let (status, _) = platform.ask(OPERATOR, "GET", &format!("{path}/entries"), None).await;
    assert_eq!(status, 404, "no version is in force");
    assert_eq!(sheet(&platform, &format!("{versions}?{ASKED}"), one).await.0, 201);
    assert_eq!(sheet(&platform, &format!("{versions}?{ASKED}"), one).await.0, 200, "nothing new");

    let two = "\u{feff}Mã;Tên\r\na;Một\r\nb;Hai (sửa)\r\nd;Bốn\r\n";
    let later = "effective_on=2026-12-01&decision=Q%C4%90+2";
    let (_, preview) = sheet(&platform, &format!("{versions}/preview?{later}"), two).await;
    let kinds: Vec<_> =
        preview["changes"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
    assert_eq!(kinds, ["changed", "removed", "added"]);
    assert_eq!(preview["changes"][0]["before"]["name"], "Hai");
    assert_eq!(platform.get(&versions).await["items"].as_array().unwrap().len(), 1);
    let digest = preview["version"]["digest"].as_str().unwrap();
    let digest: String = url::form_urlencoded::byte_serialize(digest.as_bytes()).collect();
    let held = format!("{versions}?{later}&digest={digest}");
    assert_eq!(sheet(&platform, &held, one).await.0, 409, "not what was previewed");
    assert_eq!(sheet(&platform, &held, two).await.0, 201);
    let entry = platform.entries().await.pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.subject["removed"].as_str()),
        ("code_list.published", "1")
    );

    // Announced, and in force on its day in Việt Nam.
    let list = platform.get(&path).await;
    assert_eq!((&list["in_force"]["number"], &list["announced"]["number"]), (&json!(1), &json!(2)));
    assert_eq!(codes(&platform.get(&format!("{path}/entries")).await["items"]), ["a", "b", "c"]);
    assert_eq!(platform.get(&format!("{path}/changes?since=1")).await["items"], json!([]));
    let ahead = platform.get(&format!("{path}/entries?version=2")).await;
    assert_eq!(codes(&ahead["items"]), ["a", "b", "d"]);
    platform.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(codes(&platform.get(&format!("{path}/entries")).await["items"]), ["a", "b", "d"]);
    let then = platform.get(&format!("{path}/entries?version=1")).await;
    assert_eq!(codes(&then["items"]), ["a", "b", "c"]);

    let changes = platform.get(&format!("{path}/changes?since=1&limit=2")).await;
    assert_eq!((&changes["to"], &changes["items"][1]["kind"]), (&json!(2), &json!("removed")));
    let next = changes["next"].as_str().unwrap().replace(' ', "+");
    let rest = platform.get(&format!("{path}/changes?since=1&to=2&limit=2&after={next}")).await;
    assert_eq!(rest["items"][0]["after"]["code"], "d");
    assert!(rest["next"].is_null());
    let all = platform.get(&format!("{path}/changes")).await;
    assert_eq!(all["items"].as_array().unwrap().len(), 3, "from nothing: what there is");

    let early = sheet(&platform, &format!("{versions}?{ASKED}"), one).await;
    assert_eq!(early.1["detail"].as_str().map(|detail| detail.contains("2026-12-01")), Some(true));
    assert_eq!((early.0, &early.1["code"]), (409, &json!("resource.conflict")));
    let ahead = platform.ask(OPERATOR, "GET", &format!("{path}/changes?since=9"), None).await;
    assert_eq!(ahead.0, 422);
}

#[tokio::test]
async fn mistakes_are_told_with_their_line_and_rule_and_nothing_is_changed() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("muc")).await;
    let path = format!("{PATH}/muc/versions?{ASKED}");
    let header = "code,name,parent,valid_from,valid_until,successors";
    for (rows, told) in [
        ("a,Một\nb\n", "line 3"),
        ("a b,Một,,,,\n", "line 2, code"),
        ("a,,,,,\n", "line 2, name"),
        ("a,Một,,,,\na,Hai,,,,\n", "line 3: it must be another code"),
        ("a,Một,x,,,\n", "line 2, parent: it must be a code of this list"),
        ("a,Một,b,,,\nb,Hai,a,,,\n", "line 2, parent: it must be a code above it that does not"),
        ("a,Một,a,,,\n", "line 2, parent"),
        ("a,Một,,2025-07-01,2025-07-01,\n", "line 2, valid_until"),
        ("a,Một,,,,b\nb,Hai,,,,\n", "line 2, successors: it must be empty"),
        (
            "a,Một,,,2025-07-01,b\nb,Hai,,,2025-01-01,\n",
            "line 2, successors: it must be a code that is",
        ),
        ("a,Một,,,2025-07-01,\na,Hai,,2025-06-30,,\n", "two of its periods overlap"),
        ("", "the whole list: it must be 1 to 20000"),
    ] {
        let (status, answer) = sheet(&platform, &path, &format!("{header}\n{rows}")).await;
        let detail = answer["detail"].as_str().unwrap();
        assert_eq!(status, 422, "{rows}: {answer}");
        assert!(detail.contains(told), "{rows}: {detail}");
    }
    let json = json!({"entries": [{"code": "a", "name": "Một"}, {"code": "b", "name": 1}]});
    let (status, answer) = platform.post(PROVIDER, &path, json).await;
    assert!(
        status == 422 && answer["detail"].as_str().unwrap().contains("entries[1].name"),
        "{answer}"
    );
    let text = [("content-type", "text/plain")];
    assert_eq!(platform.sent(PROVIDER, "POST", &path, b"x".to_vec(), &text).await.0, 415);
    let long = vec![b'a'; super::MAX_BYTES + 1];
    let csv = [("content-type", "text/csv")];
    assert_eq!(platform.sent(PROVIDER, "POST", &path, long, &csv).await.0, 413);
    assert_eq!(platform.get(&format!("{PATH}/muc/versions")).await["items"], json!([]));
}

#[tokio::test]
async fn one_publisher_wins_and_a_retired_list_stays_readable() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("muc")).await;
    let path = format!("{PATH}/muc");
    let versions = format!("{path}/versions?{ASKED}");
    let (_, headers, _) = platform.heard(PROVIDER, "GET", &path, None, &[]).await;
    let tag = [("if-match", headers["etag"].to_str().unwrap())];
    let by = async |name: &str| {
        let body = json!({"entries": [{"code": "a", "name": name}]});
        platform.heard(PROVIDER, "POST", &versions, Some(body), &tag).await.0
    };
    assert_eq!((by("Một").await, by("Hai").await), (201, 412));
    platform.made(PROVIDER, PATH, form("moi")).await;
    let own =
        platform.refused(PROVIDER, &format!("{path}/retire"), json!({"successor": "muc"})).await;
    assert_eq!(own.0, 409);
    let end = json!({"successor": "moi"});
    let retired = platform.made(PROVIDER, &format!("{path}/retire"), end).await;
    assert_eq!(retired["successor"], "moi");
    let body = json!({"entries": [{"code": "a", "name": "Ba"}]});
    let closed = platform.refused(PROVIDER, &versions, body).await;
    assert_eq!(closed, (409, "resource.closed".to_owned()));
    assert_eq!(codes(&platform.get(&format!("{path}/entries")).await["items"]), ["a"]);
    let other = platform.refused(CONSUMER, PATH, form("khac")).await;
    assert_eq!(other.0, 403);
    assert_eq!(platform.refused(PROVIDER, PATH, form("muc")).await.0, 409);
}

fn some_entries() -> impl Strategy<Value = Entries> {
    let entry = ("[a-d]", 0_u8..3).prop_map(|(code, name)| Entry {
        code,
        name: format!("Tên {name}"),
        parent: None,
        valid_from: None,
        valid_until: None,
        successors: Vec::new(),
        attributes: std::collections::BTreeMap::new(),
    });
    prop::collection::vec(entry, 0..5)
        .prop_map(|entries| entries.into_iter().map(|one| (one.key(), one)).collect())
}

proptest! {
    #[test]
    fn a_difference_makes_of_one_version_the_other(before in some_entries(), after in some_entries()) {
        let mut made = before.clone();
        for change in difference(&before, &after, 2) {
            let key = change.about().unwrap().key();
            prop_assert_eq!(made.remove(&key), change.before);
            made.extend(change.after.map(|entry| (key, entry)));
        }
        prop_assert_eq!(made, after);
    }
}

/// However versions follow each other, each stays readable, and changes lead from any to any later.
#[tokio::test]
async fn every_version_stays_readable_and_changes_lead_from_any_to_any_later_one() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("muc")).await;
    let path = format!("{PATH}/muc");
    let states = ["a=1 b=1", "a=1 c=1", "b=2 c=1", "a=1 b=1", "d=1"];
    let mut published = Vec::new();
    for state in states {
        let entries: Vec<_> = state
            .split(' ')
            .map(|one| one.split_once('=').unwrap())
            .map(|(code, name)| json!({"code": code, "name": name}))
            .collect();
        let body = json!({"entries": entries});
        platform.made(PROVIDER, &format!("{path}/versions?{ASKED}"), body).await;
        published.push(entries);
    }
    for (number, entries) in (1..).zip(&published) {
        let page = platform.get(&format!("{path}/entries?version={number}")).await;
        assert_eq!(page["items"], json!(entries), "{number}");
        for (since, from) in (1..number).zip(&published) {
            let asked = format!("{path}/changes?since={since}&to={number}");
            let mut made = from.clone();
            for change in platform.get(&asked).await["items"].as_array().unwrap() {
                made.retain(|one| *one != change["before"]);
                made.extend(Some(change["after"].clone()).filter(|after| !after.is_null()));
            }
            made.sort_by_key(|one| one["code"].as_str().unwrap().to_owned());
            assert_eq!(made, *entries, "from {since} to {number}");
        }
    }
}

/// One that was announced for a day that was mistyped does not keep the list from ever changing.
#[tokio::test]
async fn an_announced_version_is_superseded_by_one_of_an_earlier_day() {
    let platform = Platform::with_service().await;
    platform.made(PROVIDER, PATH, form("muc")).await;
    let path = format!("{PATH}/muc");
    let versions = format!("{path}/versions");
    let (one, two) = ("code,name\na,Một\n", "code,name\na,Một\nb,Hai\n");
    assert_eq!(sheet(&platform, &format!("{versions}?{ASKED}"), one).await.0, 201);
    let mistyped = format!("{versions}?effective_on=2206-12-01&decision=Q%C4%90+2");
    assert_eq!(sheet(&platform, &mistyped, two).await.0, 201);
    assert_eq!(sheet(&platform, &mistyped, two).await.0, 200, "nothing new");
    let meant = format!("{versions}?effective_on=2026-12-01&decision=Q%C4%90+2");
    let (status, third) = sheet(&platform, &meant, two).await;
    assert_eq!(
        (status, &third["number"]),
        (201, &json!(3)),
        "the same entries on another day: {third}"
    );
    assert_eq!(codes(&platform.get(&format!("{path}/entries")).await["items"]), ["a"]);
    platform.clock.advance(Duration::from_hours(24 * 30));
    assert_eq!(codes(&platform.get(&format!("{path}/entries")).await["items"]), ["a", "b"]);
    assert_eq!(platform.get(&path).await["in_force"]["number"], 3);
}
