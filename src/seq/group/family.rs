//! Names that differ only in numbers.

use super::bunch::{START, Text, bunches, hash};
use super::listing::Names;
use super::place::{Place, places};

/// At least two names with the same text between their numbers.
#[derive(Debug)]
pub(super) struct Family {
    /// The places of these names in the list.
    pub members: Vec<usize>,
    /// The places of the numbers in the first name.
    pub places: Vec<Place>,
    /// Which numbers differ.
    pub varies: Vec<bool>,
    /// Whether a number has a minus sign.
    pub has_sign: bool,
}

/// The families of a list of names, and the names that are in none.
pub(super) fn families(names: &Names) -> (Vec<Family>, Vec<usize>) {
    let mut families = Vec::new();
    let mut single = Vec::new();
    let text = Text {
        hash: &|at| parts(names.get(at)).fold(START, |start, part| hash(hash(start, part), b"\0")),
        is_same: &|first, at| parts(names.get(first)).eq(parts(names.get(at))),
        write: &|at, text| {
            for part in parts(names.get(at)) {
                text.extend_from_slice(part);
                text.push(0); // no name has it
            }
        },
    };
    for members in bunches(0..names.len(), &text) {
        match members.as_slice() {
            [only] => single.push(*only),
            _ => families.push(Family::of(names, members)),
        }
    }
    (families, single)
}

/// The texts before, between and after the numbers of a name.
pub(super) fn parts(name: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut places = places(name);
    let mut from = Some(0);
    std::iter::from_fn(move || {
        let start = from?;
        let place = places.next();
        from = place.map(|place| place.end);
        name.get(start..place.map_or(name.len(), |place| place.start))
    })
}

impl Family {
    fn of(names: &Names, members: Vec<usize>) -> Family {
        let first = members.first().map(|first| names.get(*first));
        let first = first.unwrap_or_default();
        let all: Vec<Place> = places(first).collect();
        let mut has_sign = false;
        let mut varies = vec![false; all.len()];
        for member in &members {
            let name = names.get(*member);
            let pairs = all.iter().zip(places(name)).zip(&mut varies);
            for ((theirs, ours), varies) in pairs {
                *varies = *varies || theirs.text(first) != ours.text(name);
                has_sign = has_sign || ours.start != ours.digits;
            }
        }
        Family {
            members,
            places: all,
            varies,
            has_sign,
        }
    }
}
