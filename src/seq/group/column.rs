//! Which number of a family is the frame.

use std::collections::BTreeSet;
use std::ops::Range;

use super::bunch::{START, Text, bunches, hash};
use super::family::Family;
use super::listing::Names;
use super::place::{Place, can_be_decimals, number, places};

/// Limit for the steps between two frames that are told from a second number.
const MOST_STEPS: usize = 100;
/// Letters before a number that is not the frame, unless only this number differs.
const LABELS: [&str; 13] = [
    "v", "ver", "version", "r", "rev", "sh", "shot", "sq", "seq", "sc", "scene", "ep", "take",
];
/// File formats with a digit.
const FORMATS: [&str; 18] = [
    "3dl", "3ds", "3gp", "7z", "b44", "bz2", "f4v", "h264", "h265", "hdf5", "j2c", "j2k", "jp2",
    "m2v", "m4a", "m4v", "mp3", "mp4",
];

/// How likely a number is the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    /// As likely as any other number.
    Frame,
    /// A version, shot, resolution or date.
    Label,
    /// In the extension, as in `.r01`.
    Extension,
    /// In the name of a file format, as in `.mp4`. It is never the frame.
    Format,
}

/// The place of the frame in the names of a family.
#[derive(Debug)]
pub(super) struct Frames {
    /// The numbers of it: one, or two where the second has the decimals.
    pub numbers: Range<usize>,
    /// The names, in groups with the same text around the frame.
    pub groups: Vec<Vec<usize>>,
}

/// Finds the frame. `None`: no two names differ only in one number that can be the frame.
pub(super) fn frames_of(family: &Family, names: &Names) -> Option<Frames> {
    let first = names.get(*family.members.first()?);
    let varying = family.varies.iter().enumerate();
    let varying: Vec<usize> = varying
        .filter(|(_, varies)| **varies)
        .map(|(at, _)| at)
        .collect();
    let class_of = |at: usize| class(first, &family.places, at);
    if let [only] = *varying {
        return (class_of(only) < Class::Format).then(|| Frames {
            numbers: only..only + 1,
            groups: vec![family.members.clone()],
        });
    }
    let mut classes: Vec<(Class, usize)> = varying.iter().map(|at| (class_of(*at), *at)).collect();
    for (class, at) in &mut classes {
        if *class == Class::Frame && is_date(family, names, *at) {
            *class = Class::Label;
        }
    }
    for class in [Class::Frame, Class::Label, Class::Extension] {
        let of_class = classes.iter().rev().filter(|(other, _)| *other == class);
        let candidates: Vec<usize> = of_class.map(|(_, at)| *at).collect();
        if let Some((at, groups)) = best(family, names, &candidates) {
            let before = at.checked_sub(1).filter(|before| varying.contains(before));
            return Some(match before {
                Some(before) if is_subframe(family, names, before) => Frames {
                    numbers: before..at + 1,
                    groups: by_surroundings(names, &family.members, &(before..at + 1)),
                },
                Some(_) | None => Frames {
                    numbers: at..at + 1,
                    groups,
                },
            });
        }
    }
    None
}

/// The last of the numbers with its groups, unless an earlier one joins more than twice as many files.
/// `None`: none joins any.
fn best(family: &Family, names: &Names, candidates: &[usize]) -> Option<(usize, Vec<Vec<usize>>)> {
    let mut best = None;
    let mut most = 0;
    for at in candidates {
        if most * 2 >= family.members.len() {
            break;
        }
        let groups = by_surroundings(names, &family.members, &(*at..at + 1));
        let joined = groups.iter().map(Vec::len).filter(|count| *count > 1).sum();
        if joined > most * 2 {
            (best, most) = (Some((*at, groups)), joined);
        }
    }
    best
}

/// Names with the same text around the frame.
pub(super) fn by_surroundings(
    names: &Names,
    members: &[usize],
    frame: &Range<usize>,
) -> Vec<Vec<usize>> {
    let surroundings = |at: usize| around(names.get(at), frame);
    let text = Text {
        hash: &|at| {
            let (prefix, suffix) = surroundings(at);
            hash(hash(hash(START, prefix), b"\0"), suffix)
        },
        is_same: &|first, at| surroundings(first) == surroundings(at),
        write: &|at, text| {
            let (prefix, suffix) = surroundings(at);
            text.extend_from_slice(prefix);
            text.push(0); // no name has it
            text.extend_from_slice(suffix);
        },
    };
    bunches(members.iter().copied(), &text)
}

