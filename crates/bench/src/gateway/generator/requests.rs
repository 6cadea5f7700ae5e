//! Requests made before a phase, one after the other in memory.

use std::thread;

/// Requests in the order in which they are sent.
pub struct Requests {
    parts: Vec<Part>,
    /// How often the parts are gone through.
    times: usize,
}

#[derive(Default)]
struct Part {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Requests {
    /// The same request so many times.
    pub fn same(request: &[u8], times: usize) -> Self {
        let part = Part { bytes: request.to_vec(), ends: vec![request.len()] };
        Self { parts: vec![part], times }
    }

    /// So many requests, each written by `write` to the end of what it is given; made on every core,
    /// so called with numbers in no order.
    pub fn each(count: usize, write: impl Fn(usize, &mut Vec<u8>) + Sync) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let share = count.div_ceil(cores).max(1);
        let part = |first: usize| {
            let mut part = Part::default();
            for number in first..count.min(first + share) {
                write(number, &mut part.bytes);
                part.ends.push(part.bytes.len());
            }
            part
        };
        let parts = thread::scope(|scope| {
            let made = (0..count).step_by(share).map(|first| scope.spawn(move || part(first)));
            let made: Vec<_> = made.collect();
            made.into_iter().map(|part| part.join().unwrap()).collect()
        });
        Self { parts, times: 1 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.times * self.parts.iter().map(|part| part.ends.len()).sum::<usize>()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.times).flat_map(|_| self.parts.iter().flat_map(Part::iter))
    }
}

impl Part {
    fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_come_whole_and_in_order() {
        let requests = Requests::each(5, |number, bytes| {
            bytes.extend_from_slice("x".repeat(number).as_bytes());
        });
        let lengths: Vec<_> = requests.iter().map(<[u8]>::len).collect();
        assert_eq!((requests.len(), lengths), (5, vec![0, 1, 2, 3, 4]));
        let same = Requests::same(b"again", 3);
        assert_eq!(same.iter().collect::<Vec<_>>(), [b"again"; 3]);
        assert!(Requests::each(0, |_, _| {}).is_empty());
    }
}
