//! What one node asks another.

use evidence::SpentNonce;
use wire::ambient::UtcMicros;
use wire::id::ConnectionId;

use super::frame::{Cursor, Frame, frame};
use crate::cluster::node_list::Fingerprint;

const ASK_CLAIM: u8 = 0x01;
const ASK_PERMITS: u8 = 0x02;

/// A question of one node to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cluster) struct Question {
    /// When it is asked, by the asker's clock.
    pub(in crate::cluster) at: UtcMicros,
    /// By which list.
    pub(in crate::cluster) list: Fingerprint,
    pub(in crate::cluster) about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cluster) enum About {
    /// Is this nonce fresh? If so, it is spent.
    Claim(SpentNonce),
    /// Up to so many calls of a connection.
    Permits { connection: ConnectionId, wanted: u16 },
    /// A kind that this version does not know.
    Unknown,
}

impl Question {
    pub(in crate::cluster) fn put(&self, number: u32, out: &mut Vec<u8>) {
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
    pub(in crate::cluster) fn read(frame: Frame<'_>) -> Option<Self> {
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
