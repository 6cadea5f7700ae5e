use super::*;
use proptest::prelude::*;
use std::convert::Infallible;

/// Leaves in memory; every hash is computed from the definition, far from the code under test.
struct Leaves(Vec<Hash>);

impl HashReader for Leaves {
    type Error = Infallible;

    fn hash(&self, level: u8, index: u64) -> Result<Hash, Infallible> {
        let start = usize::try_from(index << level).unwrap();
        Ok(mth(&self.0[start..start + (1 << level)]))
    }
}

/// MTH of RFC 6962 §2.1, word by word.
fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => EMPTY_ROOT,
        [leaf] => *leaf,
        _ => {
            let k = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(k);
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// The eight leaves that Certificate Transparency's reference tests use.
fn reference_leaves() -> Vec<Vec<u8>> {
    [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    .map(|text| hex::decode(text).unwrap())
    .to_vec()
}

fn hash(text: &str) -> Hash {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn numbered(count: u64) -> Leaves {
    Leaves((0..count).map(|number| leaf_hash(&number.to_be_bytes())).collect())
}

fn root(leaves: &Leaves, size: u64) -> Hash {
    mth(&leaves.0[..usize::try_from(size).unwrap()])
}

#[test]
fn the_reference_tree_has_its_published_roots() {
    let published = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::default();
    assert_eq!(frontier.root(), EMPTY_ROOT);
    for (leaf, expected) in reference_leaves().iter().zip(published) {
        frontier.push(leaf_hash(leaf));
        assert_eq!(frontier.root(), hash(expected), "size {}", frontier.size());
    }
}

#[test]
fn the_reference_proofs_are_made_and_accepted() {
    let leaves = Leaves(reference_leaves().iter().map(|leaf| leaf_hash(leaf)).collect());
    let path = prove_inclusion(5, 8, &leaves).unwrap();
    assert_eq!(
        path,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(hash)
    );
    let path = prove_consistency(6, 8, &leaves).unwrap();
    assert_eq!(
        path,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ]
        .map(hash)
    );
    assert_eq!(verify_consistency(6, 8, &path, &root(&leaves, 6), &root(&leaves, 8)), Ok(()));
}

#[test]
fn every_leaf_of_every_small_tree_is_provable() {
    let leaves = numbered(40);
    for size in 1..=40 {
        for index in 0..size {
            let path = prove_inclusion(index, size, &leaves).unwrap();
            let leaf = leaves.hash(0, index).unwrap();
            assert_eq!(verify_inclusion(&leaf, index, size, &path, &root(&leaves, size)), Ok(()));
        }
    }
}

#[test]
fn every_small_growth_is_provable() {
    let leaves = numbered(40);
    for new in 0..=40 {
        for old in 0..=new {
            let path = prove_consistency(old, new, &leaves).unwrap();
            let (old_root, new_root) = (root(&leaves, old), root(&leaves, new));
            assert_eq!(
                verify_consistency(old, new, &path, &old_root, &new_root),
                Ok(()),
                "{old} to {new}"
            );
        }
    }
}

#[test]
fn what_cannot_exist_is_refused() {
    let leaves = numbered(3);
    let (leaf, three) = (leaves.0[0], root(&leaves, 3));
    assert_eq!(prove_inclusion(3, 3, &leaves).unwrap(), [] as [Hash; 0]);
    assert_eq!(verify_inclusion(&leaf, 3, 3, &[], &three), Err(ProofError::OutOfRange));
    assert_eq!(verify_inclusion(&leaf, 0, 0, &[], &EMPTY_ROOT), Err(ProofError::OutOfRange));
    assert_eq!(verify_consistency(4, 3, &[], &three, &three), Err(ProofError::OutOfRange));
    assert_eq!(verify_consistency(0, 3, &[], &leaf, &three), Err(ProofError::WrongRoot));
    assert_eq!(verify_consistency(0, 0, &[], &EMPTY_ROOT, &three), Err(ProofError::WrongRoot));
    assert_eq!(verify_consistency(3, 3, &[], &three, &leaf), Err(ProofError::WrongRoot));
    assert_eq!(verify_consistency(3, 3, &[leaf], &three, &three), Err(ProofError::WrongLength));
    assert_eq!(verify_consistency(2, 3, &[], &leaf, &three), Err(ProofError::WrongLength));
    assert_eq!(verify_inclusion(&leaf, 0, u64::MAX, &[], &three), Err(ProofError::WrongLength));
}

#[test]
fn a_frontier_needs_one_subtree_per_set_bit() {
    assert!(Frontier::from_subtrees(5, vec![EMPTY_ROOT]).is_err());
    assert!(Frontier::from_subtrees(0, vec![EMPTY_ROOT]).is_err());
}

/// Every way to change, drop or add one hash of a proof.
fn mutations(path: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for position in 0..path.len() {
        for bit in [0, 77, 255] {
            let mut changed = path.to_vec();
            changed[position][bit / 8] ^= 1 << (bit % 8);
            all.push(changed);
        }
        let mut shorter = path.to_vec();
        shorter.remove(position);
        all.push(shorter);
    }
    for position in 0..=path.len() {
        let mut longer = path.to_vec();
        longer.insert(position, EMPTY_ROOT);
        all.push(longer);
    }
    all
}

proptest! {
    #[test]
    fn an_inclusion_proof_holds_and_no_altered_one_does(size in 1_u64..600, at in any::<u64>()) {
        let (leaves, index) = (numbered(size), at % size);
        let (leaf, root) = (leaves.0[usize::try_from(index).unwrap()], root(&leaves, size));
        let path = prove_inclusion(index, size, &leaves).unwrap();
        prop_assert_eq!(verify_inclusion(&leaf, index, size, &path, &root), Ok(()));
        for altered in mutations(&path) {
            prop_assert!(verify_inclusion(&leaf, index, size, &altered, &root).is_err());
        }
        prop_assert!(verify_inclusion(&EMPTY_ROOT, index, size, &path, &root).is_err());
        prop_assert!(verify_inclusion(&leaf, index, size, &path, &EMPTY_ROOT).is_err());
        if index > 0 {
            prop_assert!(verify_inclusion(&leaf, index - 1, size, &path, &root).is_err());
        }
    }

    #[test]
    fn a_consistency_proof_holds_and_no_altered_one_does(new in 2_u64..600, at in any::<u64>()) {
        let (leaves, old) = (numbered(new), 1 + at % (new - 1));
        let (old_root, new_root) = (root(&leaves, old), root(&leaves, new));
        let path = prove_consistency(old, new, &leaves).unwrap();
        prop_assert_eq!(verify_consistency(old, new, &path, &old_root, &new_root), Ok(()));
        for altered in mutations(&path) {
            prop_assert!(verify_consistency(old, new, &altered, &old_root, &new_root).is_err());
        }
        prop_assert!(verify_consistency(old, new, &path, &EMPTY_ROOT, &new_root).is_err());
        prop_assert!(verify_consistency(old, new, &path, &old_root, &EMPTY_ROOT).is_err());
    }

    #[test]
    fn a_frontier_gives_the_same_root_and_can_be_set_down_and_taken_up(
        before in 0_u64..300, after in 0_u64..50
    ) {
        let leaves = numbered(before + after);
        let (first, rest) = leaves.0.split_at(usize::try_from(before).unwrap());
        let mut frontier = Frontier::default();
        for leaf in first {
            frontier.push(*leaf);
        }
        prop_assert_eq!(frontier.root(), mth(first));
        let mut resumed =
            Frontier::from_subtrees(frontier.size(), frontier.subtrees().to_vec()).unwrap();
        for leaf in rest {
            resumed.push(*leaf);
        }
        prop_assert_eq!(resumed.root(), mth(&leaves.0));
        prop_assert_eq!(resumed.root(), root_of(leaves.0.iter().copied()));
    }

    #[test]
    fn any_proof_is_accepted_or_refused_without_a_crash(
        index in any::<u64>(), old in any::<u64>(), size in any::<u64>(),
        path in prop::collection::vec(any::<Hash>(), 0..70), root in any::<Hash>()
    ) {
        prop_assert!(verify_inclusion(&root, index, size, &path, &root).is_err() || path.is_empty());
        let _ = verify_consistency(old, size, &path, &root, &root);
    }
}
