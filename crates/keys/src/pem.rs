//! The textual encoding of keys: RFC 7468, strictly one block and nothing else.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const LINE: usize = 64;

/// Writes `der` as one PEM block with lines of 64 characters.
pub(crate) fn encode(label: &str, der: &[u8]) -> Zeroizing<String> {
    let body = Zeroizing::new(STANDARD.encode(der));
    // All the room at once: a growing string would leave copies of a private key behind.
    let mut text = Zeroizing::new(String::with_capacity(
        body.len() + body.len() / LINE + 2 * (label.len() + 20),
    ));
    text.push_str("-----BEGIN ");
    text.push_str(label);
    text.push_str("-----\n");
    for (position, character) in body.chars().enumerate() {
        if position > 0 && position % LINE == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END ");
    text.push_str(label);
    text.push_str("-----\n");
    text
}

/// Reads the one PEM block of `text`; `None` if it is not exactly that. A cut block has no end
/// line and so is none.
pub(crate) fn decode(label: &str, text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut lines = text.trim().lines().map(str::trim_end);
    let begin = lines.next()?.strip_prefix("-----BEGIN ")?;
    if begin.strip_suffix("-----")? != label {
        return None;
    }
    let mut body = Zeroizing::new(String::with_capacity(text.len()));
    let mut ended = false;
    for line in &mut lines {
        if let Some(end) = line.strip_prefix("-----END ") {
            ended = end.strip_suffix("-----") == Some(label);
            break;
        }
        body.push_str(line);
    }
    if !ended || lines.next().is_some() {
        return None;
    }
    let mut der = Zeroizing::new(vec![0; base64::decoded_len_estimate(body.len())]);
    let length = STANDARD.decode_slice(body.as_bytes(), &mut der).ok()?;
    der.truncate(length);
    Some(der)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_again(der in proptest::collection::vec(any::<u8>(), 1..300)) {
            let text = encode("PRIVATE KEY", &der);
            prop_assert_eq!(&*decode("PRIVATE KEY", &text).unwrap(), &der);
            prop_assert!(text.lines().all(|line| line.len() <= 64));
        }

        #[test]
        fn no_cut_of_it_is_read(der in proptest::collection::vec(any::<u8>(), 1..200), at in 0_usize..400) {
            let text = encode("PUBLIC KEY", &der);
            // Only the last line break may be missing.
            prop_assume!(at < text.len() - 1);
            prop_assert!(decode("PUBLIC KEY", &text[..at]).is_none());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
            let _ = decode("PUBLIC KEY", &text);
        }
    }

    #[test]
    fn another_label_or_a_second_block_is_refused() {
        let text = encode("PUBLIC KEY", b"1");
        assert!(decode("PRIVATE KEY", &text).is_none());
        assert!(decode("PUBLIC KEY", &format!("{}{}", *text, *text)).is_none());
    }
}
