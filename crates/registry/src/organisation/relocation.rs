//! Systems that go to another organisation: new ids, and everything that names the old ones.
//!
//! What refers to a system or a service is read from the list of all tables
//! ([`TABLES`]), so a table that is added there moves along. What only tells what was
//! (steps, events) names organisations, not systems, and stays.
//!
//! **Invariant**: no row names an old id afterwards; keys, connections and their ids stay.

use evidence::{Change, Reading};
use store::{StoreError, Value};
use wire::directory::AliasName;
use wire::id::{ServiceId, SystemId};
use wire::organisation_code::OrganisationCode;

use crate::alias;
use crate::import::shape::{Kind, TABLES};
use crate::refused::Refused;
use crate::system::{self, System};

/// One system and its id to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Move {
    pub(crate) system: System,
    pub(crate) to: SystemId,
}

/// What belongs to an organisation and goes with it when it gets another code. What is not here and
/// names an organisation tells what was.
pub(crate) const GOES_ALONG: &[(&str, &str)] = &[
    ("organisation_contact", "organisation"),
    ("data_set", "organisation"),
    ("code_list", "organisation"),
];

/// Gives all systems their new ids. Nothing is done if one of those is taken already.
pub(crate) async fn relocate(change: &mut Change, moves: &[Move]) -> Result<(), Refused> {
    let mut taken = Vec::new();
    for (number, one) in moves.iter().enumerate() {
        let is_twice = moves.iter().take(number).any(|before| before.to == one.to);
        let name = AliasName::System(one.to.clone());
        let leads_on = alias::sql::find(&mut *change, &name).await?.is_some();
        if is_twice || leads_on || system::sql::find(&mut *change, &one.to).await?.is_some() {
            taken.push(one.to.to_string());
        }
    }
    if !taken.is_empty() {
        return Err(Refused::NamesTaken(taken));
    }
    for one in moves {
        move_system(change, &one.system.id, &one.to).await?;
    }
    Ok(())
}

async fn move_system(
    change: &mut Change,
    from: &SystemId,
    to: &SystemId,
) -> Result<(), StoreError> {
    let organisation = ("organisation", to.organisation.as_str());
    copy(change, "system", &from.to_string(), &to.to_string(), organisation).await?;
    let services = "SELECT id FROM service WHERE system = $1 ORDER BY id";
    let rows = Reading::rows(&mut *change, services, &[from.to_string().into()]).await?;
    let services: Vec<ServiceId> =
        rows.iter().map(|row| row.parsed("id")).collect::<Result<_, StoreError>>()?;
    for service in services {
        let SystemId { organisation, system } = to.clone();
        let moved = ServiceId { organisation, system, ..service.clone() };
        let (old, new) = (service.to_string(), moved.to_string());
        copy(change, "service", &old, &new, ("system", &to.to_string())).await?;
        redirect(change, Kind::Service, &old, &new).await?;
        change.execute("DELETE FROM service WHERE id = $1", &[old.into()]).await?;
    }
    let (old, new) = (from.to_string(), to.to_string());
    redirect(change, Kind::System, &old, &new).await?;
    change.execute("DELETE FROM system WHERE id = $1", &[old.into()]).await?;
    Ok(())
}

/// Copies a row under another id, with another value in the column that says whose it is.
async fn copy(
    change: &mut Change,
    table: &str,
    old: &str,
    new: &str,
    (owner, whose): (&str, &str),
) -> Result<(), StoreError> {
    let one = format!("SELECT * FROM {table} WHERE id = $1");
    let Some(row) = Reading::row(&mut *change, &one, &[old.into()]).await? else {
        return Ok(());
    };
    let value = |column: &String| match column.as_str() {
        "id" => "$1".to_owned(),
        column if column == owner => "$2".to_owned(),
        column => column.to_owned(),
    };
    let values: Vec<_> = row.columns().iter().map(value).collect();
    let sql = format!(
        "INSERT INTO {table} ({}) SELECT {} FROM {table} WHERE id = $3",
        row.columns().join(", "),
        values.join(", "),
    );
    change.execute(&sql, &[new.into(), whose.into(), old.into()]).await?;
    Ok(())
}

/// Lets everything that names `old` name `new`.
async fn redirect(change: &mut Change, kind: Kind, old: &str, new: &str) -> Result<(), StoreError> {
    for table in TABLES {
        let is_its_own = |name: &str| name == "id" && matches!(table.name, "system" | "service");
        let columns = table.columns.iter().filter(|column| column.kind == kind);
        for column in columns.filter(|column| !is_its_own(column.name)) {
            let (table, column) = (table.name, column.name);
            let sql = format!("UPDATE {table} SET {column} = $2 WHERE {column} = $1");
            change.execute(&sql, &[old.into(), new.into()]).await?;
        }
    }
    Ok(())
}

/// Lets what belongs to an organisation belong to the one that it has become.
pub(crate) async fn take_along(
    change: &mut Change,
    from: &OrganisationCode,
    to: &OrganisationCode,
) -> Result<(), StoreError> {
    let values: [Value; 2] = [from.as_str().into(), to.as_str().into()];
    for (table, column) in GOES_ALONG {
        let sql = format!("UPDATE {table} SET {column} = $2 WHERE {column} = $1");
        change.execute(&sql, &values).await?;
    }
    Ok(())
}
