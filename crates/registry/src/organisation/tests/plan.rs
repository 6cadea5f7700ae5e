//! How the database looks for what a list asks for: by an index, not row by row.

use store::{Database, DatabaseConfig, Value};
use web::PageRequest;

use crate::{organisation, system};

async fn plan(database: &Database, (sql, values): (String, Vec<Value>)) -> String {
    let rows = database.fetch_all(&format!("EXPLAIN QUERY PLAN {sql}"), &values).await.unwrap();
    let steps: Vec<_> = rows.iter().map(|row| row.text("detail").unwrap()).collect();
    steps.join("; ")
}

#[tokio::test]
async fn lists_are_found_and_sorted_by_an_index() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("plan.db").display());
    let database = Database::open(&DatabaseConfig::new(&url)).await.unwrap();
    database.migrate(&[evidence::MIGRATIONS, crate::MIGRATIONS]).await.unwrap();
    let page = PageRequest::new(Some("H24".to_owned()), None).ok().unwrap();
    let code = || "H24.12".parse().ok();
    let none = organisation::sql::Filter::default;
    let organisations = [
        none(),
        organisation::sql::Filter { parent: code(), ..none() },
        organisation::sql::Filter { within: code(), open: Some(true), ..none() },
        organisation::sql::Filter { legacy_code: "000.00.12.H24".parse().ok(), ..none() },
    ];
    let mut statements: Vec<_> = organisations
        .iter()
        .map(|filter| organisation::sql::list_statement(filter, &page))
        .collect();
    let all = system::sql::Filter::default;
    for filter in [all(), system::sql::Filter { organisation: code(), ..all() }] {
        statements.push(system::sql::list_statement(&filter, &page));
    }
    for statement in statements {
        let sql = statement.0.clone();
        let plan = plan(&database, statement).await;
        assert!(plan.starts_with("SEARCH"), "{sql}: {plan}");
        assert!(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    }
    let of_one = system::sql::Filter { organisation: code(), ..all() };
    let plan = plan(&database, system::sql::list_statement(&of_one, &page)).await;
    assert!(plan.contains("system_organisation"), "{plan}");
}
