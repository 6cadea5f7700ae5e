//! Text that must become a type at the border, and the rule it must keep, told to people.

use std::str::FromStr;

use wire::ambient::UtcMicros;
use wire::checkpoint::Origin;
use wire::directory::AliasName;
use wire::error_code::ErrorCode;
use wire::id::{
    ConnectionId, DisputeId, ImportId, KeyId, ProfileCode, PurposeCode, Role, ServiceCode,
    ServiceId, SystemCode, SystemId,
};
use wire::network::Network;
use wire::organisation_code::{LegacyCode, OrganisationCode};
use wire::problem::Text;

use crate::refusal::Refusal;

/// A type that text from outside can become, with its rule in words.
pub trait Field: FromStr {
    /// What the text must look like.
    fn rule() -> Text;
}

/// The text of the field `name` as a `T`, or a refusal that names the field and the rule.
pub fn parse<T: Field>(name: &str, value: &str) -> Result<T, Refusal> {
    value.parse().map_err(|_| invalid(name, &T::rule()))
}

/// Like [`parse`], for a field that may be left out.
pub fn parse_optional<T: Field>(name: &str, value: Option<&str>) -> Result<Option<T>, Refusal> {
    value.map(|value| parse(name, value)).transpose()
}

/// The refusal of the field `name` because it breaks `rule`, which says what it has to be.
pub fn invalid(name: &str, rule: &Text) -> Refusal {
    Refusal::new(
        ErrorCode::FieldInvalid,
        Text::new(
            format!("Trường «{name}» không hợp lệ; phải là {}", rule.vi),
            format!("The field `{name}` is not valid; it must be {}", rule.en),
        ),
    )
}

/// The refusal of the field `name` for a `reason` in whole sentences.
pub fn refused(name: &str, reason: &Text) -> Refusal {
    Refusal::new(
        ErrorCode::FieldInvalid,
        Text::new(
            format!("Trường «{name}» không được chấp nhận. {}", reason.vi),
            format!("The field `{name}` is not accepted. {}", reason.en),
        ),
    )
}

/// The refusal of a request that lacks the field `name`.
pub fn missing(name: &str) -> Refusal {
    Refusal::new(
        ErrorCode::FieldInvalid,
        Text::new(format!("Thiếu trường «{name}»."), format!("The field `{name}` is missing.")),
    )
}

/// A name or sentence for people: 1 to `max_chars` characters after trimming, none of which breaks
/// a line, controls or turns the direction of writing, so that it can be shown anywhere.
pub fn sentence(name: &str, value: &str, max_chars: usize) -> Result<String, Refusal> {
    let value = value.trim();
    let length = value.chars().count();
    if length == 0 || length > max_chars || value.chars().any(is_unshowable) {
        return Err(invalid(
            name,
            &Text::new(
                format!("một dòng chữ từ 1 đến {max_chars} ký tự, không có ký tự điều khiển."),
                format!("a line of 1 to {max_chars} characters, no control characters."),
            ),
        ));
    }
    Ok(value.to_owned())
}

