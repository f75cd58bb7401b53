//! In which order the objects of a process are searched for a symbol.
//!
//! Source: dlopen(3); System V ABI, "Shared Object Dependencies".

use crate::elf::tree::{Loaded, Resolution, Tree, Via};

/// An object and all that it needs, breadth first, by number.
pub(super) fn with_needed(tree: &Tree, first: &[usize]) -> Vec<usize> {
    let mut seen = vec![false; tree.objects.len()];
    let mut list = Vec::new();
    let mut next = 0;
    add(&mut list, &mut seen, first.iter().copied());
    while let Some(&number) = list.get(next) {
        let wants = tree.objects.get(number).map(|object| object.wants.iter());
        let loaded = wants
            .into_iter()
            .flatten()
            .filter_map(|(_, wanted)| match wanted {
                Resolution::Loaded(number) => Some(*number),
                Resolution::Missing(_) => None,
            });
        add(&mut list, &mut seen, loaded);
        next += 1;
    }
    list
}

fn add(list: &mut Vec<usize>, seen: &mut [bool], numbers: impl Iterator<Item = usize>) {
    for number in numbers {
        if let Some(seen) = seen.get_mut(number).filter(|seen| !**seen) {
            *seen = true;
            list.push(number);
        }
    }
}

/// The program, what is preloaded, and all that they need: what every object of the process sees.
pub(super) fn of_program(tree: &Tree) -> Vec<usize> {
    let preloaded = |(number, object): (usize, &Loaded)| {
        (number == 0 || object.via == Via::Preload).then_some(number)
    };
    let first: Vec<usize> = tree
        .objects
        .iter()
        .enumerate()
        .filter_map(preloaded)
        .collect();
    with_needed(tree, &first)
}

/// The lists one after another, each object where it comes first.
pub(super) fn joined(lists: &[&[usize]], objects: usize) -> Vec<usize> {
    let mut seen = vec![false; objects];
    let mut list = Vec::new();
    add(
        &mut list,
        &mut seen,
        lists.iter().flat_map(|list| list.iter().copied()),
    );
    list
}
