//! An answer that changes at known moments: made once, looked up at each call.

use wire::ambient::UtcMicros;

/// What holds from each moment until the next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timeline<T> {
    /// Before the first moment.
    first: T,
    /// In the order of the moments, each different from the one before.
    then: Vec<(UtcMicros, T)>,
}

impl<T: Copy + PartialEq> Timeline<T> {
    /// What `answer` says from the beginning of time and at each of these moments, which come in
    /// order; between them it must not change.
    pub(crate) fn new(
        moments: impl IntoIterator<Item = UtcMicros>,
        answer: impl Fn(UtcMicros) -> T,
    ) -> Self {
        let mut line = Self { first: answer(UtcMicros::MIN), then: Vec::new() };
        let mut last = line.first;
        for moment in moments {
            let next = answer(moment);
            if next != last {
                line.then.push((moment, next));
                last = next;
            }
        }
        line
    }

    /// What holds now.
    pub(crate) fn at(&self, now: UtcMicros) -> T {
        let passed = self.then.partition_point(|(from, _)| *from <= now);
        let last = passed.checked_sub(1).and_then(|last| self.then.get(last));
        last.map_or(self.first, |(_, answer)| *answer)
    }
}
