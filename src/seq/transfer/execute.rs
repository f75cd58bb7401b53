//! Carries out a run, and undoes it.

use rustix::fs::{AtFlags, linkat, renameat, symlinkat};

use super::copy::{self, Failure};
use super::journal::Journal;
use super::pool::{self, Made, Progress, Shared, Watch};
use super::recover::{Toward, settle};
use super::script::{Make, Role, Step, Way};
use super::state::State;
use super::text;
use crate::error::Error;

/// Why a run did not come to its end. The journal is still there.
pub(super) enum Stop {
    /// It was asked to stop.
    Asked,
    /// A rename between two file systems.
    Device,
    Failed(Error),
    /// All files are in their places, but an old one cannot be deleted.
    Leftover(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Stop {
        Stop::Failed(error)
    }
}

/// Whether files may have been made before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Fresh,
    Resumed,
}

/// Carries out a run from where it is to its end. Returns the number of bytes that were copied.
///
/// # Errors
/// When it stops before the end.
pub(super) fn forward(
    journal: &mut Journal,
    start: Start,
    jobs: usize,
    watch: Watch,
) -> Result<u64, Stop> {
    let mut bytes = 0;
    if !journal.is_made && !journal.script.makes.is_empty() {
        bytes = make_all(journal, start, jobs, watch)?;
    }
    let done = match start {
        Start::Fresh => State::Steps(0),
        Start::Resumed => settle(journal, Toward::End)?,
    };
    let count = journal.script.steps.len();
    let first = match done {
        State::Steps(done) | State::Both(done) => done,
        State::Done => count,
        State::Undone => {
            return Err(Stop::Failed(
                Error::usage("the run was being undone").with_hint("use --undo"),
            ));
        }
    };
    for index in first..count {
        let progress = Progress {
            files: index,
            of: count,
            bytes,
        };
        if !watch(progress) {
            return Err(Stop::Asked);
        }
        let Some(step) = journal.script.steps.get(index).cloned() else {
            break;
        };
        journal.rename(&step.from, &step.to).map_err(|error| {
            match error.kind() == std::io::ErrorKind::CrossesDevices {
                true => Stop::Device,
                false => Stop::Failed(failed(journal, &step, error)),
            }
        })?;
    }
    journal.sync(Role::Frames)?;
    clean(journal, Toward::End).map_err(Stop::Leftover)?;
    Ok(bytes)
}

/// The error of a step names the file that the user knows.
fn failed(journal: &Journal, step: &Step, error: std::io::Error) -> Error {
    let script = &journal.script;
    let is_target = error.kind() == std::io::ErrorKind::AlreadyExists
        || script.is_staged(&step.from) && !script.is_staged(&step.to);
    match is_target {
        true => Error::file("write", &script.shown(&step.to))(error),
        false => Error::file("move", &script.shown(&step.from))(error),
    }
}

/// Undoes a run: every file is where it was. The journal is removed later.
///
/// # Errors
/// When a file cannot be moved back; the journal is still there.
pub(super) fn back(journal: &mut Journal) -> Result<(), Error> {
    if journal.is_made || journal.script.makes.is_empty() {
        let done = match settle(journal, Toward::Start)? {
            State::Steps(done) | State::Both(done) => done,
            State::Undone => 0,
            State::Done => {
                return Err(Error::usage_hint(
                    "the run cannot be undone: old files are already deleted",
                    "use --finish to delete the others",
                ));
            }
        };
        for index in (0..done).rev() {
            let Some(step) = journal.script.steps.get(index).cloned() else {
                break;
            };
            let path = journal.script.shown(&step.to);
            let moved = journal.rename(&step.to, &step.from);
            moved.map_err(Error::file("move back", &path))?;
        }
        journal.sync(Role::Frames)?;
    }
    clean(journal, Toward::Start)
}

/// Deletes the files in hidden directories that are not needed at this end of the run.
fn clean(journal: &Journal, toward: Toward) -> Result<(), Error> {
    let script = &journal.script;
    let stage = script.stage();
    for step in &script.steps {
        let place = match toward {
            Toward::Start => &step.from,
            Toward::End => &step.to,
        };
        if script.is_staged(place) {
            let deleted = journal.delete(place.directory, &place.name);
            deleted.map_err(Error::file("delete", &script.shown(place)))?;
        }
    }
    if toward == Toward::Start && !journal.is_made {
        for index in 0..script.makes.len() {
            let deleted = journal.delete(stage, &Make::part(index));
            let path = || {
                script
                    .directories
                    .get(stage)
                    .map(|stage| stage.shown.clone())
            };
            deleted.map_err(|error| Error::file("delete", &path().unwrap_or_default())(error))?;
        }
    }
    Ok(())
}

