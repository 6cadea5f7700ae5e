//! All SQL about technical profiles.

use evidence::{Change, Reading};
use store::{Database, Row, StoreError, Value};
use wire::ambient::UtcMicros;
use wire::directory::Aliases;
use wire::id::{ProfileCode, SystemId};
use wire::signature::Algorithm;

use super::{Act, Assignment, Known, ProfileVersion, shipped};
use crate::alias;
use crate::column::{corrupt, parsed_optional};
use web::PageRequest;

pub(crate) const CREATE: &str = "
CREATE TABLE profile_version (
    code TEXT NOT NULL,
    version BIGINT NOT NULL,
    content TEXT NOT NULL,
    published_at BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    credential TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (code, version)
);
CREATE TABLE profile_assignment (
    number BIGINT PRIMARY KEY,
    system TEXT REFERENCES system (id),
    profile TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT,
    made_at BIGINT NOT NULL,
    organisation TEXT NOT NULL,
    role TEXT NOT NULL,
    credential TEXT NOT NULL,
    reason TEXT NOT NULL,
    ended_at BIGINT,
    ended_organisation TEXT,
    ended_role TEXT,
    ended_credential TEXT,
    ended_reason TEXT
);
CREATE INDEX profile_assignment_system ON profile_assignment (system, number);";

const VERSION: &str =
    "code, version, content, published_at, organisation, role, credential, reason";
const ASSIGNMENT: &str = "number, system, profile, from_at, until_at, made_at, organisation, role, \
     credential, reason, ended_at, ended_organisation, ended_role, ended_credential, ended_reason";

const IN_FORCE: &str = "SELECT code, version, content, published_at, organisation, role, \
     credential, reason FROM profile_version AS one WHERE version = (SELECT MAX(version) FROM \
     profile_version AS other WHERE other.code = one.code)";

/// All that is known, as it stands within the change.
pub(crate) async fn known(change: &mut Change) -> Result<Known, StoreError> {
    let published = Reading::rows(&mut *change, IN_FORCE, &[]).await?;
    let all = format!("SELECT {ASSIGNMENT} FROM profile_assignment ORDER BY number");
    let assignments = Reading::rows(&mut *change, &all, &[]).await?;
    read(&published, &assignments, alias::sql::followed(change).await?)
}

/// The same, for who only looks.
pub(crate) async fn known_in(database: &Database) -> Result<Known, StoreError> {
    let published = database.rows(IN_FORCE, &[]).await?;
    let all = format!("SELECT {ASSIGNMENT} FROM profile_assignment ORDER BY number");
    let assignments = database.rows(&all, &[]).await?;
    read(&published, &assignments, alias::sql::followed(database).await?)
}

fn read(published: &[Row], assignments: &[Row], aliases: Aliases) -> Result<Known, StoreError> {
    let published = published.iter().map(version).collect::<Result<Vec<_>, _>>()?;
    // What was published here stands in the place of what came with the platform.
    let all = shipped().into_iter().chain(published);
    Ok(Known {
        profiles: all.map(|one| (one.code.clone(), one)).collect(),
        assignments: assignments.iter().map(assignment).collect::<Result<_, _>>()?,
        aliases,
    })
}

/// Reads all of them: an assignment of a profile that is not there would allow nothing.
pub(crate) async fn must_read(change: &mut Change) -> Result<(), StoreError> {
    let known = known(change).await?;
    let lost = known.assignments.iter().find(|one| !known.profiles.contains_key(&one.profile));
    match lost {
        None => Ok(()),
        Some(lost) => {
            let what =
                format!("{} assigns the profile {}, which is not here", lost.number, lost.profile);
            Err(corrupt("profile_assignment", what))
        }
    }
}

/// Of which algorithms a system has production keys that are not past their time at a moment.
pub(crate) async fn production_algorithms(
    reading: impl Reading,
    system: &SystemId,
    at: UtcMicros,
) -> Result<Vec<Algorithm>, StoreError> {
    let sql = "SELECT DISTINCT algorithm FROM credential
         WHERE system = $1 AND environment = 'production' AND revoked_at IS NULL AND not_after > $2
         ORDER BY algorithm";
    let rows = reading.rows(sql, &[system.to_string().into(), at.into()]).await?;
    rows.iter().map(|row| row.parsed("algorithm")).collect()
}

/// The versions of a profile, the shipped one included, in the order of their numbers.
pub(crate) async fn versions(
    reading: impl Reading,
    code: &ProfileCode,
) -> Result<Vec<ProfileVersion>, StoreError> {
    let sql = format!("SELECT {VERSION} FROM profile_version WHERE code = $1 ORDER BY version");
    let rows = reading.rows(&sql, &[code.as_str().into()]).await?;
    let first = shipped().into_iter().filter(|one| one.code == *code).map(Ok);
    first.chain(rows.iter().map(version)).collect()
}

