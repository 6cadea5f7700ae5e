//! Identification codes of organisations (mã định danh), in both formats in use.
//!
//! [`OrganisationCode`] follows QĐ 20/2020/QĐ-TTg: at most 35 of `.`, `0-9`, `A-Z`, in one of
//! three kinds. An authority's code is a strict tree whose parent is the prefix (`H24.12` lies
//! within `H24`). [`LegacyCode`] follows TT 10/2016 (QCVN 102): thirteen characters, root on the
//! right. Both are stored and mapped by table; turning one into the other is only a suggestion.
//!
//! **Invariant**: a code that exists here is well formed; whether it was ever issued is for the
//! registry to know. **Trust**: `is_within` decides who administers whom, so a prefix counts
//! only up to a dot.

use std::fmt;
use std::str::FromStr;

use crate::text::{Malformed, serde_as_text, text_newtype};

text_newtype! {
    /// An organisation's code: `H24.12`, `0200123456`, `Z01HOIKHUYENHOC`.
    OrganisationCode,
    |text| kind_of(text).is_some(),
    "an organisation code: at most 35 of 0-9, A-Z and dots, like H24.12"
}

/// Which of the three forms of QĐ 20/2020/QĐ-TTg a code has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrganisationKind {
    /// An agency: `[A-Y][0-9][0-9]`, then groups parted by dots, each level below the one before.
    Authority,
    /// An enterprise, cooperative or business household: its registration number, 10 to 13 of
    /// `0-9` and `A-Z` that begin with a digit.
    Enterprise,
    /// Another organisation: `Z01` to `Z99`, then 1 to 32 of `0-9` and `A-Z`.
    Other,
}

const LONGEST: usize = 35;

impl OrganisationCode {
    /// The kind of this code.
    pub fn kind(&self) -> OrganisationKind {
        // The text was checked when the code was made, so the fallback is never reached.
        kind_of(self.as_str()).unwrap_or(OrganisationKind::Other)
    }

    /// The code one level up: `H24` of `H24.12`; none at the top and for the other kinds.
    pub fn parent(&self) -> Option<Self> {
        let (parent, _) = self.as_str().rsplit_once('.')?;
        parent.parse().ok()
    }

    /// Whether this is `other` or lies below it in the tree.
    pub fn is_within(&self, other: &Self) -> bool {
        match self.as_str().strip_prefix(other.as_str()) {
            Some(rest) => rest.is_empty() || rest.starts_with('.'),
            None => false,
        }
    }

    /// The likely code in the old format, or none if no code of that format leads back here.
    pub fn suggest_legacy(&self) -> Option<LegacyCode> {
        if self.kind() != OrganisationKind::Authority {
            return None;
        }
        let mut groups = self.as_str().split('.');
        let root = groups.next()?;
        let mut slots = ["00", "00", "000"];
        let mut free = slots.iter_mut();
        for group in groups {
            let is_number = group.bytes().all(|b| b.is_ascii_digit());
            if !is_number || is_zero(group) {
                return None;
            }
            *free.find(|slot| slot.len() == group.len())? = group;
        }
        let [second, third, fourth] = slots;
        format!("{fourth}.{third}.{second}.{root}").parse().ok()
    }
}

fn kind_of(text: &str) -> Option<OrganisationKind> {
    if text.len() > LONGEST {
        return None;
    }
    match text.as_bytes() {
        [b'Z', tens, units, rest @ ..] => {
            let numbered = tens.is_ascii_digit() && units.is_ascii_digit();
            let not_zero = (*tens, *units) != (b'0', b'0');
            (numbered && not_zero && is_group(rest)).then_some(OrganisationKind::Other)
        }
        [b'A'..=b'Y', tens, units, rest @ ..] => {
            let numbered = tens.is_ascii_digit() && units.is_ascii_digit();
            let groups = match rest {
                [] => true,
                [b'.', rest @ ..] => rest.split(|b| *b == b'.').all(is_group),
                _ => false,
            };
            (numbered && groups).then_some(OrganisationKind::Authority)
        }
        [b'0'..=b'9', ..] => ((10..=13).contains(&text.len()) && is_group(text.as_bytes()))
            .then_some(OrganisationKind::Enterprise),
        _ => None,
    }
}

fn is_group(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
}

fn is_zero(group: &str) -> bool {
    group.bytes().all(|b| b == b'0')
}

/// A code of the old format, `V1V2V3.Z1Z2.Y1Y2.MX1X2`: `000.00.17.H18`, root on the right.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LegacyCode([u8; 13]);

const LEGACY_FORM: &str = "a code of the old format, like 000.00.17.H18";

