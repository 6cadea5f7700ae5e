//! All SQL about organisations and what happened to them.

use evidence::{Change, Reading};
use store::{Row, StoreError, Value};
use wire::ambient::UtcMicros;
use wire::organisation_code::{LegacyCode, OrganisationCode};

use super::Organisation;
use super::history::Event;
use crate::column::{corrupt, parsed_optional};
use web::PageRequest;

const COLUMNS: &str =
    "code, parent, name, name_en, legacy_code, registered_at, issued_at, closed_at, successors";
const EVENT_COLUMNS: &str = "number, kind, effective_at, decision, recorded_at, name, name_en, \
                             legacy_code, counterparts, sequence";

/// Which organisations a list is of.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    /// Only those directly below this one.
    pub(crate) parent: Option<OrganisationCode>,
    /// Only this one and those below it, at whatever distance.
    pub(crate) within: Option<OrganisationCode>,
    pub(crate) legacy_code: Option<LegacyCode>,
    /// Only those whose code is in force, or only those whose code is not.
    pub(crate) open: Option<bool>,
}

pub(crate) async fn find(
    reading: impl Reading,
    code: &OrganisationCode,
) -> Result<Option<Organisation>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation WHERE code = $1");
    let row = reading.row(&sql, &[code.as_str().into()]).await?;
    row.as_ref().map(from_row).transpose()
}

pub(crate) async fn find_by_legacy(
    reading: impl Reading,
    code: &LegacyCode,
) -> Result<Option<OrganisationCode>, StoreError> {
    let sql = "SELECT code FROM organisation WHERE legacy_code = $1";
    let row = reading.row(sql, &[code.as_str().into()]).await?;
    row.map(|row| row.parsed("code")).transpose()
}

/// Organisations in the order of their codes, one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    filter: &Filter,
    page: &PageRequest,
) -> Result<Vec<Organisation>, StoreError> {
    let (sql, values) = list_statement(filter, page);
    reading.rows(&sql, &values).await?.iter().map(from_row).collect()
}

/// Only the filters that are asked for stand in it, so that an index can serve them.
pub(crate) fn list_statement(filter: &Filter, page: &PageRequest) -> (String, Vec<Value>) {
    let mut sql = format!("SELECT {COLUMNS} FROM organisation WHERE code > $1");
    let mut values: Vec<Value> = vec![page.after.as_str().into()];
    if let Some(parent) = &filter.parent {
        values.push(parent.as_str().into());
        sql = format!("{sql} AND parent = ${}", values.len());
    }
    if let Some(within) = &filter.within {
        // Of what may stand in a code, only the dot comes before the slash: between these two lie
        // the code itself and all that begins with it and a dot.
        values.push(within.as_str().into());
        values.push(format!("{within}/").into());
        let until = values.len();
        sql = format!("{sql} AND code >= ${} AND code < ${until}", until - 1);
    }
    if let Some(legacy) = &filter.legacy_code {
        values.push(legacy.as_str().into());
        sql = format!("{sql} AND legacy_code = ${}", values.len());
    }
    sql.push_str(match filter.open {
        None => "",
        Some(true) => " AND closed_at IS NULL",
        Some(false) => " AND closed_at IS NOT NULL",
    });
    values.push(page.rows().into());
    sql = format!("{sql} ORDER BY code LIMIT ${}", values.len());
    (sql, values)
}

/// All whose code is in force, for the directory.
pub(crate) async fn all_open(reading: impl Reading) -> Result<Vec<Organisation>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM organisation WHERE closed_at IS NULL ORDER BY code");
    reading.rows(&sql, &[]).await?.iter().map(from_row).collect()
}

/// Those whose code is in force, of this one and all below it, parents first.
pub(crate) async fn open_within(
    reading: impl Reading,
    code: &OrganisationCode,
) -> Result<Vec<Organisation>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM organisation
         WHERE closed_at IS NULL AND (code = $1 OR (code > $1 || '.' AND code < $1 || '/'))
         ORDER BY code"
    );
    reading.rows(&sql, &[code.as_str().into()]).await?.iter().map(from_row).collect()
}

/// Codes in force directly below this one.
pub(crate) async fn open_below(
    reading: impl Reading,
    code: &OrganisationCode,
) -> Result<Vec<OrganisationCode>, StoreError> {
    let sql = "SELECT code FROM organisation WHERE parent = $1 AND closed_at IS NULL ORDER BY code";
    let rows = reading.rows(sql, &[code.as_str().into()]).await?;
    rows.iter().map(|row| row.parsed("code")).collect()
}

