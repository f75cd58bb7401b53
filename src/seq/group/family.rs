//! Names that differ only in numbers.

use std::collections::HashMap;

use super::listing::Names;
use super::place::{Place, places};

/// Names with the same text between their numbers.
#[derive(Debug)]
pub(super) struct Family {
    /// The places of these names in the list.
    pub members: Vec<usize>,
    /// The places of the numbers in the first name.
    pub places: Vec<Place>,
    /// Which numbers differ.
    pub varies: Vec<bool>,
    /// Whether a name can match the pattern of another family: a number can be the decimals of the
    /// one before, or a number has a minus sign.
    pub is_ambiguous: bool,
}

/// The families of a list of names. A name without a number is in none.
pub(super) fn families(names: &Names) -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    let mut known: HashMap<Vec<u8>, usize> = HashMap::new();
    let (mut found, mut skeleton, mut last) = (Vec::new(), Vec::new(), (Vec::new(), 0));
    for (at, name) in names.iter().enumerate() {
        places(name, &mut found);
        if found.is_empty() {
            continue;
        }
        write_skeleton(name, &found, &mut skeleton);
        // Files of a sequence mostly follow each other.
        let index = if skeleton == last.0 {
            last.1
        } else {
            let index = match known.get(&skeleton) {
                Some(index) => *index,
                None => {
                    known.insert(skeleton.clone(), families.len());
                    families.len()
                }
            };
            last.0.clone_from(&skeleton);
            last.1 = index;
            index
        };
        match families.get_mut(index) {
            Some(family) => family.add(names, at, &found),
            None => families.push(Family::new(name, at, &found)),
        }
    }
    families
}

/// The name with a zero byte for each number. A name has none.
fn write_skeleton(name: &[u8], places: &[Place], skeleton: &mut Vec<u8>) {
    skeleton.clear();
    let mut from = 0;
    for place in places {
        skeleton.extend_from_slice(name.get(from..place.start).unwrap_or_default());
        skeleton.push(0);
        from = place.end;
    }
    skeleton.extend_from_slice(name.get(from..).unwrap_or_default());
}

impl Family {
    fn new(name: &[u8], at: usize, places: &[Place]) -> Family {
        let mut pairs = places.iter().zip(places.iter().skip(1));
        let has_decimals = pairs.any(|(first, second)| {
            second.start == first.end + 1 && name.get(first.end) == Some(&b'.')
        });
        Family {
            members: vec![at],
            places: places.to_vec(),
            varies: vec![false; places.len()],
            is_ambiguous: has_decimals || has_sign(places),
        }
    }

    fn add(&mut self, names: &Names, at: usize, places: &[Place]) {
        let first = self.members.first().map(|first| names.get(*first));
        let (first, name) = (first.unwrap_or_default(), names.get(at));
        let pairs = self.places.iter().zip(places);
        for ((theirs, ours), varies) in pairs.zip(&mut self.varies) {
            *varies = *varies || theirs.text(first) != ours.text(name);
        }
        self.is_ambiguous = self.is_ambiguous || has_sign(places);
        self.members.push(at);
    }
}

fn has_sign(places: &[Place]) -> bool {
    places.iter().any(|place| place.start != place.digits)
}
