//! What nodes say to each other: small frames over one connection, many questions under way.
//!
//! ```text
//! frame     length of the rest u16 ‖ kind u8 ‖ number u32 ‖ body        (numbers big-endian)
//! 0x01      is this nonce fresh?     at i64 ‖ list [16] ‖ expires i64 ‖ nonce [16] ‖ key id
//! 0x02      how many calls are left? at i64 ‖ list [16] ‖ connection [16] ‖ wanted u16
//! 0x81      a nonce                  verdict u8
//! 0x82      calls                    verdict u8 ‖ granted u16 ‖ remaining u32 ‖ reset_s u32 ‖ wait u64
//! 0x83      not understood
//! ```
//! An answer has the number of its question and may come in any order. `at` is the asker's time in
//! µs since 1970, `list` the fingerprint of its list at that time, `wait` nanoseconds until a call
//! will be left. Not HTTP: a question is 60 bytes, and its head would be five times that.
//!
//! **Invariant**: what does not parse ends the connection; a question of an unknown kind is
//! answered as such, so that kinds can be added.

use wire::ambient::UtcMicros;
use wire::id::ConnectionId;

use evidence::SpentNonce;

use super::node_list::Fingerprint;

/// The longest frame, its length included.
pub(super) const MOST_BYTES: usize = 512;

const ASK_CLAIM: u8 = 0x01;
const ASK_PERMITS: u8 = 0x02;
const SAY_CLAIM: u8 = 0x81;
const SAY_PERMITS: u8 = 0x82;
const SAY_UNKNOWN: u8 = 0x83;

/// A question of one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    /// When it is asked, by the asker's clock.
    pub(super) at: UtcMicros,
    /// By which list.
    pub(super) list: Fingerprint,
    pub(super) about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum About {
    /// Is this nonce fresh? If so, it is spent.
    Claim(SpentNonce),
    /// Up to so many calls of a connection.
    Permits { connection: ConnectionId, wanted: u16 },
    /// A kind that this version does not know.
    Unknown,
}

/// What is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Claim(Verdict),
    Permits(Grant),
    NotUnderstood,
}

/// About a nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was, and is spent now.
    Fresh,
    /// It has served.
    Replayed,
    /// The key's share of the memory is full.
    Full,
    /// The asked node cannot say.
    Refused(Reason),
}

/// About calls that are left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grant {
    /// So many are the asker's, within a second.
    Granted { permits: u16, remaining: u32, reset_s: u32 },
    /// None is left for so many nanoseconds.
    Spent { wait_nanos: u64 },
    /// The asked node cannot say.
    Refused(Reason),
}

/// Why a node cannot say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// By its list, others take part than by the asker's.
    ListDiffers = 1,
    /// Its list may have been overtaken.
    ListStale = 2,
    /// By its list, another node decides.
    NotDecider = 3,
    /// By its clock the signature has expired so long ago, or will so far ahead, that it would not
    /// remember.
    Clock = 4,
    /// It lost power, and perhaps claims.
    Recovering = 5,
    /// Its log does not take the claim.
    Unrecordable = 6,
    /// It does not know the connection.
    UnknownConnection = 7,
    /// By its list the asker takes part no more.
    Left = 8,
    /// Whatever a later version may say.
    Other = 255,
}

impl Reason {
    fn of(byte: u8) -> Self {
        let all = [
            Self::ListDiffers,
            Self::ListStale,
            Self::NotDecider,
            Self::Clock,
            Self::Recovering,
            Self::Unrecordable,
            Self::UnknownConnection,
            Self::Left,
        ];
        all.into_iter().find(|reason| *reason as u8 == byte).unwrap_or(Self::Other)
    }

    /// For metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ListDiffers => "list_differs",
            Self::ListStale => "list_stale",
            Self::NotDecider => "not_decider",
            Self::Clock => "clock",
            Self::Recovering => "recovering",
            Self::Unrecordable => "unrecordable",
            Self::UnknownConnection => "unknown_connection",
            Self::Left => "left",
            Self::Other => "other",
        }
    }
}

impl Question {
    pub(super) fn put(&self, number: u32, out: &mut Vec<u8>) {
        let kind = match self.about {
            About::Claim(_) => ASK_CLAIM,
            About::Permits { .. } => ASK_PERMITS,
            About::Unknown => 0,
        };
        frame(out, kind, number, |out| {
            out.extend_from_slice(&self.at.as_micros().to_be_bytes());
            out.extend_from_slice(&self.list);
            match &self.about {
                About::Claim(nonce) => {
                    out.extend_from_slice(&nonce.expires.to_be_bytes());
                    out.extend_from_slice(&nonce.fingerprint);
                    out.extend_from_slice(nonce.keyid.as_str().as_bytes());
                }
                About::Permits { connection, wanted } => {
                    out.extend_from_slice(connection.as_bytes());
                    out.extend_from_slice(&wanted.to_be_bytes());
                }
                About::Unknown => {}
            }
        });
    }

