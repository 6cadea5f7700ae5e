//! The tasks of one connection's streams, and the end of those whose caller takes nothing.
//!
//! A caller that grants no window would keep an answer, and its call, for ever: hyper waits for the
//! window and asks the body nothing. So each stream's task is watched from outside, and given up
//! (`RST_STREAM`) when an answer's piece is not taken in time.
//!
//! **Invariant**: no stream outlives its connection.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

tokio::task_local! {
    /// The stream that is being worked on.
    static OUTFLOW: Rc<Outflow>;
}

/// The tasks of one connection's streams.
#[derive(Debug, Clone)]
pub(super) struct Streams {
    tasks: Rc<RefCell<JoinSet<()>>>,
    patience: Duration,
}

/// Since when a piece of an answer waits to be taken.
#[derive(Debug, Default)]
pub(super) struct Outflow(Cell<Option<Instant>>);

impl Streams {
    /// A caller may take at most `patience` to accept each piece.
    pub(super) fn new(patience: Duration) -> Self {
        Self { tasks: Rc::default(), patience }
    }
}

impl<F: Future<Output = ()> + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, stream: F) {
        let patience = self.patience;
        let mut tasks = self.tasks.borrow_mut();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_local(async move {
            let outflow = Rc::<Outflow>::default();
            tokio::select! {
                biased;
                () = OUTFLOW.scope(Rc::clone(&outflow), stream) => {}
                () = outflow.stalled(patience) => {}
            }
        });
    }
}

impl Outflow {
    /// Of the stream whose task this is; one that is never watched, elsewhere.
    pub(super) fn current() -> Rc<Self> {
        OUTFLOW.try_with(Rc::clone).unwrap_or_default()
    }

    /// A piece was handed over.
    pub(super) fn given(&self) {
        self.0.set(Some(Instant::now()));
    }

    /// The piece was taken: the next one is asked for.
    pub(super) fn taken(&self) {
        self.0.set(None);
    }

    /// Waits until a piece has not been taken for `patience`.
    async fn stalled(&self, patience: Duration) {
        loop {
            let now = Instant::now();
            let until = self.0.get().unwrap_or(now) + patience;
            if until <= now {
                return;
            }
            sleep_until(until).await;
        }
    }
}
