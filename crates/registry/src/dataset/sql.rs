//! All SQL about data sets.

use std::collections::{BTreeMap, BTreeSet};

use evidence::{Change, Reading};
use store::{Database, Row, StoreError};
use wire::ambient::UtcMicros;
use wire::id::{ServiceCode, ServiceId};

use super::DataSet;
use crate::column::corrupt;
use web::PageRequest;

pub(crate) const CREATE: &str = "
CREATE TABLE data_set (
    code TEXT PRIMARY KEY,
    organisation TEXT NOT NULL REFERENCES organisation (code),
    about TEXT NOT NULL,
    updated_at BIGINT NOT NULL,
    update_due BIGINT,
    registered_at BIGINT NOT NULL
);
CREATE INDEX data_set_organisation ON data_set (organisation, code);
CREATE TABLE data_set_source (
    item TEXT PRIMARY KEY,
    data_set TEXT NOT NULL REFERENCES data_set (code)
);
CREATE INDEX data_set_source_of ON data_set_source (data_set, item);";

/// What was registered before events were kept has had no version yet.
pub(crate) const CREATE_EVENTS: &str = "
ALTER TABLE data_set ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
ALTER TABLE data_set ADD COLUMN late_noted BIGINT;
CREATE INDEX data_set_due ON data_set (update_due);
CREATE TABLE data_set_event (
    data_set TEXT NOT NULL REFERENCES data_set (code),
    number BIGINT NOT NULL,
    kind TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    about TEXT NOT NULL,
    version BIGINT NOT NULL,
    note TEXT,
    digest TEXT,
    row_count BIGINT,
    due BIGINT,
    sequence BIGINT NOT NULL,
    PRIMARY KEY (data_set, number)
);
CREATE INDEX data_set_event_sequence ON data_set_event (sequence, data_set, number);
INSERT INTO data_set_event (data_set, number, kind, recorded_at, about, version, sequence)
    SELECT code, 1, 'registered', registered_at, about, 0, 0 FROM data_set;
CREATE TABLE data_set_service (
    data_set TEXT NOT NULL REFERENCES data_set (code),
    service TEXT NOT NULL REFERENCES service (id),
    PRIMARY KEY (data_set, service)
);
CREATE INDEX data_set_service_of ON data_set_service (service, data_set);";

const COLUMNS: &str = "code, organisation, about, updated_at, version, registered_at";
const GIVEN: &str = "SELECT data_set, service FROM data_set_service
    WHERE data_set >= $1 AND data_set <= $2 ORDER BY data_set, service";
const RETIRED: &str = "SELECT code FROM code_list WHERE retired_at IS NOT NULL";

pub(crate) async fn find(
    database: &Database,
    code: &ServiceCode,
) -> Result<Option<DataSet>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM data_set WHERE code = $1");
    let row = database.row(&sql, &[code.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    Ok(completed(database, vec![from_row(&row)?]).await?.pop())
}

/// The same within a change.
pub(crate) async fn find_within(
    change: &mut Change,
    code: &ServiceCode,
) -> Result<Option<DataSet>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM data_set WHERE code = $1");
    let row = Reading::row(&mut *change, &sql, &[code.to_string().into()]).await?;
    let Some(row) = row else { return Ok(None) };
    let (first, last) = (code.to_string().into(), code.to_string().into());
    let given = Reading::rows(&mut *change, GIVEN, &[first, last]).await?;
    let retired = Reading::rows(&mut *change, RETIRED, &[]).await?;
    Ok(complete(vec![from_row(&row)?], &given, &retired)?.pop())
}

/// With the services that give them, and which of their code lists are retired.
async fn completed(database: &Database, sets: Vec<DataSet>) -> Result<Vec<DataSet>, StoreError> {
    let (Some(first), Some(last)) = (sets.first(), sets.last()) else { return Ok(sets) };
    let range = [first.code.to_string().into(), last.code.to_string().into()];
    let given = database.rows(GIVEN, &range).await?;
    let retired = database.rows(RETIRED, &[]).await?;
    complete(sets, &given, &retired)
}

fn complete(
    mut sets: Vec<DataSet>,
    given: &[Row],
    retired: &[Row],
) -> Result<Vec<DataSet>, StoreError> {
    let mut services = BTreeMap::<ServiceCode, Vec<ServiceId>>::new();
    for row in given {
        services.entry(row.parsed("data_set")?).or_default().push(row.parsed("service")?);
    }
    let retired = retired.iter().map(|row| row.text("code"));
    let retired: BTreeSet<String> = retired.collect::<Result<_, _>>()?;
    for set in &mut sets {
        set.services = services.remove(&set.code).unwrap_or_default();
        let lists: BTreeSet<_> =
            set.about.code_lists().filter(|it| retired.contains(*it)).collect();
        let lists = lists.into_iter().filter_map(|list| list.parse().ok()).collect();
        set.retired_code_lists = lists;
    }
    Ok(sets)
}

