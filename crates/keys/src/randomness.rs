//! The operating system's randomness.

use wire::ambient::Randomness;

/// [`Randomness`] from aws-lc-rs, which is seeded by the operating system.
///
/// Ends the process when the system has none to give: a predictable key is worse than no service.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
    fn fill(&self, bytes: &mut [u8]) {
        if aws_lc_rs::rand::fill(bytes).is_err() {
            tracing::error!("the operating system gives no randomness; ending");
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_draws_differ() {
        let (mut one, mut two) = ([0_u8; 32], [0_u8; 32]);
        SystemRandomness.fill(&mut one);
        SystemRandomness.fill(&mut two);
        assert_ne!(one, two);
    }
}
