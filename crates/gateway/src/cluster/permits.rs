//! A quota's way: one node keeps a connection's meter, the others borrow permits from it.
//!
//! A borrowed permit is taken from the owner's meter, and good for [`GOOD_FOR`] only. So while all
//! nodes can talk, in any time *w* all of them together let pass at most what one node would in
//! *w* + 1 s: burst + rate × (*w* + 1 s). A node that cannot ask the owner goes by a meter of its
//! own with its share, 1/n of rate and burst (a burst of at least 1): with the owner's that is at
//! most twice the quota, and 1 for each node. An owner that starts again, or a new one, begins with
//! a whole burst, as a node alone does.
//!
//! Calls of the sandbox have a quota of their own, as large: what is tried spends nothing of what is in
//! force. Nobody is asked about it; each node goes by its share.
//!
//! **Invariant**: a permit is spent once, by whoever borrowed it, or lost.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use wire::ambient::UtcMicros;
use wire::directory::Environment;

use super::line::Unanswered;
use super::message::{About, Answer, Grant, Question};
use super::node_list::{Fingerprint, Member};
use super::rendezvous::Subject;
use super::{Cluster, message};
use crate::metrics;
use crate::quota::{Meter, Rate, Reading, Taken, seconds_up};
use crate::routes::Connection;
use crate::server::Worker;

/// How long a borrowed permit is good for. Longer lets more calls pass at once than the quota
/// says, shorter asks more often.
const GOOD_FOR: Duration = Duration::from_secs(1);
/// How many permits are borrowed at once, at most: and never more than a quarter of the burst, so
/// that what one node does not use is not missed by the others.
const MOST_BORROWED: u32 = 64;

/// How many calls a connection has left, as far as this node knows.
#[derive(Debug, Default)]
pub(crate) struct Allowance {
    /// Decides where this node is the owner.
    meter: Meter,
    /// Decides where the owner cannot be asked.
    share: Meter,
    purse: Purse,
    /// Decides about the sandbox's calls.
    sandbox: Meter,
}

/// Borrowed permits.
#[derive(Debug, Default)]
struct Purse(Mutex<Borrowed>);

#[derive(Debug, Default)]
struct Borrowed {
    permits: u32,
    good_until: UtcMicrosOrNever,
    /// What the owner had left when it lent.
    remaining: u32,
    reset_s: u32,
    /// How many to borrow next, less one.
    more: u32,
    /// Before this the owner will not lend.
    nothing_until: UtcMicrosOrNever,
    /// Someone asks for as many as may be needed; others meanwhile ask for the one they need.
    is_asking: bool,
}

/// A moment that may lie before all others.
type UtcMicrosOrNever = Option<UtcMicros>;

/// What a look into the purse says.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Decided(Reading),
    /// Ask for so many.
    Ask(u16),
}

/// Asks for one call of the connection's quota in this environment.
pub(crate) async fn take(
    worker: &Worker,
    connection: &Connection,
    environment: Environment,
    now: UtcMicros,
) -> Reading {
    if environment.is_sandbox() {
        return take_of_sandbox(worker, connection, now);
    }
    let (allowance, rate) = (&connection.allowance, connection.rate);
    let Some(cluster) = &worker.gate.cluster else {
        return allowance.meter.take(rate, now);
    };
    let Some(standing) = cluster.meter_of(connection, now) else {
        // Without a list no nonce is claimed either, so no call comes here.
        return Reading::Spent { retry_s: 1 };
    };
    let Some(owner) = &standing.owner else {
        return allowance.meter.take(rate, now);
    };
    let wanted = match allowance.purse.look(rate, now) {
        Look::Decided(reading) => return reading,
        Look::Ask(wanted) => wanted,
    };
    let asking = AskingGuard { purse: &allowance.purse, asked_for_more: wanted > 1 };
    let about = About::Permits { connection: connection.id, wanted };
    let question = Question { at: now, list: standing.list, about };
    let answer = ask(worker, cluster, owner, question).await;
    drop(asking);
    match answer {
        Ok(Answer::Permits(Grant::Granted { permits, remaining, reset_s })) => {
            allowance.purse.put(u32::from(permits), remaining, reset_s, now)
        }
        Ok(Answer::Permits(Grant::Spent { wait_nanos })) => allowance.purse.empty(wait_nanos, now),
        Ok(Answer::Permits(Grant::Refused(_)) | Answer::Claim(_) | Answer::NotUnderstood)
        | Err(Unanswered) => allowance.share.take(rate.share(standing.nodes), now),
    }
}

fn take_of_sandbox(worker: &Worker, connection: &Connection, now: UtcMicros) -> Reading {
    let nodes = match &worker.gate.cluster {
        None => 1,
        Some(cluster) => match cluster.meter_of(connection, now) {
            Some(standing) => standing.nodes,
            None => return Reading::Spent { retry_s: 1 },
        },
    };
    connection.allowance.sandbox.take(connection.rate.share(nodes), now)
}

