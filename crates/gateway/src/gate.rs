//! What all threads of a gateway share.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use evidence::Log;
use keys::PlatformSigner;
use parking_lot::Mutex;
use time::OffsetDateTime;
use time::macros::format_description;
use wire::ambient::{Clock, Randomness, UtcMicros};

use crate::cluster::Cluster;
use crate::config::GatewayConfig;
use crate::fold::Fold;
use crate::nonces::Nonces;
use crate::routes::{DirectorySnapshot, Routes};
use crate::target::PublicUrls;

/// What all threads of a gateway share.
pub(crate) struct Gate {
    pub(crate) config: GatewayConfig,
    pub(crate) public_urls: PublicUrls,
    pub(crate) log: Log,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) randomness: Arc<dyn Randomness>,
    pub(crate) nonces: Nonces,
    /// `None`: alone.
    pub(crate) cluster: Option<Cluster>,
    pub(crate) fold: Arc<Fold>,
    pub(crate) routes: ArcSwap<Routes>,
    pub(crate) response_key: ResponseKey,
    pub(crate) date: DateLine,
    /// What is still under way is being cut off by us, not by its callers.
    pub(crate) is_ending: AtomicBool,
}

/// The key that signs answers for callers that ask for it.
#[derive(Clone)]
pub struct ResponseKey {
    /// What the trust file calls it.
    pub keyid: String,
    /// The key itself.
    pub key: PlatformSigner,
}

impl Gate {
    /// Lets the next calls be decided by this directory.
    pub(crate) fn install(&self, snapshot: &DirectorySnapshot) {
        // A second publisher at the same moment would lose meters, not rules: `rcu` compiles again
        // over what the other installed.
        self.routes.rcu(|before| Routes::compile(snapshot, Some(before)));
    }

    /// The value of `Date`.
    pub(crate) fn date_line(&self, now: UtcMicros) -> Arc<str> {
        self.date.at(now)
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Gate({})", self.log.origin())
    }
}

/// `Date` (RFC 9110 §6.6.1), written once a second.
#[derive(Debug)]
pub(crate) struct DateLine(Mutex<(i64, Arc<str>)>);

impl Default for DateLine {
    fn default() -> Self {
        Self(Mutex::new((0, imf_fixdate(0).into())))
    }
}

impl DateLine {
    fn at(&self, now: UtcMicros) -> Arc<str> {
        let seconds = now.as_seconds();
        let mut cached = self.0.lock();
        if cached.0 != seconds {
            *cached = (seconds, imf_fixdate(seconds).into());
        }
        Arc::clone(&cached.1)
    }
}

pub(crate) fn imf_fixdate(seconds: i64) -> String {
    let moment = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    // A moment between 1970 and 9999 has all these parts.
    moment.format(&form).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_rfc_9110_shows() {
        let line = DateLine::default().at(UtcMicros::from_seconds(784_111_777));
        assert_eq!(&*line, "Sun, 06 Nov 1994 08:49:37 GMT");
    }
}