/// Makes all files in the hidden directory.
fn make_all(journal: &mut Journal, start: Start, jobs: usize, watch: Watch) -> Result<u64, Stop> {
    let stage = journal.script.stage();
    let present = match start {
        Start::Fresh => Vec::new(),
        Start::Resumed => journal.names()?,
    };
    let shared = Shared::default();
    let work = |index: usize| {
        let is_present = present
            .get(stage)
            .is_some_and(|names| names.contains_key(&Make::name(index)));
        match is_present {
            true => Made::Done,
            false => make(journal, index, start, &shared),
        }
    };
    let count = journal.script.makes.len();
    pool::each(count, jobs, &shared, &work, watch)
        .map_err(|error| error.map_or(Stop::Asked, Stop::Failed))?;
    journal.sync(Role::Stage)?;
    let names = journal.names()?;
    let names = names.get(stage);
    let inode = |index| names.and_then(|names| names.get(&Make::name(index)));
    let inodes: Vec<u64> = (0..count)
        .map(|index| inode(index).copied().unwrap_or(0))
        .collect();
    let path = journal
        .script
        .directories
        .get(stage)
        .map(|stage| stage.shown.clone());
    let path = path.unwrap_or_default();
    let added = journal.append(&text::made(&inodes));
    added.map_err(Error::file("write", &path))?;
    journal.script.set_made(&inodes);
    journal.is_made = true;
    Ok(shared.bytes())
}

/// Makes one file.
fn make(journal: &Journal, index: usize, start: Start, shared: &Shared) -> Made {
    let script = &journal.script;
    let Some(make) = script.makes.get(index) else {
        return Made::Done;
    };
    let source = script.shown(&make.from);
    let new = Make::name(index);
    let stage = script.stage();
    let made = (|| {
        let (from, to) = (
            journal.directory(make.from.directory)?,
            journal.directory(stage)?,
        );
        match &make.way {
            Way::Copy | Way::Carry => {
                let part = Make::part(index);
                if start == Start::Resumed {
                    journal.delete(stage, &part)?;
                }
                let tick = |bytes| shared.tick(bytes);
                let files = ((from, &*make.from.name), (to, &*part));
                if let Err(failure) = copy::copy(files.0, files.1, &make.way, script.verify, &tick)
                {
                    return Ok(Err(failure));
                }
                renameat(to, &*part, to, &*new)?;
            }
            Way::HardLink => linkat(from, &*make.from.name, to, &*new, AtFlags::empty())?,
            Way::Symlink(target) => symlinkat(&**target, to, &*new)?,
        }
        Ok(Ok(()))
    })();
    // Found only for an error: it takes a look at every step.
    let target = || target(journal, index);
    match made {
        Ok(Ok(())) => Made::Done,
        Ok(Err(Failure::Stopped)) => Made::Stopped,
        Ok(Err(Failure::Read(error))) => Made::Failed(Error::file("copy", &source)(error)),
        Ok(Err(Failure::Write(error))) => Made::Failed(Error::file("write", &target())(error)),
        Err(error) => {
            let is_far = |error: &std::io::Error| {
                make.way == Way::HardLink && error.kind() == std::io::ErrorKind::CrossesDevices
            };
            let far = is_far(&error);
            let failed = Error::file("write", &target())(error);
            Made::Failed(match far {
                true => failed.with_hint("hard links need one file system; use --symbolic, or cp"),
                false => failed,
            })
        }
    }
}

/// The final path of a file to make.
fn target(journal: &Journal, index: usize) -> std::path::PathBuf {
    let script = &journal.script;
    let (stage, name) = (script.stage(), Make::name(index));
    let is_it = |step: &&Step| step.from.directory == stage && step.from.name == name;
    let step = script.steps.iter().find(is_it);
    step.map(|step| script.shown(&step.to)).unwrap_or_default()
}
