//! `NAME.part`: a download that is not whole yet, and beside it `NAME.part.meta`, which says who
//! writes it and of what it is the beginning. Only one process ever writes into one such file, also
//! where its lock is not seen on other machines.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::note::{self, Note, note_of, part_of};
use super::validator::Validator;
use crate::atomic_file::{inherit, rename_new};
use crate::crypto::digest::Sha256;
use crate::error::Error;
use crate::interrupt::{self, RemoveOnSignal};
use crate::process::user_id;
use crate::unfinished::{self, Kinship};

/// Whether a file that is there already may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Overwrite,
}

/// A download's file while it grows. It is locked: another download of the same name is refused.
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    target: PathBuf,
    existing: Existing,
    /// The file it will replace.
    replaced: Option<Metadata>,
    length: u64,
    done: bool,
}

impl Partial {
    /// Opens `target`'s partial file, or makes an empty one. What it holds stays.
    ///
    /// # Errors
    /// When `target` is there and is to be kept, or is no regular file; when the partial file is
    /// being written by another, or cannot be had.
    pub(super) fn open(target: &Path, existing: Existing) -> Result<Partial, Error> {
        let path = part_of(target);
        note::reclaim(&note_of(&path), &path);
        let replaced = ensure_free(target, existing)?;
        // Its final mode may depend on a group that it does not have yet.
        let mode = if replaced.is_some() { 0o600 } else { 0o666 };
        // Between opening and locking, another download may finish and take the file away.
        for _ in 0..5 {
            let file = open(&path, mode)?;
            ensure_ours(&path, &file.metadata().map_err(Error::file("read", &path))?)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(busy(&path));
                }
                // A file system that knows no locks: the note tells as much.
                Err(TryLockError::Error(_)) => {}
            }
            let opened = file.metadata().map_err(Error::file("read", &path))?;
            if !unfinished::is_at(&path, &file) {
                continue;
            }
            ensure_ours(&path, &opened)?;
            // Where locks do nothing.
            if Note::read(&note_of(&path), &file)
                .is_some_and(|note| note.kinship() == Kinship::Alive)
            {
                return Err(busy(&path));
            }
            if let Some(old) = &replaced {
                inherit(&file, old, target, 0o666).map_err(Error::file("write", &path))?;
            }
            return Ok(Partial {
                file,
                path,
                target: target.to_owned(),
                existing,
                replaced,
                length: opened.len(),
                done: false,
            });
        }
        let why = "it does not stay in its place";
        Err(Error::file("write", &path)(io::Error::other(why)))
    }

    /// Bytes it holds.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What it will be.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// What it is the beginning of; `None` where nobody noted it, or there is nothing yet.
    pub(super) fn validator(&self) -> Option<Validator> {
        if self.length == 0 {
            return None;
        }
        self.note().map(|note| note.validator)
    }

    /// Whether a later download can go on with it.
    pub(super) fn is_resumable(&self) -> bool {
        self.note().is_some()
    }

    fn note(&self) -> Option<Note> {
        Note::read(&note_of(&self.path), &self.file)
    }

    /// Begins it anew as another file, and notes of what it will be the beginning: a download that
    /// is not seen from here, on another machine, may still write into the old one.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn begin(&mut self, validator: Option<&Validator>) -> Result<(), Error> {
        let meta = note_of(&self.path);
        remove(&meta)?;
        self.replace(|_| Ok(()))?;
        self.length = 0;
        if let Some(validator) = validator {
            Note::write(&meta, &self.file, validator)?;
        }
        Ok(())
    }

    /// Puts a new file in the place of the partial one, filled by `fill`.
    fn replace(&mut self, fill: impl FnOnce(&mut File) -> io::Result<()>) -> Result<(), Error> {
        let fail = |error| Error::file("write", &self.path)(error);
        let mode = self.file.metadata().map_err(fail)?.mode() & 0o777;
        let temporary = unfinished::beside(&self.path);
        let (mut file, guard) = RemoveOnSignal::around(&temporary, || {
            OpenOptions::new()
                .read(true)
                .write(true)
                .create_new(true)
                .mode(mode)
                .open(&temporary)
        })
        .map_err(fail)?;
        let _ = file.try_lock(); // nobody else knows its name
        let placed = self
            .replaced
            .as_ref()
            .map_or(Ok(()), |old| inherit(&file, old, &self.target, 0o666))
            .and_then(|()| fill(&mut file))
            .and_then(|()| {
                interrupt::undivided(|| {
                    fs::rename(&temporary, &self.path)?;
                    drop(guard);
                    Ok(())
                })
            });
        if let Err(error) = placed {
            let _ = fs::remove_file(&temporary);
            return Err(fail(error));
        }
        self.file = file;
        Ok(())
    }

    /// Makes sure that nobody else writes into what is there: of a writer on another machine, or
    /// before this one was started again, nothing is known, so that its bytes are copied.
    ///
    /// # Errors
    /// When another download is writing it, or it cannot be copied.
    pub(super) fn take_over(&mut self) -> Result<(), Error> {
        let meta = note_of(&self.path);
        let Some(note) = Note::read(&meta, &self.file) else {
            return Ok(());
        };
        match note.kinship() {
            Kinship::Own => return Ok(()),
            Kinship::Alive => return Err(busy(&self.path)),
            // The lock that this process has counts.
            Kinship::Dead | Kinship::SameMachine => {}
            Kinship::Stranger => {
                let fail = Error::file("read", &self.path);
                let mut old = self.file.try_clone().map_err(fail)?;
                let length = self.length;
                self.replace(|new| {
                    old.seek(SeekFrom::Start(0))?;
                    match io::copy(&mut old.take(length), new)? == length {
                        true => Ok(()),
                        false => Err(io::Error::other("another download changed it")),
                    }
                })?;
            }
        }
        Note::write(&meta, &self.file, &note.validator)
    }

    /// Goes to its end, to be appended to.
    ///
    /// # Errors
    /// When its file system cannot.
    pub(super) fn seek_end(&mut self) -> Result<(), Error> {
        let end = self.file.seek(SeekFrom::End(0));
        self.length = end.map_err(Error::file("write", &self.path))?;
        Ok(())
    }

    /// Gives all its bytes to `digest`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn digest(&mut self, digest: &mut Sha256) -> Result<(), Error> {
        let fail = |error| Error::file("read", &self.path)(error);
        self.file.seek(SeekFrom::Start(0)).map_err(fail)?;
        feed(&mut self.file, digest).map_err(fail)
    }

    /// Appends.
    ///
    /// # Errors
    /// When the disk is full.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(bytes)
            .map_err(Error::file("write", &self.path))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Puts the whole file in its place: synced, then renamed.
    ///
    /// # Errors
    /// When the disk is full, a file of that name has appeared meanwhile, or another download has
    /// replaced the partial one; that stays.
    pub(super) fn commit(mut self) -> Result<PathBuf, Error> {
        // Its access may have been narrowed while the download ran.
        let now = match self.existing {
            Existing::Overwrite => ensure_free(&self.target, self.existing)?,
            Existing::Keep => None,
        };
        if let Some(old) = now.as_ref().or(self.replaced.as_ref()) {
            inherit(&self.file, old, &self.target, 0o666)
                .map_err(Error::file("write", &self.target))?;
        }
        self.file
            .sync_all()
            .map_err(Error::file("write", &self.path))?;
        interrupt::undivided(|| {
            unfinished::ensure_at(&self.path, &self.file)
                .map_err(Error::file("write", &self.path))?;
            match self.existing {
                Existing::Overwrite => fs::rename(&self.path, &self.target),
                Existing::Keep => to_new(&self.path, &self.target),
            }
            .map_err(Error::file("write", &self.target))?;
            self.done = true;
            let _ = fs::remove_file(note_of(&self.path));
            unfinished::ensure_at(&self.target, &self.file)
                .map_err(Error::file("write", &self.target))
        })?;
        Ok(std::mem::take(&mut self.target))
    }

    /// Removes it, and what was noted.
    pub(super) fn discard(mut self) {
        self.remove();
    }

    fn remove(&mut self) {
        self.done = true;
        interrupt::undivided(|| {
            if unfinished::is_at(&self.path, &self.file) {
                let _ = fs::remove_file(&self.path);
                let _ = fs::remove_file(note_of(&self.path));
            }
        });
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Nothing came: nothing to go on with. It is still locked, and so ours to remove.
        if !self.done && self.length == 0 {
            self.remove();
        }
    }
}

