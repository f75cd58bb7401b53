//! How far a run has come, from the names that exist. Pure.
//!
//! Each step takes one name away and adds one. Every number of steps therefore leaves other names, and
//! no progress has to be recorded.

use std::collections::HashMap;

use super::script::{Place, Script};

/// How far the renames of a run have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// This number of steps is done.
    Steps(usize),
    /// Between: both names of this step exist.
    Both(usize),
    /// All steps were undone, and some of the files in the hidden directory are deleted.
    Undone,
    /// All steps are done, and some of the old files are deleted.
    Done,
}

/// The inode numbers that directories without them report.
const UNKNOWN: [u64; 3] = [0, u32::MAX as u64, u64::MAX];

/// Whether the inode numbers of a script tell its files apart from others.
pub(crate) fn has_inodes(script: &Script) -> bool {
    let mut inodes = script.steps.iter().map(|step| step.inode);
    inodes.all(|inode| !UNKNOWN.contains(&inode))
}

/// Whether files are recognized by their inode numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Inode,
    Name,
}

/// Finds how far a run has come. `seen` returns the inode number of a name that exists. With
/// [`Identity::Inode`] a file that is not of the run does not count.
///
/// # Errors
/// Places where a file is missing or should not be.
pub(crate) fn state(
    script: &Script,
    identity: Identity,
    seen: &dyn Fn(&Place) -> Option<u64>,
) -> Result<State, Vec<Place>> {
    let names = Names::of(script, identity, seen);
    let mut expected = names.first.clone();
    let differs = |expected: &[bool]| {
        let pairs = expected.iter().zip(&names.observed);
        pairs.filter(|(one, other)| one != other).count()
    };
    let mut differences = differs(&expected);
    let mut best = (differences, 0);
    for done in 0..=script.steps.len() {
        if differences == 0 {
            return Ok(State::Steps(done));
        }
        let Some((from, to)) = names.steps.get(done) else {
            break;
        };
        let at = |list: &[bool], index: usize| list.get(index).copied().unwrap_or_default();
        let has_both = at(&names.observed, *from) && at(&names.observed, *to);
        if differences == 1 && has_both && !at(&expected, *to) {
            return Ok(State::Both(done));
        }
        for (index, value) in [(*from, false), (*to, true)] {
            if let Some(place) = expected.get_mut(index) {
                let observed = at(&names.observed, index);
                differences = differences + usize::from(value != observed)
                    - usize::from(*place != observed);
                *place = value;
            }
        }
        best = best.min((differences, done + 1));
    }
    names.outside(script, &expected).ok_or_else(|| {
        let mut expected = names.first.clone();
        for (from, to) in names.steps.iter().take(best.1) {
            for (index, value) in [(*from, false), (*to, true)] {
                if let Some(place) = expected.get_mut(index) {
                    *place = value;
                }
            }
        }
        let pairs = expected.iter().zip(&names.observed).zip(&names.places);
        let wrong = pairs.filter(|((expected, observed), _)| expected != observed);
        wrong.map(|(_, place)| (*place).clone()).collect()
    })
}

/// The places of a script, each once.
struct Names<'s> {
    places: Vec<&'s Place>,
    /// The indices of both places of each step.
    steps: Vec<(usize, usize)>,
    /// Which places have a file before the first step.
    first: Vec<bool>,
    observed: Vec<bool>,
}

impl<'s> Names<'s> {
    fn of(
        script: &'s Script,
        identity: Identity,
        seen: &dyn Fn(&Place) -> Option<u64>,
    ) -> Names<'s> {
        let mut indices: HashMap<&Place, usize> = HashMap::new();
        let mut names = Names {
            places: Vec::new(),
            steps: Vec::with_capacity(script.steps.len()),
            first: Vec::new(),
            observed: Vec::new(),
        };
        let mut inodes: Vec<Vec<u64>> = Vec::new();
        for step in &script.steps {
            // A place that is first left has a file at the start.
            let mut index = |place: &'s Place, is_first: bool| {
                let index = *indices.entry(place).or_insert_with(|| {
                    names.places.push(place);
                    names.first.push(is_first);
                    inodes.push(Vec::new());
                    names.places.len() - 1
                });
                if let Some(known) = inodes.get_mut(index) {
                    known.push(step.inode);
                }
                index
            };
            let pair = (index(&step.from, true), index(&step.to, false));
            names.steps.push(pair);
        }
        let is_observed = |(place, known): (&&Place, &Vec<u64>)| match (seen(place), identity) {
            (None, _) => false,
            (Some(_), Identity::Name) => true,
            (Some(inode), Identity::Inode) => known.contains(&inode),
        };
        names.observed = names.places.iter().zip(&inodes).map(is_observed).collect();
        names
    }

    /// Whether all steps are done or undone as far as others see it. Files in hidden directories are
    /// deleted in no order.
    fn outside(&self, script: &Script, last: &[bool]) -> Option<State> {
        let is_staged: Vec<bool> = self
            .places
            .iter()
            .map(|place| script.is_staged(place))
            .collect();
        let is_like = |expected: &[bool]| {
            let pairs = expected.iter().zip(&self.observed).zip(&is_staged);
            // In a hidden directory files may be missing, but there is none that should not be.
            pairs
                .into_iter()
                .all(|((expected, observed), is_staged)| match is_staged {
                    true => *expected || !*observed,
                    false => expected == observed,
                })
        };
        match (is_like(&self.first), is_like(last)) {
            (true, _) => Some(State::Undone),
            (false, true) => Some(State::Done),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests;
