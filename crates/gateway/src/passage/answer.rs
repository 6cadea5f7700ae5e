//! Last step: what the platform says of the call, beside the answer itself. Then it leaves.

use bytes::Bytes;
use http::StatusCode;
use wire::header::{ACCEPT_SIGNATURE, LGSP_ENTRY, LGSP_REQUEST_ID};

use super::identify::Known;
use super::long::LongAnswer;
use super::record::{Recipient, Recorded, RecordedBody};
use super::wanted_signature::WantedSignature;
use crate::fields::Fields;
use crate::gate::Gate;
use crate::server::Worker;

/// An answer that may leave.
pub(crate) struct Answered {
    status: StatusCode,
    headers: Fields,
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
        let Self { caller, status, mut headers, body, entry, code, .. } = self;
        let envelope = caller.envelope();
        headers.say(LGSP_REQUEST_ID, &*envelope.id.spelling());
        if let Some(index) = entry {
            let index = index.to_string();
            headers.say(LGSP_ENTRY, [gate.log.origin().as_ref(), "/", &index].concat());
        }
        if !headers.has("date") {
            headers.say("date", &*gate.date_line(envelope.at));
        }
        worker.meters.count(envelope, status, code, caller.about());
        let mut answered = Answered { status, headers, body: body.into() };
        // Without an entry there is nothing that a signature could point to.
        if let (Some(_), Recipient::Known(known)) = (entry, caller)
            && known.request.fields.has(ACCEPT_SIGNATURE)
        {
            let Known { request, caller, .. } = *known;
            if let Some(wanted) = WantedSignature::of(request, caller.label) {
                answered.sign(gate, wanted);
            }
        }
        answered
    }
}

impl From<RecordedBody> for AnswerBody {
    fn from(body: RecordedBody) -> Self {
        match body {
            RecordedBody::None { length } => Self::None { length },
            RecordedBody::Whole { bytes, .. } => Self::Whole(bytes),
            RecordedBody::Long(long) => Self::Long(long),
        }
    }
}

impl Answered {
    /// Signs now what is known now; a long answer whose caller takes trailers, at its end.
    fn sign(&mut self, gate: &Gate, wanted: WantedSignature) {
        if let AnswerBody::Long(long) = &mut self.body
            && long.has_trailers()
        {
            long.sign_at_end(wanted, self.status, self.headers.clone());
            return;
        }
        let lines = wanted.sign(gate, self.status, &self.headers, None);
        for (name, value) in lines.into_iter().flatten() {
            self.headers.say(name, value);
        }
    }
    /// Whether the caller is told that it took too long: then its connection ends
    /// (RFC 9110 §15.5.9), for the rest of its request may still come.
    pub(crate) fn gives_up_on_caller(&self) -> bool {
        self.status == StatusCode::REQUEST_TIMEOUT
    }

    pub(crate) fn into_parts(self) -> (StatusCode, Fields, AnswerBody) {
        (self.status, self.headers, self.body)
    }
}
