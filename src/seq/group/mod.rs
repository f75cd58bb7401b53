//! Finds the sequences in a list of names.

mod bunch;
mod claims;
mod column;
mod family;
pub(crate) mod listing;
mod padding;
mod place;

use std::path::Path;

use super::sequence::Sequence;
use listing::Names;

use crate::sort::Sortable;
pub(crate) use padding::common_width;

/// The sequences and the other files of a directory.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// Sequences of at least two files, sorted by name.
    pub sequences: Vec<Sequence>,
    /// The names that the files are taken from.
    pub names: Names,
    /// The places of the other files in `names`, sorted by name.
    pub files: Vec<usize>,
}

/// Groups the names of files in a directory. The pattern of a sequence matches its files and no other of
/// these names, and no file is in two sequences.
pub(crate) fn group(directory: &Path, names: Names) -> Groups {
    let (families, single) = family::families(&names);
    let (claimed, is_claimed) = claims::sequences(&names, families, &single);
    let mut sequences: Vec<Sequence> = claimed
        .into_iter()
        .map(|claimed| Sequence {
            directory: directory.to_owned(),
            prefix: claimed.prefix,
            padding: claimed.padding,
            notation: claimed.notation,
            suffix: claimed.suffix,
            numbers: claimed.numbers,
        })
        .collect();
    sequences.order_by(Sequence::by_name);
    let single = is_claimed.iter().enumerate();
    let mut files: Vec<usize> = single
        .filter(|(_, is_claimed)| !**is_claimed)
        .map(|(at, _)| at)
        .collect();
    files.order_by(|a, b| names.get(*a).cmp(names.get(*b)));
    Groups {
        sequences,
        names,
        files,
    }
}

#[cfg(test)]
mod tests;