    /// `None`: malformed.
    pub(super) fn read(frame: Frame<'_>) -> Option<Self> {
        let mut body = Cursor(frame.body);
        if !matches!(frame.kind, ASK_CLAIM | ASK_PERMITS) {
            let (at, list) = (UtcMicros::MIN, Fingerprint::default());
            return Some(Self { at, list, about: About::Unknown });
        }
        let at = UtcMicros::from_micros(i64::from_be_bytes(body.array()?));
        let list = body.array()?;
        let about = if frame.kind == ASK_CLAIM {
            let expires = i64::from_be_bytes(body.array()?);
            let fingerprint = body.array()?;
            let keyid = std::str::from_utf8(body.rest()).ok()?.parse().ok()?;
            About::Claim(SpentNonce { keyid, fingerprint, expires })
        } else {
            let connection = ConnectionId::from_bytes(body.array()?)?;
            About::Permits { connection, wanted: u16::from_be_bytes(body.array()?) }
        };
        body.0.is_empty().then_some(Self { at, list, about })
    }
}

impl Answer {
    /// For metrics: what was asked.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Claim(_) => "claim",
            Self::Permits(_) => "permits",
            Self::NotUnderstood => "unknown",
        }
    }

    /// For metrics: what was said.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Claim(Verdict::Fresh) => "fresh",
            Self::Claim(Verdict::Replayed) => "replayed",
            Self::Claim(Verdict::Full) => "full",
            Self::Permits(Grant::Granted { .. }) => "granted",
            Self::Permits(Grant::Spent { .. }) => "spent",
            Self::Claim(Verdict::Refused(reason)) | Self::Permits(Grant::Refused(reason)) => {
                reason.as_str()
            }
            Self::NotUnderstood => "not_understood",
        }
    }

    pub(super) fn put(self, number: u32, out: &mut Vec<u8>) {
        match self {
            Self::Claim(verdict) => frame(out, SAY_CLAIM, number, |out| match verdict {
                Verdict::Fresh => out.push(0),
                Verdict::Replayed => out.push(1),
                Verdict::Full => out.push(2),
                Verdict::Refused(reason) => out.extend_from_slice(&[3, reason as u8]),
            }),
            Self::Permits(grant) => frame(out, SAY_PERMITS, number, |out| match grant {
                Grant::Granted { permits, remaining, reset_s } => {
                    out.push(0);
                    out.extend_from_slice(&permits.to_be_bytes());
                    out.extend_from_slice(&remaining.to_be_bytes());
                    out.extend_from_slice(&reset_s.to_be_bytes());
                }
                Grant::Spent { wait_nanos } => {
                    out.push(1);
                    out.extend_from_slice(&wait_nanos.to_be_bytes());
                }
                Grant::Refused(reason) => out.extend_from_slice(&[3, reason as u8]),
            }),
            Self::NotUnderstood => frame(out, SAY_UNKNOWN, number, |_| {}),
        }
    }

    /// `None`: malformed.
    pub(super) fn read(frame: Frame<'_>) -> Option<Self> {
        let mut body = Cursor(frame.body);
        let answer = match frame.kind {
            SAY_CLAIM => Self::Claim(match body.byte()? {
                0 => Verdict::Fresh,
                1 => Verdict::Replayed,
                2 => Verdict::Full,
                3 => Verdict::Refused(Reason::of(body.byte()?)),
                _ => return None,
            }),
            SAY_PERMITS => Self::Permits(match body.byte()? {
                0 => Grant::Granted {
                    permits: u16::from_be_bytes(body.array()?),
                    remaining: u32::from_be_bytes(body.array()?),
                    reset_s: u32::from_be_bytes(body.array()?),
                },
                1 => Grant::Spent { wait_nanos: u64::from_be_bytes(body.array()?) },
                3 => Grant::Refused(Reason::of(body.byte()?)),
                _ => return None,
            }),
            SAY_UNKNOWN => Self::NotUnderstood,
            _ => return None,
        };
        body.0.is_empty().then_some(answer)
    }
}

fn frame(out: &mut Vec<u8>, kind: u8, number: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0, 0, kind]);
    out.extend_from_slice(&number.to_be_bytes());
    body(out);
    // A body has at most 112 bytes: a key id has at most 64.
    let length = u16::try_from(out.len() - start - 2).unwrap_or(u16::MAX).to_be_bytes();
    for (to, from) in out.iter_mut().skip(start).zip(length) {
        *to = from;
    }
}

