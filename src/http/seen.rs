//! Finds a repeated request, in bounded memory.

use std::collections::BTreeSet;

/// Hashes of requests, to find a repeated one, in bounded memory.
#[derive(Debug, Default)]
pub(super) struct Seen {
    first: BTreeSet<u64>,
    /// One of the later hashes, replaced after 1, 2, 4, 8 … others: it finds any circle (Brent).
    mark: Option<u64>,
    since_mark: u64,
    until_next_mark: u64,
}

impl Seen {
    const MOST: usize = 1 << 16;

    /// Adds a hash; false if it is known.
    pub(super) fn insert(&mut self, hash: u64) -> bool {
        if self.first.len() < Seen::MOST {
            return self.first.insert(hash);
        }
        if self.first.contains(&hash) || self.mark == Some(hash) {
            return false;
        }
        self.since_mark += 1;
        if self.since_mark >= self.until_next_mark {
            self.mark = Some(hash);
            self.since_mark = 0;
            self.until_next_mark = self.until_next_mark.saturating_mul(2).max(1);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circle_of_requests_is_found_in_bounded_memory() {
        for (before, length) in [
            (0, 1),
            (0, 3),
            (70_000, 1),
            (70_000, 5000),
            (100_000, 70_000),
        ] {
            let mut seen = Seen::default();
            let sequence = (0..before).chain((0..).map(|n: u64| before + n % length));
            let found = sequence.take(1_000_000).position(|n| !seen.insert(n));
            assert!(found.is_some(), "{before} {length}");
            assert!(seen.first.len() <= Seen::MOST);
        }
        let mut seen = Seen::default();
        assert!((0..200_000).all(|n| seen.insert(n)));
    }
}