/// Data sets in the order of their codes: of one organisation if named, and only those whose update
/// was due before `overdue_at` if that is said; one more than the page holds.
pub(crate) async fn list(
    database: &Database,
    organisation: &str,
    overdue_at: Option<UtcMicros>,
    page: &PageRequest,
) -> Result<Vec<DataSet>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM data_set
         WHERE code > $1 AND ($2 = '' OR organisation = $2) AND ($3 = 0 OR update_due <= $4)
         ORDER BY code LIMIT $5"
    );
    let values = [
        page.after.as_str().into(),
        organisation.into(),
        i64::from(overdue_at.is_some()).into(),
        overdue_at.unwrap_or(UtcMicros::MIN).into(),
        page.rows().into(),
    ];
    let rows = database.rows(&sql, &values).await?;
    let sets = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    completed(database, sets).await
}

/// All data sets, in the order of their codes.
pub(crate) async fn all(database: &Database) -> Result<Vec<DataSet>, StoreError> {
    let rows = database.rows(&format!("SELECT {COLUMNS} FROM data_set ORDER BY code"), &[]).await?;
    let sets = rows.iter().map(from_row).collect::<Result<_, _>>()?;
    completed(database, sets).await
}

/// Those whose update was due and of which that was not noted yet.
pub(crate) async fn late(
    database: &Database,
    now: UtcMicros,
) -> Result<Vec<ServiceCode>, StoreError> {
    let sql = "SELECT code FROM data_set
        WHERE update_due <= $1 AND (late_noted IS NULL OR late_noted < update_due)
        ORDER BY update_due, code LIMIT 500";
    let rows = database.rows(sql, &[now.into()]).await?;
    rows.iter().map(|row| row.parsed("code")).collect()
}

/// Until which due time it was noted that an update is late.
pub(crate) async fn late_noted(
    change: &mut Change,
    code: &ServiceCode,
) -> Result<Option<UtcMicros>, StoreError> {
    let sql = "SELECT late_noted FROM data_set WHERE code = $1";
    let row = Reading::row(&mut *change, sql, &[code.to_string().into()]).await?;
    row.map_or(Ok(None), |row| row.optional_time("late_noted"))
}

pub(crate) async fn note_late(
    change: &mut Change,
    code: &ServiceCode,
    due: UtcMicros,
) -> Result<(), StoreError> {
    let sql = "UPDATE data_set SET late_noted = $2 WHERE code = $1";
    change.execute(sql, &[code.to_string().into(), due.into()]).await?;
    Ok(())
}

/// Lets these services, and no others, give the data set.
pub(crate) async fn replace_services(
    change: &mut Change,
    code: &ServiceCode,
    services: &BTreeSet<ServiceId>,
) -> Result<(), StoreError> {
    let gone = "DELETE FROM data_set_service WHERE data_set = $1";
    change.execute(gone, &[code.to_string().into()]).await?;
    let sql = "INSERT INTO data_set_service (data_set, service) VALUES ($1, $2)";
    for service in services {
        change.execute(sql, &[code.to_string().into(), service.to_string().into()]).await?;
    }
    Ok(())
}

/// The authoritative data set of an item.
pub(crate) async fn source(
    reading: impl Reading,
    item: &str,
) -> Result<Option<ServiceCode>, StoreError> {
    let sql = "SELECT data_set FROM data_set_source WHERE item = $1";
    let row = reading.row(sql, &[item.into()]).await?;
    row.map(|row| row.parsed("data_set")).transpose()
}

pub(crate) async fn insert(change: &mut Change, new: &DataSet) -> Result<(), StoreError> {
    let sql = "INSERT INTO data_set
            (code, organisation, about, updated_at, update_due, registered_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let values = [
        new.code.to_string().into(),
        new.organisation.as_str().into(),
        about(new)?.into(),
        new.updated_at.into(),
        new.update_due().into(),
        new.registered_at.into(),
    ];
    change.execute(sql, &values).await?;
    write_sources(change, new).await
}

pub(crate) async fn update(change: &mut Change, to: &DataSet) -> Result<(), StoreError> {
    let sql = "UPDATE data_set SET about = $2, updated_at = $3, update_due = $4, version = $5
        WHERE code = $1";
    let values = [
        to.code.to_string().into(),
        about(to)?.into(),
        to.updated_at.into(),
        to.update_due().into(),
        to.version.into(),
    ];
    change.execute(sql, &values).await?;
    let gone = "DELETE FROM data_set_source WHERE data_set = $1";
    change.execute(gone, &[to.code.to_string().into()]).await?;
    write_sources(change, to).await
}

async fn write_sources(change: &mut Change, of: &DataSet) -> Result<(), StoreError> {
    let sql = "INSERT INTO data_set_source (item, data_set) VALUES ($1, $2)";
    for item in &of.about.items {
        change.execute(sql, &[item.code.as_str().into(), of.code.to_string().into()]).await?;
    }
    Ok(())
}

pub(super) fn about(of: &DataSet) -> Result<String, StoreError> {
    serde_json::to_string(&of.about).map_err(|error| corrupt("data_set", error))
}

fn from_row(row: &Row) -> Result<DataSet, StoreError> {
    let about = serde_json::from_str(&row.text("about")?);
    Ok(DataSet {
        code: row.parsed("code")?,
        organisation: row.parsed("organisation")?,
        about: about.map_err(|error| corrupt("data_set", error))?,
        updated_at: row.time("updated_at")?,
        version: u32::try_from(row.integer("version")?)
            .map_err(|_| corrupt("data_set", "has a version out of range"))?,
        registered_at: row.time("registered_at")?,
        services: Vec::new(),
        retired_code_lists: Vec::new(),
    })
}
