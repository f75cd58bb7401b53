//! Names that differ only in numbers.

use super::bunch::bunches;
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
}

/// The families of a list of names, and the names that are in none.
pub(super) fn families(names: &Names) -> (Vec<Family>, Vec<usize>) {
    let mut families = Vec::new();
    let mut single = Vec::new();
    let all = bunches(0..names.len(), &|at, text| {
        write_skeleton(names.get(at), text)
    });
    for members in all {
        match members.as_slice() {
            [only] => single.push(*only),
            _ => families.push(Family::of(names, members)),
        }
    }
    (families, single)
}

/// The name with a zero byte for each number. A name has none.
fn write_skeleton(name: &[u8], skeleton: &mut Vec<u8>) {
    let mut from = 0;
    for place in places(name) {
        skeleton.extend_from_slice(name.get(from..place.start).unwrap_or_default());
        skeleton.push(0);
        from = place.end;
    }
    skeleton.extend_from_slice(name.get(from..).unwrap_or_default());
}

impl Family {
    fn of(names: &Names, members: Vec<usize>) -> Family {
        let first = members.first().map(|first| names.get(*first));
        let first = first.unwrap_or_default();
        let all: Vec<Place> = places(first).collect();
        let mut varies = vec![false; all.len()];
        for member in members.iter().skip(1) {
            let name = names.get(*member);
            let pairs = all.iter().zip(places(name)).zip(&mut varies);
            for ((theirs, ours), varies) in pairs {
                *varies = *varies || theirs.text(first) != ours.text(name);
            }
        }
        Family {
            members,
            places: all,
            varies,
        }
    }
}
