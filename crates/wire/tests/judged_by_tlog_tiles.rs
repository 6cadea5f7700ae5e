//! An independent implementation of tlog-tiles and tlog-checkpoint judges our trees.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use tlog_tiles::tlog::{Hash as TheirHash, check_record, check_tree, record_hash};
use wire::checkpoint::Checkpoint;
use wire::merkle::{
    Leaves, leaf_hash, prove_consistency, prove_inclusion, root_of, verify_consistency,
    verify_inclusion,
};

fn leaf(number: u64) -> [u8; 32] {
    leaf_hash(&number.to_be_bytes())
}

fn leaves(size: u64) -> Leaves {
    (0..size).map(leaf).collect()
}

fn theirs(path: &[[u8; 32]]) -> Vec<TheirHash> {
    path.iter().map(|hash| TheirHash(*hash)).collect()
}

const SIZES: [u64; 12] = [1, 2, 3, 7, 8, 9, 255, 256, 257, 300, 511, 513];

#[test]
fn it_hashes_leaves_alike() {
    assert_eq!(record_hash(b"entry").0, leaf_hash(b"entry"));
}

#[test]
fn it_accepts_our_inclusion_proofs() {
    for size in SIZES {
        let (leaves, root) = (leaves(size), root_of((0..size).map(leaf)));
        for index in [0, 1, size / 3, size / 2, size - 1] {
            if index < size {
                let path = prove_inclusion(index, size, &leaves).unwrap();
                let (root, leaf) = (TheirHash(root), TheirHash(leaf(index)));
                check_record(&theirs(&path), size, root, index, leaf).unwrap();
            }
        }
    }
}

#[test]
fn it_accepts_our_consistency_proofs() {
    for new in SIZES {
        for old in SIZES.into_iter().filter(|old| *old <= new) {
            let path = prove_consistency(old, new, &leaves(new)).unwrap();
            let (old_root, new_root) = (leaves(old).root(), leaves(new).root());
            let (theirs_old, theirs_new) = (TheirHash(old_root), TheirHash(new_root));
            check_tree(&theirs(&path), new, theirs_new, old, theirs_old).unwrap();
        }
    }
}

/// An altered proof is refused by both, so neither is more lenient than the other.
#[test]
fn it_refuses_what_we_refuse() {
    let (size, index, old) = (300, 123, 123);
    let (tree, root) = (leaves(size), leaves(size).root());
    let inclusion = prove_inclusion(index, size, &tree).unwrap();
    for position in 0..inclusion.len() {
        let mut altered = inclusion.clone();
        altered[position][7] ^= 4;
        let their_leaf = TheirHash(leaf(index));
        assert!(check_record(&theirs(&altered), size, TheirHash(root), index, their_leaf).is_err());
        assert!(verify_inclusion(&leaf(index), index, size, &altered, &root).is_err());
    }
    let consistency = prove_consistency(old, size, &tree).unwrap();
    let old_root = leaves(old).root();
    for position in 0..consistency.len() {
        let mut altered = consistency.clone();
        altered[position][7] ^= 4;
        let (theirs_old, theirs_new) = (TheirHash(old_root), TheirHash(root));
        assert!(check_tree(&theirs(&altered), size, theirs_new, old, theirs_old).is_err());
        assert!(verify_consistency(old, size, &altered, &old_root, &root).is_err());
    }
}

#[test]
fn it_reads_our_checkpoints() {
    let checkpoint =
        Checkpoint { origin: "log.example/a".parse().unwrap(), size: 42, root: [0xab; 32] };
    let text = checkpoint.to_string();
    let read = tlog_tiles::Checkpoint::from_bytes(text.as_bytes()).unwrap();
    assert_eq!((read.origin(), read.size(), read.hash().0), ("log.example/a", 42, [0xab; 32]));
    assert_eq!(read.to_bytes(), text.into_bytes());
}
