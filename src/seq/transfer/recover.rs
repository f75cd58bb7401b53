//! Finds out how far a run has come that was cut short.

use std::fs;
use std::os::unix::fs::MetadataExt;

use super::journal::Journal;
use super::script::{Operation, Place};
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
    let mut found = match has_inodes(script) {
        true => state(script, Identity::Inode, &seen),
        false => state(script, Identity::Name, &seen),
    };
    // Some file systems do not keep inode numbers. A run that only renames deletes nothing.
    let only_renames = matches!(script.operation, Operation::Move | Operation::Remove)
        && script.makes.is_empty();
    if found.is_err() && only_renames {
        found = state(script, Identity::Name, &seen);
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
    let path = stage.map(|stage| stage.path.join(JOURNAL)).unwrap_or_default();
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

/// Both names of a step exist: it was interrupted between two system calls.
fn both(journal: &Journal, index: usize, toward: Toward) -> Result<State, Error> {
    let script = &journal.script;
    let Some(step) = script.steps.get(index) else {
        return Ok(State::Steps(index));
    };
    let stat = |place: &Place| fs::symlink_metadata(script.path(place)).ok();
    let (from, to) = (stat(&step.from), stat(&step.to));
    let is_same = match (&from, &to) {
        (Some(from), Some(to)) => (from.dev(), from.ino()) == (to.dev(), to.ino()),
        (None, _) | (_, None) => false,
    };
    let (place, state) = if is_same {
        match toward {
            Toward::Start => (&step.to, State::Steps(index)),
            Toward::End => (&step.from, State::Steps(index + 1)),
        }
    } else if is_placeholder(journal, &step.to) {
        (&step.to, State::Steps(index))
    } else if is_placeholder(journal, &step.from) {
        (&step.from, State::Steps(index + 1))
    } else {
        return Err(elsewhere(journal, &[step.to.clone()]));
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
