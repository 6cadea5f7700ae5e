//! Nodes that come, go, crash, are cut off and have clocks of their own, by a seed: whatever
//! happens, no nonce is granted twice. Runs what production runs to decide ([`Cluster::poll`],
//! [`Bench::claim`], [`Nonces`]); only the wire and the waiting are simulated.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use evidence::SpentNonce;
use keys::{PeerKey, SystemRandomness};
use testkit::SeededRandomness;
use wire::ambient::UtcMicros;

use super::judge::Bench;
use super::message::{About, Question, Verdict};
use super::node_list::{ANNOUNCED, Node, NodeList};
use super::{Cluster, LONGEST_LIFE, tls};
use crate::nonces::Nonces;

const START: i64 = 1_795_420_800;
const NODES: usize = 5;
const KEYS: u64 = 4;
const SEEDS: u64 = 16;

/// One node in the simulation.
struct Sim {
    cluster: Cluster,
    nonces: Nonces,
    /// What its log would give back: nonces of its own calls, and claims granted to others.
    own: Vec<SpentNonce>,
    granted: Vec<SpentNonce>,
    /// Microseconds that its clock is ahead of the world's.
    skew: i64,
    is_up: bool,
    /// Counts starts, so that what was under way before is known to be lost.
    life: u32,
    reads_list: bool,
}

/// A call on its way.
struct Call {
    asker: usize,
    life: u32,
    nonce: SpentNonce,
    question: Question,
    /// Who is still to be asked, and whether all so far said yes.
    open: Vec<String>,
}

enum Event {
    /// A signature arrives at a node, for the first time or not.
    Arrives { nonce: SpentNonce, created: i64, node: usize },
    /// A question arrives.
    Asked { call: u64, node: String },
    /// A yes arrives.
    Granted { call: u64, node: String },
}

#[derive(Debug, Default)]
struct Tally {
    grants: HashMap<SpentNonce, u32>,
    undecided: u32,
    asked: u32,
    asked_twice: u32,
    replays_seen_elsewhere: u32,
}

struct World {
    dice: SeededRandomness,
    announced: Duration,
    /// Microseconds since 1970.
    now: i64,
    rows: Vec<Node>,
    sims: Vec<Sim>,
    events: BTreeMap<(i64, u64), Event>,
    serial: u64,
    calls: HashMap<u64, Call>,
    tally: Tally,
}

fn origin(number: usize) -> String {
    format!("node.example/{number}")
}

impl World {
    fn new(seed: u64, announced: Duration, keys: &[PeerKey]) -> Self {
        let dice = SeededRandomness::new(seed);
        let sims = keys.iter().enumerate().map(|(number, key)| Sim {
            cluster: Cluster {
                origin: origin(number).parse().unwrap(),
                identity: tls::Identity::new(key).unwrap(),
                members: ArcSwapOption::empty(),
                lost_until: None,
                patience: Duration::ZERO,
            },
            nonces: Nonces::new(100_000, Vec::new()),
            own: Vec::new(),
            granted: Vec::new(),
            skew: i64::try_from(dice.below(60_000_000)).unwrap() - 30_000_000,
            is_up: true,
            life: 0,
            reads_list: true,
        });
        let sims = sims.collect();
        Self {
            announced,
            now: START * 1_000_000,
            rows: Vec::new(),
            sims,
            events: BTreeMap::new(),
            serial: 0,
            calls: HashMap::new(),
            tally: Tally::default(),
            dice,
        }
    }

    fn chance(&self, one_in: u64) -> bool {
        self.dice.below(one_in) == 0
    }

    fn node(&self) -> usize {
        usize::try_from(self.dice.below(NODES as u64)).unwrap()
    }

    fn later(&mut self, within_ms: u64, event: Event) {
        let delay = i64::try_from(self.dice.below(within_ms * 1000)).unwrap();
        self.serial += 1;
        self.events.insert((self.now + delay, self.serial), event);
    }

    /// Two hours, second by second.
    fn run(&mut self) {
        self.join(0);
        self.join(1);
        for second in 0..7200 {
            let end = (START + second + 1) * 1_000_000;
            while let Some(first) = self.events.first_entry().filter(|next| next.key().0 < end) {
                self.now = first.key().0;
                let event = first.remove();
                self.happen(event);
            }
            self.now = end;
            self.world_turns(second);
        }
    }

