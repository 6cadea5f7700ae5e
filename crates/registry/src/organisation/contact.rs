//! Whom to call at an organisation, day and night.
//!
//! **Trust**: names, telephone numbers and addresses of people. They are shown to the platform's
//! own people and to the organisation itself, and never stand in an entry, a directory or a log.

use evidence::{Actor, Change, Reading};
use serde::Serialize;
use store::{Row, StoreError};
use utoipa::ToSchema;
use wire::organisation_code::OrganisationCode;

use super::{command, sql};
use crate::Registry;
use crate::authority::{Sight, must_administer};
use crate::refused::{Noun, Refused};

/// How many an organisation may name.
pub const MAX_CONTACTS: usize = 10;

/// One way to reach the organisation.
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

/// The contacts of an organisation, in its own order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Contacts {
    /// Whom to call first stands first.
    pub contacts: Vec<Contact>,
}

/// What `actor` may see of the contacts of an organisation.
pub async fn read(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
) -> Result<Contacts, Refused> {
    if !Sight::of(actor).covers(code) {
        return Err(Refused::Unknown { noun: Noun::Contacts, id: code.to_string() });
    }
    if sql::find(&registry.database, code).await?.is_none() {
        return Err(command::unknown(code));
    }
    Ok(Contacts { contacts: list(&registry.database, code).await? })
}

/// Puts these contacts in the place of those before.
pub async fn replace(
    registry: &Registry,
    actor: &Actor,
    code: &OrganisationCode,
    contacts: Vec<Contact>,
    seen: &web::IfMatch,
) -> Result<Contacts, Refused> {
    must_administer(actor, code)?;
    let mut change = registry.recorder.change(actor, "organisation.contacts_changed").await?;
    command::open(&mut change, code).await?;
    seen.require(&Contacts { contacts: list(&mut change, code).await? })?;
    let sql = "DELETE FROM organisation_contact WHERE organisation = $1";
    change.execute(sql, &[code.as_str().into()]).await?;
    for (number, contact) in (0_u32..).zip(&contacts) {
        insert(&mut change, code, number, contact).await?;
    }
    change.record(command::subject(code)).await?;
    Ok(Contacts { contacts })
}

async fn list(reading: impl Reading, code: &OrganisationCode) -> Result<Vec<Contact>, StoreError> {
    let sql = "SELECT duty, phone, email FROM organisation_contact
               WHERE organisation = $1 ORDER BY number";
    let from_row = |row: &Row| {
        Ok(Contact {
            duty: row.text("duty")?,
            phone: row.text("phone")?,
            email: row.text("email")?,
        })
    };
    reading.rows(sql, &[code.as_str().into()]).await?.iter().map(from_row).collect()
}

async fn insert(
    change: &mut Change,
    code: &OrganisationCode,
    number: u32,
    contact: &Contact,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO organisation_contact (organisation, number, duty, phone, email)
               VALUES ($1, $2, $3, $4, $5)";
    let values = [
        code.as_str().into(),
        number.into(),
        contact.duty.as_str().into(),
        contact.phone.as_str().into(),
        contact.email.as_str().into(),
    ];
    change.execute(sql, &values).await?;
    Ok(())
}
