//! Whom to call, day and night: at an organisation, and for a system.
//!
//! **Trust**: telephone numbers and addresses of people. They are shown to the platform's own
//! people and to the organisation itself, and never stand in an entry, a directory or a log.

pub(crate) mod form;

use std::collections::BTreeMap;

use evidence::{Actor, Change, Reading};
use serde::Serialize;
use store::{Row, StoreError};
use utoipa::ToSchema;
use wire::id::SystemId;
use wire::organisation_code::OrganisationCode;

use crate::Registry;
use crate::authority::{Sight, must_administer};
use crate::refused::{Noun, Refused};
use crate::{organisation, system};

/// How many may be named for one organisation or system.
pub const MAX_CONTACTS: usize = 10;

/// Whose contacts they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// An organisation's.
    Organisation(OrganisationCode),
    /// Those for one of its systems.
    System(SystemId),
}

/// One way to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contact {
    /// For what: the duty, not the person.
    #[schema(example = "Trực sự cố 24/7")]
    pub duty: String,
    /// Telephone number.
    #[schema(example = "+84 225 3000 001")]
    pub phone: String,
    /// E-mail address.
    #[schema(example = "truc@snv.example.vn")]
    pub email: String,
}

/// The contacts of an organisation or system, in its own order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contacts {
    /// Whom to call first stands first.
    pub contacts: Vec<Contact>,
}

/// What `actor` may see.
pub async fn read(registry: &Registry, actor: &Actor, whose: &Whose) -> Result<Contacts, Refused> {
    if !Sight::of(actor).covers(whose.organisation()) {
        return Err(Refused::Unknown { noun: Noun::Contacts, id: whose.name() });
    }
    let database = &registry.database;
    match whose {
        Whose::Organisation(code) if organisation::sql::find(database, code).await?.is_none() => {
            return Err(organisation::command::unknown(code));
        }
        Whose::System(id) if system::sql::find(database, id).await?.is_none() => {
            return Err(system::command::unknown(id));
        }
        Whose::Organisation(_) | Whose::System(_) => {}
    }
    Ok(Contacts { contacts: list(database, whose).await? })
}

/// Puts these contacts in the place of those before.
pub async fn replace(
    registry: &Registry,
    actor: &Actor,
    whose: &Whose,
    contacts: Vec<Contact>,
    seen: &web::IfMatch,
) -> Result<Contacts, Refused> {
    must_administer(actor, whose.organisation())?;
    let (table, column) = whose.place();
    let action = format!("{column}.contacts_changed");
    let mut change = registry.recorder.change(actor, &action).await?;
    match whose {
        Whose::Organisation(code) => {
            organisation::command::open(&mut change, code).await?;
        }
        Whose::System(id) => {
            system::command::open(&mut change, id).await?;
        }
    }
    seen.require(&Contacts { contacts: list(&mut change, whose).await? })?;
    let sql = format!("DELETE FROM {table} WHERE {column} = $1");
    change.execute(&sql, &[whose.name().into()]).await?;
    for (number, contact) in (0_u32..).zip(&contacts) {
        insert(&mut change, whose, number, contact).await?;
    }
    change.record(BTreeMap::from([(column.to_owned(), whose.name())])).await?;
    Ok(Contacts { contacts })
}

async fn list(reading: impl Reading, whose: &Whose) -> Result<Vec<Contact>, StoreError> {
    let (table, column) = whose.place();
    let sql = format!("SELECT duty, phone, email FROM {table} WHERE {column} = $1 ORDER BY number");
    let from_row = |row: &Row| {
        Ok(Contact {
            duty: row.text("duty")?,
            phone: row.text("phone")?,
            email: row.text("email")?,
        })
    };
    reading.rows(&sql, &[whose.name().into()]).await?.iter().map(from_row).collect()
}

async fn insert(
    change: &mut Change,
    whose: &Whose,
    number: u32,
    contact: &Contact,
) -> Result<(), StoreError> {
    let (table, column) = whose.place();
    let sql = format!(
        "INSERT INTO {table} ({column}, number, duty, phone, email) VALUES ($1, $2, $3, $4, $5)"
    );
    let values = [
        whose.name().into(),
        number.into(),
        contact.duty.as_str().into(),
        contact.phone.as_str().into(),
        contact.email.as_str().into(),
    ];
    change.execute(&sql, &values).await?;
    Ok(())
}

impl Whose {
    fn organisation(&self) -> &OrganisationCode {
        match self {
            Self::Organisation(code) => code,
            Self::System(id) => &id.organisation,
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Organisation(code) => code.to_string(),
            Self::System(id) => id.to_string(),
        }
    }

    /// The table, and its column that says whose they are.
    fn place(&self) -> (&'static str, &'static str) {
        match self {
            Self::Organisation(_) => ("organisation_contact", "organisation"),
            Self::System(_) => ("system_contact", "system"),
        }
    }
}