    /// Lists are read, nodes come and go, callers sign, strangers replay.
    fn world_turns(&mut self, second: i64) {
        for number in 0..NODES {
            if second % 5 == 0 && self.sims[number].is_up && self.sims[number].reads_list {
                self.read_list(number);
            }
            if self.chance(900) {
                self.sims[number].reads_list ^= true;
            }
        }
        if self.chance(150) {
            let number = self.node();
            self.join(number);
        }
        if self.chance(300) {
            let number = self.node();
            self.retire(number);
        }
        if self.chance(60) {
            let number = self.node();
            let loses_power = self.chance(4);
            self.restart(number, loses_power);
        }
        if self.chance(200) {
            let number = self.node();
            self.sims[number].is_up ^= true;
        }
        if self.chance(2) {
            self.sign();
        }
        self.rows
            .retain(|row| row.until.is_none_or(|until| until.as_micros() + 900_000_000 > self.now));
    }

    fn join(&mut self, number: usize) {
        let now = UtcMicros::from_micros(self.now);
        let name = origin(number);
        if self.rows.iter().any(|row| row.origin.as_ref() == name) {
            return;
        }
        let from = if self.rows.is_empty() { now } else { now.saturating_add(self.announced) };
        self.rows.push(Node {
            origin: name.parse().unwrap(),
            address: String::new(),
            certificate: vec![u8::try_from(number).unwrap()],
            from,
            until: None,
        });
        self.read_list(number);
    }

    fn retire(&mut self, number: usize) {
        let until = UtcMicros::from_micros(self.now).saturating_add(self.announced);
        let name = origin(number);
        let others = self.rows.iter().filter(|row| row.until.is_none()).count();
        for row in &mut self.rows {
            if row.origin.as_ref() == name && row.until.is_none() && others > 1 {
                row.until = Some(until.max(row.from));
            }
        }
    }

    fn read_list(&mut self, number: usize) {
        let as_of = UtcMicros::from_micros(self.now);
        self.sims[number].cluster.install(&NodeList { nodes: self.rows.clone(), as_of });
    }

    /// Killed and started again, or the machine lost power: claims granted to others are gone.
    fn restart(&mut self, number: usize, loses_power: bool) {
        let now = self.local(number);
        let sim = &mut self.sims[number];
        sim.life += 1;
        sim.is_up = true;
        if loses_power {
            sim.granted.clear();
            sim.cluster.lost_until = Some(now.saturating_add(LONGEST_LIFE));
        }
        let kept = sim.own.iter().chain(&sim.granted).filter(|nonce| nonce.is_live(now)).cloned();
        sim.nonces = Nonces::new(100_000, kept.collect());
        // A node starts with a list that it has read, or not at all.
        self.read_list(number);
    }

    fn local(&self, number: usize) -> UtcMicros {
        UtcMicros::from_micros(self.now + self.sims[number].skew)
    }

    /// A caller signs; the request arrives, and whoever recorded it sends it again and again.
    fn sign(&mut self) {
        let created = self.now / 1_000_000 + i64::try_from(self.dice.below(60)).unwrap() - 30;
        let life = i64::try_from(self.dice.below(301)).unwrap();
        let keyid = format!("key-{}", self.dice.below(KEYS)).parse().unwrap();
        let mut fingerprint = [0; 16];
        fingerprint[..8].copy_from_slice(&self.dice.next_u64().to_be_bytes());
        let nonce = SpentNonce { keyid, fingerprint, expires: created + life };
        for _ in 0..8 {
            let within = if self.chance(2) { 500 } else { 420_000 };
            let node = self.node();
            self.later(within, Event::Arrives { nonce: nonce.clone(), created, node });
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Arrives { nonce, created, node } => self.arrive(nonce, created, node),
            Event::Asked { call, node } => self.ask(call, &node),
            Event::Granted { call, node } => self.grant(call, &node),
        }
    }

