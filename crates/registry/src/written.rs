//! Words of the rules that are written down: states, steps, parties, outcomes.

/// The written form of each value: in SQL, URLs, entries and answers.
macro_rules! written {
    ($type:ident, $($value:ident = $text:literal),+ $(,)?) => {
        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The written form.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$value => $text),+
                }
            }
        }

        impl ::std::fmt::Display for $type {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as ::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(::serde::de::Error::custom)
            }
        }

        impl ::std::str::FromStr for $type {
            type Err = NoSuchName;

            fn from_str(text: &str) -> Result<Self, NoSuchName> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(NoSuchName)
            }
        }
    };
}

pub(crate) use written;

/// A text that names none of the values that are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("nothing that is meant has this name")]
pub struct NoSuchName;
