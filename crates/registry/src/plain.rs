//! Vietnamese without its marks, as people type it in a hurry and as two registries differ in it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Small letters without marks, words with one space between them: `so noi vu` for `Sở  Nội vụ`.
pub(crate) fn plain(text: &str) -> String {
    let bare = bare(&text.to_lowercase());
    let words = bare.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// `đặc khu` → `dac khu`, of small letters: đ is a letter of its own and has no mark to lose.
pub(crate) fn bare(small: &str) -> String {
    let unmarked = small.nfd().filter(|letter| !is_combining_mark(*letter));
    unmarked.map(|letter| if letter == 'đ' { 'd' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn marks_case_and_spaces_make_no_difference() {
        for text in ["Sở  Nội vụ", "SỞ NỘI VỤ", "so noi vu", "So\u{031b}\u{0309} Nội-vụ"]
        {
            assert_eq!(plain(text), "so noi vu", "{text}");
        }
        assert_eq!(plain("Đặc khu Bạch Long Vĩ"), "dac khu bach long vi");
        assert_ne!(plain("Sở Y tế"), plain("Sở Tư pháp"));
    }
}
