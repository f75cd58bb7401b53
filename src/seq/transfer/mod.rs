//! Moves, copies, links and removes the files of sequences, all or none of them.
//!
//! A run is planned from names alone, and refused if a file would be overwritten. Copies and links are
//! made in a hidden directory first; then every file is put in its place by a rename. The journal in
//! that directory has the whole plan, so that a run that was killed can be finished or undone.

mod copy;
mod directories;
mod execute;
mod journal;
mod links;
mod numbers;
mod others;
mod plan;
mod pool;
mod recover;
mod script;
mod sources;
mod stage;
mod state;
mod text;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use directories::Directories;
use execute::{Start, Stop};
use journal::Journal;
use plan::{Draft, Refusal};
use script::{Place, Script};
use stage::Run;

pub(crate) use numbers::Renumber;
pub(crate) use plan::{Existing, LinkKind};
pub(crate) use pool::{Progress, Watch};
pub(crate) use script::{Operation, Verify};
pub(crate) use sources::Naming;
pub(crate) use stage::hint;

/// What to do.
pub(crate) struct Request<'a> {
    pub operation: Operation,
    pub naming: Naming<'a>,
    pub verify: Verify,
    pub existing: Existing,
    pub link: LinkKind,
    /// The number of files that are copied at the same time.
    pub jobs: usize,
    pub effect: Effect,
}

/// Whether something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Plan,
    Do,
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Planned,
    Done,
    Undone,
    /// It was asked to stop. It can be finished or undone.
    Stopped,
}

/// What was done.
pub(crate) struct Report {
    pub operation: Operation,
    pub ending: Ending,
    /// Old and new path, as the user wrote them; without a new path the file is removed.
    pub files: Vec<(PathBuf, Option<PathBuf>)>,
    /// The size of the copies.
    pub bytes: u64,
    /// Unfinished runs in the same directories.
    pub notes: Vec<String>,
    /// The hidden directory of a run that was stopped.
    pub stage: Option<PathBuf>,
}

/// Which moves are copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copies {
    BetweenDevices,
    BetweenDirectories,
}

/// Carries out a request. If it fails, what was done is undone.
///
/// # Errors
/// When the request is refused, or a file cannot be read or written.
pub(crate) fn run(request: &Request, watch: Watch) -> Result<Report, Error> {
    let mut copies = Copies::BetweenDevices;
    loop {
        match attempt(request, copies, watch) {
            Ok(report) => return Ok(report),
            Err(Failed::Other(error)) => return Err(error),
            // Two mounts of one device, or a directory with a quota of its own.
            Err(Failed::Device) if copies == Copies::BetweenDevices => {
                copies = Copies::BetweenDirectories;
            }
            Err(Failed::Device) => {
                return Err(Error::System {
                    action: "move the files",
                    source: std::io::ErrorKind::CrossesDevices.into(),
                });
            }
        }
    }
}

enum Failed {
    /// A rename crosses two file systems. Everything is undone.
    Device,
    Other(Error),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Failed {
        Failed::Other(error)
    }
}

fn attempt(request: &Request, copies: Copies, watch: Watch) -> Result<Report, Failed> {
    let mut directories = Directories::default();
    let planned = planned(request, copies, &mut directories)?;
    let mut report = Report {
        operation: request.operation,
        ending: Ending::Planned,
        files: planned.files,
        bytes: 0,
        notes: planned.notes,
        stage: None,
    };
    if request.effect == Effect::Plan {
        return Ok(report);
    }
    if planned.script.steps.is_empty() {
        report.ending = Ending::Done;
        return Ok(report);
    }
    let mut journal = Journal::create(planned.script)?;
    directories.unlock();
    let forward = execute::forward(&mut journal, Start::Fresh, request.jobs, watch);
    report.ending = Ending::Done;
    let stop = match forward {
        Ok(bytes) => {
            report.bytes = bytes;
            journal.remove()?;
            return Ok(report);
        }
        Err(stop) => stop,
    };
    let stage = stage_of(&journal.script);
    match stop {
        Stop::Asked => {
            report.ending = Ending::Stopped;
            report.stage = Some(stage);
            Ok(report)
        }
        Stop::Leftover(error) => Err(leftover(error, request.operation, &stage).into()),
        Stop::Failed(error) => Err(undone(journal, error, request.operation, &stage).into()),
        Stop::Device => match back(journal) {
            Ok(()) => Err(Failed::Device),
            Err(error) => Err(error.with_hint(hint(request.operation, &stage)).into()),
        },
    }
}

fn back(mut journal: Journal) -> Result<(), Error> {
    execute::back(&mut journal)?;
    journal.remove()
}

/// Undoes a run that failed. Returns its error, with a hint that says what is left.
fn undone(journal: Journal, error: Error, operation: Operation, stage: &Path) -> Error {
    match back(journal) {
        Ok(()) => match error.hint() {
            Some(_) => error,
            None => error.with_hint("nothing was changed: what was done has been undone"),
        },
        Err(why) => error.with_hint(format!(
            "it could not be undone: {why}; {}",
            hint(operation, stage)
        )),
    }
}

fn leftover(error: Error, operation: Operation, stage: &Path) -> Error {
    let stage = crate::shell::quote_path(stage);
    error.with_hint(format!(
        "the files are {}; delete what is left with 'c47 seq {} --finish {stage}'",
        operation.past(),
        operation.word(),
    ))
}

fn stage_of(script: &Script) -> PathBuf {
    let stage = script.directories.get(script.stage());
    stage.map(|stage| stage.path.clone()).unwrap_or_default()
}

struct Planned {
    script: Script,
    files: Vec<(PathBuf, Option<PathBuf>)>,
    notes: Vec<String>,
}

