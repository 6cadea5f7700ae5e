//! The callers of a measured phase: one thread, kept connections, requests that were made before.
//!
//! Read first: [`Callers::answer_all`] (as fast as answers come) and [`Callers::at_rate`] (at a
//! constant rate, whatever the answers do). Requests lie ready as bytes, so that what a caller's
//! signature costs is in no figure.
//!
//! **Invariant**: every answer is read to its end and its status and length are looked at; one that
//! is not as expected ends the run. **Trust**: latency counts from when a request was due, not from
//! when it could be sent, so that a server that stalls is charged for those who waited.

mod answer;
mod line;
mod pace;
mod requests;

use std::fmt;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::epoll;
use rustix::event::epoll::{Event, EventData, EventFlags};

pub use self::answer::{Answer, AnswerReader};
use self::line::Line;
pub use self::line::Tls;
use self::pace::{Pace, PaceTimer};
pub use self::requests::Requests;

/// Longer than any answer takes of a server that lives.
const HUNG: Duration = Duration::from_secs(30);
/// How much is read at once.
const READ: usize = 256 * 1024;
/// The mark of the timer among the events of connections.
const TIMER: u64 = u64::MAX;

/// Connections that are kept, each with at most one request under way.
pub struct Callers {
    slots: Vec<Slot>,
    poll: OwnedFd,
    timer: PaceTimer,
    buffer: Vec<u8>,
}

struct Slot {
    line: Line,
    answer: AnswerReader,
    /// When the request under way was due.
    due: Option<Instant>,
    /// Whether the poll waits for room to write too.
    writing: bool,
}

/// What a phase saw.
#[derive(Debug, Clone, Default)]
pub struct Outcome {
    /// How many requests were answered as expected: all.
    pub answered: usize,
    /// From the first request to the last answer.
    pub took: Duration,
    /// How long each answer took, in nanoseconds, ascending.
    pub latencies: Vec<u64>,
}

/// What every answer must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Its status.
    pub status: u16,
    /// Bytes of its body, unless any will do.
    pub length: Option<u64>,
}

/// An answer that is not what it must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unexpected {
    answer: Answer,
    expected: Expected,
}

impl fmt::Display for Unexpected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { answer, expected } = self;
        write!(f, "answered {} ({} bytes) instead of {expected:?}", answer.status, answer.length)
    }
}

impl Callers {
    /// Makes so many connections; in TLS if the callers know whom to believe.
    pub fn connect(server: SocketAddr, count: usize, tls: Option<&Tls>) -> Self {
        let poll = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
        let timer = PaceTimer::new();
        epoll::add(&poll, &timer, EventData::new_u64(TIMER), EventFlags::IN).unwrap();
        let slots = (0..count).map(|number| {
            let line = Line::connect(server, tls);
            let data = EventData::new_u64(u64::try_from(number).unwrap());
            epoll::add(&poll, line.socket(), data, EventFlags::IN).unwrap();
            Slot { line, answer: AnswerReader::default(), due: None, writing: false }
        });
        let slots = slots.collect();
        Self { slots, poll, timer, buffer: vec![0; READ] }
    }

    /// Sends all requests, the next on each connection as soon as it has its answer.
    pub fn answer_all(&mut self, requests: &Requests, expected: Expected) -> Outcome {
        self.try_all(requests, expected).unwrap_or_else(|wrong| panic!("a request was {wrong}"))
    }

    /// The same; refuses where an answer is another.
    pub fn try_all(
        &mut self,
        requests: &Requests,
        expected: Expected,
    ) -> Result<Outcome, Unexpected> {
        self.drive(requests, Pace::unbounded(), expected)
    }

    /// Sends all requests at so many per second; one that finds no free connection waits for it, and
    /// that wait counts.
    pub fn at_rate(&mut self, requests: &Requests, per_second: f64, expected: Expected) -> Outcome {
        let driven = self.drive(requests, Pace::constant(per_second), expected);
        driven.unwrap_or_else(|wrong| panic!("a request was {wrong}"))
    }

