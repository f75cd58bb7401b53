//! `NAME.part`, an incomplete download, and `NAME.part.meta`, which stores its writer and the
//! version of its file. Only one process writes to the file, even if its lock is not visible on
//! other machines.

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
use crate::unfinished::{self, WriterStatus};

/// Whether an existing file may be overwritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Keep,
    Overwrite,
}

/// The file of a running download. It is locked, so that another download of the same name is
/// refused.
pub(super) struct Partial {
    file: File,
    path: PathBuf,
    target: PathBuf,
    existing: Existing,
    /// The file that it will replace.
    replaced: Option<Metadata>,
    length: u64,
    done: bool,
}

impl Partial {
    /// Opens the partial file of `target`, or creates an empty one. Keeps its content.
    ///
    /// # Errors
    /// When `target` exists and must be kept, or is not a regular file; when the partial file is in
    /// use or cannot be opened.
    pub(super) fn open(target: &Path, existing: Existing) -> Result<Partial, Error> {
        let path = part_of(target);
        note::reclaim(&note_of(&path), &path);
        let replaced = ensure_free(target, existing)?;
        // Its final mode may depend on a group that is not set yet.
        let mode = if replaced.is_some() { 0o600 } else { 0o666 };
        // Between open and lock, another download may finish and rename the file.
        for _ in 0..5 {
            let file = open(&path, mode)?;
            ensure_ours(&path, &file.metadata().map_err(Error::file("read", &path))?)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    return Err(busy(&path));
                }
                // A file system without locks: the note names the writer.
                Err(TryLockError::Error(_)) => {}
            }
            let opened = file.metadata().map_err(Error::file("read", &path))?;
            if !unfinished::is_at(&path, &file) {
                continue;
            }
            ensure_ours(&path, &opened)?;
            // For file systems without locks.
            if Note::read(&note_of(&path), &file)
                .is_some_and(|note| note.writer_status() == WriterStatus::Alive)
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
        let why = "it is replaced again and again";
        Err(Error::file("write", &path)(io::Error::other(why)))
    }

    /// The number of bytes received.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The path of the complete file.
    pub(super) fn target(&self) -> &Path {
        &self.target
    }

    /// The version of the file; `None` if it was not stored, or nothing is received yet.
    pub(super) fn validator(&self) -> Option<Validator> {
        if self.length == 0 {
            return None;
        }
        self.note().map(|note| note.validator)
    }

    /// Whether a later download can resume it.
    pub(super) fn is_resumable(&self) -> bool {
        self.note().is_some()
    }

    fn note(&self) -> Option<Note> {
        Note::read(&note_of(&self.path), &self.file)
    }

    /// Creates a new partial file, and stores the version of its content. A download on another
    /// machine may still write to the old file.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub(super) fn reset(&mut self, validator: Option<&Validator>) -> Result<(), Error> {
        let meta = note_of(&self.path);
        remove(&meta)?;
        self.replace(|_| Ok(()))?;
        self.length = 0;
        if let Some(validator) = validator {
            Note::write(&meta, &self.file, validator)?;
        }
        Ok(())
    }

    /// Replaces the partial file with a new one that `fill` writes.
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
        let _ = file.try_lock(); // no other process knows its name
        let placed = self
            .replaced
            .as_ref()
            .map_or(Ok(()), |old| inherit(&file, old, &self.target, 0o666))
            .and_then(|()| fill(&mut file))
            .and_then(|()| {
                interrupt::uninterrupted(|| {
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

    /// Ensures that no other process writes to the partial file. If the writer is on another
    /// machine, or is from before a reboot, its state is unknown, so the bytes are copied.
    ///
    /// # Errors
    /// When another download is writing it, or it cannot be copied.
    pub(super) fn take_over(&mut self) -> Result<(), Error> {
        let meta = note_of(&self.path);
        let Some(note) = Note::read(&meta, &self.file) else {
            return Ok(());
        };
        match note.writer_status() {
            WriterStatus::Own => return Ok(()),
            WriterStatus::Alive => return Err(busy(&self.path)),
            // The lock of this process is sufficient.
            WriterStatus::Dead | WriterStatus::SameMachine => {}
            WriterStatus::Stranger => {
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

    /// Seeks to the end, to append.
    ///
    /// # Errors
    /// When the file system does not support it.
    pub(super) fn seek_end(&mut self) -> Result<(), Error> {
        let end = self.file.seek(SeekFrom::End(0));
        self.length = end.map_err(Error::file("write", &self.path))?;
        Ok(())
    }

    /// Adds the whole content to `digest`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn digest(&mut self, digest: &mut Sha256) -> Result<(), Error> {
        let fail = |error| Error::file("read", &self.path)(error);
        self.file.seek(SeekFrom::Start(0)).map_err(fail)?;
        hash_rest(&mut self.file, digest).map_err(fail)
    }

    /// Appends bytes.
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

    /// Moves the complete file to its place: synced, then renamed.
    ///
    /// # Errors
    /// When the disk is full, a file of that name was created meanwhile, or another download has
    /// replaced the partial file, which is then kept.
    pub(super) fn commit(mut self) -> Result<PathBuf, Error> {
        // Its mode may have been reduced during the download.
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
        interrupt::uninterrupted(|| {
            unfinished::ensure_at(&self.path, &self.file)
                .map_err(Error::file("write", &self.path))?;
            match self.existing {
                Existing::Overwrite => fs::rename(&self.path, &self.target),
                Existing::Keep => rename_without_overwrite(&self.path, &self.target),
            }
            .map_err(Error::file("write", &self.target))?;
            self.done = true;
            let _ = fs::remove_file(note_of(&self.path));
            unfinished::ensure_at(&self.target, &self.file)
                .map_err(Error::file("write", &self.target))
        })?;
        Ok(std::mem::take(&mut self.target))
    }

    /// Removes the file and its metadata.
    pub(super) fn discard(mut self) {
        self.remove();
    }

    fn remove(&mut self) {
        self.done = true;
        interrupt::uninterrupted(|| {
            if unfinished::is_at(&self.path, &self.file) {
                let _ = fs::remove_file(&self.path);
                let _ = fs::remove_file(note_of(&self.path));
            }
        });
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Nothing was received, so nothing can be resumed. The file is still locked by this
        // process.
        if !self.done && self.length == 0 {
            self.remove();
        }
    }
}

/// Adds the rest of a file to `digest`.
pub(super) fn hash_rest(file: &mut File, digest: &mut Sha256) -> io::Result<()> {
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

/// Ensures that the target may be written; returns the metadata of an existing file.
fn ensure_free(target: &Path, existing: Existing) -> Result<Option<Metadata>, Error> {
    let refuse = |why: &str| Err(Error::file("write", target)(io::Error::other(why)));
    match (fs::symlink_metadata(target), existing) {
        (Err(error), _) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        (Err(error), _) => Err(Error::file("write", target)(error)),
        (Ok(found), _) if found.is_dir() => refuse("it is a directory"),
        (Ok(_), Existing::Keep) => Err(Error::usage_hint(
            format!("{} already exists", target.display()),
            "use --overwrite to replace it",
        )),
        (Ok(found), Existing::Overwrite) if found.is_file() => Ok(Some(found)),
        // A symlink is replaced, not followed.
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
        // O_NOFOLLOW refuses a symlink, O_NONBLOCK does not wait for a pipe.
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .or_else(|error| {
            // With fs.protected_regular the kernel refuses it first, with a less specific reason.
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

/// Refuses a file of another user, who could change it after verification, and a hard link or
/// device, which would overwrite other data.
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

fn rename_without_overwrite(from: &Path, to: &Path) -> io::Result<()> {
    rename_new(from, to).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => io::Error::other(
            "a file of this name was created meanwhile; use --overwrite to replace it",
        ),
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