/// Control characters, line and paragraph separators, and those that turn the direction of what
/// stands around them (Unicode TR 9), by which a text can pass for another.
fn is_unshowable(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A number within `range`.
pub fn within<T>(name: &str, value: T, range: std::ops::RangeInclusive<T>) -> Result<T, Refusal>
where
    T: PartialOrd + std::fmt::Display,
{
    if range.contains(&value) {
        return Ok(value);
    }
    let (least, most) = (range.start(), range.end());
    Err(invalid(
        name,
        &Text::new(
            format!("một số từ {least} đến {most}."),
            format!("a number from {least} to {most}."),
        ),
    ))
}

impl Field for OrganisationCode {
    fn rule() -> Text {
        Text::new(
            "mã định danh theo QĐ 20/2020/QĐ-TTg: tối đa 35 ký tự gồm «.», 0-9, A-Z; cấp 1 là một \
             chữ A-Y và hai chữ số, các cấp sau cách nhau bằng dấu chấm (ví dụ H24.12).",
            "an identification code of Decision 20/2020/QĐ-TTg: at most 35 characters out of `.`, \
             0-9, A-Z; level 1 is a letter A-Y and two digits, further levels are separated by \
             dots (example: H24.12).",
        )
    }
}

impl Field for LegacyCode {
    fn rule() -> Text {
        Text::new(
            "mã cũ theo QCVN 102: 13 ký tự dạng 000.00.00.X00 (ví dụ 000.00.17.H18).",
            "an old code of QCVN 102: 13 characters of the form 000.00.00.X00 (example: \
             000.00.17.H18).",
        )
    }
}

const SLUG_VI: &str = "một mã dài 1 đến 63 ký tự gồm a-z, 0-9 và «-», không bắt đầu hay kết thúc bằng «-» (ví dụ danh-muc).";
const SLUG_EN: &str = "a code of 1 to 63 characters out of a-z, 0-9 and `-`, with no `-` at either end (example: danh-muc).";

macro_rules! slug {
    ($($code:ty),*) => {$(
        impl Field for $code {
            fn rule() -> Text {
                Text::new(SLUG_VI, SLUG_EN)
            }
        }
    )*};
}
slug!(SystemCode, ServiceCode, PurposeCode, ProfileCode);

impl Field for KeyId {
    fn rule() -> Text {
        Text::new(
            "một mã dài 1 đến 64 ký tự gồm A-Z, a-z, 0-9, «.», «_», «-».",
            "a code of 1 to 64 characters out of A-Z, a-z, 0-9, `.`, `_`, `-`.",
        )
    }
}

impl Field for SystemId {
    fn rule() -> Text {
        Text::new(
            "<mã cơ quan>/<mã hệ thống> (ví dụ H24.12/don-vi-hanh-chinh).",
            "<organisation code>/<system code> (example: H24.12/don-vi-hanh-chinh).",
        )
    }
}

impl Field for ServiceId {
    fn rule() -> Text {
        Text::new(
            "<mã cơ quan>/<mã hệ thống>/<mã dịch vụ>/v<phiên bản> (ví dụ \
             H24.12/don-vi-hanh-chinh/danh-muc/v1).",
            "<organisation code>/<system code>/<service code>/v<major version> (example: \
             H24.12/don-vi-hanh-chinh/danh-muc/v1).",
        )
    }
}

impl Field for Network {
    fn rule() -> Text {
        Text::new(
            "một dải mạng IPv4 hoặc IPv6 dạng CIDR, các bit sau tiền tố bằng 0 (ví dụ \
             10.24.0.0/16, 2001:db8::/32).",
            "a network of IPv4 or IPv6 in CIDR notation, with no bits set behind its prefix \
             (example: 10.24.0.0/16, 2001:db8::/32).",
        )
    }
}

impl Field for AliasName {
    fn rule() -> Text {
        Text::new(
            "mã cơ quan (ví dụ H23.12) hoặc mã hệ thống (ví dụ H23.12/mot-cua).",
            "the code of an organisation (example: H23.12) or the id of a system (example: \
             H23.12/mot-cua).",
        )
    }
}

impl Field for Origin {
    fn rule() -> Text {
        Text::new(
            "từ 1 đến 200 ký tự ASCII hiển thị được, không có «+».",
            "1 to 200 visible ASCII characters without `+`.",
        )
    }
}

impl Field for ConnectionId {
    fn rule() -> Text {
        Text::new("một UUID phiên bản 7.", "a UUID of version 7.")
    }
}

impl Field for DisputeId {
    fn rule() -> Text {
        Text::new("một UUID phiên bản 7.", "a UUID of version 7.")
    }
}

impl Field for ImportId {
    fn rule() -> Text {
        Text::new("một UUID phiên bản 7.", "a UUID of version 7.")
    }
}

impl Field for Role {
    fn rule() -> Text {
        Text::new(
            "một trong các vai trò state_manager, operator, organisation_admin, officer, auditor, \
             incident_handler.",
            "one of the roles state_manager, operator, organisation_admin, officer, auditor, \
             incident_handler.",
        )
    }
}

impl Field for UtcMicros {
    fn rule() -> Text {
        Text::new(
            "thời điểm UTC theo RFC 3339 (ví dụ 2026-11-23T08:00:00.000000Z).",
            "a UTC instant of RFC 3339 (example: 2026-11-23T08:00:00.000000Z).",
        )
    }
}