impl LegacyCode {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        // Only ASCII gets in, see `from_str`.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The likely code in today's format: groups reversed, zero groups dropped. None for roots
    /// that today's format does not have (`Z..`).
    pub fn suggest(&self) -> Option<OrganisationCode> {
        let mut groups = self.as_str().rsplit('.');
        let mut code = groups.next()?.to_owned();
        for group in groups.filter(|group| !is_zero(group)) {
            code.push('.');
            code.push_str(group);
        }
        code.parse().ok()
    }
}

impl FromStr for LegacyCode {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed { expected: LEGACY_FORM };
        let bytes: [u8; 13] = text.as_bytes().try_into().map_err(|_| malformed)?;
        let fits = bytes.iter().zip(b"000.00.00.A00").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'A' => byte.is_ascii_uppercase(),
            separator => byte == separator,
        });
        if fits { Ok(Self(bytes)) } else { Err(malformed) }
    }
}

impl fmt::Display for LegacyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for LegacyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

serde_as_text!(LegacyCode);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code(text: &str) -> OrganisationCode {
        text.parse().unwrap()
    }

    #[test]
    fn the_three_kinds_are_told_apart() {
        assert_eq!(code("H24").kind(), OrganisationKind::Authority);
        assert_eq!(code("H24.12.A1").kind(), OrganisationKind::Authority);
        assert_eq!(code("0200123456").kind(), OrganisationKind::Enterprise);
        assert_eq!(code("31A8012345").kind(), OrganisationKind::Enterprise);
        assert_eq!(code("Z01HOI").kind(), OrganisationKind::Other);
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let too_long = format!("H24.{}", "1".repeat(32));
        for text in [
            "",
            "H",
            "H2",
            "h24",
            "H24.",
            "H24..1",
            ".H24",
            "H24.a",
            "H24-1",
            "H241",
            "HH4",
            "123456789",
            "12345678901234",
            "0200123456-001",
            "Z00A",
            "Z01",
            "Z01.A",
            "Z1A",
            "Đ24",
            " H24",
            "H24\n",
            &too_long,
        ] {
            assert!(text.parse::<OrganisationCode>().is_err(), "{text}");
        }
        assert!(format!("H24.{}", "1".repeat(31)).parse::<OrganisationCode>().is_ok());
    }

    #[test]
    fn a_prefix_counts_only_up_to_a_dot() {
        assert!(code("H24.12").is_within(&code("H24")));
        assert!(code("H24.12").is_within(&code("H24.12")));
        assert!(!code("H24.12").is_within(&code("H24.1")));
        assert!(!code("H24").is_within(&code("H24.12")));
        assert_eq!(code("H24.12.3").parent(), Some(code("H24.12")));
        assert_eq!(code("H24").parent(), None);
        assert_eq!(code("0200123456").parent(), None);
    }

    #[test]
    fn the_two_formats_suggest_each_other() {
        for (legacy, today) in [
            ("000.00.17.H18", "H18.17"),
            ("000.00.00.H18", "H18"),
            ("012.05.17.H18", "H18.17.05.012"),
            ("012.00.17.H18", "H18.17.012"),
        ] {
            let read: LegacyCode = legacy.parse().unwrap();
            assert_eq!(read.suggest(), Some(code(today)));
            assert_eq!(code(today).suggest_legacy(), Some(read));
        }
        assert_eq!("000.00.17.Z18".parse::<LegacyCode>().unwrap().suggest(), None);
        for text in ["H24.1", "H24.00", "H24.AB", "0200123456", "H24.1.2.3.4"] {
            assert_eq!(code(text).suggest_legacy(), None, "{text}");
        }
    }

    #[test]
    fn what_is_no_legacy_code_is_refused() {
        for text in ["", "000.00.17.h18", "000.00.17H18", "00.000.17.H18", "000.00.17.H18 "] {
            assert!(text.parse::<LegacyCode>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_prints_as_it_was_read(
            text in prop_oneof!["[A-Z0-9.]{0,37}", "[A-Z][0-9]{2}(\\.[0-9A-Z]{1,5}){0,5}", "\\PC*"]
        ) {
            if let Ok(read) = text.parse::<OrganisationCode>() {
                prop_assert_eq!(read.to_string(), text.clone());
                if let Some(parent) = read.parent() {
                    prop_assert!(read.is_within(&parent) && !parent.is_within(&read));
                }
            }
            if let Ok(read) = text.parse::<LegacyCode>() {
                prop_assert_eq!(read.to_string(), text);
            }
        }

        #[test]
        fn a_suggested_legacy_code_leads_back(text in "[A-Y][0-9]{2}(\\.[0-9]{2,3}){0,3}") {
            let today = code(&text);
            if let Some(legacy) = today.suggest_legacy() {
                prop_assert_eq!(legacy.suggest(), Some(today));
            }
        }
    }
}
