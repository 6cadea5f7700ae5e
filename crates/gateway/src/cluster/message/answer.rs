//! What the asked node says.

use super::frame::{Cursor, Frame, frame};

const SAY_CLAIM: u8 = 0x81;
const SAY_PERMITS: u8 = 0x82;
const SAY_UNKNOWN: u8 = 0x83;

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
    pub(super) fn of(byte: u8) -> Self {
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
    pub(in crate::cluster) fn as_str(self) -> &'static str {
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

    pub(in crate::cluster) fn put(self, number: u32, out: &mut Vec<u8>) {
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
    pub(in crate::cluster) fn read(frame: Frame<'_>) -> Option<Self> {
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
