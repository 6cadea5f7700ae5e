//! A database of the first release, whose rows were written by its statements, goes on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use store::{Database, Migrations};
use wire::canonical::canonical_of;

use super::platform::*;
use crate::MIGRATIONS;

/// The schema as the first release had it: a step that was released is never changed, so its first
/// steps are still these.
fn first_release() -> [Migrations; 2] {
    let first = |set: Migrations, count| Migrations { steps: &set.steps[..count], ..set };
    [first(evidence::MIGRATIONS, 2), first(MIGRATIONS, 5)]
}

const ROWS: &str = "
INSERT INTO organisation (code, name, registered_at) VALUES ('H24.12', 'Sở Nội vụ', 1);
INSERT INTO system (id, organisation, name, registered_at)
    VALUES ('H24.12/don-vi-hanh-chinh', 'H24.12', 'Danh mục', 1);
INSERT INTO service (id, system, title, upstream, timeout_ms, record_mode, max_body_bytes,
        published_at, changed_at)
    VALUES ('H24.12/don-vi-hanh-chinh/danh-muc/v1', 'H24.12/don-vi-hanh-chinh', 'Danh mục xã',
        'http://10.24.12.5:9000', 5000, 'before_answer', 1048576, 1, 1)";
const CREDENTIAL: &str = "INSERT INTO credential
    (keyid, system, algorithm, public_key, not_before, not_after, made_at)
    VALUES ('k-1', 'H24.12/don-vi-hanh-chinh', 'ed25519', $1, 1, $2, 1)";
/// RFC 8032 §7.1, test 1.
const PUBLIC_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
/// Test 2.
const SECOND_KEY: &str = "PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=";
const IN_2033: i64 = 2_000_000_000_000_000;

#[allow(clippy::disallowed_methods, reason = "as the first release wrote")]
async fn written_by_the_first_release(database: Database) {
    database.migrate(&first_release()).await.unwrap();
    let mut write = database.begin_write().await.unwrap();
    for row in ROWS.split(';') {
        write.execute(row, &[]).await.unwrap();
    }
    let key = STANDARD.decode(PUBLIC_KEY).unwrap();
    write.execute(CREDENTIAL, &[key.into(), IN_2033.into()]).await.unwrap();
    write.commit().await.unwrap();
    database.close().await;
}

#[tokio::test]
async fn a_database_of_the_first_release_goes_on_and_its_records_keep_every_byte() {
    let platform = Platform::start_on_database(written_by_the_first_release).await;
    let published = platform.in_force();
    let records = ["credential/k-1", &format!("service/{SERVICE}")]
        .map(|key| canonical_of(published.signed.directory.find(key).unwrap()).unwrap());
    // As the first release wrote them: what they are hashed to stands in logs and bundles.
    assert_eq!(
        records.map(|record| String::from_utf8(record).unwrap()),
        [
            r#"{"algorithm":"ed25519","keyid":"k-1","not_after":"2033-05-18T03:33:20.000000Z","not_before":"1970-01-01T00:00:00.000001Z","public_key":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=","system":"H24.12/don-vi-hanh-chinh","type":"credential"}"#,
            r#"{"id":"H24.12/don-vi-hanh-chinh/danh-muc/v1","max_body_bytes":1048576,"record":"before_answer","timeout_ms":5000,"title":"Danh mục xã","type":"service","upstream":"http://10.24.12.5:9000"}"#,
        ]
    );
    // And they can be changed.
    let rotated = platform
        .made(PROVIDER, "/api/v1/credentials/k-1/rotate", json!({"public_key": SECOND_KEY}))
        .await;
    assert_eq!(rotated["algorithm"], "ed25519");
}
