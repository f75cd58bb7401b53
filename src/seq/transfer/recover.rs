//! Finds out how far a run has come that was cut short.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::journal::Journal;
use super::script::{Operation, Place, Step};
use super::stage::JOURNAL;
use super::state::{Identity, State, has_inodes, state};
use crate::error::Error;
use crate::process::user_id;

/// The end to which a run is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Toward {
    Start,
    End,
}

/// How many steps of a run are done, after a step that was interrupted is completed or undone.
///
/// # Errors
/// When files are not where the run can have left them.
pub(super) fn settle(journal: &Journal, toward: Toward) -> Result<State, Error> {
    let names = journal.names()?;
    let seen = |place: &Place| {
        let names = names.get(place.directory);
        names.and_then(|names| names.get(&place.name)).copied()
    };
    let script = &journal.script;
    let is_between = |step: &Step| between(journal, step).is_some();
    let find = |identity| state(script, identity, &seen, &is_between);
    let mut found = match has_inodes(script) {
        true => find(Identity::Inode),
        false => find(Identity::Name),
    };
    // Some file systems do not keep inode numbers. A run that only renames deletes nothing.
    let only_renames =
        matches!(script.operation, Operation::Move | Operation::Remove) && script.makes.is_empty();
    if found.is_err() && only_renames {
        found = find(Identity::Name);
    }
    let found = found.map_err(|places| elsewhere(journal, &places))?;
    match found {
        State::Both(step) => both(journal, step, toward),
        State::Steps(done) => {
            remove_placeholders(journal, done)?;
            Ok(found)
        }
        State::Undone | State::Done => Ok(found),
    }
}

fn elsewhere(journal: &Journal, places: &[Place]) -> Error {
    let script = &journal.script;
    let first = places.first().map(|place| script.shown(place));
    let first = first.unwrap_or_default();
    let stage = script.directories.get(script.stage());
    let path = stage
        .map(|stage| stage.path.join(JOURNAL))
        .unwrap_or_default();
    let message = format!(
        "{} files are not as the run left them, such as {}",
        places.len(),
        first.display()
    );
    let hint = format!(
        "move them by hand; the old and the new names are in {}",
        crate::shell::quote_path(&path)
    );
    Error::malformed(path.display().to_string(), message).with_hint(hint)
}

/// Why both names of a step exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Between {
    /// They are hard links of the file.
    Links,
    /// The new name is held by an empty file.
    NewHeld,
    /// The old name is: the step was being undone.
    OldHeld,
}

fn between(journal: &Journal, step: &Step) -> Option<Between> {
    let script = &journal.script;
    let stat = |place: &Place| fs::symlink_metadata(script.path(place)).ok();
    let (from, to) = (stat(&step.from)?, stat(&step.to)?);
    if (from.dev(), from.ino()) == (to.dev(), to.ino()) {
        Some(Between::Links)
    } else if is_placeholder(journal, &step.to) {
        Some(Between::NewHeld)
    } else if is_placeholder(journal, &step.from) {
        Some(Between::OldHeld)
    } else {
        None
    }
}

/// Both names of a step exist: it was interrupted between two system calls.
fn both(journal: &Journal, index: usize, toward: Toward) -> Result<State, Error> {
    let Some(step) = journal.script.steps.get(index) else {
        return Ok(State::Steps(index));
    };
    let (place, state) = match (between(journal, step), toward) {
        (Some(Between::Links), Toward::End) => (&step.from, State::Steps(index + 1)),
        (Some(Between::Links), Toward::Start) => (&step.to, State::Steps(index)),
        (Some(Between::NewHeld), _) => (&step.to, State::Steps(index)),
        (Some(Between::OldHeld), _) => (&step.from, State::Steps(index + 1)),
        (None, _) => return Err(elsewhere(journal, std::slice::from_ref(&step.to))),
    };
    delete(journal, place)?;
    Ok(state)
}

fn delete(journal: &Journal, place: &Place) -> Result<(), Error> {
    let deleted = journal.delete(place.directory, &place.name);
    deleted.map_err(Error::file("delete", &journal.script.shown(place)))
}

/// Removes the empty file that held the name of a rename that was interrupted, in either direction.
fn remove_placeholders(journal: &Journal, done: usize) -> Result<(), Error> {
    let steps = &journal.script.steps;
    let next = steps.get(done).map(|step| &step.to);
    let last = done.checked_sub(1).and_then(|last| steps.get(last));
    for place in next.into_iter().chain(last.map(|step| &step.from)) {
        if is_placeholder(journal, place) {
            delete(journal, place)?;
        }
    }
    Ok(())
}

/// Whether an empty file was created by the run to hold a name: it is newer than the line in the
/// journal that says so.
fn is_placeholder(journal: &Journal, place: &Place) -> bool {
    let script = &journal.script;
    let stage = script.directories.get(script.stage());
    let written = stage.and_then(|stage| fs::symlink_metadata(stage.path.join(JOURNAL)).ok());
    let found = fs::symlink_metadata(script.path(place)).ok();
    let (Some(written), Some(found)) = (written, found) else {
        return false;
    };
    journal.has_placeholders
        && !script.is_staged(place)
        && found.is_file()
        && found.size() == 0
        && found.uid() == user_id()
        && found.mtime() >= written.mtime()
}
