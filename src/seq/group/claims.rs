//! Sequences from families, so that each file matches the pattern of at most one sequence.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::column::{Frames, around, frames_of};
use super::family::{Family, parts};
use super::listing::Names;
use super::padding::{is_texture, plan};
use super::place::{Place, can_be_decimals, number, places};
use crate::seq::notation::Notation;
use crate::seq::number::Number;
use crate::seq::pattern::{Padding, Pattern};
use crate::sort::Sortable;

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
    let framed: Vec<_> = families
        .into_iter()
        .map(|family| (frames_of(&family, names), family))
        .collect();
    let shapes = Shapes::of(names, &framed);
    let numbers = numbers(names, &framed);
    let single = single.iter().copied();
    let mut ambiguous: Vec<usize> = single
        .filter(|at| shapes.are_ambiguous_for(names.get(*at)))
        .collect();
    let mut candidates = Vec::new();
    for (frames, family) in framed {
        let first = family.members.first().map(|first| names.get(*first));
        if family.has_sign || shapes.are_ambiguous_for(first.unwrap_or_default()) {
            ambiguous.extend_from_slice(&family.members);
        }
        if let Some(Frames { numbers, groups }) = frames {
            let groups = groups.into_iter();
            candidates.extend(groups.map(|members| Candidate::of(names, members, &numbers)));
        }
    }
    let mut known = Known::of(candidates);
    known.add(known.others(names, &ambiguous));
    let mut candidates = known.candidates;
    candidates.retain(|candidate| candidate.members.len() + candidate.others.len() > 1);
    candidates.order_by(|a, b| {
        let order = b.members.len().cmp(&a.members.len());
        order.then_with(|| a.key().cmp(&b.key()))
    });
    let mut is_claimed = vec![false; names.len()];
    let mut claimed = Vec::new();
    let literals = literals(names);
    for candidate in candidates {
        let (members, others) = numbered(names, &candidate, &numbers);
        let parts = Parts {
            prefix: candidate.prefix,
            suffix: candidate.suffix,
            literals: &literals,
        };
        claim(&parts, members, &others, &mut is_claimed, &mut claimed);
    }
    (claimed, is_claimed)
}

/// The number of the frame of each name of the families. The names are read in their order: those of
/// one sequence are far apart in memory.
fn numbers(names: &Names, framed: &[(Option<Frames>, Family)]) -> Vec<Option<Number>> {
    let mut numbers = vec![None; names.len()];
    for (frames, family) in framed {
        let Some(frames) = frames else { continue };
        for member in &family.members {
            if let Some(slot) = numbers.get_mut(*member) {
                let name = names.get(*member);
                let (prefix, suffix) = around(name, &frames.numbers);
                *slot = name
                    .get(prefix.len()..name.len() - suffix.len())
                    .and_then(number);
            }
        }
    }
    numbers
}

/// The place of a name, and the number of its frame.
type Numbered = (usize, Number);

/// The files of a candidate, and the names of other families that its pattern may match, with their
/// numbers.
fn numbered(
    names: &Names,
    candidate: &Candidate,
    numbers: &[Option<Number>],
) -> (Vec<Numbered>, Vec<Numbered>) {
    let members = candidate.members.iter();
    let mut members: Vec<Numbered> = members
        .filter_map(|at| Some((*at, (*numbers.get(*at)?)?)))
        .collect();
    if candidate.others.is_empty() {
        return (members, Vec::new());
    }
    members.sort_unstable();
    let mut others = candidate.others.clone();
    others.sort_unstable();
    others.dedup();
    let is_member = |at: &usize| members.binary_search_by_key(at, |(at, _)| *at).is_ok();
    let others = others
        .into_iter()
        .filter(|at| !is_member(at))
        .filter_map(|at| {
            let rest = names.get(at).strip_prefix(&*candidate.prefix)?;
            number(rest.strip_suffix(&*candidate.suffix)?).map(|number| (at, number))
        });
    let others = others.collect();
    (members, others)
}

