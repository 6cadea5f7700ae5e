//! The log's side: what was published is shown to witnesses of other organisations, and the
//! checkpoint that enough of them cosigned goes out with their lines under it.
//!
//! Calls do not wait for witnesses. One that cannot be reached is asked again; one that refuses is an
//! alarm: either it forgot, or this log is not what it was.
//!
//! **Invariant**: a note that is given out as cosigned carries the log's own signature and those of
//! at least as many witnesses as are needed, each verified here. **Trust**: a witness decides nothing
//! but its own signature.

mod answer;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use evidence::{Log, Published, ReadError};
use futures_util::future::join_all;
use parking_lot::Mutex;
use tokio::sync::watch;
use wire::ambient::{Clock, UtcMicros};
use wire::note::CosignatureVerifier;
use wire::witness::AddCheckpoint;

pub use answer::{Alarm, Answer, Verdict};

/// How often one round asks the same witness: its word about what it knows may be old once.
const TRIES: usize = 3;

/// How a witness is reached.
pub trait Reach: Send + Sync + 'static {
    /// Sends `body` to the `add-checkpoint` of the witness and gives status and body of its answer,
    /// or why there is none.
    fn ask(
        &self,
        witness: &CosignatureVerifier,
        body: String,
    ) -> impl Future<Output = Result<Answer, String>> + Send;
}

/// How a witness stands to the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Not asked since the start.
    NotAsked,
    /// It cosigned a checkpoint of this size.
    Agrees {
        /// How large the log was.
        size: u64,
        /// When, by the witness's clock.
        at: UtcMicros,
    },
    /// It gives no answer that counts.
    Silent {
        /// Why.
        why: String,
        /// Since when.
        since: UtcMicros,
    },
    /// It refuses, which somebody has to look at.
    Refuses {
        /// What that means.
        alarm: Alarm,
        /// Since when.
        since: UtcMicros,
    },
}

/// A checkpoint with enough cosignatures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cosigned {
    /// The log's note, with a line of each witness that cosigned.
    pub note: String,
    /// How many entries it covers.
    pub size: u64,
    /// Who cosigned.
    pub witnesses: Vec<String>,
}

/// Asks the witnesses of one log.
pub struct Asking<R> {
    log: Log,
    witnesses: Vec<Asked>,
    needed: usize,
    reach: R,
    clock: Arc<dyn Clock>,
    cosigned: watch::Sender<Option<Arc<Cosigned>>>,
}

struct Asked {
    verifier: CosignatureVerifier,
    state: Mutex<State>,
}

struct State {
    /// The size that it cosigned last, as far as is known here.
    known: u64,
    standing: Standing,
}

impl<R: Reach> Asking<R> {
    /// Asks `witnesses`, of whom `needed` make a checkpoint a cosigned one.
    pub fn new(
        log: Log,
        witnesses: Vec<CosignatureVerifier>,
        needed: usize,
        reach: R,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let asked = |verifier| Asked {
            verifier,
            state: Mutex::new(State { known: 0, standing: Standing::NotAsked }),
        };
        let witnesses = witnesses.into_iter().map(asked).collect();
        Self { log, witnesses, needed, reach, clock, cosigned: watch::Sender::new(None) }
    }

    /// The largest checkpoint that enough witnesses cosigned, and each later one.
    pub fn cosigned(&self) -> watch::Receiver<Option<Arc<Cosigned>>> {
        self.cosigned.subscribe()
    }

    /// How each witness stands, in their order.
    pub fn standings(&self) -> Vec<(String, Standing)> {
        let standing =
            |asked: &Asked| (asked.verifier.name().to_owned(), asked.state.lock().standing.clone());
        self.witnesses.iter().map(standing).collect()
    }

    /// Asks round after round, `every` so often, as long as there is news or somebody who has not
    /// cosigned. Ends only by being dropped.
    pub async fn run(&self, every: Duration) {
        let mut shown = None;
        loop {
            let published = self.log.checkpoint();
            if shown != Some(published.size) {
                let all = self.round(&published).await;
                shown = all.then_some(published.size);
            }
            tokio::time::sleep(every).await;
        }
    }

