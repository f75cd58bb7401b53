//! The hidden directories of runs: `.c47-seq-<writer>`, with the journal and the files that are not in
//! their places yet, or no longer.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::script::Operation;
use super::text::{self, Record};
use crate::atomic_file::is_own;
use crate::error::Error;
use crate::sort::Sortable;
use crate::unfinished::{Writer, WriterStatus, is_at};

const PREFIX: &str = ".c47-seq-";
pub(super) const JOURNAL: &str = "journal";
/// The journal while it is written.
pub(super) const PART: &str = "journal.part";
/// More than the journal of the largest directory.
const MOST_BYTES: u64 = 4 << 30;

/// Whether this is the name of a hidden directory of a run.
pub(super) fn is_stage(name: &OsStr) -> bool {
    name.as_bytes().starts_with(PREFIX.as_bytes())
}

/// A new name for the hidden directories of a run of this process.
pub(super) fn name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("{PREFIX}{}-{count}", Writer::own())
}

fn writer(stage: &Path) -> Option<Writer> {
    let name = stage.file_name()?.to_str()?;
    Writer::parse(name.strip_prefix(PREFIX)?)
}

/// What is known about the process of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    /// It was killed, or could not go on.
    CutShort,
    Running,
    /// On another machine, or before a reboot of this one.
    Elsewhere,
}

/// A run that was found by its hidden directory.
pub(super) struct Found {
    /// The hidden directory with the journal: absolute, without symlinks.
    pub stage: PathBuf,
    pub record: Record,
    pub run: Run,
    /// The journal. It is locked, unless the process of the run is alive.
    pub file: File,
}

/// Opens the journal of a hidden directory. `None`: it has none.
///
/// # Errors
/// When it cannot be read, belongs to another user, or is malformed.
pub(super) fn open(stage: &Path) -> Result<Option<Found>, Error> {
    // In the second hidden directory of a run it is a symlink.
    let path = match fs::canonicalize(stage.join(JOURNAL)) {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::file("read", &stage.join(JOURNAL))(error)),
    };
    let fail = |error| Error::file("read", &path)(error);
    let opened = OpenOptions::new()
        .read(true)
        .append(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(&path);
    let mut file = match opened {
        Ok(file) => file,
        // It ended in the meantime.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(error)),
    };
    let found = file.metadata().map_err(fail)?;
    // It says which files to rename and to delete.
    if !found.is_file() || !is_own(&found) {
        return Err(fail(io::Error::other("it belongs to another user")));
    }
    let run = run(&path, &file);
    let mut text = String::new();
    let read = Read::by_ref(&mut file)
        .take(MOST_BYTES)
        .read_to_string(&mut text);
    read.map_err(fail)?;
    let malformed = |why: &str| Error::malformed(path.display().to_string(), why);
    let record = text::read(&text).map_err(|line| match line {
        0 => malformed("the journal is not complete"),
        line => malformed(&format!("line {line} is malformed")),
    })?;
    let stage = path.parent().unwrap_or(Path::new("/")).to_owned();
    let named = record.script.stages().next().map(|(_, stage)| &stage.path);
    match named {
        Some(named) if *named == stage => {}
        // The directory was renamed, or has another path on this machine.
        Some(named) => {
            let named = crate::shell::quote_path(named.parent().unwrap_or(Path::new("/")));
            let hint = format!("recover the run where the directory has the path {named}");
            return Err(malformed("the journal is for another directory").with_hint(hint));
        }
        None => return Err(malformed("the journal is for another directory")),
    }
    Ok(Some(Found {
        stage,
        record,
        run,
        file,
    }))
}

/// What is known about the process of a journal. Its lock is taken if the process is not alive.
fn run(path: &Path, file: &File) -> Run {
    if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) || !is_at(path, file) {
        return Run::Running;
    }
    let Some(writer) = path.parent().and_then(writer) else {
        return Run::Elsewhere;
    };
    match writer.writer_status() {
        WriterStatus::Own | WriterStatus::Alive => Run::Running,
        WriterStatus::Dead => Run::CutShort,
        WriterStatus::SameMachine | WriterStatus::Stranger => match writer.has_left(file) {
            true => Run::CutShort,
            false => Run::Elsewhere,
        },
    }
}

/// Removes a hidden directory without a journal, if its process is dead: nothing has been done in it.
pub(super) fn reclaim(stage: &Path) {
    let Some(writer) = writer(stage) else { return };
    let is_left = File::open(stage).is_ok_and(|opened| {
        opened.metadata().is_ok_and(|found| is_own(&found)) && writer.has_left(&opened)
    });
    if is_left {
        let _ = fs::remove_file(stage.join(PART));
        let _ = fs::remove_dir(stage); // not if it has other files
    }
}

/// The hidden directory that an argument names: itself, its journal, or the directory it is in.
///
/// # Errors
/// When there is none, or more than one.
pub(super) fn locate(path: &Path) -> Result<PathBuf, Error> {
    let fail = |error| Error::file("read", path)(error);
    let real = fs::canonicalize(path).map_err(fail)?;
    if !real.is_dir() {
        return Ok(real.parent().unwrap_or(Path::new("/")).to_owned());
    }
    if real.file_name().is_some_and(is_stage) {
        return Ok(real);
    }
    let mut stages = Vec::new();
    for entry in fs::read_dir(&real).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let stage = entry.path();
        if is_stage(&entry.file_name()) && fs::symlink_metadata(stage.join(JOURNAL)).is_ok() {
            stages.push(stage);
        }
    }
    let nothing = || Error::Nothing {
        place: path.display().to_string(),
        what: "journal of an unfinished run",
    };
    match stages.len() {
        0 | 1 => stages.pop().ok_or_else(nothing),
        count => {
            stages.order();
            let names: Vec<String> = stages
                .iter()
                .map(|stage| crate::shell::quote_path(stage))
                .collect();
            Err(Error::usage_hint(
                format!("{} has {count} unfinished runs", path.display()),
                format!("name one of them: {}", names.join(" ")),
            ))
        }
    }
}

/// How to finish or to undo a run.
pub(crate) fn hint(operation: Operation, stage: &Path) -> String {
    let (word, stage) = (operation.word(), crate::shell::quote_path(stage));
    format!("finish it with 'c47 seq {word} --finish {stage}', or undo it with --undo")
}