pub(crate) async fn insert(change: &mut Change, new: &Organisation) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO organisation ({COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)");
    let values = [
        new.code.as_str().into(),
        new.parent.as_ref().map(ToString::to_string).into(),
        new.name.as_str().into(),
        new.name_en.clone().into(),
        new.legacy_code.as_ref().map(ToString::to_string).into(),
        new.registered_at.into(),
        new.issued_at.into(),
        new.closed_at.into(),
        spaced(&new.successors).into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

/// Writes what can change of an organisation.
pub(crate) async fn update(change: &mut Change, to: &Organisation) -> Result<(), StoreError> {
    let sql = "UPDATE organisation
               SET name = $2, name_en = $3, legacy_code = $4, closed_at = $5, successors = $6
               WHERE code = $1";
    let values = [
        to.code.as_str().into(),
        to.name.as_str().into(),
        to.name_en.clone().into(),
        to.legacy_code.as_ref().map(ToString::to_string).into(),
        to.closed_at.into(),
        spaced(&to.successors).into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}

/// Notes what happened; its number is given here.
pub(crate) async fn note(
    change: &mut Change,
    code: &OrganisationCode,
    event: &Event,
) -> Result<(), StoreError> {
    let sql = format!(
        "INSERT INTO organisation_event (organisation, {EVENT_COLUMNS})
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    let number = 1 + last_event(&mut *change, code).await?.map_or(0, |event| event.number);
    let sequence = event.sequence.map(i64::try_from).transpose();
    let values = [
        code.as_str().into(),
        number.into(),
        event.kind.as_str().into(),
        event.effective_at.into(),
        event.decision.clone().into(),
        event.recorded_at.into(),
        event.name.as_str().into(),
        event.name_en.clone().into(),
        event.legacy_code.as_ref().map(ToString::to_string).into(),
        spaced(&event.counterparts).into(),
        sequence.map_err(|_| corrupt("sequence", "is beyond 2^63"))?.into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

/// What happened to the code last.
pub(crate) async fn last_event(
    reading: impl Reading,
    code: &OrganisationCode,
) -> Result<Option<Event>, StoreError> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM organisation_event
         WHERE organisation = $1 ORDER BY number DESC LIMIT 1"
    );
    let row = reading.row(&sql, &[code.as_str().into()]).await?;
    row.as_ref().map(event_from_row).transpose()
}

/// What happened to the code after the event of this number, oldest first; one more than the page
/// holds.
pub(crate) async fn events(
    reading: impl Reading,
    code: &OrganisationCode,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!(
        "SELECT {EVENT_COLUMNS} FROM organisation_event
         WHERE organisation = $1 AND number > $2 ORDER BY number LIMIT $3"
    );
    let values = [code.as_str().into(), after.into(), page.rows().into()];
    reading.rows(&sql, &values).await?.iter().map(event_from_row).collect()
}

/// What happened to these codes until `moment`: the last event of each, with its code.
pub(crate) async fn last_events_by(
    reading: impl Reading,
    within: (&OrganisationCode, &OrganisationCode),
    moment: UtcMicros,
) -> Result<Vec<(OrganisationCode, Event)>, StoreError> {
    let sql = format!(
        "SELECT organisation, {EVENT_COLUMNS} FROM organisation_event AS event
         WHERE organisation >= $1 AND organisation <= $2 AND number = (
             SELECT MAX(number) FROM organisation_event AS before
             WHERE before.organisation = event.organisation AND before.effective_at <= $3)
         ORDER BY organisation"
    );
    let (first, last) = within;
    let values = [first.as_str().into(), last.as_str().into(), moment.into()];
    let read = |row: &Row| Ok((row.parsed("organisation")?, event_from_row(row)?));
    reading.rows(&sql, &values).await?.iter().map(read).collect()
}

fn from_row(row: &Row) -> Result<Organisation, StoreError> {
    let code: OrganisationCode = row.parsed("code")?;
    Ok(Organisation {
        kind: code.kind().into(),
        code,
        parent: parsed_optional(row, "parent")?,
        name: row.text("name")?,
        name_en: row.optional_text("name_en")?,
        legacy_code: parsed_optional(row, "legacy_code")?,
        registered_at: row.time("registered_at")?,
        issued_at: row.time("issued_at")?,
        closed_at: row.optional_time("closed_at")?,
        successors: codes(&row.text("successors")?)?,
    })
}

fn event_from_row(row: &Row) -> Result<Event, StoreError> {
    let number = u32::try_from(row.integer("number")?);
    let sequence = row.optional_integer("sequence")?.map(u64::try_from).transpose();
    Ok(Event {
        number: number.map_err(|_| corrupt("number", "is out of range"))?,
        kind: row.parsed("kind")?,
        effective_at: row.time("effective_at")?,
        decision: row.optional_text("decision")?,
        recorded_at: row.time("recorded_at")?,
        name: row.text("name")?,
        name_en: row.optional_text("name_en")?,
        legacy_code: parsed_optional(row, "legacy_code")?,
        counterparts: codes(&row.text("counterparts")?)?,
        entry: None,
        sequence: sequence.map_err(|_| corrupt("sequence", "is negative"))?,
    })
}

fn spaced(codes: &[OrganisationCode]) -> String {
    codes.iter().map(OrganisationCode::as_str).collect::<Vec<_>>().join(" ")
}

fn codes(text: &str) -> Result<Vec<OrganisationCode>, StoreError> {
    let read = |code: &str| code.parse().map_err(|_| corrupt("codes", "do not read as codes"));
    text.split(' ').filter(|code| !code.is_empty()).map(read).collect()
}
