//! An answer too long to be held: recorded as opened before its head leaves, and as closed before
//! its last piece does.

use std::rc::Rc;

use bytes::Bytes;
use http::StatusCode;
use wire::digest::ContentDigest;
use wire::header::CONTENT_DIGEST;

use super::check::{Broken, ProviderBody};
use super::open_call::Owed;
use super::wanted_signature::WantedSignature;
use crate::fields::Fields;
use crate::upstream::Pool;

/// A long answer on its way. Dropped before its end (the caller left), it is recorded as aborted.
pub(crate) struct LongAnswer {
    /// `None` once it was read to its end and recorded so.
    body: Option<ProviderBody>,
    held: Option<Bytes>,
    owed: Owed,
    pool: Rc<Pool>,
    length: Option<u64>,
    wants_trailers: bool,
    /// The signature that the trailers end with, and the head that it covers.
    wanted: Option<(WantedSignature, StatusCode, Fields)>,
    trailers: Fields,
}

/// What comes next of a long answer.
pub(crate) enum LongPiece {
    Data(Bytes),
    /// The end, with trailers if they were asked for.
    End(Fields),
    /// There is no end; the caller must see that.
    Broken,
}

impl LongAnswer {
    pub(super) fn new(
        body: ProviderBody,
        owed: Owed,
        pool: Rc<Pool>,
        wants_trailers: bool,
    ) -> Self {
        let length = body.length;
        let (body, trailers) = (Some(body), Fields::default());
        Self { body, held: None, owed, pool, length, wants_trailers, wanted: None, trailers }
    }

    /// How long the provider said it is.
    pub(crate) fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether its digest is to follow it, because the caller sent `TE: trailers`.
    pub(crate) fn has_trailers(&self) -> bool {
        self.wants_trailers
    }

    /// Lets the trailers end with the platform's signature over this head and the digest.
    pub(super) fn sign_at_end(
        &mut self,
        wanted: WantedSignature,
        status: StatusCode,
        headers: Fields,
    ) {
        self.wanted = Some((wanted, status, headers));
    }

    /// The next piece. Each is held back until the one after it is here, and the last until
    /// `call.closed` is durable. What happens if we crash before: the caller's last piece is
    /// missing, and the log has a call that was opened.
    pub(crate) async fn next(&mut self) -> LongPiece {
        loop {
            let Some(body) = &mut self.body else {
                return match self.held.take() {
                    Some(last) => LongPiece::Data(last),
                    None => LongPiece::End(std::mem::take(&mut self.trailers)),
                };
            };
            match body.next().await {
                Ok(Some(data)) => {
                    self.owed.answered_bytes += data.len() as u64;
                    if let Some(before) = self.held.replace(data) {
                        return LongPiece::Data(before);
                    }
                }
                Ok(None) => {
                    if !self.close().await {
                        return LongPiece::Broken;
                    }
                }
                Err(broken) => return self.break_off(broken),
            }
        }
    }

    /// Records the end. False: there is no record, so there must be no end.
    async fn close(&mut self) -> bool {
        let Some(body) = self.body.take() else {
            return true;
        };
        let (digest, incoming) = match body.finish() {
            Ok(finished) => finished,
            Err(broken) => {
                self.break_off(broken);
                return false;
            }
        };
        self.pool.give_back(incoming);
        if self.wants_trailers {
            self.trailers.say(CONTENT_DIGEST, ContentDigest::field_of(&digest.sha256));
            let wanted = self.wanted.take();
            let lines = wanted.and_then(|(wanted, status, headers)| {
                wanted.sign(self.owed.gate(), status, &headers, Some(&self.trailers))
            });
            for (name, value) in lines.into_iter().flatten() {
                self.trailers.say(name, value);
            }
        }
        self.owed.close("complete", |exhibit| exhibit.add_response_body(digest)).await.is_ok()
    }

    fn break_off(&mut self, broken: Broken) -> LongPiece {
        self.owed.abort(match broken {
            Broken::BrokeOff => "provider_broke_off",
            Broken::TimedOut => "provider_timed_out",
            Broken::DigestDiffers => "provider_digest_differs",
        });
        self.body = None;
        self.held = None;
        LongPiece::Broken
    }
}
