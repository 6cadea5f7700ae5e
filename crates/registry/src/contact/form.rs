//! What is sent about contacts.

use serde::Deserialize;
use utoipa::ToSchema;
use web::{Refusal, field};
use wire::problem::Text;

use super::{Contact, MAX_CONTACTS};

/// The longest duty, in characters.
const DUTY_CHARS: usize = 100;
/// The longest e-mail address (RFC 5321 §4.5.3.1.3, without the brackets).
const EMAIL_CHARS: usize = 254;

/// All contacts of an organisation or system.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactsForm {
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

impl ContactsForm {
    pub(crate) fn read(&self) -> Result<Vec<Contact>, Refusal> {
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
