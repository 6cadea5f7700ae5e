//! From a text to the words by which it is found.

use unicode_normalization::UnicodeNormalization as _;

use crate::plain::bare;

/// The longest word that counts, in characters.
const MAX_CHARS: usize = 40;

/// A word, as it is written and without its diacritics; both in small letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) written: String,
    pub(crate) bare: String,
}

/// The words of `text`: runs of letters and digits.
pub(crate) fn of(text: &str) -> impl Iterator<Item = Word> {
    let composed: String = text.nfc().flat_map(char::to_lowercase).collect();
    let words = composed
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| {
            let written: String = word.chars().take(MAX_CHARS).collect();
            let bare = bare(&written);
            Word { written, bare }
        })
        .collect::<Vec<_>>();
    words.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bare_words(text: &str) -> Vec<String> {
        of(text).map(|word| word.bare).collect()
    }

    #[test]
    fn words_lose_their_marks_and_đ_becomes_d() {
        let bare = ["tra", "cuu", "ho", "tich", "dac", "khu", "duong", "01", "2025"];
        assert_eq!(bare_words("Tra cứu HỘ TỊCH, đặc-khu; Đường 01/2025"), bare);
        // Composed and decomposed writing are one.
        assert_eq!(bare_words("Ho\u{323}\u{302} ti\u{323}ch"), ["ho", "tich"]);
        assert_eq!(of("HỘ").next().unwrap().written, "hộ");
        assert_eq!(of("Ho\u{323}\u{302}").next().unwrap().written, "hộ");
        assert_eq!(bare_words("  ,;-  "), [""; 0]);
    }

    proptest! {
        #[test]
        fn any_text_has_words_that_stay_as_they_are(text in "\\PC{0,40}") {
            for word in of(&text) {
                prop_assert!(word.written.chars().count() <= MAX_CHARS);
                prop_assert!(!word.bare.contains('đ'));
            }
        }
    }
}
