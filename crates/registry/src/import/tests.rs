use std::collections::BTreeSet;

use serde_json::{Value, json};
use wire::digest::{ContentDigest, DigestAlgorithm};

use super::document::Document;
use super::merge::RowChange;
use super::rows;
use super::shape::{LEFT_OUT, TABLES, table};
use crate::profile::sunset::note_ending;
use crate::profile::tests::ending;
use crate::tests::authorisation::{Case, OVERSEERS, PLATFORM, read_by, write};
use crate::tests::platform::*;

const IMPORTS: &str = "/api/v1/imports";
const EXPORT: &str = "/api/v1/export";

fn form(document: &Value) -> Value {
    json!({"title": "Hợp nhất", "legal_basis": "01/2025/QĐ-UBND", "document": document})
}

/// The registry of the other province: an organisation of ours among it, and a system that calls.
fn theirs() -> Value {
    json!({"lgsp_registry": 1,
        "organisation": [
            {"code": "H23", "name": "UBND tỉnh cũ"},
            {"code": "H23.05", "name": "Sở Y tế cũ"},
            {"code": "H24.12", "name": "Sở Nội vụ cũ"},
        ],
        "system": [{"id": "H23.05/ho-so", "name": "Hồ sơ sức khỏe"}],
        "connection": [{"id": "0197c2f0-0000-7000-8000-000000000001", "consumer": "H23.05/ho-so",
            "service": SERVICE, "state": "active", "asked": asked(),
            "requested_at": "2025-01-01T00:00:00Z"}],
    })
}

/// The routes of this noun, for the table of all routes.
pub(crate) async fn cases(platform: &Platform) -> Vec<Case> {
    let document = json!({"lgsp_registry": 1, "organisation": [{"code": "H26", "name": "Tỉnh"}]});
    let (path, _) = proposed(platform, &document).await;
    let calls = json!({"calls": [
        {"consumer": CONSUMING_SYSTEM, "method": "GET", "path": format!("/{SERVICE}/units")}]});
    vec![
        read_by("/api/v1/imports", IMPORTS, OVERSEERS),
        write("/api/v1/imports", IMPORTS, form(&document), &[OPERATOR]),
        read_by("/api/v1/imports/{id}", path.clone(), OVERSEERS),
        read_by("/api/v1/imports/{id}/rows", format!("{path}/rows"), OVERSEERS),
        write(
            "/api/v1/imports/{id}/resolve",
            format!("{path}/resolve"),
            json!({"resolutions": []}),
            &[OPERATOR],
        ),
        write("/api/v1/imports/{id}/rehearse", format!("{path}/rehearse"), calls, PLATFORM),
        write("/api/v1/imports/{id}/apply", format!("{path}/apply"), json!({}), &[STATE_MANAGER]),
        write("/api/v1/imports/{id}/undo", format!("{path}/undo"), json!({}), &[STATE_MANAGER]),
        read_by("/api/v1/export", EXPORT, OVERSEERS),
    ]
}

pub(crate) async fn proposed(platform: &Platform, document: &Value) -> (String, Value) {
    let import = platform.made(OPERATOR, IMPORTS, form(document)).await;
    (format!("{IMPORTS}/{}", import["id"].as_str().unwrap()), import)
}

/// The tables and columns that the migrations make.
fn columns() -> Vec<(String, String)> {
    let statements = crate::MIGRATIONS.steps.iter().flat_map(|(_, sql)| sql.split(';'));
    let mut columns = Vec::new();
    for statement in statements.map(str::trim) {
        let mut words = statement.split_whitespace();
        let start: Vec<_> = words.by_ref().take(2).collect();
        let table = words.next().unwrap_or_default().to_owned();
        match start[..] {
            ["CREATE", "TABLE"] => {
                let lines = statement.lines().skip(1).map(str::trim);
                let names = lines.filter_map(|line| line.split_whitespace().next());
                let names = names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase()));
                columns.extend(names.map(|name| (table.clone(), name.to_owned())));
            }
            ["ALTER", "TABLE"] => {
                let (_, rest) = statement.split_once("ADD COLUMN").expect("another kind of ALTER");
                let name = rest.split_whitespace().next().unwrap();
                columns.push((table, name.to_owned()));
            }
            _ => {}
        }
    }
    assert!(columns.len() > 50, "the migrations are read wrongly: {columns:?}");
    columns
}