/// One frame as it came.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) number: u32,
    kind: u8,
    body: &'a [u8],
}

/// What comes first in what was received.
#[derive(Debug)]
pub(super) enum Next<'a> {
    /// A frame, and how many bytes it takes.
    Frame(Frame<'a>, usize),
    /// Not all of it is there yet.
    Incomplete,
    /// No frame begins so.
    Malformed,
}

pub(super) fn next(received: &[u8]) -> Next<'_> {
    let mut cursor = Cursor(received);
    let Some(length) = cursor.array().map(u16::from_be_bytes) else {
        return Next::Incomplete;
    };
    let length = usize::from(length);
    if !(5..=MOST_BYTES - 2).contains(&length) {
        return Next::Malformed;
    }
    let Some(frame) = cursor.0.get(..length) else {
        return Next::Incomplete;
    };
    let mut cursor = Cursor(frame);
    match (cursor.byte(), cursor.array().map(u32::from_be_bytes)) {
        (Some(kind), Some(number)) => {
            Next::Frame(Frame { number, kind, body: cursor.rest() }, length + 2)
        }
        _ => Next::Malformed,
    }
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn questions() -> impl Strategy<Value = Question> {
        let claim = ("[A-Za-z0-9._-]{1,64}", any::<[u8; 16]>(), any::<i64>()).prop_map(
            |(keyid, fingerprint, expires)| {
                About::Claim(SpentNonce { keyid: keyid.parse().unwrap(), fingerprint, expires })
            },
        );
        let permits = any::<u16>().prop_map(|wanted| About::Permits {
            connection: "01900000-0000-7000-8000-000000000001".parse().unwrap(),
            wanted,
        });
        (0..i64::MAX / 100_000, any::<Fingerprint>(), prop_oneof![claim, permits])
            .prop_map(|(at, list, about)| Question { at: UtcMicros::from_micros(at), list, about })
    }

    fn answers() -> impl Strategy<Value = Answer> {
        prop_oneof![
            Just(Answer::NotUnderstood),
            Just(Answer::Claim(Verdict::Fresh)),
            Just(Answer::Claim(Verdict::Replayed)),
            Just(Answer::Claim(Verdict::Full)),
            any::<u8>().prop_map(|byte| Answer::Claim(Verdict::Refused(Reason::of(byte)))),
            any::<u8>().prop_map(|byte| Answer::Permits(Grant::Refused(Reason::of(byte)))),
            any::<u64>().prop_map(|wait_nanos| Answer::Permits(Grant::Spent { wait_nanos })),
            any::<(u16, u32, u32)>().prop_map(|(permits, remaining, reset_s)| {
                Answer::Permits(Grant::Granted { permits, remaining, reset_s })
            }),
        ]
    }

    fn only_frame(bytes: &[u8]) -> Frame<'_> {
        match next(bytes) {
            Next::Frame(frame, length) => {
                assert_eq!(length, bytes.len());
                frame
            }
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn what_is_said_is_understood(question in questions(), answer in answers(), number: u32) {
            let mut bytes = Vec::new();
            question.put(number, &mut bytes);
            let frame = only_frame(&bytes);
            prop_assert_eq!(frame.number, number);
            prop_assert_eq!(Question::read(frame), Some(question));
            bytes.clear();
            answer.put(number, &mut bytes);
            let frame = only_frame(&bytes);
            prop_assert_eq!(frame.number, number);
            prop_assert_eq!(Answer::read(frame), Some(answer));
        }

        #[test]
        fn half_a_frame_is_waited_for(question in questions(), cut in 0..100_usize) {
            let mut bytes = Vec::new();
            question.put(7, &mut bytes);
            let cut = bytes.len() * cut / 100;
            prop_assert!(matches!(next(&bytes[..cut]), Next::Incomplete));
        }

        #[test]
        fn whatever_comes_nothing_breaks(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            if let Next::Frame(frame, length) = next(&bytes) {
                prop_assert!(length <= bytes.len());
                let _ = (Question::read(frame), Answer::read(frame));
            }
        }
    }

    #[test]
    fn a_question_of_an_unknown_kind_is_known_as_such() {
        let mut bytes = Vec::new();
        frame(&mut bytes, 0x7f, 3, |out| out.extend_from_slice(b"new"));
        let read = Question::read(only_frame(&bytes)).unwrap();
        assert_eq!(read.about, About::Unknown);
    }
}
