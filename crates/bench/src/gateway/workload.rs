//! What callers ask for.

use wire::digest::ContentDigest;
use wire::merkle::sha256;

/// Bytes of the small answer.
pub(crate) const SMALL: &str =
    r#"{"ma":"31","ten":"Thành phố Hải Phòng","cap":"tinh","hieu_luc":"2025-07-01"}"#;
/// Bytes of the large one.
pub(crate) const LARGE: usize = 1 << 20;
/// Bytes of the body that is sent.
const SENT: usize = 1024;

/// One kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Workload {
    /// A GET of a small JSON answer.
    SmallGet,
    /// A POST of 1 KiB with its digest, with the same answer.
    Post,
    /// A GET of 1 MiB.
    LargeGet,
}

impl Workload {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::SmallGet, Self::Post, Self::LargeGet];

    /// Its word on the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::SmallGet => "get",
            Self::Post => "post",
            Self::LargeGet => "file",
        }
    }

    /// What a reader of the table calls it.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::SmallGet => "small GET",
            Self::Post => "1 KiB POST with digest",
            Self::LargeGet => "1 MiB GET",
        }
    }

    /// The method of the request.
    pub(crate) fn method(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::SmallGet | Self::LargeGet => "GET",
        }
    }

    /// The path at the provider.
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::SmallGet => "/small",
            Self::Post => "/take",
            Self::LargeGet => "/large",
        }
    }

    /// What is sent along.
    pub(crate) fn body(self) -> Vec<u8> {
        match self {
            Self::Post => vec![b'x'; SENT],
            Self::SmallGet | Self::LargeGet => Vec::new(),
        }
    }

    /// `Content-Digest` of what is sent along, if anything is.
    pub(crate) fn digest(self) -> Option<String> {
        let body = self.body();
        let digest = || ContentDigest::from_sha256(sha256(&[&body])).to_string();
        (!body.is_empty()).then(digest)
    }

    /// Bytes of the answer's body.
    pub(crate) fn answered(self) -> u64 {
        let length = match self {
            Self::LargeGet => LARGE,
            Self::SmallGet | Self::Post => SMALL.len(),
        };
        u64::try_from(length).unwrap()
    }
}
