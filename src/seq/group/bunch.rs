//! Groups places in a list by a text that belongs to each.

use std::collections::BTreeMap;

/// The text of an item.
pub(super) struct Text<'a> {
    /// Equal for equal texts.
    pub hash: &'a dyn Fn(usize) -> u64,
    /// Whether two items have the same text.
    pub is_same: &'a dyn Fn(usize, usize) -> bool,
    pub write: &'a dyn Fn(usize, &mut Vec<u8>),
}

/// Groups items with equal texts, each group in the order of the items. Needs 16 bytes for each item,
/// and time for sorting, also if hashes are equal and texts are not.
pub(super) fn bunches(items: impl Iterator<Item = usize> + Clone, text: &Text) -> Vec<Vec<usize>> {
    let hashes: Vec<u64> = items.clone().map(|item| (text.hash)(item)).collect();
    let mut different = hashes.clone();
    different.sort_unstable();
    different.dedup();
    let mut bunches: Vec<Vec<usize>> = different.iter().map(|_| Vec::new()).collect();
    let mut mixed: BTreeMap<usize, BTreeMap<Vec<u8>, Vec<usize>>> = BTreeMap::new();
    // In the order of the items, because names that follow each other are near in memory.
    for (item, hash) in items.zip(&hashes) {
        let at = different.binary_search(hash).unwrap_or_default();
        let Some(bunch) = bunches.get_mut(at) else {
            continue;
        };
        let is_same = bunch
            .first()
            .is_none_or(|first| (text.is_same)(*first, item));
        if is_same {
            bunch.push(item);
            continue;
        }
        let mut own = Vec::new();
        (text.write)(item, &mut own);
        mixed
            .entry(at)
            .or_default()
            .entry(own)
            .or_default()
            .push(item);
    }
    bunches.extend(mixed.into_values().flat_map(BTreeMap::into_values));
    bunches
}

/// A hash (FNV-1a) that continues from another.
pub(super) fn hash(start: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The hash of no bytes.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_hashes_of_different_texts_are_no_group() {
        let texts = ["a", "b", "a", "c", "b", "a"];
        let groups = |hash: &dyn Fn(usize) -> u64| {
            let text = Text {
                hash,
                is_same: &|one, other| texts[one] == texts[other],
                write: &|at, text| text.extend_from_slice(texts[at].as_bytes()),
            };
            let mut groups = bunches(0..texts.len(), &text);
            groups.sort();
            groups
        };
        let expected = [vec![0, 2, 5], vec![1, 4], vec![3]];
        assert_eq!(groups(&|_| 7), expected);
        assert_eq!(groups(&|at| hash(START, texts[at].as_bytes())), expected);
    }
}
