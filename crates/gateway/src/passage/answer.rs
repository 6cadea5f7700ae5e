//! Last step: what the platform says of the call, beside the answer itself. Then it leaves.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use wire::header::{LGSP_ENTRY, LGSP_REQUEST_ID};

use super::long::LongAnswer;
use super::record::{Recorded, RecordedBody};
use super::wanted_signature::WantedSignature;
use crate::gate::Gate;
use crate::server::Worker;

/// An answer that may leave.
pub(crate) struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    body: AnswerBody,
}

/// The body of an answer.
pub(crate) enum AnswerBody {
    /// None by the rules of HTTP; `length` is what a `HEAD` is told.
    None {
        length: Option<u64>,
    },
    Whole(Bytes),
    Long(Box<LongAnswer>),
}

impl Recorded {
    /// Adds request id, entry, digest and, if it was asked for, the platform's signature.
    pub(super) fn answer(mut self, worker: &Worker) -> Answered {
        let gate = &*worker.gate;
        self.put_digest();
        let mut put = |name, value: &str| {
            // Ids and origins are ASCII, so this is never refused.
            if let Ok(value) = HeaderValue::from_str(value) {
                self.headers.insert(name, value);
            }
        };
        put(const { HeaderName::from_static(LGSP_REQUEST_ID) }, &self.envelope.id.spelling());
        if let Some(index) = self.entry {
            put(
                const { HeaderName::from_static(LGSP_ENTRY) },
                &format!("{}/{index}", gate.log.origin()),
            );
        }
        if !self.headers.contains_key("date") {
            self.headers.insert("date", gate.date_line(self.envelope.at));
        }
        // Without an entry there is nothing that a signature could point to.
        let asked = self.asked.take().filter(|_| self.entry.is_some());
        let wanted = asked.and_then(|(request, label)| WantedSignature::of(request, label));
        if let Some(wanted) = wanted {
            self.sign(gate, wanted);
        }
        worker.meters.count(&self.envelope, self.status, &self.summary);
        let body = match self.body {
            RecordedBody::None { length } => AnswerBody::None { length },
            RecordedBody::Whole { bytes, .. } => AnswerBody::Whole(bytes),
            RecordedBody::Long(long) => AnswerBody::Long(long),
        };
        Answered { status: self.status, headers: self.headers, body }
    }
}

impl Recorded {
    /// Signs now what is known now; a long answer whose caller takes trailers, at its end.
    fn sign(&mut self, gate: &Gate, wanted: WantedSignature) {
        if let RecordedBody::Long(long) = &mut self.body
            && long.has_trailers()
        {
            long.sign_at_end(wanted, self.status, self.headers.clone());
            return;
        }
        let lines = wanted.sign(gate, self.status, &self.headers, None);
        self.headers.extend(lines.into_iter().flatten());
    }
}

impl Answered {
    /// Whether the caller is told that it took too long: then its connection ends
    /// (RFC 9110 §15.5.9), for the rest of its request may still come.
    pub(crate) fn gives_up_on_caller(&self) -> bool {
        self.status == StatusCode::REQUEST_TIMEOUT
    }

    pub(crate) fn into_parts(self) -> (StatusCode, HeaderMap, AnswerBody) {
        (self.status, self.headers, self.body)
    }
}
