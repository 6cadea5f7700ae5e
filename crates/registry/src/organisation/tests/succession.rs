//! Another code, mergers and divisions, and what becomes of systems, services and connections.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use store::{Database, DatabaseConfig};
use wire::digest::{ContentDigest, DigestAlgorithm};

use super::PATH;
use crate::import::shape::{Kind, TABLES};
use crate::organisation::relocation::GOES_ALONG;
use crate::tests::platform::*;

const FORMER_SERVICE: &str = "H24.12/don-vi-hanh-chinh/danh-muc/v1";

/// A platform on which the consumer calls the provider's service.
async fn connected() -> (Platform, String) {
    let platform = Platform::with_service().await;
    let key = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(CONSUMER, "/api/v1/credentials", key).await;
    let way = ["submit", "consent", "test", "approve", "activate"];
    let connection = platform.connection_after(&way).await;
    (platform, connection)
}

fn order(more: &Value) -> Value {
    let mut form = json!({"decision": "1669/NQ-UBTVQH15"});
    form.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    form
}

async fn ids(platform: &Platform, path: &str) -> Vec<String> {
    let page = platform.get(path).await;
    let id = |item: &Value| item["id"].as_str().unwrap().to_owned();
    page["items"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn another_code_takes_systems_services_keys_and_connections_along() {
    let (platform, connection) = connected().await;
    platform.made(OPERATOR, PATH, json!({"code": "H24.12.01", "name": "Chi cục"})).await;
    let contacts = json!({"contacts": [{"duty": "Trực", "phone": "0225", "email": "a@b.vn"}]});
    platform.made(PROVIDER, &format!("{PATH}/H24.12/contacts"), contacts.clone()).await;
    let form = order(&json!({"code": "H24.80"}));
    let today = platform.made(OPERATOR, &format!("{PATH}/H24.12/recode"), form).await;
    assert_eq!((&today["code"], &today["name"]), (&json!("H24.80"), &json!("Cơ quan H24.12")));

    let former = platform.get(&format!("{PATH}/H24.12")).await;
    assert!(former["closed_at"].is_string());
    assert_eq!(former["successors"], json!(["H24.80"]));
    assert_eq!(platform.get(&format!("{PATH}/H24.80.01")).await["name"], "Chi cục");
    assert_eq!(platform.get(&format!("{PATH}/H24.80/contacts")).await, contacts);
    let service = "H24.80/don-vi-hanh-chinh/danh-muc/v1";
    assert_eq!(platform.get(&connection).await["service"], service);
    let terms = platform.get(&format!("/api/v1/services/{FORMER_SERVICE}")).await;
    assert_eq!(
        (&terms["id"], &terms["upstream"]),
        (&json!(service), &json!("http://10.24.12.5:9000"))
    );

    // All of it in one version of the directory.
    for gone in ["organisation/H24.12", "system/H24.12/don-vi-hanh-chinh", "organisation/H24.12.01"]
    {
        assert_eq!(platform.record(gone), None, "{gone}");
    }
    let id = connection.rsplit_once('/').unwrap().1;
    let record = platform.record(&format!("connection/{id}")).unwrap();
    assert_eq!((&record["service"], &record["active"]), (&json!(service), &json!(true)));
    assert_eq!(platform.record("alias/H24.12").unwrap()["successor"], "H24.80");
    assert_eq!(platform.record("alias/H24.12.01").unwrap()["successor"], "H24.80.01");

    // Its people go on under the new code; the history stays.
    let code = "H24.12".parse().unwrap();
    let same = web::Organisations::today(&platform.registry, &code).await;
    assert_eq!(same.ok().unwrap().as_str(), "H24.80");
    let system = "/api/v1/systems/H24.80/don-vi-hanh-chinh";
    assert_eq!(platform.get(system).await["id"], "H24.80/don-vi-hanh-chinh");
    let steps = platform.get(&format!("{connection}/history")).await;
    assert_eq!(steps["items"][2]["actor"]["organisation"], "H24.12", "who consented then");
}

#[tokio::test]
async fn what_was_approved_takes_effect_under_the_new_codes_of_both_sides() {
    let platform = Platform::with_service().await;
    let connection = platform.connection_after(&["submit", "consent", "test", "approve"]).await;
    let path = format!("{connection}/agreement");
    let approved = platform.get(&path).await;
    let recode = order(&json!({"code": "H24.80"}));
    platform.made(OPERATOR, &format!("{PATH}/H24.12/recode"), recode).await;
    let merge = order(&json!({"from": ["H24.31"]}));
    platform.made(OPERATOR, &format!("{PATH}/H24.40/merge"), merge).await;
    let agreement = platform.get(&path).await;
    let text = agreement["text"].as_str().unwrap();
    let service = "H24.80/don-vi-hanh-chinh/danh-muc/v1";
    for line in [
        "- Mã định danh: H24.80\n".to_owned(),
        "- Mã định danh: H24.40\n".to_owned(),
        format!("- Dịch vụ: {service}\n"),
        "- Hệ thống khai thác: H24.40/mot-cua\n".to_owned(),
        format!("- Dịch vụ, mã trước đây: {FORMER_SERVICE}\n"),
        format!("- Hệ thống khai thác, mã trước đây: {CONSUMING_SYSTEM}\n"),
        format!("- Thay văn bản có mã băm: {}\n", approved["digest"].as_str().unwrap()),
    ] {
        assert!(format!("{text}\n").contains(&line), "{line} {text}");
    }
    assert!(text.contains(&format!("({service}).")), "the article names it too: {text}");
    assert_eq!(text.matches(FORMER_SERVICE).count(), 1, "{text}");
    assert_eq!(agreement["approved_at"], approved["approved_at"]);
    let entries = platform.entries().await;
    let of = |action: &str| entries.iter().rfind(|entry| entry.action == action).unwrap();
    assert!(of("organisation.recoded").subject.contains_key("agreements"));
    let id = connection.rsplit_once('/').unwrap().1;
    let all = std::collections::BTreeMap::from([(id, agreement["digest"].as_str().unwrap())]);
    let canonical = wire::canonical::canonical_of(&all).unwrap();
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, &canonical).to_string();
    assert_eq!(of("organisation.merged").subject["agreements"], digest);

    let split = order(&json!({"into": ["H24.40"], "continues": true,
        "moves": [{"from": "H24.80/don-vi-hanh-chinh", "to": "H24.40/dvhc"}]}));
    platform.made(OPERATOR, &format!("{PATH}/H24.80/split"), split).await;
    let service = "H24.40/dvhc/danh-muc/v1";
    let agreement = platform.get(&path).await;
    let text = agreement["text"].as_str().unwrap();
    assert!(text.contains(&format!("({service}).")), "{text}");
    platform.step(&connection, "activate").await;
    let record = platform.record(&format!("connection/{id}")).unwrap();
    assert_eq!((&record["service"], &record["active"]), (&json!(service), &json!(true)));
}

#[tokio::test]
async fn what_was_not_as_agreed_is_not_made_so_by_a_reorganisation() {
    let platform = Platform::with_service().await;
    let path = platform.connection_after(&["submit", "consent", "test", "approve"]).await;
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    let database = &platform.registry.database;
    let mut connection = crate::connection::sql::find(database, &id).await.unwrap().unwrap();
    connection.asked.quota.per_minute += 1;
    let mut change = platform.registry.recorder.change_by_platform("x").await.unwrap();
    crate::connection::sql::rewrite(&mut change, &connection).await.unwrap();
    change.record(std::collections::BTreeMap::new()).await.unwrap();
    let form = order(&json!({"into": ["H24.40"], "continues": true,
        "moves": [{"from": PROVIDING_SYSTEM, "to": "H24.40/dvhc"}]}));
    platform.made(OPERATOR, &format!("{PATH}/H24.12/split"), form).await;
    let refused = platform.refused(OPERATOR, &format!("{path}/activate"), json!({})).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
}

#[tokio::test]
async fn several_go_into_one_and_what_is_taken_there_gets_another_code() {
    let (platform, connection) = connected().await;
    let same_code = json!({"organisation": "H24.40", "code": "mot-cua", "name": "x"});
    platform.made(OTHER_ADMIN, "/api/v1/systems", same_code).await;
    let merge = format!("{PATH}/H24.12/merge");
    let from = json!({"from": ["H24.31", "H24.40"]});
    let (status, answer) = platform.post(OPERATOR, &merge, order(&from)).await;
    assert_eq!((status, &answer["code"]), (409, &"resource.conflict".into()));
    assert!(answer["detail"].as_str().unwrap().contains("H24.12/mot-cua"), "{answer}");
    assert!(platform.record("organisation/H24.31").is_some(), "nothing half-applied");

    let mut from = order(&from);
    from["moves"] = json!([{"from": "H24.40/mot-cua", "to": "H24.12/mot-cua-hd"}]);
    from["aliases_until"] = "2030-07-01T00:00:00Z".into();
    platform.made(STATE_MANAGER, &merge, from).await;
    let systems = ids(&platform, "/api/v1/systems?organisation=H24.40").await;
    let all = ["H24.12/don-vi-hanh-chinh", "H24.12/mot-cua", "H24.12/mot-cua-hd"];
    assert_eq!(systems, all, "the former code is understood in filters");
    let led = platform.get("/api/v1/systems/H24.40/mot-cua").await;
    assert_eq!(led["id"], "H24.12/mot-cua-hd");
    let led = platform.get("/api/v1/systems/H24.31/mot-cua").await;
    assert_eq!(led["id"], "H24.12/mot-cua");
    assert_eq!(platform.get(&connection).await["consumer"], "H24.12/mot-cua");
    for (name, successor) in
        [("H24.31", "H24.12"), ("H24.40", "H24.12"), ("H24.40/mot-cua", "H24.12/mot-cua-hd")]
    {
        let record = platform.record(&format!("alias/{name}")).unwrap();
        assert_eq!(record["successor"], successor);
        assert_eq!(record["until"], "2030-07-01T00:00:00.000000Z");
    }
    // The people of what was merged get no rights by it.
    for code in ["H24.31", "H24.40"] {
        let code = code.parse().unwrap();
        let same = web::Organisations::today(&platform.registry, &code).await;
        assert_eq!(same.ok().unwrap(), code);
    }
    let kind = |event: &Value| event["kind"].as_str().unwrap().to_owned();
    let history = platform.get(&format!("{PATH}/H24.12/history")).await;
    let last = history["items"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (kind(&last), &last["counterparts"]),
        ("enlarged".to_owned(), &json!(["H24.31", "H24.40"]))
    );
    let entry = platform.entries().await.into_iter().find(|it| it.action == "organisation.merged");
    let subject = entry.unwrap().subject;
    assert_eq!((subject["sources"].as_str(), subject["systems"].as_str()), ("H24.31 H24.40", "2"));
    assert_eq!(subject["decision"], "1669/NQ-UBTVQH15");
}

#[tokio::test]
async fn one_is_divided_only_when_everything_of_it_has_a_place() {
    let (platform, connection) = connected().await;
    let more = json!({"organisation": "H24.12", "code": "ho-so", "name": "x"});
    platform.made(PROVIDER, "/api/v1/systems", more).await;
    let split = format!("{PATH}/H24.12/split");
    let into = json!({"into": ["H24.40", "H24.31"], "continues": false,
        "moves": [{"from": PROVIDING_SYSTEM, "to": "H24.40/dvhc"}]});
    let (status, answer) = platform.post(OPERATOR, &split, order(&into)).await;
    assert_eq!((status, &answer["code"]), (409, &"resource.in_use".into()));
    assert!(answer["detail"].as_str().unwrap().contains("H24.12/ho-so"), "{answer}");
    assert!(platform.record("alias/H24.12/don-vi-hanh-chinh").is_none());

    let parted = json!({"into": ["H24.40"], "continues": true,
        "moves": [{"from": PROVIDING_SYSTEM, "to": "H24.40/dvhc"}]});
    let source = platform.made(OPERATOR, &split, order(&parted)).await;
    assert!(source["closed_at"].is_null());
    assert_eq!(platform.get(&connection).await["service"], "H24.40/dvhc/danh-muc/v1");
    assert_eq!(ids(&platform, "/api/v1/systems?organisation=H24.12").await, ["H24.12/ho-so"]);
    let divided = json!({"into": ["H24.40", "H24.31"], "continues": false,
        "moves": [{"from": "H24.12/ho-so", "to": "H24.31/ho-so"}]});
    let source = platform.made(OPERATOR, &split, order(&divided)).await;
    assert_eq!(source["successors"], json!(["H24.31", "H24.40"]));
    let led = platform.get(&format!("/api/v1/services/{FORMER_SERVICE}")).await;
    assert_eq!(led["id"], "H24.40/dvhc/danh-muc/v1");
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_the_reason_and_changes_nothing() {
    let (platform, _) = connected().await;
    let export = platform.get("/api/v1/export").await;
    let size = platform.log.size();
    let (merge, split) = (format!("{PATH}/H24.12/merge"), format!("{PATH}/H24.12/split"));
    let recode = format!("{PATH}/H24.12/recode");
    let moves = |from: &str, to: &str| json!([{"from": from, "to": to}]);
    for (path, form, expected) in [
        (&recode, json!({"code": "H24.31"}), (409, "resource.exists")),
        (&recode, json!({"code": "H24.12.5"}), (422, "field.invalid")),
        (&recode, json!({"code": "H25.12"}), (409, "resource.conflict")),
        (
            &recode,
            json!({"code": "H24.80", "effective_at": "2090-01-01T00:00:00Z"}),
            (422, "field.invalid"),
        ),
        (
            &recode,
            json!({"code": "H24.80", "effective_at": "2020-01-01T00:00:00Z"}),
            (422, "field.invalid"),
        ),
        (
            &recode,
            json!({"code": "H24.80", "aliases_until": "2020-01-01T00:00:00Z"}),
            (422, "field.invalid"),
        ),
        (&merge, json!({"from": ["H24.12"]}), (422, "field.invalid")),
        (&merge, json!({"from": ["H24"]}), (409, "resource.in_use")),
        (&merge, json!({"from": ["H24.99"]}), (404, "resource.not_found")),
        (&merge, json!({"from": []}), (422, "field.invalid")),
        (
            &merge,
            json!({"from": ["H24.40"], "moves": moves(CONSUMING_SYSTEM, "H24.12/x")}),
            (422, "field.invalid"),
        ),
        (
            &merge,
            json!({"from": ["H24.31"], "moves": moves(CONSUMING_SYSTEM, "H24.40/x")}),
            (422, "field.invalid"),
        ),
        (&split, json!({"into": ["H24.12"], "continues": true}), (422, "field.invalid")),
        (
            &split,
            json!({"into": ["H24.40"], "continues": true, "moves": moves(CONSUMING_SYSTEM, "H24.40/x")}),
            (422, "field.invalid"),
        ),
        (
            &split,
            json!({"into": ["H24.40"], "continues": true, "moves": moves(PROVIDING_SYSTEM, "H24.31/x")}),
            (422, "field.invalid"),
        ),
    ] {
        let (status, code) = platform.refused(OPERATOR, path, order(&form)).await;
        assert_eq!((status, code.as_str()), expected, "{path} {form}");
    }
    assert_eq!(platform.get("/api/v1/export").await, export);
    assert_eq!(platform.log.size(), size);
}

#[tokio::test]
async fn an_old_code_leads_through_several_reorganisations() {
    let (platform, connection) = connected().await;
    for (code, to) in [("H24.12", "H24.80"), ("H24.80", "H24.81"), ("H24.81", "H24.82")] {
        let form = order(&json!({"code": to}));
        platform.made(OPERATOR, &format!("{PATH}/{code}/recode"), form).await;
    }
    let form = order(&json!({"from": ["H24.82"]}));
    platform.made(OPERATOR, &format!("{PATH}/H24.40/merge"), form).await;
    let led = platform.get(&format!("/api/v1/services/{FORMER_SERVICE}")).await;
    assert_eq!(led["id"], "H24.40/don-vi-hanh-chinh/danh-muc/v1");
    assert_eq!(platform.get(&connection).await["service"], led["id"]);
    let code = "H24.12".parse().unwrap();
    let same = web::Organisations::today(&platform.registry, &code).await;
    assert_eq!(same.ok().unwrap().as_str(), "H24.82", "and no further: a merger is another");
}

/// Who signs on as the former one would be taken for its successor.
#[tokio::test]
async fn nobody_gets_a_code_or_an_id_that_leads_elsewhere() {
    let platform = Platform::with_service().await;
    for (name, successor) in [("H24.70", "H24.12"), ("H24.71/mot-cua", CONSUMING_SYSTEM)] {
        let alias = json!({"name": name, "successor": successor, "decision": "1669/NQ-UBTVQH15"});
        platform.made(OPERATOR, "/api/v1/aliases", alias).await;
    }
    let exists = (409, "resource.exists".to_owned());
    let new = json!({"code": "H24.70", "name": "Sở mới"});
    assert_eq!(platform.refused(OPERATOR, PATH, new).await, exists);
    let form = order(&json!({"code": "H24.70"}));
    let recode = format!("{PATH}/H24.12/recode");
    assert_eq!(platform.refused(OPERATOR, &recode, form).await, exists);
    let form = order(&json!({"code": "H24.71"}));
    let recode = format!("{PATH}/H24.31/recode");
    let refused = platform.refused(OPERATOR, &recode, form).await;
    assert_eq!(refused, (409, "resource.conflict".to_owned()));
    let before = web::Organisations::today(&platform.registry, &"H24.70".parse().unwrap()).await;
    assert_eq!(before.ok().unwrap().as_str(), "H24.70", "an alias gives nobody rights");
    assert!(platform.record("organisation/H24.71").is_none(), "nothing half-applied");
}

/// Whatever refers to a system or a service must go along, whoever adds it.
#[tokio::test]
async fn every_reference_of_the_schema_is_known_to_the_move() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("schema.db").display());
    let database = Database::open(&DatabaseConfig::new(&url)).await.unwrap();
    database.migrate(&[evidence::MIGRATIONS, crate::MIGRATIONS]).await.unwrap();
    let sql = "SELECT m.name AS child, f.\"from\" AS via, f.\"table\" AS parent
               FROM sqlite_master AS m JOIN pragma_foreign_key_list(m.name) AS f
               WHERE m.type = 'table' AND f.\"table\" IN ('system', 'service')";
    let rows = database.fetch_all(sql, &[]).await.unwrap();
    assert!(rows.len() >= 4, "the schema is read wrongly");
    for row in rows {
        let [child, via, parent] = ["child", "via", "parent"].map(|name| row.text(name).unwrap());
        let kind = if parent == "system" { Kind::System } else { Kind::Service };
        let table = TABLES.iter().find(|table| table.name == child);
        let known = table.and_then(|table| table.column(&via)).map(|column| column.kind);
        assert_eq!(known, Some(kind), "{child}.{via} would stay behind");
    }
}

/// What names an organisation either goes along with a new code or tells what was.
#[test]
fn every_column_that_names_an_organisation_goes_along_or_tells_what_was() {
    let tells_what_was = [
        ("organisation", "code"),
        ("organisation", "parent"),
        ("organisation_event", "organisation"),
        ("connection_step", "organisation"),
        ("dispute_step", "organisation"),
        ("suspension", "organisation"),
        ("profile_version", "organisation"),
        ("profile_assignment", "organisation"),
        ("profile_assignment", "ended_organisation"),
        // Written by the move of the system itself.
        ("system", "organisation"),
    ];
    let known: BTreeSet<_> = GOES_ALONG.iter().copied().chain(tells_what_was).collect();
    let of_organisations = TABLES.iter().flat_map(|table| {
        let columns = table.columns.iter().filter(|column| column.kind == Kind::Organisation);
        columns.map(|column| (table.name, column.name))
    });
    assert_eq!(of_organisations.collect::<BTreeSet<_>>(), known);
}
