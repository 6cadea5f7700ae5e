//! What is sent about organisations, and how it becomes what the commands take.

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::problem::Text;

use crate::organisation::command::{Basis, Names, NewOrganisation};
use crate::organisation::contact::{Contact, MAX_CONTACTS};

/// The longest name, in characters.
const NAME_CHARS: usize = 250;
/// The longest duty, in characters.
const DUTY_CHARS: usize = 100;
/// The longest e-mail address (RFC 5321 §4.5.3.1.3, without the brackets).
const EMAIL_CHARS: usize = 254;

/// An organisation to register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OrganisationForm {
    /// Identification code of QĐ 20/2020/QĐ-TTg.
    #[schema(example = "H24.12")]
    code: String,
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    name: String,
    /// Its name in English.
    name_en: Option<String>,
    /// Its code of the old format (QCVN 102), if it had one.
    #[schema(example = "000.00.12.H24")]
    legacy_code: Option<String>,
    /// Since when its code is in force; now when left out. Not in the future.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// The decision that created it.
    #[schema(example = "01/2025/QĐ-UBND")]
    decision: Option<String>,
}

/// Other names for an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RenameForm {
    /// Its name in Vietnamese.
    #[schema(example = "Sở Nội vụ")]
    name: String,
    /// Its name in English; left out, it has none.
    name_en: Option<String>,
    /// Since when it is called so; now when left out. Not in the future.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
    /// The decision that renamed it.
    #[schema(example = "01/2025/QĐ-UBND")]
    decision: Option<String>,
}

/// The end of an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CloseForm {
    /// The decision that dissolves it.
    #[schema(example = "02/2025/QĐ-UBND")]
    decision: String,
    /// When that took effect; now when left out. Not in the future.
    #[schema(format = DateTime)]
    effective_at: Option<String>,
}

/// All contacts of an organisation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ContactsForm {
    /// Whom to call first stands first; at most 10.
    contacts: Vec<ContactForm>,
}

/// One contact.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ContactForm {
    /// For what: the duty, not the person.
    #[schema(example = "Trực sự cố 24/7")]
    duty: String,
    /// Telephone number.
    #[schema(example = "+84 225 3000 001")]
    phone: String,
    /// E-mail address.
    #[schema(example = "truc@snv.example.vn")]
    email: String,
}

impl OrganisationForm {
    pub(super) fn read(&self) -> Result<(NewOrganisation, Basis), Refusal> {
        let new = NewOrganisation {
            code: field::parse("code", &self.code)?,
            names: names(&self.name, self.name_en.as_deref())?,
            legacy_code: field::parse_optional("legacy_code", self.legacy_code.as_deref())?,
        };
        Ok((new, basis(self.effective_at.as_deref(), self.decision.as_deref())?))
    }
}

impl RenameForm {
    pub(super) fn read(&self) -> Result<(Names, Basis), Refusal> {
        let names = names(&self.name, self.name_en.as_deref())?;
        Ok((names, basis(self.effective_at.as_deref(), self.decision.as_deref())?))
    }
}

impl CloseForm {
    pub(super) fn read(&self) -> Result<Basis, Refusal> {
        basis(self.effective_at.as_deref(), Some(&self.decision))
    }
}

impl ContactsForm {
    pub(super) fn read(&self) -> Result<Vec<Contact>, Refusal> {
        field::within("contacts", self.contacts.len(), 0..=MAX_CONTACTS)?;
        self.contacts.iter().map(ContactForm::read).collect()
    }
}

impl ContactForm {
    fn read(&self) -> Result<Contact, Refusal> {
        Ok(Contact {
            duty: field::sentence("duty", &self.duty, DUTY_CHARS)?,
            phone: phone(&self.phone)?,
            email: email(&self.email)?,
        })
    }
}

pub(super) fn names(name: &str, name_en: Option<&str>) -> Result<Names, Refusal> {
    Ok(Names {
        name: field::sentence("name", name, NAME_CHARS)?,
        name_en: name_en.map(|name| field::sentence("name_en", name, NAME_CHARS)).transpose()?,
    })
}

pub(super) fn basis(effective_at: Option<&str>, decision: Option<&str>) -> Result<Basis, Refusal> {
    Ok(Basis {
        effective_at: field::parse_optional("effective_at", effective_at)?,
        decision: field::parse_optional("decision", decision)?,
    })
}

/// Whether those in force are wanted, or the others.
pub(super) fn state(state: Option<&str>) -> Result<Option<bool>, Refusal> {
    match state {
        None => Ok(None),
        Some("open") => Ok(Some(true)),
        Some("closed") => Ok(Some(false)),
        Some(_) => {
            let rule = Text::new("«open» hoặc «closed».", "`open` or `closed`.");
            Err(field::invalid("state", &rule))
        }
    }
}

/// The cursor of a list in the order of numbers; an empty one is before the first.
pub(super) fn number(name: &str, cursor: &str) -> Result<i64, Refusal> {
    if cursor.is_empty() {
        return Ok(0);
    }
    let rule = Text::new("«next» của trang trước.", "`next` of the page before.");
    cursor.parse::<u32>().map(i64::from).map_err(|_| field::invalid(name, &rule))
}

pub(super) fn one_code() -> Refusal {
    let reason = Text::new(
        "Cần nêu đúng một trong hai mã: code hoặc legacy_code.",
        "Name exactly one of `code` and `legacy_code`.",
    );
    field::refused("code", &reason)
}

/// Digits, spaces, dots and hyphens, with `+` in front of a country code.
fn phone(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'.' | b'-');
    if (3..=15).contains(&digits) && text.len() <= 30 && rest.bytes().all(allowed) {
        return Ok(text.to_owned());
    }
    let rule = Text::new(
        "số điện thoại có 3 đến 15 chữ số (ví dụ +84 225 3000 001).",
        "a telephone number of 3 to 15 digits (example: +84 225 3000 001).",
    );
    Err(field::invalid("phone", &rule))
}

/// Something on both sides of one `@`; whether mail arrives is found out by sending some.
fn email(text: &str) -> Result<String, Refusal> {
    let text = text.trim();
    let fits = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && domain.contains('.') && !domain.contains('@')
    });
    let shown = text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    if fits && shown && text.chars().count() <= EMAIL_CHARS {
        return Ok(text.to_owned());
    }
    let rule = Text::new(
        "một địa chỉ thư điện tử (ví dụ truc@snv.example.vn).",
        "an e-mail address (example: truc@snv.example.vn).",
    );
    Err(field::invalid("email", &rule))
}