    fn drive(
        &mut self,
        requests: &Requests,
        pace: Pace,
        expected: Expected,
    ) -> Result<Outcome, Unexpected> {
        let mut idle: Vec<usize> = (0..self.slots.len()).collect();
        let mut waiting = requests.iter().enumerate().peekable();
        let mut latencies = Vec::with_capacity(requests.len());
        let mut events = Vec::with_capacity(self.slots.len() + 1);
        let begun = Instant::now();
        while latencies.len() < requests.len() {
            let mut next_due = None;
            while let (Some(&free), Some(&(number, _))) = (idle.last(), waiting.peek()) {
                let (due, now) = (pace.due(begun, number), Instant::now());
                if due.is_some_and(|due| due > now) {
                    next_due = due;
                    break;
                }
                idle.pop();
                let (_, request) = waiting.next().unwrap();
                self.slots[free].send(&self.poll, free, request, due.unwrap_or(now));
            }
            self.timer.wake_at(next_due);
            events.clear();
            let hung = rustix::time::Timespec::try_from(HUNG).unwrap();
            match epoll::wait(&self.poll, spare_capacity(&mut events), Some(&hung)) {
                Err(rustix::io::Errno::INTR) => continue,
                count => assert!(count.unwrap() > 0, "the server does not answer any more"),
            }
            for event in &events {
                self.take(*event, expected, &mut idle, &mut latencies)?;
            }
        }
        let took = begun.elapsed();
        latencies.sort_unstable();
        Ok(Outcome { answered: latencies.len(), took, latencies })
    }

    fn take(
        &mut self,
        event: Event,
        expected: Expected,
        idle: &mut Vec<usize>,
        latencies: &mut Vec<u64>,
    ) -> Result<(), Unexpected> {
        // Copies: the kernel's struct is packed.
        let (data, flags) = (event.data, event.flags);
        if data.u64() == TIMER {
            self.timer.rang();
            return Ok(());
        }
        let number = usize::try_from(data.u64()).unwrap();
        let slot = &mut self.slots[number];
        if flags.contains(EventFlags::OUT) {
            slot.write_on(&self.poll, number);
        }
        let Some(answer) = slot.receive(&mut self.buffer) else {
            return Ok(());
        };
        let due = slot.due.take().expect("an answer that nobody asked for");
        if !expected.fits(&answer) {
            return Err(Unexpected { answer, expected });
        }
        latencies.push(u64::try_from(due.elapsed().as_nanos()).unwrap());
        idle.push(number);
        Ok(())
    }
}

impl Slot {
    fn send(&mut self, poll: &OwnedFd, number: usize, request: &[u8], due: Instant) {
        self.due = Some(due);
        self.line.send(request).expect("a request cannot be sent");
        self.wait_for_room(poll, number);
    }

    fn write_on(&mut self, poll: &OwnedFd, number: usize) {
        self.line.flush().expect("a request cannot be sent");
        self.wait_for_room(poll, number);
    }

    fn wait_for_room(&mut self, poll: &OwnedFd, number: usize) {
        let unsent = self.line.has_unsent();
        if unsent != self.writing {
            self.writing = unsent;
            let data = EventData::new_u64(u64::try_from(number).unwrap());
            let flags = if unsent { EventFlags::IN | EventFlags::OUT } else { EventFlags::IN };
            epoll::modify(poll, self.line.socket(), data, flags).unwrap();
        }
    }

    /// Takes what has come; the answer if that was the last of it.
    fn receive(&mut self, buffer: &mut [u8]) -> Option<Answer> {
        let mut answer = None;
        loop {
            match self.line.receive(buffer) {
                // After a refusal it may close; whoever sends more on this connection is told.
                Ok(0) if answer.is_some() => return answer,
                Ok(0) => panic!("the server closed a connection that was to be kept"),
                Ok(length) => {
                    let read = self.answer.read(&buffer[..length]).expect("an answer is malformed");
                    answer = answer.or(read);
                    if !self.line.may_have_more(length, buffer.len()) {
                        return answer;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return answer,
                Err(error) => panic!("a connection broke: {error}"),
            }
        }
    }
}

impl Expected {
    fn fits(&self, answer: &Answer) -> bool {
        answer.status == self.status && self.length.is_none_or(|length| length == answer.length)
    }
}

impl Outcome {
    /// The latency that the given share of the answers did not exceed.
    pub fn quantile(&self, share: f64) -> Duration {
        Duration::from_nanos(crate::statistics::quantile(&self.latencies, share))
    }

    /// Answers per second.
    pub fn per_second(&self) -> f64 {
        crate::statistics::count(self.answered) / self.took.as_secs_f64()
    }
}
