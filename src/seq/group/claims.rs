//! Sequences from families, so that each file matches the pattern of at most one sequence.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::bunch::bunches;
use super::column::{around, frame_of, write_key};
use super::family::Family;
use super::listing::Names;
use super::padding::{is_texture, plan};
use super::place::{can_be_decimals, is_ambiguous, number, places};
use crate::seq::notation::Notation;
use crate::seq::number::Number;
use crate::seq::pattern::{Padding, Pattern};

/// Files whose names differ only in the frame.
#[derive(Debug, Default)]
struct Candidate {
    prefix: Vec<u8>,
    suffix: Vec<u8>,
    members: Vec<usize>,
    /// Names of other families that the pattern may match.
    others: Vec<usize>,
}

/// A sequence of names.
#[derive(Debug)]
pub(super) struct Claimed {
    pub prefix: Vec<u8>,
    pub suffix: Vec<u8>,
    pub padding: Padding,
    pub notation: Notation,
    pub numbers: Vec<Number>,
}

/// The sequences of the families, and which names are in one. `single` are the names in no family.
pub(super) fn sequences(
    names: &Names,
    families: Vec<Family>,
    single: &[usize],
) -> (Vec<Claimed>, Vec<bool>) {
    let mut candidates = Vec::new();
    let mut rest: Vec<Vec<usize>> = Vec::new();
    let mut has_subframes = false;
    for mut family in families {
        let Some(frame) = frame_of(&family, names) else {
            rest.push(family.members);
            continue;
        };
        has_subframes = has_subframes || frame.len() > 1;
        let varying = family.varies.iter().filter(|varies| **varies).count();
        if varying == frame.len() {
            let members = std::mem::take(&mut family.members);
            candidates.push(Candidate::of(names, members, &frame));
        } else {
            let members = family.members.iter().copied();
            let groups = bunches(members, &|at, key| write_key(names.get(at), &frame, key));
            let groups = groups.into_iter();
            candidates.extend(groups.map(|members| Candidate::of(names, members, &frame)));
        }
    }
    let mut known = Known::of(candidates);
    let all = known
        .members()
        .chain(rest.into_iter().flatten())
        .chain(single.iter().copied());
    let others = known.others(names, all, has_subframes);
    known.add(others);
    let mut candidates = known.candidates;
    candidates.retain(|candidate| candidate.members.len() + candidate.others.len() > 1);
    candidates.sort_by(|a, b| {
        let order = b.members.len().cmp(&a.members.len());
        order.then_with(|| a.key().cmp(&b.key()))
    });
    let mut is_claimed = vec![false; names.len()];
    let mut claimed = Vec::new();
    let literals = literals(names);
    for candidate in candidates {
        claim(names, candidate, &literals, &mut is_claimed, &mut claimed);
    }
    (claimed, is_claimed)
}

/// Names that are also patterns, such as `shot.####.exr`. As an argument they are that file.
fn literals(names: &Names) -> BTreeSet<&[u8]> {
    let has_mark = |name: &&[u8]| name.iter().any(|byte| b"#@%$<".contains(byte));
    let is_pattern = |name: &&[u8]| Pattern::parse(Path::new(OsStr::from_bytes(name))).is_some();
    names.iter().filter(has_mark).filter(is_pattern).collect()
}

/// The first notation in which this pattern is read as it is: the text around the number may have
/// another place for a number, or a file may have the name of the pattern.
fn notation_for(
    prefix: &[u8],
    padding: Padding,
    suffix: &[u8],
    literals: &BTreeSet<&[u8]>,
) -> Option<Notation> {
    let notations = [Notation::Hash, Notation::Printf, Notation::Houdini];
    notations.into_iter().find(|notation| {
        let name = [prefix, notation.place(padding).as_bytes(), suffix].concat();
        let read = Pattern::parse(Path::new(OsStr::from_bytes(&name)));
        let reads_back = read.is_some_and(|read| {
            let is_same = read.prefix == prefix && read.suffix == suffix;
            is_same && read.padding == padding && read.range.is_none()
        });
        reads_back && !literals.contains(&*name)
    })
}

