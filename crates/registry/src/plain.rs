//! Vietnamese without its marks, as people type it in a hurry and as two registries differ in it.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Small letters without marks, words with one space between them: `so noi vu` for `Sở  Nội vụ`.
pub(crate) fn plain(text: &str) -> String {
    let small = text.to_lowercase();
    let letters = small.nfd().filter(|letter| !is_combining_mark(*letter));
    let letters: String = letters.map(|letter| if letter == 'đ' { 'd' } else { letter }).collect();
    letters.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty()).fold(
        String::new(),
        |mut words, word| {
            if !words.is_empty() {
                words.push(' ');
            }
            words.push_str(word);
            words
        },
    )
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
