//! What a guess at a passphrase costs: the parameters of Argon2id (RFC 9106), kept beside what
//! they protect.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The parameters of one derivation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// How often it is gone through.
    pub passes: u32,
    /// Into how many lanes it is cut.
    pub lanes: u32,
}

impl Cost {
    /// What new passphrases get, the second choice of RFC 9106 §4 in one lane: 64 MiB, 3 passes.
    pub const USUAL: Self = Self { memory_kib: 64 << 10, passes: 3, lanes: 1 };
    /// The least that is accepted, OWASP's: 19 MiB, 2 passes.
    pub const LEAST: Self = Self { memory_kib: 19 << 10, passes: 2, lanes: 1 };
    /// The most: a file that asks for more would only keep the node from starting.
    const MOST: Self = Self { memory_kib: 1 << 20, passes: 16, lanes: 16 };

    /// Whether it is between the least and the most.
    pub(super) fn is_fit(self) -> bool {
        (Self::LEAST.memory_kib..=Self::MOST.memory_kib).contains(&self.memory_kib)
            && (Self::LEAST.passes..=Self::MOST.passes).contains(&self.passes)
            && (Self::LEAST.lanes..=Self::MOST.lanes).contains(&self.lanes)
    }

    /// Argon2id, version 0x13. The memory it worked in is wiped.
    pub(super) fn derive(
        self,
        passphrase: &[u8],
        salt: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, argon2::Error> {
        let params = Params::new(self.memory_kib, self.passes, self.lanes, Some(32))?;
        let mut memory = Zeroizing::new(Memory(vec![Block::new(); params.block_count()]));
        let mut key = Zeroizing::new([0; 32]);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        argon2.hash_password_into_with_memory(passphrase, salt, key.as_mut(), &mut memory.0)?;
        Ok(key)
    }
}

struct Memory(Vec<Block>);

impl Zeroize for Memory {
    fn zeroize(&mut self) {
        self.0.iter_mut().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the tests of the reference implementation (phc-winner-argon2, `test.c`).
    #[test]
    fn the_vector_of_the_reference_implementation_is_derived() {
        let cost = Cost { memory_kib: 1 << 16, passes: 2, lanes: 1 };
        let key = cost.derive(b"password", b"somesalt").unwrap();
        assert_eq!(
            hex::encode(*key),
            "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
        );
    }

    #[test]
    fn a_cost_below_owasps_or_above_what_a_node_has_is_not_fit() {
        assert!(Cost::LEAST.is_fit() && Cost::USUAL.is_fit() && Cost::MOST.is_fit());
        let Cost { memory_kib, passes, .. } = Cost::LEAST;
        for unfit in [
            Cost { memory_kib: memory_kib - 1, ..Cost::USUAL },
            Cost { passes: passes - 1, ..Cost::USUAL },
            Cost { lanes: 0, ..Cost::USUAL },
            Cost { memory_kib: u32::MAX, ..Cost::USUAL },
            Cost { passes: 17, ..Cost::USUAL },
        ] {
            assert!(!unfit.is_fit(), "{unfit:?}");
        }
    }
}
