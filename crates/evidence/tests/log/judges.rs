//! Readers that are not ours accept the log.

use evidence::Log;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{
    Checkpoint, Error, Hash, HashReader as _, Tile, TileHashReader, TileReader, check_record,
    check_tree, prove_record, prove_tree, record_hash, stored_hash_index, tree_hash,
};
use tokio::runtime::Handle;
use wire::note::NoteVerifier;
use wire::tile::{TileKind, TilePath, WIDTH};

use crate::world::{ORIGIN, World, append_notes};

/// Serves our tiles to `tlog_tiles`, which authenticates each of them.
struct Served(Log);

impl TileReader for Served {
    fn height(&self) -> u8 {
        8
    }

    fn read_tiles(&self, tiles: &[Tile]) -> Result<Vec<Vec<u8>>, Error> {
        let read = |tile: &Tile| {
            let kind = TileKind::Hashes(tile.level());
            let width = u16::try_from(tile.width()).unwrap();
            let path = TilePath { kind, index: tile.level_index(), width };
            let read = self.0.read(path);
            let bytes = tokio::task::block_in_place(|| Handle::current().block_on(read));
            bytes.unwrap().expect("a promised tile is served")
        };
        Ok(tiles.iter().map(read).collect())
    }

    fn save_tiles(&self, _: &[Tile], _: &[Vec<u8>]) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn signed_note_and_tlog_tiles_accept_checkpoints_tiles_and_proofs() {
    let world = World::new(1);
    let log = world.open();
    let public_key = world.keys.signer.public_key();
    let vkey = NoteVerifier::new(ORIGIN, public_key).unwrap().to_string();
    let mut before: Option<Checkpoint> = None;
    for count in [1, 4, 251, 1, 300, 1_500] {
        append_notes(&log, count).await;
        let published = log.published_past(log.size() - 1).await.unwrap();

        let note = Note::from_bytes(published.note.as_bytes()).unwrap();
        let verifier = StandardVerifier::new(&vkey).unwrap();
        let (known, _) = note.verify(&VerifierList::new(vec![Box::new(verifier)])).unwrap();
        assert_eq!(known.len(), 1);
        let checkpoint = Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((checkpoint.origin(), checkpoint.size()), (ORIGIN, log.size()));

        let served = Served(log.clone());
        let (size, root) = (checkpoint.size(), *checkpoint.hash());
        let reader = TileHashReader::new(size, root, &served);
        assert_eq!(tree_hash(size, &reader).unwrap(), root);
        check_entries(&log, size, &root, &reader).await;
        if let Some(before) = &before {
            let proof = prove_tree(size, before.size(), &reader).unwrap();
            check_tree(&proof, size, root, before.size(), *before.hash()).unwrap();
        }
        before = Some(checkpoint);
    }
    log.close().await;
}

async fn check_entries(log: &Log, size: u64, root: &Hash, reader: &TileHashReader<'_>) {
    for index in (0..size).step_by(97).chain([size - 1]) {
        let bytes = log.entry(index).await.unwrap().unwrap();
        let leaf = record_hash(&bytes);
        assert_eq!(reader.read_hashes(&[stored_hash_index(0, index)]).unwrap(), [leaf]);
        let proof = prove_record(size, index, reader).unwrap();
        check_record(&proof, size, *root, index, leaf).unwrap();
        let ours = log.prove(index, size).await.unwrap();
        assert_eq!(ours, proof.iter().map(|hash| hash.0).collect::<Vec<_>>());

        let tile = index / u64::from(WIDTH);
        let path = TilePath::in_log(TileKind::Entries, tile, size).unwrap();
        let bundle = log.read(path).await.unwrap().unwrap();
        let entries = wire::tile::decode_entries(&bundle).unwrap();
        assert_eq!(entries[usize::try_from(index % u64::from(WIDTH)).unwrap()], bytes);
    }
}
