//! How far a run has come, from the names that exist. Pure.
//!
//! Each step takes one name away and adds one. Every number of steps therefore leaves other names, and
//! no progress has to be recorded.

use std::collections::BTreeMap;

use super::script::{Place, Script, Step};

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
/// [`Identity::Inode`] a file that is not of the run does not count. If one name is too many, several
/// steps of a chain may have been interrupted; `is_between` tells whether it was this one.
///
/// # Errors
/// Places where a file is missing or should not be.
pub(crate) fn state(
    script: &Script,
    identity: Identity,
    seen: &dyn Fn(&Place) -> Option<u64>,
    is_between: &dyn Fn(&Step) -> bool,
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
        let is_between = || script.steps.get(done).is_some_and(is_between);
        if differences == 1 && has_both && !at(&expected, *to) && is_between() {
            return Ok(State::Both(done));
        }
        for (index, value) in [(*from, false), (*to, true)] {
            if let Some(place) = expected.get_mut(index) {
                let observed = at(&names.observed, index);
                differences =
                    differences + usize::from(value != observed) - usize::from(*place != observed);
                *place = value;
            }
        }
        best = best.min((differences, done + 1));
    }
    names.outside(script, identity, seen).ok_or_else(|| {
        let mut expected = names.first.clone();
        for (from, to) in names.steps.iter().take(best.1) {
            for (index, value) in [(*from, false), (*to, true)] {
                if let Some(place) = expected.get_mut(index) {
                    *place = value;
                }
            }
        }
        let pairs = expected.iter().zip(&names.observed).zip(&names.names);
        let wrong = pairs.filter(|((expected, observed), _)| expected != observed);
        wrong.map(|(_, name)| name.place.clone()).collect()
    })
}

/// A place of a script.
struct Name<'s> {
    place: &'s Place,
    /// The file before the first step.
    first: Option<u64>,
    /// The file after the last step.
    last: Option<u64>,
    /// All files that are there at some time.
    known: Vec<u64>,
}

/// The places of a script, each once.
struct Names<'s> {
    names: Vec<Name<'s>>,
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
        let mut indices: BTreeMap<&Place, usize> = BTreeMap::new();
        let mut names: Vec<Name> = Vec::new();
        let mut steps = Vec::with_capacity(script.steps.len());
        for step in &script.steps {
            // A place that is first left has a file at the start.
            let mut visit = |place: &'s Place, first: Option<u64>, last: Option<u64>| {
                let index = *indices.entry(place).or_insert(names.len());
                match names.get_mut(index) {
                    Some(name) => {
                        name.last = last;
                        name.known.push(step.inode);
                    }
                    None => names.push(Name {
                        place,
                        first,
                        last,
                        known: vec![step.inode],
                    }),
                }
                index
            };
            let from = visit(&step.from, Some(step.inode), None);
            steps.push((from, visit(&step.to, None, Some(step.inode))));
        }
        let is_observed = |name: &Name| match (seen(name.place), identity) {
            (None, _) => false,
            (Some(_), Identity::Name) => true,
            (Some(inode), Identity::Inode) => name.known.contains(&inode),
        };
        Names {
            observed: names.iter().map(is_observed).collect(),
            first: names.iter().map(|name| name.first.is_some()).collect(),
            names,
            steps,
        }
    }

    /// Whether all steps are done or undone as far as others see it. Files in hidden directories are
    /// deleted in no order.
    fn outside(
        &self,
        script: &Script,
        identity: Identity,
        seen: &dyn Fn(&Place) -> Option<u64>,
    ) -> Option<State> {
        let is_like = |expected: &dyn Fn(&Name) -> Option<u64>| {
            let mut pairs = self.names.iter().zip(&self.observed);
            pairs.all(|(name, observed)| {
                let expected = expected(name);
                if script.is_staged(name.place) {
                    // Files may be missing, but there is none that should not be.
                    return expected.is_some() || !observed;
                }
                match identity {
                    Identity::Name => expected.is_some() == *observed,
                    Identity::Inode if *observed => expected == seen(name.place),
                    Identity::Inode => expected.is_none(),
                }
            })
        };
        match (is_like(&|name| name.last), is_like(&|name| name.first)) {
            (true, _) => Some(State::Done),
            (false, true) => Some(State::Undone),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests;
