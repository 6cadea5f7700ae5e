//! Each nonce serves once per key.
//!
//! A request that a bystander recorded is still correctly signed; only this memory tells the
//! first from the second. Sharded by key, so that a key always meets the same shard and threads
//! rarely meet each other.
//!
//! **Invariant**: only nonces of *verified* signatures are kept, so strangers cannot fill the
//! memory; each is kept until no clock within the allowed skew could still accept it; one key can
//! only fill its own share; what was forgotten while the clock ran ahead does not serve when it is
//! set back. **Trust**: after a crash the log hands back what it recorded
//! (`Recovered::spent_nonces`): a nonce of an answered call is never forgotten.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicI64, Ordering};

use evidence::SpentNonce;
use foldhash::fast::RandomState;
use foldhash::{HashMap, HashSet};
use parking_lot::Mutex;
use wire::ambient::UtcMicros;
use wire::id::KeyId;

const SHARDS: u64 = 64;

/// The skew of 30 s that a signature's `expires` is allowed, and one second for rounding.
const KEPT_AFTER_EXPIRY_S: i64 = 31;

/// Every nonce that may not serve again.
#[derive(Debug)]
pub(crate) struct Nonces {
    /// All shards but the last.
    rest: Vec<Shard>,
    last: Shard,
    hasher: RandomState,
    per_key: usize,
    /// The latest expiry, in seconds, of a nonce that was let go. Under a clock that only advances
    /// every nonce that may still be claimed expires later.
    forgotten: AtomicI64,
}

type Shard = Mutex<HashMap<KeyId, Share>>;

/// One key's nonces.
#[derive(Debug, Default)]
struct Share {
    seen: HashSet<[u8; 16]>,
    by_expiry: BTreeMap<i64, Vec<[u8; 16]>>,
}

/// Why a nonce may not serve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NonceRefusal {
    /// It has served.
    Replayed,
    /// The key's share is full: the caller signs more than it may.
    Full,
    /// Whoever has to say so cannot be asked, or cannot know.
    Undecided,
}

impl Nonces {
    /// A memory that gives each key a share of `per_key`, holding what was spent before the start.
    pub(crate) fn new(per_key: usize, spent: Vec<SpentNonce>) -> Self {
        let rest = (1..SHARDS).map(|_| Shard::default()).collect();
        let hasher = RandomState::default();
        let forgotten = AtomicI64::new(i64::MIN);
        let nonces = Self { rest, last: Shard::default(), hasher, per_key, forgotten };
        for nonce in spent {
            nonces.with_share(&nonce.keyid, |share| {
                share.insert(nonce.fingerprint, nonce.expires);
            });
        }
        nonces
    }

    /// Spends the nonce. Of several threads claiming one nonce, exactly one succeeds.
    pub(crate) fn claim(&self, nonce: &SpentNonce, now: UtcMicros) -> Result<(), NonceRefusal> {
        self.with_share(&nonce.keyid, |share| {
            share.forget_expired(now, &self.forgotten);
            // Only after the clock was set back: it may be among those that were let go.
            if nonce.expires <= self.forgotten.load(Ordering::Acquire) {
                return Err(NonceRefusal::Undecided);
            }
            if share.seen.contains(&nonce.fingerprint) {
                return Err(NonceRefusal::Replayed);
            }
            if share.seen.len() >= self.per_key {
                return Err(NonceRefusal::Full);
            }
            share.insert(nonce.fingerprint, nonce.expires);
            Ok(())
        })
    }

    /// Lets go of everything expired, also of keys that no longer call.
    pub(crate) fn sweep(&self, now: UtcMicros) {
        for shard in self.rest.iter().chain([&self.last]) {
            shard.lock().retain(|_, share| {
                share.forget_expired(now, &self.forgotten);
                !share.seen.is_empty()
            });
        }
    }

