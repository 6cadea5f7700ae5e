//! The operating system's randomness.

use std::cell::RefCell;

use wire::ambient::Randomness;
use zeroize::Zeroize as _;

/// [`Randomness`] from aws-lc-rs, which is seeded by the operating system.
///
/// Short draws (ids, salts, nonces) are cut from a thread's own supply, for a draw costs most of a
/// microsecond however short it is and a call needs several. What was cut is wiped in the supply.
/// A copy of the running process (`fork`, a resumed snapshot of its machine) would cut the same bytes
/// again: the platform never forks, and a node must not be resumed beside itself (SECURITY.md).
///
/// Ends the process when the system has none to give: a predictable key is worse than no service.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

/// Longer draws are made for themselves.
const SHORT: usize = 32;
const SUPPLY: usize = 512;

/// Random bytes that nobody has seen: those from `next` on.
struct Supply {
    bytes: [u8; SUPPLY],
    next: usize,
}

thread_local! {
    static SUPPLIES: RefCell<Supply> = const { RefCell::new(Supply { bytes: [0; SUPPLY], next: SUPPLY }) };
}

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        let is_cut = bytes.len() <= SHORT
            && SUPPLIES.try_with(|supply| supply.borrow_mut().cut(bytes)).is_ok();
        // A thread that is ending has no supply any more.
        if !is_cut {
            draw(bytes);
        }
    }
}

impl Supply {
    fn cut(&mut self, into: &mut [u8]) {
        if SUPPLY - self.next < into.len() {
            // Whatever happens in between, no byte is handed out twice.
            self.next = SUPPLY;
            draw(&mut self.bytes);
            self.next = 0;
        }
        let end = self.next + into.len();
        for (to, from) in into.iter_mut().zip(self.bytes.iter_mut().skip(self.next)) {
            *to = std::mem::take(from);
        }
        self.next = end;
    }
}

impl Drop for Supply {
    fn drop(&mut self) {
        self.bytes.zeroize();
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
fn draw(bytes: &mut [u8]) {
    if aws_lc_rs::rand::fill(bytes).is_err() {
        tracing::error!("the operating system gives no randomness; ending");
        std::process::abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_draws_agree_however_long_they_are() {
        let mut seen = std::collections::HashSet::new();
        for length in (16..=33).cycle().take(2_000) {
            let mut bytes = vec![0_u8; length];
            SystemRandomness.fill(&mut bytes);
            assert!(bytes.iter().any(|byte| *byte != 0), "not filled");
            bytes.truncate(16);
            assert!(seen.insert(bytes));
        }
    }
}
