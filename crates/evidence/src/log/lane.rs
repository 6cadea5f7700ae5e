//! Answers for one thread, handed over together.
//!
//! The appender answers a batch of some dozen appends at once, most of them of one thread. To wake
//! that thread for each of them costs a system call and two switches each time; left in its lane,
//! all of them cost that once.
//!
//! **Invariant**: every answer that is left is passed on: by the lane's task, by its end, or at
//! once if it has ended. **Trust**: nothing is decided here.

use std::future::Future;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot};

use super::draft::{Appended, LogUnavailable};

/// What became of an append.
pub(super) type Outcome = Result<Appended, LogUnavailable>;

/// Where an append is answered.
pub(super) struct Answer {
    sender: oneshot::Sender<Outcome>,
    lane: Option<Arc<Lane>>,
}

/// The answers that one thread is to fetch.
#[derive(Default)]
pub(super) struct Lane {
    left: Mutex<Left>,
    news: Notify,
}

#[derive(Default)]
struct Left {
    answers: Vec<(oneshot::Sender<Outcome>, Outcome)>,
    /// Nobody fetches any more.
    ended: bool,
}

/// Answers given together: each lane is woken once, at the end.
#[derive(Default)]
pub(super) struct Round(Vec<Arc<Lane>>);

impl Answer {
    pub(super) fn new(sender: oneshot::Sender<Outcome>, lane: Option<Arc<Lane>>) -> Self {
        Self { sender, lane }
    }
}

impl Round {
    pub(super) fn give(&mut self, answer: Answer, outcome: Outcome) {
        let Answer { sender, lane } = answer;
        match lane {
            Some(lane) => {
                if lane.leave(sender, outcome) && !self.0.iter().any(|it| Arc::ptr_eq(it, &lane)) {
                    self.0.push(lane);
                }
            }
            // Whoever asked may have gone; the entry stays.
            None => {
                let _ = sender.send(outcome);
            }
        }
    }
}

impl Drop for Round {
    fn drop(&mut self) {
        for lane in &self.0 {
            lane.news.notify_one();
        }
    }
}

impl Lane {
    /// True: whoever fetches must be told.
    fn leave(&self, sender: oneshot::Sender<Outcome>, outcome: Outcome) -> bool {
        let mut left = self.left.lock();
        if left.ended {
            drop(left);
            let _ = sender.send(outcome);
            return false;
        }
        left.answers.push((sender, outcome));
        true
    }

    fn pass_on(&self) {
        let answers = std::mem::take(&mut self.left.lock().answers);
        for (sender, outcome) in answers {
            let _ = sender.send(outcome);
        }
    }

    /// Passes on what is left in the lane, without end.
    pub(super) fn carry(self: Arc<Self>) -> impl Future<Output = ()> + Send + 'static {
        let end = End(self);
        async move {
            loop {
                end.0.news.notified().await;
                end.0.pass_on();
            }
        }
    }
}

/// However a lane's task ends, nobody waits for it.
struct End(Arc<Lane>);

impl Drop for End {
    fn drop(&mut self) {
        self.0.left.lock().ended = true;
        self.0.pass_on();
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    const CLOSED: Outcome = Err(LogUnavailable::Closed);

    fn asked(lane: &Arc<Lane>) -> (Answer, oneshot::Receiver<Outcome>) {
        let (sender, receiver) = oneshot::channel();
        (Answer::new(sender, Some(Arc::clone(lane))), receiver)
    }

    #[test]
    fn answers_wait_for_the_end_of_their_round_and_come_together() {
        let lane = Arc::<Lane>::default();
        let mut task = pin!(Arc::clone(&lane).carry());
        let mut context = Context::from_waker(Waker::noop());
        let mut round = Round::default();
        let mut waiting = Vec::new();
        for _ in 0..3 {
            let (answer, receiver) = asked(&lane);
            round.give(answer, CLOSED);
            waiting.push(receiver);
        }
        assert!(task.as_mut().poll(&mut context).is_pending());
        assert!(
            waiting.iter_mut().all(|it| it.try_recv().is_err()),
            "not before the round is over"
        );
        drop(round);
        assert!(task.as_mut().poll(&mut context).is_pending());
        assert!(waiting.iter_mut().all(|it| it.try_recv() == Ok(CLOSED)));
    }

    #[test]
    fn no_answer_stays_in_a_lane_whose_task_has_ended() {
        let lane = Arc::<Lane>::default();
        let task = Arc::clone(&lane).carry();
        let (before, mut left) = asked(&lane);
        Round::default().give(before, CLOSED);
        drop(task);
        assert_eq!(left.try_recv(), Ok(CLOSED));
        let (after, mut at_once) = asked(&lane);
        Round::default().give(after, CLOSED);
        assert_eq!(at_once.try_recv(), Ok(CLOSED));
        let (alone, receiver) = oneshot::channel();
        Round::default().give(Answer::new(alone, None), CLOSED);
        let mut receiver = pin!(receiver);
        let mut context = Context::from_waker(Waker::noop());
        assert_eq!(receiver.as_mut().poll(&mut context), Poll::Ready(Ok(CLOSED)));
    }
}