impl Allowance {
    /// Lends up to `wanted` permits to another node.
    pub(super) fn lend(&self, rate: Rate, wanted: u16, now: UtcMicros) -> message::Grant {
        match self.meter.take_many(rate, u32::from(wanted.max(1)), now) {
            Ok(Taken { count, remaining, reset_s }) => Grant::Granted {
                permits: u16::try_from(count).unwrap_or(u16::MAX),
                remaining,
                reset_s,
            },
            Err(wait) => Grant::Spent { wait_nanos: wait.unsigned_abs() },
        }
    }
}

struct Standing {
    list: Fingerprint,
    /// `None`: this node.
    owner: Option<Arc<Member>>,
    nodes: usize,
}

impl Cluster {
    fn meter_of(&self, connection: &Connection, now: UtcMicros) -> Option<Standing> {
        let members = self.members_at(now).ok()?;
        let (owner, nodes) = members.owner(Subject::Quota(&connection.id), now).ok()?;
        let owner = (owner.node.origin != self.origin).then_some(owner);
        Some(Standing { list: members.fingerprint(now)?, owner, nodes })
    }
}

async fn ask(
    worker: &Worker,
    cluster: &Cluster,
    owner: &Arc<Member>,
    question: Question,
) -> Result<Answer, Unanswered> {
    let asking = metrics::Asking::begin("permits");
    let answer = worker.lines.ask(owner, question, cluster.patience).await;
    asking.end(answer.ok());
    answer
}

impl Purse {
    fn look(&self, rate: Rate, now: UtcMicros) -> Look {
        let mut it = self.0.lock();
        let is_good = is_before(now, it.good_until);
        if is_good && let Some(left) = it.permits.checked_sub(1) {
            it.permits = left;
            return Look::Decided(it.passes());
        }
        if let Some(until) = it.nothing_until.filter(|_| is_before(now, it.nothing_until)) {
            let wait = until.as_micros().saturating_sub(now.as_micros());
            return Look::Decided(Reading::Spent { retry_s: micros_up(wait) });
        }
        if it.is_asking {
            return Look::Ask(1);
        }
        // Used up in time: more are needed. Left over: fewer.
        let ceiling = rate.burst_quarter().min(MOST_BORROWED).saturating_sub(1);
        let more = if is_good { it.more * 2 + 1 } else { it.more / 2 };
        it.more = more.min(ceiling);
        it.permits = 0;
        let wanted = it.more + 1;
        it.is_asking = wanted > 1;
        Look::Ask(u16::try_from(wanted).unwrap_or(1))
    }

    /// Takes what was borrowed at `asked`, and one of it.
    fn put(&self, permits: u32, remaining: u32, reset_s: u32, asked: UtcMicros) -> Reading {
        let mut it = self.0.lock();
        let good_until = asked.saturating_add(GOOD_FOR);
        let left = permits.saturating_sub(1);
        // Permits of an earlier loan end with it, those of one meanwhile are lost: never longer
        // than promised.
        if left > 0 || it.permits == 0 {
            it.permits = left;
            it.good_until = Some(good_until);
        }
        it.nothing_until = None;
        (it.remaining, it.reset_s) = (remaining, reset_s);
        it.passes()
    }

    fn empty(&self, wait_nanos: u64, asked: UtcMicros) -> Reading {
        let mut it = self.0.lock();
        let wait = Duration::from_nanos(wait_nanos);
        it.nothing_until = Some(asked.saturating_add(wait.min(GOOD_FOR)));
        let nanos = i64::try_from(wait_nanos).unwrap_or(i64::MAX);
        Reading::Spent { retry_s: seconds_up(nanos).max(1) }
    }
}

impl Borrowed {
    fn passes(&self) -> Reading {
        let remaining = self.permits.saturating_add(self.remaining);
        Reading::Passes { remaining, reset_s: self.reset_s }
    }
}

/// Whether `until` lies ahead, but not so far as only a clock that was set back would have it.
fn is_before(now: UtcMicros, until: UtcMicrosOrNever) -> bool {
    until.is_some_and(|until| now < until && until <= now.saturating_add(GOOD_FOR))
}

fn micros_up(micros: i64) -> u32 {
    seconds_up(micros.saturating_mul(1000)).max(1)
}

/// Whoever asked for more stops asking, also when the caller leaves meanwhile.
struct AskingGuard<'a> {
    purse: &'a Purse,
    asked_for_more: bool,
}

impl Drop for AskingGuard<'_> {
    fn drop(&mut self) {
        if self.asked_for_more {
            self.purse.0.lock().is_asking = false;
        }
    }
}