fn planned(
    request: &Request,
    copies: Copies,
    directories: &mut Directories,
) -> Result<Planned, Error> {
    let naming = &request.naming;
    let pairs = match request.operation {
        Operation::Remove => sources::removed(naming.sources, directories),
        Operation::Move | Operation::Copy | Operation::Link => sources::pairs(naming, directories),
    };
    let pairs = pairs.map_err(|error| others::explain(error, directories))?;
    let taken = sources::taken(&pairs, directories)?;
    let all = directories.all();
    let notes = others::check(directories, &all, &pairs)?;
    let first = pairs.first();
    let anchor = first.map(|pair| pair.to.as_ref().unwrap_or(&pair.from).directory);
    let anchor = anchor.unwrap_or(0);
    if let Some(directory) = all.get(anchor) {
        crate::atomic_file::ensure_directory(&directory.shown)?;
    }
    let draft = Draft {
        operation: request.operation,
        verify: request.verify,
        existing: request.existing,
        link: request.link,
        directories: &all,
        is_far: &|one, other| match copies {
            Copies::BetweenDevices => directories.is_far(one, other),
            Copies::BetweenDirectories => one != other,
        },
        anchor,
        stage: &stage::name(),
    };
    let script = plan::plan(&draft, &pairs, &taken);
    let script = script.map_err(|refusal| refused(&refusal, &all, request))?;
    links::check(&script, &pairs)?;
    let shown = |place: &Place| script.shown(place);
    let is_changed = |pair: &&plan::Pair| pair.to.as_ref() != Some(&pair.from);
    let files = pairs.iter().filter(is_changed);
    let files = files.map(|pair| (shown(&pair.from), pair.to.as_ref().map(shown)));
    Ok(Planned {
        files: files.collect(),
        script,
        notes,
    })
}

/// The error for a plan with collisions.
fn refused(refusal: &Refusal, directories: &[script::Directory], request: &Request) -> Error {
    const NAMED: usize = 3;
    let list = |places: &[Place]| {
        let path = |place: &Place| {
            let directory = directories.get(place.directory);
            let directory = directory.map_or(Path::new(""), |directory| &directory.shown);
            let name = OsStr::from_bytes(&place.name);
            directory.join(name).display().to_string()
        };
        let mut text: Vec<String> = places.iter().take(NAMED).map(path).collect();
        if let Some(more) = places.len().checked_sub(NAMED).filter(|more| *more > 0) {
            text.push(format!("and {more} more"));
        }
        text.join(", ")
    };
    match refusal {
        Refusal::Exists(places) => {
            let message = format!("files would be overwritten: {}", list(places));
            let hint = match request.operation {
                Operation::Link => "remove them first, or choose other names",
                Operation::Move | Operation::Copy | Operation::Remove => {
                    "use --overwrite to replace them"
                }
            };
            Error::usage_hint(message, hint)
        }
        Refusal::Directory(places) => {
            Error::usage(format!("directories are in the way: {}", list(places)))
        }
        Refusal::Twice(places) => Error::usage_hint(
            format!("two files would have the same name: {}", list(places)),
            "select the frames with a range, such as shot.1-100#.exr",
        ),
        Refusal::Cycle(place) => Error::usage(format!(
            "files would exchange their names: {}",
            list(std::slice::from_ref(place))
        )),
    }
}

/// What to do with a run that was cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recovery {
    Finish,
    Undo,
}

/// Whether a run of another machine may be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elsewhere {
    Refuse,
    Force,
}

/// Finishes or undoes a run that was cut short: `path` is its hidden directory, its journal, or the
/// directory it is in.
///
/// # Errors
/// When there is no such run, it is still running, or a file cannot be read or written.
pub(crate) fn recover(
    path: &Path,
    recovery: Recovery,
    elsewhere: Elsewhere,
    jobs: usize,
    watch: Watch,
) -> Result<Report, Error> {
    let stage = stage::locate(path)?;
    let Some(found) = stage::open(&stage)? else {
        return Err(Error::Nothing {
            place: path.display().to_string(),
            what: "journal of an unfinished run",
        });
    };
    match (found.run, elsewhere) {
        (Run::CutShort, _) | (Run::Elsewhere, Elsewhere::Force) => {}
        (Run::Running, _) => return Err(Error::usage("the run has not ended")),
        (Run::Elsewhere, Elsewhere::Refuse) => {
            return Err(Error::usage_hint(
                "the run was on another machine, or before a reboot of this one",
                "if it does not run there any more, use --force",
            ));
        }
    }
    let stage = found.stage.clone();
    let mut journal = Journal::take_over(found)?;
    let script = &journal.script;
    let files = script.files().into_iter();
    let files = files.map(|(from, to)| (script.shown(from), to.map(|to| script.shown(to))));
    let mut report = Report {
        operation: script.operation,
        ending: Ending::Done,
        files: files.collect(),
        bytes: 0,
        notes: Vec::new(),
        stage: None,
    };
    match recovery {
        Recovery::Undo => {
            execute::back(&mut journal)?;
            report.ending = Ending::Undone;
        }
        Recovery::Finish => match execute::forward(&mut journal, Start::Resumed, jobs, watch) {
            Ok(bytes) => report.bytes = bytes,
            Err(Stop::Failed(error) | Stop::Leftover(error)) => return Err(error),
            Err(Stop::Device) => {
                return Err(Error::usage_hint(
                    "the run moves files to another file system",
                    "use --undo, and start it again",
                ));
            }
            Err(Stop::Asked) => {
                report.ending = Ending::Stopped;
                report.stage = Some(stage);
                return Ok(report);
            }
        },
    }
    journal.remove()?;
    Ok(report)
}
