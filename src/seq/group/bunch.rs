//! Groups places in a list by a text that belongs to each.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};

/// Groups items with equal texts. `write` writes the text of an item. Needs 16 bytes for each item, and
/// time for sorting, whatever the texts are.
pub(super) fn bunches(
    items: impl Iterator<Item = usize>,
    write: &dyn Fn(usize, &mut Vec<u8>),
) -> Vec<Vec<usize>> {
    let mut text = Vec::new();
    let mut hashed: Vec<(u64, usize)> = items
        .map(|item| {
            text.clear();
            write(item, &mut text);
            // Always the same keys: a collision is found below.
            let mut hasher = DefaultHasher::new();
            hasher.write(&text);
            (hasher.finish(), item)
        })
        .collect();
    hashed.sort_unstable();
    let mut bunches = Vec::new();
    let mut first = Vec::new();
    for bunch in hashed.chunk_by(|a, b| a.0 == b.0) {
        let items = || bunch.iter().map(|(_, item)| *item);
        first.clear();
        items().take(1).for_each(|item| write(item, &mut first));
        let are_equal = items().skip(1).all(|item| {
            text.clear();
            write(item, &mut text);
            text == first
        });
        if are_equal {
            bunches.push(items().collect());
            continue;
        }
        let mut by_text: BTreeMap<Vec<u8>, Vec<usize>> = BTreeMap::new();
        for item in items() {
            let mut text = Vec::new();
            write(item, &mut text);
            by_text.entry(text).or_default().push(item);
        }
        bunches.extend(by_text.into_values());
    }
    bunches
}