#[test]
fn every_column_of_the_registry_is_in_the_document_or_left_out_for_a_reason() {
    let in_document: BTreeSet<(String, String)> = TABLES
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|column| (table.name.to_owned(), column.name.to_owned()))
        })
        .collect();
    for (table, column) in columns() {
        let here = (table.clone(), column.clone());
        let left_out = LEFT_OUT
            .iter()
            .any(|(noun, name, _)| *noun == table && (*name == column || *name == "*"));
        assert!(in_document.contains(&here) != left_out, "{table}.{column} is nowhere, or in both");
    }
}

/// Carries out an import as it stands now.
pub(crate) async fn apply(platform: &Platform, path: &str) -> (u16, Value) {
    let (_, headers, _) = platform.heard(STATE_MANAGER, "GET", path, None, &[]).await;
    let tag = headers["etag"].to_str().unwrap();
    let (path, seen) = (format!("{path}/apply"), [("if-match", tag)]);
    let (status, _, body) =
        platform.heard(STATE_MANAGER, "POST", &path, Some(json!({})), &seen).await;
    (status, body)
}

/// A source that keeps what it was asked.
struct Asked<'a>(&'a store::Database, &'a mut Vec<String>);

impl rows::Source for Asked<'_> {
    async fn block(
        &mut self,
        sql: &str,
        values: &[store::Value],
    ) -> Result<Vec<store::Row>, store::StoreError> {
        self.1.push(sql.to_owned());
        let mut database = self.0;
        database.block(sql, values).await
    }
}

#[tokio::test]
async fn documents_of_services_are_read_only_for_those_who_need_them() {
    let platform = Platform::with_service().await;
    let description = json!({"openapi": "3.1.0", "info": {"title": "x", "version": "1"},
        "paths": {"/units": {"get": {"responses": {"200": {"description": "x"}}}}}});
    let path = format!("/api/v1/services/{SERVICE}/descriptions");
    platform.made(PROVIDER, &path, description).await;
    let database = &platform.registry.database;
    let whole = rows::all(database, rows::whole).await.unwrap();
    let kept = whole.rows("service_description").next().expect("an export has it").1.clone();
    assert!(kept["document"].is_string());

    let mut asked = Vec::new();
    let without = Document::read(&theirs()).unwrap();
    let columns = rows::compared_with(&without);
    let ours = rows::all(Asked(database, &mut asked), columns).await.unwrap();
    assert_eq!(ours.rows("service_description").count(), 0);
    assert!(!asked.iter().any(|sql| sql.contains("service_description")), "{asked:?}");
    let ours = rows::all(database, rows::compared_with(&whole)).await.unwrap();
    assert_eq!(ours, whole, "a document that names them is compared with them");

    let (key, row) = whole.rows("service").next().unwrap();
    let service = RowChange {
        table: table("service").unwrap(),
        key: key.clone(),
        before: None,
        after: row.clone(),
    };
    let changes = [service];
    let columns = rows::in_reach_of(&changes);
    let now = rows::all(Asked(database, &mut asked), columns).await.unwrap();
    let of_it: Vec<_> =
        asked.iter().filter(|sql| sql.contains("FROM service_description")).collect();
    assert!(of_it.len() == 1 && !of_it[0].contains("document"), "{of_it:?}");
    let in_the_way = rows::in_the_way(&now, &changes);
    let named = format!("service_description {SERVICE}#1");
    assert!(in_the_way.contains(&named), "{in_the_way:?}");
}