/// Names that are also patterns, such as `shot.####.exr`. As an argument they are that file.
fn literals(names: &Names) -> BTreeSet<&[u8]> {
    const MARKS: &[u8] = b"#@%$<";
    if !names.has_any_of(MARKS) {
        return BTreeSet::new();
    }
    let has_mark = |name: &&[u8]| name.iter().any(|byte| MARKS.contains(byte));
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

/// The texts between the numbers around each frame.
struct Shapes {
    known: BTreeSet<Vec<u8>>,
    /// A frame has decimals, so that a name without them may match its pattern too.
    have_subframes: bool,
}

impl Shapes {
    fn of(names: &Names, framed: &[(Option<Frames>, Family)]) -> Shapes {
        let mut shapes = Shapes {
            known: BTreeSet::new(),
            have_subframes: false,
        };
        for (frames, family) in framed {
            if let (Some(frames), Some(first)) = (frames, family.members.first()) {
                let (prefix, suffix) = around(names.get(*first), &frames.numbers);
                shapes.known.insert(shape(prefix, suffix));
                shapes.have_subframes |= frames.numbers.len() > 1;
            }
        }
        shapes
    }

    /// Whether a name, or one that differs from it only in digits, can match the pattern of a frame that
    /// it does not have: a number has a minus sign, or is the decimals of the one before.
    fn are_ambiguous_for(&self, name: &[u8]) -> bool {
        let mut last: Option<Place> = None;
        self.have_subframes
            || places(name).any(|place| {
                let decimals = last.filter(|last| {
                    place.digits == last.end + 1 && name.get(last.end) == Some(&b'.')
                });
                last = Some(place);
                let is_known = decimals.is_some_and(|whole| {
                    let shape = shape(whole.before(name), place.after(name));
                    self.known.contains(&shape)
                });
                is_known || place.start != place.digits
            })
    }
}

/// The texts between the numbers of a prefix and a suffix.
fn shape(prefix: &[u8], suffix: &[u8]) -> Vec<u8> {
    let mut shape = Vec::new();
    for part in parts(prefix).chain(parts(suffix)) {
        shape.extend_from_slice(part);
        shape.push(0); // no name has it
    }
    shape
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
        candidates.order_by(|a, b| a.key().cmp(&b.key()));
        candidates.dedup_by(|later, first| {
            let is_same = later.key() == first.key();
            if is_same {
                first.members.append(&mut later.members);
            }
            is_same
        });
        Known { candidates }
    }

    /// The candidates that names match, and those names.
    fn others(&self, names: &Names, all: &[usize]) -> Vec<(usize, usize)> {
        let mut others = Vec::new();
        for at in all {
            let name = names.get(*at);
            let mut found = places(name).peekable();
            while let Some(place) = found.next() {
                let next = found.peek();
                let decimals = next.filter(|next| can_be_decimals(name, &place, next));
                for end in [Some(&place), decimals].into_iter().flatten() {
                    for start in [place.start, place.digits] {
                        let key = (name.get(..start).unwrap_or_default(), end.after(name));
                        let candidate = self.candidates.binary_search_by(|it| it.key().cmp(&key));
                        others.extend(candidate.ok().map(|candidate| (candidate, *at)));
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

/// The text around a frame, and the names that are no patterns.
struct Parts<'a> {
    prefix: Vec<u8>,
    suffix: Vec<u8>,
    literals: &'a BTreeSet<&'a [u8]>,
}

/// Makes the sequences of a candidate, unless one of their files is in another sequence.
fn claim(
    parts: &Parts,
    members: Vec<Numbered>,
    others: &[Numbered],
    is_claimed: &mut [bool],
    claimed: &mut Vec<Claimed>,
) {
    let Parts {
        prefix,
        suffix,
        literals,
    } = parts;
    let is_texture = is_texture(prefix, suffix);
    for (padding, mut files) in plan(members, |(_, number)| *number) {
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
        let Some(notation) = notation_for(prefix, padding, suffix, literals) else {
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
