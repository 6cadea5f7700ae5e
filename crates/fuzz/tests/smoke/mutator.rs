//! Inputs that are nearly right: kept ones with a few changes, the same for the same seed.

use testkit::SeededRandomness;

/// What parsers look for, and numbers at which they turn.
const WORDS: &[&[u8]] = &[
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\t",
    b" ",
    b":",
    b";",
    b",",
    b"=",
    b"\"",
    b"\\",
    b"%2e",
    b"%2f",
    b"%25",
    b"..",
    b"//",
    b"?",
    b"#",
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b"]",
    b"0",
    b"-1",
    b"+",
    b"\xff",
    b"\xc0\xaf",
    b"\xe2\x80\x94 ",
    b"18446744073709551616",
    b"9007199254740993",
    b"999999999999999",
    b"ffffffffffffffff",
    b"chunked",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 1\r\n",
    b"tag=\"lgsp\"",
    b"sig",
    b":AAAA:",
    b"null",
    b"1e400",
    b"\\u0000",
    b"\\ud800",
    b"=====",
];

pub(crate) struct Mutator<'c> {
    dice: SeededRandomness,
    corpus: &'c [Vec<u8>],
}

impl<'c> Mutator<'c> {
    pub(crate) fn new(dice: SeededRandomness, corpus: &'c [Vec<u8>]) -> Self {
        Self { dice, corpus }
    }

    pub(crate) fn input(&self) -> Vec<u8> {
        let mut input = self.kept().clone();
        for _ in 0..=self.dice.below(5) {
            self.change(&mut input);
        }
        input
    }

    fn kept(&self) -> &'c Vec<u8> {
        &self.corpus[self.below(self.corpus.len())]
    }

    fn below(&self, bound: usize) -> usize {
        usize::try_from(self.dice.below(bound.max(1) as u64)).unwrap()
    }

    /// A range of `input`, often a short one.
    fn range(&self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(input.len() + 1);
        let most = input.len() - start;
        let length = if self.dice.below(2) == 0 { most.min(8) } else { most };
        start..start + self.below(length + 1)
    }

    fn change(&self, input: &mut Vec<u8>) {
        let at = self.below(input.len() + 1);
        match self.dice.below(9) {
            0 if at < input.len() => input[at] ^= 1 << self.dice.below(8),
            1 if at < input.len() => input[at] = self.dice.next_u64().to_le_bytes()[0],
            2 => drop(input.drain(self.range(input))),
            3 => {
                let copy = input[self.range(input)].to_vec();
                input.splice(at..at, copy);
            }
            4 => {
                let other = self.kept();
                let part = other[self.range(other)].to_vec();
                input.splice(at..at, part);
            }
            5 => {
                let other = self.kept();
                input.truncate(at);
                input.extend_from_slice(&other[self.below(other.len() + 1)..]);
            }
            6 => input.truncate(at),
            7 if at < input.len() => {
                let with = self.below(input.len());
                input.swap(at, with);
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())];
                let end =
                    if self.dice.below(2) == 0 { at } else { (at + word.len()).min(input.len()) };
                input.splice(at..end, word.iter().copied());
            }
        }
    }
}
