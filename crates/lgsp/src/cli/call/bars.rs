//! How far large bodies have got, on standard error if it is a terminal.

use std::io::{IsTerminal, stdout};
use std::sync::Arc;

use client::{Direction, Progress, Watcher};
use indicatif::{ProgressBar, ProgressStyle};
use parking_lot::Mutex;

/// Smaller bodies are there before a bar is seen, in bytes.
const LARGE: u64 = 1 << 20;

/// One bar at a time: a body is sent, then one is received.
pub(super) struct Bars {
    /// Where the answer goes to the same terminal, a bar would be written into it.
    show_received: bool,
    shown: Arc<Mutex<Option<(Direction, ProgressBar)>>>,
}

impl Bars {
    /// No bar yet. `elsewhere`: the answer does not go to standard output as it comes.
    pub(super) fn new(elsewhere: bool) -> Self {
        Self { show_received: elsewhere || !stdout().is_terminal(), shown: Arc::default() }
    }

    /// What a call tells its progress to.
    pub(super) fn watcher(&self) -> Watcher {
        let (shown, show_received) = (Arc::clone(&self.shown), self.show_received);
        Arc::new(move |progress: Progress| {
            let is_large = progress.total.unwrap_or(progress.bytes) > LARGE;
            if is_large && (progress.direction == Direction::Sent || show_received) {
                show(&mut shown.lock(), progress);
            }
        })
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        if let Some((_, bar)) = self.shown.lock().take() {
            bar.finish_and_clear();
        }
    }
}

fn show(shown: &mut Option<(Direction, ProgressBar)>, progress: Progress) {
    let is_new = shown.as_ref().is_none_or(|(direction, _)| *direction != progress.direction);
    if is_new && let Some((_, earlier)) = shown.replace((progress.direction, bar(progress))) {
        earlier.finish_and_clear();
    }
    if let Some((_, bar)) = shown {
        bar.set_position(progress.bytes);
    }
}

fn bar(progress: Progress) -> ProgressBar {
    let arrow = match progress.direction {
        Direction::Sent => "↑",
        Direction::Received => "↓",
    };
    let (bar, template) = match progress.total {
        Some(total) => (
            ProgressBar::new(total),
            "{prefix} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{prefix} {spinner} {bytes} {bytes_per_sec}"),
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style).with_prefix(arrow)
}