/// The text before and after the numbers of the frame.
pub(super) fn around<'a>(name: &'a [u8], frame: &Range<usize>) -> (&'a [u8], &'a [u8]) {
    let mut found = places(name).skip(frame.start);
    let first = found.next();
    let last = found.take(frame.len().saturating_sub(1)).last().or(first);
    let prefix = first.map(|first| first.before(name));
    let suffix = last.map(|last| last.after(name));
    (prefix.unwrap_or(name), suffix.unwrap_or_default())
}

/// What the text around a number says about it. It is the same for all names of a family.
fn class(name: &[u8], places: &[Place], at: usize) -> Class {
    let Some(place) = places.get(at) else {
        return Class::Format;
    };
    let (before, after) = (place.before(name), place.after(name));
    let letters = before.iter().rev().take_while(|b| b.is_ascii_alphabetic());
    let letters = letters.count();
    let (rest, word) = before
        .split_at_checked(before.len() - letters)
        .unwrap_or_default();
    let point = before.iter().rposition(|byte| *byte == b'.');
    let is_last_part = !after.contains(&b'.');
    let extension = point
        .and_then(|point| name.get(point + 1..))
        .unwrap_or_default();
    let is_in = |word: &[u8], words: &[&str]| {
        let mut words = words.iter();
        words.any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
    };
    if is_last_part && is_in(extension, &FORMATS) {
        return Class::Format;
    }
    let is_number = extension.iter().all(u8::is_ascii_digit);
    if is_last_part && place.start == place.digits && !extension.is_empty() && !is_number {
        return Class::Extension;
    }
    let ends_word = !rest.last().is_some_and(u8::is_ascii_alphanumeric);
    let is_label = ends_word && is_in(word, &LABELS);
    let is_by = |byte: Option<&u8>| matches!(byte, Some(b'x' | b'X'));
    let follows_by =
        word.len() == 1 && is_by(word.first()) && rest.last().is_some_and(u8::is_ascii_digit);
    let precedes_by = is_by(after.first()) && after.get(1).is_some_and(u8::is_ascii_digit);
    match is_label || follows_by || precedes_by {
        true => Class::Label,
        false => Class::Frame,
    }
}

/// Whether a number is a date or a part of one in all names: 20240131, or 2024-01-31 in one of its
/// three numbers.
fn is_date(family: &Family, names: &Names, at: usize) -> bool {
    family.members.iter().all(|member| {
        let name = names.get(*member);
        let found: Vec<Place> = places(name).collect();
        let digits = |at: usize| found.get(at).map(|place| place.digits(name));
        let is_whole = digits(at).is_some_and(|text| {
            let part = |range: Range<usize>| text.get(range).unwrap_or_default();
            text.len() == 8 && is_day(part(0..4), part(4..6), part(6..8))
        });
        let is_part = |year: usize| {
            let parts = (digits(year), digits(year + 1), digits(year + 2));
            matches!(parts, (Some(year), Some(month), Some(day)) if is_day(year, month, day))
        };
        let earlier = (0..3).filter_map(|before| at.checked_sub(before));
        is_whole || earlier.into_iter().any(is_part)
    })
}

fn is_day(year: &[u8], month: &[u8], day: &[u8]) -> bool {
    let is_within = |text: &[u8], range: std::ops::RangeInclusive<&[u8]>| {
        text.len() == range.end().len() && range.contains(&text)
    };
    is_within(year, b"1970"..=b"2099")
        && is_within(month, b"01"..=b"12")
        && is_within(day, b"01"..=b"31")
}

/// Whether the number after this one has its decimals in all names: the values divide a frame in equal
/// steps, and some are whole frames, as .00, .25, .50 and .75.
fn is_subframe(family: &Family, names: &Names, at: usize) -> bool {
    let mut values = BTreeSet::new();
    let mut shortest = usize::MAX;
    for member in &family.members {
        let name = names.get(*member);
        let mut found = places(name).skip(at);
        let (Some(first), Some(second)) = (found.next(), found.next()) else {
            return false;
        };
        let joined = name.get(second.digits..second.end).unwrap_or_default();
        let text = [b"0.", joined].concat();
        let value = number(&text).map(|number| number.frame.millionths());
        let (true, Some(value)) = (can_be_decimals(name, &first, &second), value) else {
            return false;
        };
        shortest = shortest.min(joined.len());
        values.insert(value);
        if values.len() > MOST_STEPS {
            return false;
        }
    }
    let steps = i64::try_from(values.len()).unwrap_or(i64::MAX);
    let tolerance = 10_i64.pow(6 - u32::try_from(shortest.min(6)).unwrap_or(6));
    let expected = (0..steps).map(|step| step * 1_000_000 / steps);
    let mut pairs = values.iter().zip(expected);
    pairs.all(|(value, expected)| {
        (value - expected).abs() <= if expected == 0 { 0 } else { tolerance }
    })
}