impl Candidate {
    fn of(names: &Names, members: Vec<usize>, frame: &Range<usize>) -> Candidate {
        let first = members.first().map(|first| names.get(*first));
        let (prefix, suffix) = around(first.unwrap_or_default(), frame);
        Candidate {
            prefix: prefix.to_vec(),
            suffix: suffix.to_vec(),
            members,
            others: Vec::new(),
        }
    }

    fn key(&self) -> (&[u8], &[u8]) {
        (&self.prefix, &self.suffix)
    }
}

/// Candidates with different texts around the frame, sorted by them.
struct Known {
    candidates: Vec<Candidate>,
}

impl Known {
    /// Whole frames and subframes are in two families.
    fn of(mut candidates: Vec<Candidate>) -> Known {
        candidates.sort_by(|a, b| a.key().cmp(&b.key()));
        candidates.dedup_by(|later, first| {
            let is_same = later.key() == first.key();
            if is_same {
                first.members.append(&mut later.members);
            }
            is_same
        });
        Known { candidates }
    }

    fn members(&self) -> impl Iterator<Item = usize> {
        let candidates = self.candidates.iter();
        candidates.flat_map(|candidate| candidate.members.iter().copied())
    }

    /// The candidates that names match, and those names.
    fn others(
        &self,
        names: &Names,
        all: impl Iterator<Item = usize>,
        has_subframes: bool,
    ) -> Vec<(usize, usize)> {
        let mut others = Vec::new();
        for at in all {
            let name = names.get(at);
            if !has_subframes && !is_ambiguous(name) {
                continue;
            }
            let mut found = places(name).peekable();
            while let Some(place) = found.next() {
                let next = found.peek();
                let decimals = next.filter(|next| can_be_decimals(name, &place, next));
                for end in [Some(&place), decimals].into_iter().flatten() {
                    for start in [place.start, place.digits] {
                        let key = (name.get(..start).unwrap_or_default(), end.after(name));
                        let candidate = self.candidates.binary_search_by(|it| it.key().cmp(&key));
                        others.extend(candidate.ok().map(|candidate| (candidate, at)));
                    }
                }
            }
        }
        others
    }

    fn add(&mut self, others: Vec<(usize, usize)>) {
        for (candidate, at) in others {
            if let Some(candidate) = self.candidates.get_mut(candidate) {
                candidate.others.push(at);
            }
        }
    }
}

/// Makes the sequences of a candidate, unless one of their files is in another sequence.
fn claim(
    names: &Names,
    candidate: Candidate,
    literals: &BTreeSet<&[u8]>,
    is_claimed: &mut [bool],
    claimed: &mut Vec<Claimed>,
) {
    let Candidate {
        prefix,
        suffix,
        mut members,
        mut others,
    } = candidate;
    let number_of = |at: usize| {
        let rest = names.get(at).strip_prefix(&*prefix)?;
        number(rest.strip_suffix(&*suffix)?).map(|number| (at, number))
    };
    members.sort_unstable();
    others.sort_unstable();
    others.dedup();
    others.retain(|other| members.binary_search(other).is_err());
    let of_all = |list: Vec<usize>| -> Vec<(usize, Number)> {
        list.into_iter().filter_map(number_of).collect()
    };
    let others = of_all(others);
    let is_texture = is_texture(&prefix, &suffix);
    for (padding, mut files) in plan(of_all(members), |(_, number)| *number) {
        if files.len() < 2 {
            continue;
        }
        files.extend(others.iter().filter(|(_, number)| padding.matches(number)));
        if files
            .iter()
            .any(|(at, _)| is_claimed.get(*at) == Some(&true))
        {
            continue;
        }
        let is_udim = is_texture
            && files
                .iter()
                .all(|(_, number)| Padding::Udim.matches(number));
        let padding = if is_udim { Padding::Udim } else { padding };
        let Some(notation) = notation_for(&prefix, padding, &suffix, literals) else {
            continue;
        };
        for (at, _) in &files {
            if let Some(is_claimed) = is_claimed.get_mut(*at) {
                *is_claimed = true;
            }
        }
        let mut numbers: Vec<Number> = files.into_iter().map(|(_, number)| number).collect();
        numbers.sort_unstable();
        claimed.push(Claimed {
            prefix: prefix.clone(),
            suffix: suffix.clone(),
            padding,
            notation,
            numbers,
        });
    }
}