/// Assignments in the order of their numbers, of one system if named; one more than the page holds.
pub(crate) async fn list(
    reading: impl Reading,
    system: Option<&SystemId>,
    profile: Option<&ProfileCode>,
    after: i64,
    page: &PageRequest,
) -> Result<Vec<Assignment>, StoreError> {
    let sql = format!(
        "SELECT {ASSIGNMENT} FROM profile_assignment
         WHERE number > $1 AND ($2 = '' OR system = $2) AND ($3 = '' OR profile = $3)
         ORDER BY number LIMIT $4"
    );
    let values = [
        after.into(),
        system.map(ToString::to_string).unwrap_or_default().into(),
        profile.map_or("", ProfileCode::as_str).into(),
        page.rows().into(),
    ];
    reading.rows(&sql, &values).await?.iter().map(assignment).collect()
}

pub(crate) async fn find_assignment(
    reading: impl Reading,
    number: u64,
) -> Result<Option<Assignment>, StoreError> {
    let Ok(number) = i64::try_from(number) else { return Ok(None) };
    let sql = format!("SELECT {ASSIGNMENT} FROM profile_assignment WHERE number = $1");
    let row = reading.row(&sql, &[number.into()]).await?;
    row.as_ref().map(assignment).transpose()
}

pub(crate) async fn insert_version(
    change: &mut Change,
    new: &ProfileVersion,
    act: &Act,
) -> Result<(), StoreError> {
    let sql =
        format!("INSERT INTO profile_version ({VERSION}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)");
    let content = serde_json::to_string(&new.content);
    let content = content.map_err(|error| corrupt("profile_version", error))?;
    let mut values = vec![new.code.as_str().into(), i64::from(new.version).into(), content.into()];
    values.extend(written(act));
    change.execute(&sql, &values).await?;
    Ok(())
}

pub(crate) async fn insert_assignment(
    change: &mut Change,
    new: &Assignment,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO profile_assignment (number, system, profile, from_at, until_at, made_at,
            organisation, role, credential, reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let mut values = vec![
        number(new.number)?.into(),
        new.system.as_ref().map(ToString::to_string).into(),
        new.profile.as_str().into(),
        new.from.into(),
        new.until.into(),
    ];
    values.extend(written(&new.made));
    change.execute(sql, &values).await?;
    Ok(())
}

/// Gives an assignment another end.
pub(crate) async fn end(
    change: &mut Change,
    ended: &Assignment,
    act: &Act,
) -> Result<(), StoreError> {
    let sql = "UPDATE profile_assignment SET until_at = $2, ended_at = $3, ended_organisation = $4,
            ended_role = $5, ended_credential = $6, ended_reason = $7
        WHERE number = $1";
    let mut values = vec![number(ended.number)?.into(), ended.until.into()];
    values.extend(written(act));
    change.execute(sql, &values).await?;
    Ok(())
}

fn written(act: &Act) -> [Value; 5] {
    [
        act.at.into(),
        act.organisation.as_str().into(),
        act.role.as_str().into(),
        act.credential.as_str().into(),
        act.reason.as_str().into(),
    ]
}

fn number(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| corrupt("number", "is too large"))
}

fn version(row: &Row) -> Result<ProfileVersion, StoreError> {
    let content = serde_json::from_str(&row.text("content")?);
    Ok(ProfileVersion {
        code: row.parsed("code")?,
        version: u32::try_from(row.integer("version")?)
            .map_err(|_| corrupt("version", "is out of range"))?,
        content: content.map_err(|error| corrupt("profile_version", error))?,
        published: Some(Act {
            at: row.time("published_at")?,
            organisation: row.parsed("organisation")?,
            role: row.parsed("role")?,
            credential: row.text("credential")?,
            reason: row.text("reason")?,
        }),
    })
}

fn assignment(row: &Row) -> Result<Assignment, StoreError> {
    let ended = row.optional_time("ended_at")?.map(|at| {
        let lacks = || corrupt("profile_assignment", "lacks who ended it");
        Ok::<_, StoreError>(Act {
            at,
            organisation: parsed_optional(row, "ended_organisation")?.ok_or_else(lacks)?,
            role: parsed_optional(row, "ended_role")?.ok_or_else(lacks)?,
            credential: row.optional_text("ended_credential")?.ok_or_else(lacks)?,
            reason: row.optional_text("ended_reason")?.ok_or_else(lacks)?,
        })
    });
    Ok(Assignment {
        number: u64::try_from(row.integer("number")?)
            .map_err(|_| corrupt("number", "is negative"))?,
        system: parsed_optional(row, "system")?,
        profile: row.parsed("profile")?,
        from: row.time("from_at")?,
        until: row.optional_time("until_at")?,
        made: Act {
            at: row.time("made_at")?,
            organisation: row.parsed("organisation")?,
            role: row.parsed("role")?,
            credential: row.text("credential")?,
            reason: row.text("reason")?,
        },
        ended: ended.transpose()?,
    })
}
