//! Words, and the services that they lead to. Pure.

use std::collections::{BTreeMap, HashMap};

use wire::ambient::UtcMicros;
use wire::organisation_code::OrganisationCode;

use super::words::{self, Word};
use crate::service::life::ServiceState;
use crate::service::{Classification, Service};

/// How much a word counts by where it stands.
const IN_TITLE: u32 = 8;
const IN_OWNER_OR_ID: u32 = 4;
const IN_DATA: u32 = 2;

/// All published services with their words.
#[derive(Debug)]
pub(super) struct Index {
    shown: Vec<Shown>,
    /// By the bare word.
    words: BTreeMap<String, Vec<Place>>,
}

/// A service and whose it is.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) service: Service,
    pub(super) owner: String,
}

/// Where a word stands.
#[derive(Debug)]
struct Place {
    /// In which of the services shown.
    service: usize,
    written: String,
    weight: u32,
}

/// What is looked for.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    /// All of these words, or words that begin with them.
    pub(super) words: Vec<Word>,
    pub(super) owner: Option<OrganisationCode>,
    pub(super) classification: Option<Classification>,
    pub(super) state: Option<ServiceState>,
}

impl Index {
    /// The index of these services, with the names of their owners.
    pub(super) fn of(services: Vec<Service>, names: &HashMap<OrganisationCode, String>) -> Self {
        let shown = services.into_iter().map(|service| {
            let owner = names.get(&service.id.organisation).cloned().unwrap_or_default();
            Shown { service, owner }
        });
        let mut index = Self { shown: shown.collect(), words: BTreeMap::new() };
        for at in 0..index.shown.len() {
            index.add_words(at);
        }
        index
    }

    fn add_words(&mut self, at: usize) {
        let Some(Shown { service, owner }) = self.shown.get(at) else { return };
        let id = service.id.to_string();
        let mut texts = vec![
            (service.title.as_str(), IN_TITLE),
            (owner.as_str(), IN_OWNER_OR_ID),
            (id.as_str(), IN_OWNER_OR_ID),
        ];
        if let Some(about) = &service.about {
            texts.push((about.summary.as_str(), IN_DATA));
            texts.extend(about.data_items.iter().map(|item| (item.name.as_str(), IN_DATA)));
        }
        for (text, weight) in texts {
            for Word { written, bare } in words::of(text) {
                let place = Place { service: at, written, weight };
                self.words.entry(bare).or_default().push(place);
            }
        }
    }

    /// What is wanted, best first; of equals, in the order of their ids. With each one how well it
    /// fits.
    pub(super) fn search(&self, wanted: &Wanted, now: UtcMicros) -> Vec<(u32, &Shown)> {
        let mut fits: Vec<(u32, &Shown)> = match wanted.words.split_first() {
            None => self.shown.iter().map(|shown| (0, shown)).collect(),
            Some((first, others)) => {
                let mut scores = self.led_to_by(first);
                for word in others {
                    let by_word = self.led_to_by(word);
                    scores.retain(|service, score| match by_word.get(service) {
                        Some(more) => {
                            *score += more;
                            true
                        }
                        None => false,
                    });
                }
                let shown = |(at, score)| Some((score, self.shown.get(at)?));
                scores.into_iter().filter_map(shown).collect()
            }
        };
        fits.retain(|(_, shown)| wanted.takes(shown, now));
        fits.sort_by(|(a_score, a), (b_score, b)| {
            b_score.cmp(a_score).then_with(|| a.service.id.cmp(&b.service.id))
        });
        fits
    }

    /// The services that a word, or the beginning of one, leads to: a whole word counts more than a
    /// beginning, and one with the very marks that were asked for more than one without.
    fn led_to_by(&self, word: &Word) -> HashMap<usize, u32> {
        let mut scores = HashMap::new();
        let found = self.words.range(word.bare.clone()..);
        for (bare, places) in found.take_while(|(bare, _)| bare.starts_with(&word.bare)) {
            for place in places {
                let whole = u32::from(*bare == word.bare);
                let marked = u32::from(place.written.starts_with(&word.written));
                let score = place.weight * (2 + 2 * whole + marked);
                let best: &mut u32 = scores.entry(place.service).or_default();
                *best = score.max(*best);
            }
        }
        scores
    }
}

impl Wanted {
    fn takes(&self, Shown { service, .. }: &Shown, now: UtcMicros) -> bool {
        let state = service.life.state(now);
        let class = service.about.as_ref().map(|about| about.classification);
        let is_state = match self.state {
            Some(wanted) => state == wanted,
            // What is gone is told only to whom asks for it.
            None => state != ServiceState::Retired,
        };
        is_state
            && self.owner.as_ref().is_none_or(|owner| *owner == service.id.organisation)
            && self.classification.is_none_or(|wanted| class == Some(wanted))
    }
}
