//! Sequences from families, so that each file matches the pattern of at most one sequence.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::column::{frame_of, write_key};
use super::family::Family;
use super::listing::Names;
use super::padding::{is_texture, plan};
use super::place::{Place, can_be_decimals, number, places};
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

/// The sequences of the families, and which names are in one.
pub(super) fn sequences(names: &Names, families: Vec<Family>) -> (Vec<Claimed>, Vec<bool>) {
    let mut known = Known::default();
    let mut rest = Vec::new();
    let mut has_subframes = false;
    for mut family in families {
        let Some(frame) = frame_of(&family, names) else {
            rest.push(family);
            continue;
        };
        has_subframes = has_subframes || frame.len() > 1;
        known.add(names, &mut family, frame);
        rest.push(family);
    }
    let mut candidates = known.candidates;
    for family in rest {
        if has_subframes || family.is_ambiguous {
            find_others(names, &family, &known.index, &mut candidates);
        }
    }
    candidates.retain(|candidate| candidate.members.len() + candidate.others.len() > 1);
    candidates.sort_by(|a, b| {
        let order = b.members.len().cmp(&a.members.len());
        order.then_with(|| (&a.prefix, &a.suffix).cmp(&(&b.prefix, &b.suffix)))
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
fn literals(names: &Names) -> HashSet<&[u8]> {
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
    literals: &HashSet<&[u8]>,
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

/// The candidates, by the text around the frame.
#[derive(Default)]
struct Known {
    candidates: Vec<Candidate>,
    index: HashMap<Vec<u8>, usize>,
}

impl Known {
    /// Adds the names of a family. Those of an unambiguous family move.
    fn add(&mut self, names: &Names, family: &mut Family, frame: std::ops::Range<usize>) {
        let mut found = Vec::new();
        let mut key = Vec::new();
        let varying = family.varies.iter().filter(|varies| **varies).count();
        if varying == frame.len() {
            let first = family.members.first().map(|first| names.get(*first));
            let first = first.unwrap_or_default();
            if let Some(at) = self.at(first, &family.places, &frame, &mut key)
                && let Some(candidate) = self.candidates.get_mut(at)
            {
                match candidate.members.is_empty() && !family.is_ambiguous {
                    true => candidate.members = std::mem::take(&mut family.members),
                    false => candidate.members.extend_from_slice(&family.members),
                }
            }
            return;
        }
        for member in &family.members {
            let name = names.get(*member);
            places(name, &mut found);
            if let Some(at) = self.at(name, &found, &frame, &mut key)
                && let Some(candidate) = self.candidates.get_mut(at)
            {
                candidate.members.push(*member);
            }
        }
    }

    /// The candidate that this name belongs to.
    fn at(
        &mut self,
        name: &[u8],
        places: &[Place],
        frame: &std::ops::Range<usize>,
        key: &mut Vec<u8>,
    ) -> Option<usize> {
        let first = places.get(frame.start)?;
        let last = places.get(frame.end.checked_sub(1)?)?;
        let (prefix, suffix) = (first.before(name), last.after(name));
        write_key(prefix, suffix, key);
        if let Some(at) = self.index.get(key) {
            return Some(*at);
        }
        let at = self.candidates.len();
        self.index.insert(key.clone(), at);
        self.candidates.push(Candidate {
            prefix: prefix.to_vec(),
            suffix: suffix.to_vec(),
            ..Candidate::default()
        });
        Some(at)
    }
}

/// Adds the names of a family to the other candidates whose patterns may match them.
fn find_others(
    names: &Names,
    family: &Family,
    index: &HashMap<Vec<u8>, usize>,
    candidates: &mut [Candidate],
) {
    let (mut found, mut key) = (Vec::new(), Vec::new());
    for member in &family.members {
        let name = names.get(*member);
        places(name, &mut found);
        for (at, place) in found.iter().enumerate() {
            let decimals = found.get(at + 1);
            let decimals = decimals.filter(|next| can_be_decimals(name, place, next));
            let ends = [Some(place), decimals];
            for end in ends.into_iter().flatten() {
                for start in [
                    Some(place.start),
                    (place.start != place.digits).then_some(place.digits),
                ] {
                    let prefix = start.and_then(|start| name.get(..start));
                    write_key(prefix.unwrap_or_default(), end.after(name), &mut key);
                    let candidate = index.get(&key).and_then(|at| candidates.get_mut(*at));
                    if let (Some(_), Some(candidate)) = (prefix, candidate) {
                        candidate.others.push(*member);
                    }
                }
            }
        }
    }
}

/// Makes the sequences of a candidate, unless one of their files is in another sequence.
fn claim(
    names: &Names,
    candidate: Candidate,
    literals: &HashSet<&[u8]>,
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