#[tokio::test]
async fn importing_an_export_changes_nothing() {
    let platform = Platform::with_service().await;
    let way = ["submit", "consent", "test", "approve", "activate"];
    let connection = platform.connection_after(&way).await;
    let dispute = crate::dispute::tests::opened(&platform, CONSUMER, &connection).await;
    platform.made(PROVIDER, &format!("{dispute}/answer"), json!({"words": "x"})).await;
    let form_of_key = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    platform.made(CONSUMER, "/api/v1/credentials", form_of_key).await;
    crate::profile::tests::publish(&platform, ending("2026-12-03T08:00:00Z")).await;
    note_ending(&platform.registry).await.unwrap();
    let export = platform.get(EXPORT).await;
    assert!(export["connection_step"].as_array().unwrap().len() > 5);
    for table in ["profile_version", "profile_assignment", "profile_sunset"] {
        assert_eq!(export[table].as_array().unwrap().len(), 1, "{table}");
    }
    assert_eq!(export["dispute_step"].as_array().unwrap().len(), 2);
    assert!(!export.to_string().contains("secret"));
    let (_, import) = proposed(&platform, &export).await;
    let report = &import["report"];
    assert_eq!(report["same"], report["rows"], "{report}");
    assert_eq!(platform.get(EXPORT).await, export);
}

#[tokio::test]
async fn an_import_is_decided_rehearsed_written_and_taken_back() {
    let platform = Platform::with_service().await;
    let before = platform.get(EXPORT).await;
    let (path, import) = proposed(&platform, &theirs()).await;
    assert_eq!(
        (&import["report"]["undecided"], &import["report"]["added"]),
        (&json!(1), &json!(4))
    );
    let (status, refused) = apply(&platform, &path).await;
    assert_eq!((status, &refused["code"]), (409, &json!("resource.conflict")));

    let decided = json!({"resolutions": [
        {"conflict": "same_code organisation H24.12", "choice": {"choose": "keep"}}]});
    let decided = platform.made(OPERATOR, &format!("{path}/resolve"), decided).await;
    assert_eq!(decided["report"]["undecided"], 0);
    let calls = json!({"calls": [
        {"consumer": "H23.05/ho-so", "method": "GET", "path": format!("/{SERVICE}/units")},
        {"consumer": "H23.05/other", "method": "GET", "path": format!("/{SERVICE}/units")}]});
    let rehearsed = platform.made(OPERATOR, &format!("{path}/rehearse"), calls).await;
    assert_eq!((&rehearsed["passing_before"], &rehearsed["passing_after"]), (&json!(0), &json!(1)));
    assert_eq!(rehearsed["failing"][0]["consumer"], "H23.05/other");
    assert_eq!(platform.get(EXPORT).await, before, "nothing of it is written");

    let blind = platform.refused(STATE_MANAGER, &format!("{path}/apply"), json!({})).await;
    assert_eq!(blind, (428, "resource.tag_needed".to_owned()));
    let stale = [("if-match", "\"stale\"")];
    let (status, _, _) = platform
        .heard(STATE_MANAGER, "POST", &format!("{path}/apply"), Some(json!({})), &stale)
        .await;
    assert_eq!(status, 412, "decisions may have been sent again since");
    let (_, applied) = apply(&platform, &path).await;
    assert_eq!(applied["state"], "applied");
    let names = platform.get("/api/v1/organisations/H24.12").await;
    assert_eq!(names["name"], "Cơ quan H24.12", "what is here was kept");
    let record = "connection/0197c2f0-0000-7000-8000-000000000001";
    assert_eq!(platform.record(record).unwrap()["active"], true);
    let rows = platform.get(&format!("{path}/rows?fate=kept")).await;
    assert_eq!(rows["items"][0]["key"], "H24.12");

    platform.made(STATE_MANAGER, &format!("{path}/undo"), json!({})).await;
    assert_eq!(platform.get(EXPORT).await, before);
    assert!(platform.record(record).is_none());
    let actions = platform.actions().await;
    for action in ["import.proposed", "import.resolved", "import.applied", "import.undone"] {
        assert!(actions.iter().any(|one| one == action), "{action} is not in the log");
    }
    assert!(!actions.iter().any(|one| one == "import.rehearsed"));
}

#[tokio::test]
async fn what_was_changed_since_is_not_taken_back() {
    let platform = Platform::with_service().await;
    let document = json!({"lgsp_registry": 1, "organisation": [{"code": "H25", "name": "Tỉnh"}]});
    let (path, _) = proposed(&platform, &document).await;
    apply(&platform, &path).await;
    let below = json!({"code": "H25.01", "name": "Sở"});
    platform.made(OPERATOR, "/api/v1/organisations", below).await;
    let (status, refused) = platform.post(STATE_MANAGER, &format!("{path}/undo"), json!({})).await;
    assert_eq!(status, 409);
    assert!(refused["detail"].as_str().unwrap().contains("organisation H25.01"), "{refused}");
}