    /// What `claim` does up to its first question.
    fn arrive(&mut self, nonce: SpentNonce, created: i64, node: usize) {
        let at = self.local(node);
        let sim = &self.sims[node];
        let is_current = created <= at.as_seconds() + 30 && at.as_seconds() <= nonce.expires + 30;
        if !sim.is_up || !is_current || sim.nonces.claim(&nonce, at).is_err() {
            return;
        }
        let Ok(poll) = sim.cluster.poll(&nonce, at) else {
            self.tally.undecided += 1;
            return;
        };
        let life = sim.life;
        let open: Vec<String> =
            poll.others.iter().map(|member| member.node.origin.to_string()).collect();
        self.tally.asked += u32::from(!open.is_empty());
        self.tally.asked_twice += u32::from(open.len() > 1);
        let question = Question { at, list: poll.list, about: About::Claim(nonce.clone()) };
        self.serial += 1;
        let call = self.serial;
        self.calls.insert(call, Call { asker: node, life, nonce, question, open: open.clone() });
        if open.is_empty() {
            self.grant(call, "");
        }
        for node in open {
            // One in eight never arrives.
            if !self.chance(8) {
                self.later(600, Event::Asked { call, node });
            }
        }
    }

    fn ask(&mut self, call: u64, node: &str) {
        let number = self.sims.iter().position(|sim| sim.cluster.origin.as_ref() == node).unwrap();
        let (now, under_way) = (self.local(number), &self.calls[&call]);
        let sim = &self.sims[number];
        let Some(members) = sim.cluster.members.load_full().filter(|_| sim.is_up) else {
            return;
        };
        // To others the listener hangs up.
        let origin = &self.sims[under_way.asker].cluster.origin;
        let Some(asker) = members.nodes.iter().find(|member| member.node.origin == *origin) else {
            return;
        };
        let (cluster, nonces) = (&sim.cluster, &sim.nonces);
        let bench = Bench { cluster, members: &members, asker, nonces, now };
        let nonce = under_way.nonce.clone();
        match bench.claim(&under_way.question, &nonce) {
            Verdict::Fresh => {
                self.sims[number].granted.push(nonce);
                if !self.chance(8) {
                    self.later(600, Event::Granted { call, node: node.to_owned() });
                }
            }
            Verdict::Replayed => self.tally.replays_seen_elsewhere += 1,
            Verdict::Full | Verdict::Refused(_) => {}
        }
    }

    fn grant(&mut self, call: u64, node: &str) {
        let Some(waiting) = self.calls.get_mut(&call) else { return };
        waiting.open.retain(|open| open != node);
        let sim = &mut self.sims[waiting.asker];
        // The asker that crashed meanwhile forwards nothing.
        if waiting.open.is_empty() && sim.is_up && sim.life == waiting.life {
            sim.own.push(waiting.nonce.clone());
            *self.tally.grants.entry(waiting.nonce.clone()).or_default() += 1;
            self.calls.remove(&call);
        }
    }
}

fn keys() -> Vec<PeerKey> {
    (0..NODES).map(|_| PeerKey::generate(&SystemRandomness).unwrap()).collect()
}

fn most_grants(tally: &Tally) -> u32 {
    tally.grants.values().copied().max().unwrap_or(0)
}

#[test]
fn whatever_happens_to_nodes_no_nonce_is_granted_twice() {
    let keys = keys();
    let (mut grants, mut asked, mut twice, mut undecided, mut elsewhere) = (0, 0, 0, 0, 0);
    for seed in 0..SEEDS {
        let mut world = World::new(seed, ANNOUNCED, &keys);
        world.run();
        assert!(most_grants(&world.tally) <= 1, "seed {seed}: a nonce served twice");
        grants += world.tally.grants.len();
        asked += world.tally.asked;
        twice += world.tally.asked_twice;
        undecided += world.tally.undecided;
        elsewhere += world.tally.replays_seen_elsewhere;
    }
    // It was not quiet: calls passed, others were asked, two of them at times, some said no.
    assert!(grants > 16_000, "{grants} grants");
    assert!(asked > 4_000 && twice > 200, "{asked} asked, {twice} of two");
    assert!(undecided > 100 && elsewhere > 2_000, "{undecided} undecided, {elsewhere} elsewhere");
}

#[test]
fn without_announcement_of_changes_the_same_simulation_finds_nonces_that_serve_twice() {
    let keys = keys();
    let found = (0..SEEDS).any(|seed| {
        let mut world = World::new(seed, Duration::ZERO, &keys);
        world.run();
        most_grants(&world.tally) > 1
    });
    assert!(found, "the simulation is blind");
}
