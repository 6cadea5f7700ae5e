//! What all phases showed, by row and server, a figure per round.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::measure::Figures;
use super::options::Transport;
use super::peers::NGINX;
use super::workload::Workload;
use crate::statistics::Spread;

/// What is asked for, and over what: figures are compared within one of these.
pub(crate) type Row = (Transport, Workload);

/// The figures of a server in a row.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rounds {
    /// At saturation, one per round.
    pub(crate) saturation: Vec<Figures>,
    /// At half of what nginx carried, one per round; empty if the server could not carry that.
    pub(crate) half: Vec<Figures>,
}

/// All figures.
#[derive(Debug, Default)]
pub(crate) struct Results {
    rows: BTreeMap<Row, BTreeMap<&'static str, Rounds>>,
}

impl Results {
    /// The figures of a server in a row, to add to.
    pub(crate) fn of(&mut self, row: Row, peer: &'static str) -> &mut Rounds {
        self.rows.entry(row).or_default().entry(peer).or_default()
    }

    /// The rows in their order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = Row> {
        self.rows.keys().copied()
    }

    /// The figures of a server in a row, if it was measured.
    pub(crate) fn find(&self, row: Row, peer: &str) -> Option<&Rounds> {
        self.rows.get(&row)?.get(peer)
    }

    /// Half of what nginx carried in a row, in requests per second.
    pub(crate) fn half_of_nginx(&self, row: Row) -> Option<f64> {
        let carried = self.find(row, NGINX)?.saturation.iter().map(|figures| figures.per_second);
        Some(Spread::of(carried)?.median / 2.0)
    }

    /// What a server carried in a row, in requests per second.
    pub(crate) fn carried(&self, row: Row, peer: &str) -> Option<f64> {
        let carried = self.find(row, peer)?.saturation.iter().map(|figures| figures.per_second);
        Some(Spread::of(carried)?.median)
    }

    /// Processor time per request by that of another server in the same row and round.
    pub(crate) fn cpu_ratio(&self, row: Row, peer: &str, by: &str) -> Option<Spread> {
        let (peer, by) = (self.find(row, peer)?, self.find(row, by)?);
        let pairs = peer.saturation.iter().zip(&by.saturation);
        Spread::of(pairs.map(|(one, other)| one.cpu_us / other.cpu_us))
    }

    /// What a server adds to nginx's p99 at half of what nginx carried, in ms, round by round.
    pub(crate) fn p99_added_ms(&self, row: Row, peer: &str) -> Option<Spread> {
        let (peer, nginx) = (self.find(row, peer)?, self.find(row, NGINX)?);
        let pairs = peer.half.iter().zip(&nginx.half);
        Spread::of(pairs.map(|(one, other)| (one.p99_us - other.p99_us) / 1e3))
    }

    /// Everything, for programs.
    pub(crate) fn to_json(&self) -> Value {
        let figures = |all: &[Figures]| {
            let one = |figures: &Figures| {
                json!({
                    "cpu_us": figures.cpu_us, "per_second": figures.per_second,
                    "busy": figures.busy, "p50_us": figures.p50_us, "p99_us": figures.p99_us,
                })
            };
            all.iter().map(one).collect::<Vec<_>>()
        };
        let mut list = Vec::new();
        for (&(transport, workload), peers) in &self.rows {
            for (peer, rounds) in peers {
                list.push(json!({
                    "over": transport.word(), "workload": workload.word(), "server": peer,
                    "half_of_nginx_per_second": self.half_of_nginx((transport, workload)),
                    "saturation": figures(&rounds.saturation), "half": figures(&rounds.half),
                }));
            }
        }
        list.into()
    }
}