/// Gives all that is left of a file to `digest`.
pub(super) fn feed(file: &mut File, digest: &mut Sha256) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => digest.update(buffer.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The file that would be replaced.
fn ensure_free(target: &Path, existing: Existing) -> Result<Option<Metadata>, Error> {
    let refuse = |why: &str| Err(Error::file("write", target)(io::Error::other(why)));
    match (fs::symlink_metadata(target), existing) {
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        (Err(error), _) => Err(Error::file("write", target)(error)),
        (Ok(found), _) if found.is_dir() => refuse("it is a directory"),
        (Ok(_), Existing::Keep) => Err(Error::usage_hint(
            format!("{} exists already", target.display()),
            "--overwrite replaces it",
        )),
        (Ok(found), Existing::Overwrite) if found.is_file() => Ok(Some(found)),
        // A link is replaced, not followed: it may lead anywhere.
        (Ok(found), Existing::Overwrite) if found.is_symlink() => Ok(None),
        (Ok(_), Existing::Overwrite) => refuse("it is not a regular file"),
    }
}

fn open(path: &Path, mode: u32) -> Result<File, Error> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(mode)
        // Neither through a link, nor waiting for a pipe's other end.
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .or_else(|error| {
            // With fs.protected_regular the kernel refuses it first, with a poorer reason.
            if let Ok(found) = fs::symlink_metadata(path)
                && found.is_file()
            {
                ensure_ours(path, &found)?;
            }
            Err(Error::file("write", path)(error))
        })
}

fn busy(path: &Path) -> Error {
    Error::file("write", path)(io::Error::other("another download is writing it"))
}

/// Another user could change the file after it was verified, and others' data could be overwritten
/// through a second name or a device.
fn ensure_ours(path: &Path, opened: &Metadata) -> Result<(), Error> {
    let why = if opened.uid() != user_id() {
        "it belongs to another user; remove it or choose another directory"
    } else if !opened.is_file() {
        "it is not a regular file"
    } else if opened.nlink() > 1 {
        "it has a second name (hard link)"
    } else {
        return Ok(());
    };
    Err(Error::file("write", path)(io::Error::other(why)))
}

fn to_new(from: &Path, to: &Path) -> io::Result<()> {
    rename_new(from, to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            io::Error::other("a file of this name has appeared; --overwrite replaces it")
        }
        _ => error,
    })
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::file("write", path)(error))
        }
        _ => Ok(()),
    }
}
