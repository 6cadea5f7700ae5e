//! What the holder of a token shows: `lgsp_<id>_<secret>`.

use std::fmt;

use keys::{TokenSecret, Zeroizing};

use super::TokenId;

const PREFIX: &str = "lgsp_";

/// A token's id and secret together. The prefix lets a scanner find one that was published.
#[derive(Clone)]
pub struct Bearer {
    pub(crate) id: TokenId,
    pub(crate) secret: TokenSecret,
}

impl Bearer {
    /// Reads what a request carries; `None` if it is no token of this platform's form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        Some(Self { id: id.parse().ok()?, secret: TokenSecret::parse(secret).ok()? })
    }

    /// The token's public name.
    pub fn id(&self) -> TokenId {
        self.id
    }

    /// The whole text, to be shown once.
    pub fn reveal(&self) -> Zeroizing<String> {
        let secret = self.secret.reveal();
        // All the room at once: a growing string would leave copies of the secret behind.
        let mut text = Zeroizing::new(String::with_capacity(PREFIX.len() + 37 + secret.len()));
        text.push_str(PREFIX);
        text.push_str(&self.id.to_string());
        text.push('_');
        text.push_str(&secret);
        text
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bearer({}, …)", self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use testkit::SeededRandomness;
    use wire::ambient::UtcMicros;

    fn bearer() -> Bearer {
        let randomness = SeededRandomness::new(7);
        Bearer {
            id: TokenId::new(UtcMicros::from_seconds(1_795_420_800), &randomness),
            secret: TokenSecret::new(&randomness),
        }
    }

    #[test]
    fn what_is_revealed_is_read_again() {
        let bearer = bearer();
        let read = Bearer::parse(&bearer.reveal()).unwrap();
        assert_eq!(read.id, bearer.id);
        assert!(bearer.secret.hash().matches(&read.secret));
    }

    #[test]
    fn a_cut_lengthened_or_respelt_token_is_none() {
        let text = bearer().reveal();
        for end in 0..text.len() {
            assert!(Bearer::parse(&text[..end]).is_none(), "{end}");
        }
        let id = bearer().id.to_string();
        for other in [
            format!("{}A", *text),
            text.to_uppercase(),
            text.replace(&id, &id.replace('-', "")),
            text.replace(&id, &format!("{{{id}}}")),
        ] {
            assert!(Bearer::parse(&other).is_none(), "{other}");
        }
    }

    #[test]
    fn debug_shows_the_id_only() {
        let bearer = bearer();
        assert_eq!(format!("{bearer:?}"), format!("Bearer({}, …)", bearer.id));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(lgsp_)?\\PC{0,90}") {
            let _ = Bearer::parse(&text);
        }
    }
}
