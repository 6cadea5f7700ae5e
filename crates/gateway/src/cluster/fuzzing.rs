//! What fuzz targets see of the frames between nodes.

use super::message::{About, Answer, Next, Question, next};
use crate::fuzzing::{ReadFrame, Unreadable};

pub(crate) fn read(received: &[u8]) -> Result<Option<ReadFrame>, Unreadable> {
    let (frame, length) = match next(received) {
        Next::Frame(frame, length) => (frame, length),
        Next::Incomplete => return Ok(None),
        Next::Malformed => return Err(Unreadable),
    };
    let question = Question::read(frame).filter(|question| question.about != About::Unknown);
    let question = question.map(|question| {
        let mut again = Vec::new();
        question.put(frame.number, &mut again);
        again
    });
    let answer = Answer::read(frame).map(|answer| {
        let mut again = Vec::new();
        answer.put(frame.number, &mut again);
        again
    });
    Ok(Some(ReadFrame { length, question, answer }))
}