#[tokio::test]
async fn what_was_proposed_is_looked_at_anew_when_the_registry_changed() {
    let platform = Platform::with_service().await;
    let (path, _) = proposed(
        &platform,
        &json!({"lgsp_registry": 1, "organisation": [{"code": "H25", "name": "Tỉnh"}]}),
    )
    .await;
    platform.made(OPERATOR, "/api/v1/organisations", json!({"code": "H25", "name": "Khác"})).await;
    let (status, refused) = apply(&platform, &path).await;
    assert_eq!((status, &refused["code"]), (409, &json!("resource.conflict")));
    let again = json!({"resolutions": []});
    let again = platform.made(OPERATOR, &format!("{path}/resolve"), again).await;
    assert_eq!(again["report"]["conflicts"][0]["id"], "same_code organisation H25");
}

#[tokio::test]
async fn a_document_with_mistakes_is_refused_with_all_of_them() {
    let platform = Platform::with_service().await;
    let document = json!({"lgsp_registry": 1,
        "organisation": [{"code": "h24", "name": "x"}, {"code": "H25"}, {"code": "H25", "name": ""}],
        "planet": [], "system": [{"id": "H24/x", "nmae": "x"}]});
    let (status, refused) = platform.post(OPERATOR, IMPORTS, form(&document)).await;
    assert_eq!((status, &refused["code"]), (422, &json!("field.invalid")));
    let detail = refused["detail"].as_str().unwrap();
    for place in ["organisation[0].code", "organisation[2].name", "planet", "system[0].nmae"] {
        assert!(detail.contains(place), "{place}: {detail}");
    }
    assert!(detail.contains("20/2020/QĐ-TTg"), "the rule is named: {detail}");
    for document in [json!({}), json!([]), json!({"lgsp_registry": 2})] {
        let refused = platform.refused(OPERATOR, IMPORTS, form(&document)).await;
        assert_eq!(refused, (422, "field.invalid".to_owned()), "{document}");
    }
}

#[tokio::test]
async fn a_value_that_no_noun_knows_is_refused_before_it_is_written() {
    let platform = Platform::with_service().await;
    let before = platform.get(EXPORT).await;
    let service = json!({"id": "H24.12/don-vi-hanh-chinh/khac/v1", "title": "x",
        "upstream": "http://10.24.12.5:9000/x", "record_mode": "never"});
    let (path, _) = proposed(&platform, &json!({"lgsp_registry": 1, "service": [service]})).await;
    let (status, refused) = apply(&platform, &path).await;
    assert_eq!((status, &refused["code"]), (409, &json!("resource.conflict")), "{refused}");
    assert_eq!(platform.get(EXPORT).await, before);
}

#[tokio::test]
async fn a_word_that_no_noun_knows_is_refused_with_its_row() {
    let there = Platform::with_service().await;
    there.connection_after(&["submit", "consent"]).await;
    let key = json!({"system": CONSUMING_SYSTEM, "algorithm": "hmac-sha256"});
    there.made(CONSUMER, "/api/v1/credentials", key).await;
    let export = there.get(EXPORT).await;
    let here = Platform::start().await;
    let mut seen = 0;
    for (noun, field) in [
        ("connection_step", "step"),
        ("connection_step", "state"),
        ("connection_step", "role"),
        ("organisation_event", "kind"),
        ("connection", "state"),
        ("connection_deadline", "by_party"),
        ("connection_deadline", "waiting"),
        ("credential", "algorithm"),
        ("credential", "environment"),
        ("service", "stage"),
    ] {
        let mut wrong = export.clone();
        let last = wrong[noun].as_array().unwrap().len() - 1;
        wrong[noun][last][field] = "dreamt".into();
        let form = json!({"title": "x", "legal_basis": "01/2025/QĐ-UBND", "document": wrong});
        let (status, refused) = here.post(OPERATOR, IMPORTS, form).await;
        let told = format!("{noun}[{last}].{field}: `dreamt` is no word that this field knows.");
        assert_eq!(status, 422, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains(&told), "{refused}");
        seen += 1;
    }
    assert_eq!(seen, 10);
    assert_eq!(here.get(IMPORTS).await["items"], json!([]));
}