    /// Shows one checkpoint to all witnesses at once; whether all cosigned it.
    pub async fn round(&self, published: &Published) -> bool {
        if published.size == 0 {
            return true;
        }
        let answers =
            join_all(self.witnesses.iter().map(|asked| self.show(asked, published))).await;
        let lines: Vec<_> = answers.into_iter().flatten().collect();
        let all = lines.len() == self.witnesses.len();
        let is_newer = self.cosigned.borrow().as_ref().is_none_or(|old| old.size < published.size);
        if self.needed > 0 && lines.len() >= self.needed && is_newer {
            let witnesses = lines.iter().map(|(name, _)| name.clone()).collect();
            let lines: String = lines.into_iter().map(|(_, line)| line).collect();
            let note = format!("{}{lines}", published.note);
            let cosigned = Cosigned { note, size: published.size, witnesses };
            self.cosigned.send_replace(Some(Arc::new(cosigned)));
        }
        all
    }

    /// The witness's name and line, if it cosigned.
    async fn show(&self, asked: &Asked, published: &Published) -> Option<(String, String)> {
        let mut verdict = Verdict::Silent("its word about what it knows changes".to_owned());
        for _ in 0..TRIES {
            let known = asked.state.lock().known;
            verdict = match self.request(known, published).await {
                Ok(request) => match self.reach.ask(&asked.verifier, request.to_string()).await {
                    Ok(answer) => answer.judge(&asked.verifier, known, published),
                    Err(why) => Verdict::Silent(why),
                },
                Err(error) => Verdict::Silent(format!("the log cannot be read: {error}")),
            };
            match verdict {
                Verdict::Knows(size) => asked.state.lock().known = size,
                _ => break,
            }
        }
        asked.note(verdict, published.size, self.clock.now())
    }

    async fn request(&self, known: u64, published: &Published) -> Result<AddCheckpoint, ReadError> {
        let proof = self.log.prove_consistency(known, published.size).await?;
        Ok(AddCheckpoint { old_size: known, proof, note: published.note.clone() })
    }
}

impl Asked {
    /// Keeps how the witness stands now; tells when that changed. Its name and line, if it cosigned.
    fn note(&self, verdict: Verdict, size: u64, now: UtcMicros) -> Option<(String, String)> {
        let mut state = self.state.lock();
        let name = self.verifier.name();
        let (standing, line) = match verdict {
            Verdict::Cosigned { line, at } => {
                state.known = size;
                (Standing::Agrees { size, at }, Some((name.to_owned(), line)))
            }
            Verdict::Refused(alarm) => {
                let since = match &state.standing {
                    Standing::Refuses { since, .. } => *since,
                    _ => now,
                };
                if !matches!(state.standing, Standing::Refuses { .. }) {
                    tracing::error!(witness = name, %alarm, "a witness refuses the log's checkpoint");
                }
                (Standing::Refuses { alarm, since }, None)
            }
            Verdict::Knows(_) => {
                (silent(&state.standing, "it changes its word".to_owned(), now), None)
            }
            Verdict::Silent(why) => {
                if !matches!(state.standing, Standing::Silent { .. }) {
                    tracing::warn!(witness = name, why, "a witness gives no answer that counts");
                }
                (silent(&state.standing, why, now), None)
            }
        };
        // One that refused and is silent now has not taken anything back.
        let keeps_refusing = matches!(
            (&state.standing, &standing),
            (Standing::Refuses { .. }, Standing::Silent { .. })
        );
        if !keeps_refusing {
            state.standing = standing;
        }
        let refuses = matches!(state.standing, Standing::Refuses { .. });
        metrics::gauge!("lgsp_witness_refuses", "witness" => name.to_owned())
            .set(f64::from(u8::from(refuses)));
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
        metrics::gauge!("lgsp_witness_size", "witness" => name.to_owned()).set(state.known as f64);
        line
    }
}

fn silent(before: &Standing, why: String, now: UtcMicros) -> Standing {
    let since = match before {
        Standing::Silent { since, .. } => *since,
        _ => now,
    };
    Standing::Silent { why, since }
}
