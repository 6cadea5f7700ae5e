//! The evidence log as anyone can read it.

use std::path::PathBuf;
use std::time::Duration;

use client::{EntryPlace, LogReader};
use reqwest::StatusCode;
use wire::checkpoint::Checkpoint;
use wire::entry::Entry;
use wire::merkle::{leaf_hash, prove_consistency, root_of, verify_consistency};
use wire::note;
use wire::tile::{TileError, TileKind, TilePath, Tiles, WIDTH, decode_entries};
use wire::trust::TrustFile;

use crate::caller::Answered;

/// Reads one log.
pub struct PublicLog {
    http: reqwest::Client,
    prefix: String,
    trust: TrustFile,
    ca: Option<PathBuf>,
}

impl PublicLog {
    /// The log under `prefix`, without a slash at its end; its checkpoints are judged by `trust`.
    pub fn new(http: reqwest::Client, prefix: String, trust: TrustFile) -> Self {
        Self { http, prefix, trust, ca: None }
    }

    /// The log of someone for whom this root vouches, if any; `http` has to believe it already.
    #[must_use]
    pub fn with_ca(self, ca: Option<PathBuf>) -> Self {
        Self { ca, ..self }
    }

    /// The current checkpoint as served; `None` if nobody serves it.
    pub async fn checkpoint(&self) -> Option<String> {
        let bytes = self.fetch("checkpoint").await?;
        Some(String::from_utf8(bytes).unwrap())
    }

    async fn fetch(&self, path: &str) -> Option<Vec<u8>> {
        let answer = self.http.get(format!("{}/{path}", self.prefix)).send().await.ok()?;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        Some(answer.bytes().await.ok()?.to_vec())
    }

    /// All entries under the current checkpoint, each of them proved: together they give its root.
    pub async fn entries(&self) -> Vec<Entry> {
        let Checkpoint { size, root, .. } = parsed(&self.checkpoint().await.unwrap());
        let (mut entries, mut leaves) = (Vec::new(), Vec::new());
        for bundle in 0..size.div_ceil(u64::from(WIDTH)) {
            let path = TilePath::in_log(TileKind::Entries, bundle, size).unwrap();
            let bytes = self.fetch(&path.to_string()).await.unwrap();
            let decoded = decode_entries(&bytes).unwrap();
            leaves.extend(decoded.iter().map(|bytes| leaf_hash(bytes)));
            entries.extend(decoded.into_iter().map(|bytes| Entry::parse(bytes).unwrap()));
        }
        assert_eq!((entries.len() as u64, root_of(leaves)), (size, root));
        entries
    }

    /// All entries, once the current checkpoint covers those of `calls`.
    pub async fn entries_covering(&self, calls: &[Answered]) -> Vec<Entry> {
        let last = calls.iter().filter_map(|call| call.entry.as_ref()).map(|at| at.index).max();
        while parsed(&self.checkpoint().await.unwrap()).size <= last.unwrap() {
            tokio::task::yield_now().await;
        }
        self.entries().await
    }

    /// Demands that the tree of an earlier checkpoint is a beginning of the tree of today.
    pub async fn must_extend(&self, earlier: &str) {
        let now = self.checkpoint().await.unwrap();
        for note in [earlier, &now] {
            let keys: Vec<_> = self.trust.logs.iter().map(|log| log.vkey.clone()).collect();
            note::open(note, &keys).unwrap();
        }
        let (old, new) = (parsed(earlier), parsed(&now));
        assert!(old.size <= new.size, "the log was rewound from {} to {}", old.size, new.size);
        let mut tiles = Tiles::new(new.size);
        let proof = loop {
            match prove_consistency(old.size, new.size, &tiles) {
                Ok(proof) => break proof,
                Err(TileError::Missing(path)) => {
                    let bytes = self.fetch(&path.to_string()).await.unwrap();
                    tiles.insert(path, bytes).unwrap();
                }
                Err(error) => panic!("{error}"),
            }
        };
        verify_consistency(old.size, new.size, &proof, &old.root, &new.root).unwrap();
    }

    /// The entry at `place`, proved against a trusted checkpoint the way a caller does it.
    pub async fn prove(&self, place: &EntryPlace) -> Entry {
        let mut reader = LogReader::new(&self.prefix.parse().unwrap()).unwrap();
        if let Some(ca) = &self.ca {
            reader = reader.with_ca(ca).unwrap();
        }
        reader.prove(place, &self.trust, Duration::from_secs(30)).await.unwrap().entry
    }
}

fn parsed(note: &str) -> Checkpoint {
    let note: note::SignedNote = note.parse().unwrap();
    note.text.parse().unwrap()
}