#[tokio::test]
async fn rows_are_asked_for_by_a_fate_that_there_is() {
    let platform = Platform::with_service().await;
    let (path, _) = proposed(&platform, &platform.get(EXPORT).await).await;
    for fate in ["added", "same", "taken", "kept", "joined", "left_out"] {
        let rows = platform.get(&format!("{path}/rows?fate={fate}")).await;
        let some = !rows["items"].as_array().unwrap().is_empty();
        assert_eq!(some, fate == "same", "{fate}: {rows}");
    }
    for fate in ["", "lost", "Same"] {
        let asked = format!("{path}/rows?fate={fate}");
        let (status, refused) = platform.ask(OPERATOR, "GET", &asked, None).await;
        assert_eq!((status, &refused["code"]), (422, &json!("field.invalid")), "{fate}");
    }
}

#[tokio::test]
async fn who_may_not_is_told_so_before_a_long_body_is_read() {
    let platform = Platform::with_service().await;
    let refused = platform.refused(OFFICER, IMPORTS, json!({"not": "a form"})).await;
    assert_eq!(refused, (403, "role.not_permitted".to_owned()));
}

/// What the other registry approved takes effect here, under the codes that it has here.
#[tokio::test]
async fn an_agreement_follows_its_connection_under_new_codes() {
    let there = Platform::with_service().await;
    let connection = there.connection_after(&["submit", "consent", "test", "approve"]).await;
    let approved = there.get(&format!("{connection}/agreement")).await;
    let export = there.get(EXPORT).await;

    let here = Platform::with_service().await;
    let other = json!({"name": "Cơ quan khác"});
    here.made(OPERATOR, "/api/v1/organisations/H24.12/rename", other).await;
    let level = json!({"security_level": 3, "level_decision": "12/QĐ-SKHCN"});
    here.made(CONSUMER, &format!("/api/v1/systems/{CONSUMING_SYSTEM}/change"), level).await;
    let (path, _) = proposed(&here, &export).await;
    let resolutions = json!({"resolutions": [
        {"conflict": "same_code organisation H24.12", "choice": {"choose": "as", "code": "H24.80"}},
        {"conflict": format!("same_endpoint service {SERVICE}"), "choice": {"choose": "both"}}]});
    here.made(OPERATOR, &format!("{path}/resolve"), resolutions.clone()).await;
    let (status, applied) = apply(&here, &path).await;
    assert_eq!(status, 200, "{applied}");
    let (again, _) = proposed(&here, &export).await;
    here.made(OPERATOR, &format!("{again}/resolve"), resolutions).await;
    let rows = here.get(&format!("{again}/rows?fate=same&limit=200")).await;
    let is_agreement = |row: &Value| row["noun"] == "agreement";
    assert!(rows["items"].as_array().unwrap().iter().any(is_agreement), "brought twice: {rows}");

    let agreement = here.get(&format!("{connection}/agreement")).await;
    let text = agreement["text"].as_str().unwrap();
    let service = SERVICE.replace("H24.12", "H24.80");
    for line in [
        format!("- Dịch vụ: {service}\n"),
        format!("- Dịch vụ, mã trước đây: {SERVICE}\n"),
        format!("- Thay văn bản có mã băm: {}", approved["digest"].as_str().unwrap()),
    ] {
        assert!(text.contains(&line), "{line} {text}");
    }
    let digest = ContentDigest::of(DigestAlgorithm::Sha256, text.as_bytes()).to_string();
    assert_eq!(agreement["digest"], digest);
    here.step(&connection, "activate").await;
    let key = connection.replace("/api/v1/connections/", "connection/");
    let record = here.record(&key).unwrap();
    assert_eq!((&record["service"], &record["active"]), (&json!(service), &json!(true)));
    let undo = here.refused(STATE_MANAGER, &format!("{path}/undo"), json!({})).await;
    assert_eq!(undo, (409, "resource.conflict".to_owned()), "it is in use");
}
