//! How many entries the next batch waits for, and how long.
//!
//! A sync costs processor time as well as waiting, so the more calls share one the better, as long
//! as none waits for others that do not come. So a batch waits until as many are here as the one
//! before had, and now and then, to see whether more would come in time, for a few more.
//!
//! **Invariant**: who calls alone never waits for others.

use std::time::Duration;

use super::LogConfig;

/// After how many batches a larger one is tried, at first; each try in vain doubles it.
const FIRST_TRY: u32 = 8;
/// The most batches between two tries.
const LAST_TRY: u32 = 256;
/// Fewer than so many at once come together by chance.
const A_FEW: usize = 4;

/// What the batches so far say about the next one.
#[derive(Debug)]
pub(super) struct Gathering {
    /// How many entries the next batch waits for.
    wanted: usize,
    /// Whether those are more than the last batch had.
    is_try: bool,
    until_try: u32,
    between_tries: u32,
}

impl Gathering {
    pub(super) fn new() -> Self {
        Self { wanted: 1, is_try: false, until_try: FIRST_TRY, between_tries: FIRST_TRY }
    }

    /// How many entries to wait for.
    pub(super) fn wanted(&self) -> usize {
        self.wanted
    }

    /// How long to wait for them.
    pub(super) fn patience(&self, config: &LogConfig) -> Duration {
        let others = u32::try_from(self.wanted.saturating_sub(1)).unwrap_or(u32::MAX);
        config.gather_per_entry.saturating_mul(others).min(config.gather_most)
    }

    /// A batch had so many: a sync that took long makes batches larger, waiting in vain smaller.
    pub(super) fn came(&mut self, count: usize) {
        let is_reached = count >= self.wanted;
        if self.is_try {
            self.between_tries = if is_reached {
                FIRST_TRY
            } else {
                self.between_tries.saturating_mul(2).min(LAST_TRY)
            };
            self.until_try = self.between_tries;
        }
        self.until_try = self.until_try.saturating_sub(1);
        self.is_try = self.until_try == 0 && count >= A_FEW;
        self.wanted = if self.is_try { count + count / 4 } else { count };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the batches converge to if so many come at most before the patience is over.
    fn settled(most: usize) -> (usize, usize) {
        let (mut gathering, mut in_vain) = (Gathering::new(), 0);
        gathering.came(5.min(most));
        for _ in 0..10_000 {
            in_vain += usize::from(gathering.wanted() > most);
            gathering.came(gathering.wanted().min(most));
        }
        (gathering.wanted(), in_vain)
    }

    #[test]
    fn batches_grow_to_what_comes_in_time_and_seldom_wait_in_vain() {
        for most in [4, 5, 16, 64, 1_000] {
            let (wanted, in_vain) = settled(most);
            assert!((most..=most + most / 4).contains(&wanted), "{wanted} of {most}");
            assert!(in_vain < 100, "{in_vain} times in vain for {most}");
        }
    }

    #[test]
    fn a_few_are_never_let_wait_for_more_than_there_were() {
        for most in 1..A_FEW {
            assert_eq!(settled(most), (most, 0));
        }
    }

    #[test]
    fn who_comes_alone_does_not_wait() {
        let config = LogConfig::new("x", "log.example".parse().unwrap());
        let mut gathering = Gathering::new();
        assert_eq!(gathering.patience(&config), Duration::ZERO);
        gathering.came(64);
        assert_eq!(gathering.patience(&config), config.gather_most);
        gathering.came(1);
        assert_eq!(gathering.patience(&config), Duration::ZERO);
    }
}
