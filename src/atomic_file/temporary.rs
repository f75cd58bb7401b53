//! A temporary file beside the one that it becomes. Its name is one of a few, so that the next run
//! finds what a killed one left; a lock tells whether its process is still alive.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::place::user_id;
use crate::interrupt::{self, RemoveOnSignal};

/// As many processes may write the same file at once.
const MOST: usize = 100;
/// A run looks for what was left under this many names.
const RECLAIMED: usize = 4;
/// A name has 255 bytes, 143 on some encrypted file systems.
const MOST_STEM_BYTES: usize = 100;
/// Where a file system has no locks, a file that nobody wrote to for so long is nobody's.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// How many processes may write the same file at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writers {
    One,
    Many,
}

/// Removed when dropped, and by a signal.
pub(super) struct Temporary {
    pub file: File,
    pub path: PathBuf,
    guard: Option<RemoveOnSignal>,
}

impl Temporary {
    /// Makes an empty one for `target`.
    ///
    /// # Errors
    /// When the directory cannot be written, or all names are taken.
    pub(super) fn create(target: &Path, mode: u32, writers: Writers) -> io::Result<Temporary> {
        let names = match writers {
            Writers::One => 1,
            Writers::Many => MOST,
        };
        for number in 0..names {
            let path = numbered(target, number);
            // The second try is for a name that was reclaimed.
            for _ in 0..2 {
                match Temporary::make(&path, mode) {
                    Ok(Some(temporary)) => {
                        for left in number + 1..=number + RECLAIMED {
                            reclaim(&numbered(target, left));
                        }
                        return Ok(temporary);
                    }
                    Ok(None) => {}
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                        if !reclaim(&path) {
                            break;
                        }
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Err(io::Error::other(match writers {
            Writers::One => "another process is writing it",
            Writers::Many => "there are 100 unfinished temporary files beside it",
        }))
    }

    /// `None` where another process took it for one that was left behind.
    fn make(path: &Path, mode: u32) -> io::Result<Option<Temporary>> {
        let (file, guard) = RemoveOnSignal::around(path, || {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(path)
        })?;
        let is_lost = matches!(file.try_lock(), Err(TryLockError::WouldBlock))
            || file.metadata()?.nlink() == 0;
        Ok((!is_lost).then(|| Temporary {
            file,
            path: path.to_owned(),
            guard: Some(guard),
        }))
    }

    /// Puts it elsewhere by `place`, which leaves nothing under its own name.
    ///
    /// # Errors
    /// Those of `place`; the file is still there then.
    pub(super) fn put(&mut self, place: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        interrupt::undivided(|| {
            place(&self.path)?;
            self.guard = None;
            Ok(())
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if let Some(guard) = self.guard.take() {
            interrupt::undivided(|| {
                let _ = fs::remove_file(&self.path);
                drop(guard);
            });
        }
    }
}

fn numbered(target: &Path, number: usize) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    let mut hidden = OsString::from(".");
    match name.to_str() {
        Some(name) => hidden.push(&name[..name.floor_char_boundary(MOST_STEM_BYTES)]),
        None => {
            let bytes = name.as_bytes();
            let bytes = bytes.get(..MOST_STEM_BYTES).unwrap_or(bytes);
            hidden.push(OsString::from_vec(bytes.to_vec()));
        }
    }
    hidden.push(format!(".c47-{number}.part"));
    target.with_file_name(hidden)
}

/// Removes what a killed process of the caller's left under this name; whether it did.
fn reclaim(path: &Path) -> bool {
    let opened = OpenOptions::new()
        .write(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path);
    let Ok(file) = opened else { return false };
    let Ok(found) = file.metadata() else {
        return false;
    };
    if !found.is_file() || found.uid() != user_id() || found.nlink() != 1 {
        return false;
    }
    let is_left = match file.try_lock() {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => found
            .modified()
            .is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > ABANDONED)),
    };
    // While this lock is held nobody else removes the file.
    let is_same = |named: &fs::Metadata| (named.dev(), named.ino()) == (found.dev(), found.ino());
    is_left
        && fs::symlink_metadata(path).is_ok_and(|named| is_same(&named))
        && fs::remove_file(path).is_ok()
}
