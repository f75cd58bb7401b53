//! Marked items, as a bit for each: all of a million are marked at once.

/// The numbers of the marked items.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    words: Vec<u64>,
    count: usize,
}

impl Marks {
    /// The word with the bit of a number, and the bit.
    fn place(number: u32) -> (usize, u64) {
        let word = usize::try_from(number / u64::BITS).unwrap_or(usize::MAX);
        (word, 1 << (number % u64::BITS))
    }

    pub(crate) fn contains(&self, number: u32) -> bool {
        let (word, bit) = Marks::place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    pub(crate) fn insert(&mut self, number: u32) {
        let (word, bit) = Marks::place(number);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            self.count += usize::from(*word & bit == 0);
            *word |= bit;
        }
    }

    pub(crate) fn remove(&mut self, number: u32) {
        let (word, bit) = Marks::place(number);
        if let Some(word) = self.words.get_mut(word) {
            self.count -= usize::from(*word & bit != 0);
            *word &= !bit;
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The numbers in ascending order.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        let words = (0_u32..).zip(&self.words);
        words
            .flat_map(|(at, word)| {
                let bits = 0..u64::BITS;
                let set = bits.filter(move |bit| word >> bit & 1 != 0);
                set.map(move |bit| at * u64::BITS + bit)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn marks_are_a_set() {
        // Pseudorandom numbers (Numerical Recipes).
        let mut state = 1_u32;
        let (mut marks, mut expected) = (Marks::default(), BTreeSet::new());
        for _ in 0..5000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let number = (state >> 16) % 300;
            match state >> 31 {
                0 => {
                    marks.insert(number);
                    expected.insert(number);
                }
                _ => {
                    marks.remove(number);
                    expected.remove(&number);
                }
            }
            assert_eq!(marks.contains(number), expected.contains(&number));
            assert_eq!(
                (marks.len(), marks.is_empty()),
                (expected.len(), expected.is_empty())
            );
        }
        assert_eq!(marks.numbers(), expected.into_iter().collect::<Vec<_>>());
    }
}
