//! Sorts lists with one copy of the algorithm in the binary. The sort functions of the standard
//! library are compiled for each type of element and each order, 5 KiB each time. They stay where
//! lists of millions are sorted.

use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Stable sorts of a list. Each takes about twice as long as the standard library's.
pub(crate) trait Sortable<T> {
    /// Sorts in ascending order.
    fn order(&mut self)
    where
        T: Ord;

    /// Sorts with a comparison.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key, which is computed for each comparison.
    fn order_by_key<K: Ord>(&mut self, key: impl FnMut(&T) -> K);
}

impl<T> Sortable<T> for [T] {
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }

    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let order = positions(self.len(), &mut |one, other| {
            match (self.get(one), self.get(other)) {
                (Some(one), Some(other)) => compare(one, other),
                // Positions are within the list.
                (None, _) | (_, None) => Ordering::Equal,
            }
        });
        rearrange(order, &mut |one, other| self.swap(one, other));
    }

    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|one, other| key(one).cmp(&key(other)));
    }
}

/// The positions of the elements of a list, in the order of the elements.
fn positions(count: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|one, other| compare(*one, *other));
    order
}

/// Moves the element at `order[at]` to `at`, for each position.
fn rearrange(mut order: Vec<usize>, swap: &mut dyn FnMut(usize, usize)) {
    for start in 0..order.len() {
        // A cycle of positions. The first element travels to the end of it.
        let mut at = start;
        while let Some(from) = order.get_mut(at).map(|from| std::mem::replace(from, at)) {
            if from == start || from == at {
                break;
            }
            swap(at, from);
            at = from;
        }
    }
}

/// A set of these items. `collect` would sort them first.
pub(crate) fn set<T: Ord>(items: impl IntoIterator<Item = T>) -> BTreeSet<T> {
    let mut set = BTreeSet::new();
    set.extend(items);
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_is_that_of_the_standard_library() {
        // Pseudorandom numbers (Numerical Recipes).
        let mut state = 1_u32;
        let mut next = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 16
        };
        for round in 0..400 {
            let list: Vec<(u32, u32)> = (0..round % 80).map(|at| (next() % 20, at)).collect();
            let (mut ours, mut theirs) = (list.clone(), list.clone());
            ours.order_by_key(|one| one.0);
            theirs.sort_by_key(|one| one.0);
            assert_eq!(ours, theirs, "stable");
            ours.order();
            theirs.sort();
            assert_eq!(ours, theirs);
            ours.order_by(|one, other| other.cmp(one));
            theirs.reverse();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn set_has_each_item_once() {
        assert_eq!(set([3, 1, 3]), BTreeSet::from([1, 3]));
    }
}
