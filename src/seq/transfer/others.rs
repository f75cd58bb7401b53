//! Other runs in the same directories.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::directories::Directories;
use super::plan::Pair;
use super::script::{Directory, Place, Script};
use super::stage::{self, Found, Run, hint};
use crate::error::Error;

/// Checks that no other run has files of this one. Returns notes on the unfinished runs with other
/// files.
///
/// # Errors
/// When another run has one of the files.
pub(super) fn check(
    directories: &Directories,
    all: &[Directory],
    pairs: &[Pair],
) -> Result<Vec<String>, Error> {
    let mut notes = Vec::new();
    for found in others(directories, &mut notes) {
        let shared = shared(&found.record.script, all, pairs);
        let is_cut_short = found.run == Run::CutShort;
        if shared == 0 && is_cut_short {
            notes.push(note(&found));
        }
        if shared == 0 {
            continue;
        }
        let operation = found.record.script.operation;
        let word = operation.word();
        return Err(match found.run {
            Run::Running => Error::usage(format!(
                "'c47 seq {word}' is working on {shared} of the files"
            )),
            Run::CutShort => Error::usage_hint(
                format!("an unfinished run of 'c47 seq {word}' has {shared} of the files"),
                hint(operation, &found.stage),
            ),
            Run::Elsewhere => Error::usage_hint(
                format!(
                    "a run of 'c47 seq {word}' on another machine, or before a reboot, has {shared} of the files"
                ),
                format!("if it has ended, {} --force", hint(operation, &found.stage)),
            ),
        });
    }
    Ok(notes)
}

/// An error because no frame was found, with a hint if an unfinished run may have them.
pub(super) fn explain(error: Error, directories: &mut Directories) -> Error {
    if !matches!(error, Error::Nothing { .. }) {
        return error;
    }
    for index in 0..directories.all().len() {
        let _ = directories.read(index, &mut |_| Ok(()));
    }
    let found = others(directories, &mut Vec::new()).into_iter();
    let mut cut_short = found.filter(|found| found.run == Run::CutShort);
    match cut_short.next() {
        Some(found) => error.with_hint(note(&found)),
        None => error,
    }
}

fn note(found: &Found) -> String {
    let operation = found.record.script.operation;
    let word = operation.word();
    let hint = hint(operation, &found.stage);
    format!("there is an unfinished run of 'c47 seq {word}': {hint}")
}

/// The other runs. Hidden directories without a journal are removed, if their process is dead.
fn others(directories: &Directories, notes: &mut Vec<String>) -> Vec<Found> {
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut all = Vec::new();
    for stage in directories.stages() {
        match stage::open(stage) {
            Ok(Some(found)) if seen.insert(found.stage.clone()) => all.push(found),
            Ok(Some(_)) => {}
            Ok(None) => stage::reclaim(stage),
            Err(error) => notes.push(error.to_string()),
        }
    }
    all
}

/// The number of places that both runs have.
fn shared(other: &Script, all: &[Directory], pairs: &[Pair]) -> usize {
    let own: BTreeMap<&Path, usize> = all
        .iter()
        .enumerate()
        .map(|(index, directory)| (directory.path.as_path(), index))
        .collect();
    let steps = other.steps.iter().flat_map(|step| [&step.from, &step.to]);
    let makes = other.makes.iter().map(|make| &make.from);
    let places = steps.chain(makes).filter(|place| !other.is_staged(place));
    let theirs: BTreeSet<Place> = places
        .filter_map(|place| {
            let directory = other.directories.get(place.directory)?;
            Some(Place {
                directory: *own.get(directory.path.as_path())?,
                name: place.name.clone(),
            })
        })
        .collect();
    let has = |pair: &&Pair| {
        let to = pair.to.as_ref();
        theirs.contains(&pair.from) || to.is_some_and(|to| theirs.contains(to))
    };
    pairs.iter().filter(has).count()
}