    fn with_share<T>(&self, keyid: &KeyId, act: impl FnOnce(&mut Share) -> T) -> T {
        let at = usize::try_from(self.hasher.hash_one(keyid) % SHARDS).unwrap_or(0);
        let mut keys = self.rest.get(at).unwrap_or(&self.last).lock();
        match keys.get_mut(keyid) {
            Some(share) => act(share),
            None => act(keys.entry(keyid.clone()).or_default()),
        }
    }
}

impl Share {
    fn insert(&mut self, fingerprint: [u8; 16], expires: i64) {
        if self.seen.insert(fingerprint) {
            self.by_expiry.entry(expires).or_default().push(fingerprint);
        }
    }

    fn forget_expired(&mut self, now: UtcMicros, forgotten: &AtomicI64) {
        let latest_expired = now.as_seconds().saturating_sub(KEPT_AFTER_EXPIRY_S);
        while let Some(oldest) = self.by_expiry.first_entry() {
            if *oldest.key() >= latest_expired {
                break;
            }
            forgotten.fetch_max(*oldest.key(), Ordering::AcqRel);
            for fingerprint in oldest.remove() {
                self.seen.remove(&fingerprint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonce(key: &str, byte: u8, expires: i64) -> SpentNonce {
        SpentNonce { keyid: key.parse().unwrap(), fingerprint: [byte; 16], expires }
    }

    fn at(seconds: i64) -> UtcMicros {
        UtcMicros::from_seconds(seconds)
    }

    #[test]
    fn a_nonce_serves_once_per_key() {
        let nonces = Nonces::new(10, Vec::new());
        assert_eq!(nonces.claim(&nonce("a", 1, 100), at(50)), Ok(()));
        assert_eq!(nonces.claim(&nonce("a", 1, 100), at(50)), Err(NonceRefusal::Replayed));
        assert_eq!(nonces.claim(&nonce("b", 1, 100), at(50)), Ok(()));
    }

    #[test]
    fn a_nonce_is_kept_past_the_skew_and_then_let_go() {
        let nonces = Nonces::new(1, Vec::new());
        nonces.claim(&nonce("a", 1, 100), at(50)).unwrap();
        assert_eq!(nonces.claim(&nonce("a", 1, 100), at(130)), Err(NonceRefusal::Replayed));
        assert_eq!(nonces.claim(&nonce("a", 2, 200), at(131)), Err(NonceRefusal::Full));
        assert_eq!(nonces.claim(&nonce("a", 2, 200), at(132)), Ok(()));
    }

    #[test]
    fn what_was_let_go_while_the_clock_ran_ahead_does_not_serve_when_it_is_set_back() {
        for is_swept in [false, true] {
            let nonces = Nonces::new(10, Vec::new());
            nonces.claim(&nonce("a", 1, 350), at(50)).unwrap();
            if is_swept {
                nonces.sweep(at(10_000));
            } else {
                nonces.claim(&nonce("a", 2, 10_100), at(10_000)).unwrap();
            }
            assert_eq!(nonces.claim(&nonce("a", 1, 350), at(60)), Err(NonceRefusal::Undecided));
            // No longer than until the forgotten ones have expired.
            assert_eq!(nonces.claim(&nonce("a", 3, 351), at(60)), Ok(()));
        }
    }

    #[test]
    fn one_key_cannot_fill_the_share_of_another() {
        let nonces = Nonces::new(2, Vec::new());
        for byte in 0..2 {
            nonces.claim(&nonce("a", byte, 100), at(50)).unwrap();
        }
        assert_eq!(nonces.claim(&nonce("a", 9, 100), at(50)), Err(NonceRefusal::Full));
        assert_eq!(nonces.claim(&nonce("b", 9, 100), at(50)), Ok(()));
    }

    #[test]
    fn what_was_spent_before_the_start_stays_spent() {
        let nonces = Nonces::new(1, vec![nonce("a", 1, 100), nonce("a", 2, 100)]);
        assert_eq!(nonces.claim(&nonce("a", 2, 100), at(50)), Err(NonceRefusal::Replayed));
        nonces.sweep(at(132));
        assert_eq!(nonces.claim(&nonce("a", 2, 300), at(132)), Ok(()));
    }
}
