//! In which language a command speaks to a person.

use clap::ValueEnum;
use wire::problem::Language;

/// A language on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Tongue {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl From<Tongue> for Language {
    fn from(tongue: Tongue) -> Self {
        match tongue {
            Tongue::Vi => Self::Vietnamese,
            Tongue::En => Self::English,
        }
    }
}

/// What was asked for; else English where the environment is English, else Vietnamese.
pub fn spoken(asked: Option<Tongue>) -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
    asked.map_or_else(|| of_locale(locale.as_deref()), Language::from)
}

fn of_locale(locale: Option<&str>) -> Language {
    match locale {
        Some(locale) if locale == "en" || locale.starts_with("en_") => Language::English,
        _ => Language::Vietnamese,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn english_is_spoken_where_the_locale_is_english() {
        for (locale, language) in [
            (None, Language::Vietnamese),
            (Some("C.UTF-8"), Language::Vietnamese),
            (Some("vi_VN.UTF-8"), Language::Vietnamese),
            (Some("en_US.UTF-8"), Language::English),
            (Some("en"), Language::English),
        ] {
            assert_eq!(of_locale(locale), language, "{locale:?}");
        }
        assert_eq!(spoken(Some(Tongue::En)), Language::English);
    }
}
