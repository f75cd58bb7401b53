//! `NAME.part`: a download that is not whole yet, and beside it `NAME.part.meta`, which says of what
//! it is the beginning.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::url::Url;
use super::validator::Validator;
use crate::atomic_file::{inherit, rename_new, user_id};
use crate::crypto::digest::Sha256;
use crate::error::Error;
use crate::interrupt;

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

/// More than any validator.
const MAX_META: u64 = 16 << 10;

impl Partial {
    /// Opens `target`'s partial file, or makes an empty one. What it holds stays.
    ///
    /// # Errors
    /// When `target` is there and is to be kept, or is no regular file; when the partial file is
    /// being written by another, or cannot be had.
    pub(super) fn open(target: &Path, existing: Existing) -> Result<Partial, Error> {
        let path = with_suffix(target, ".part");
        reclaim_note(&path);
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
                    let why = "another download is writing it";
                    return Err(Error::file("write", &path)(io::Error::other(why)));
                }
                // A file system that knows no locks: as it was before there were any.
                Err(TryLockError::Error(_)) => {}
            }
            let opened = file.metadata().map_err(Error::file("read", &path))?;
            if !fs::symlink_metadata(&path).is_ok_and(|named| is_same(&named, &opened)) {
                continue;
            }
            ensure_ours(&path, &opened)?;
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
        read_note(&self.meta())
    }

    /// Whether a later download can go on with it.
    pub(super) fn is_resumable(&self) -> bool {
        read_note(&self.meta()).is_some()
    }

    /// Empties it, and notes what it will be the beginning of.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn begin(&mut self, validator: Option<&Validator>) -> Result<(), Error> {
        let meta = self.meta();
        remove(&meta)?;
        self.file
            .set_len(0)
            .and_then(|()| self.file.seek(SeekFrom::Start(0)))
            .map_err(Error::file("write", &self.path))?;
        self.length = 0;
        if let Some(validator) = validator {
            // Made new, so that it is no link to somewhere else.
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&meta)
                .and_then(|mut file| file.write_all(validator.note().as_bytes()))
                .map_err(Error::file("write", &meta))?;
        }
        Ok(())
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
    /// When the disk is full, or a file of that name has appeared meanwhile; the partial one stays.
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
            match self.existing {
                Existing::Overwrite => fs::rename(&self.path, &self.target),
                Existing::Keep => to_new(&self.path, &self.target),
            }
            .map_err(Error::file("write", &self.target))?;
            self.done = true;
            let _ = fs::remove_file(self.meta());
            Ok::<(), Error>(())
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
            let _ = fs::remove_file(&self.path);
            let _ = fs::remove_file(self.meta());
        });
    }

    fn meta(&self) -> PathBuf {
        with_suffix(&self.path, ".meta")
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

/// The file in `directory` of which an earlier download from `url` left a beginning. Of several it is the
/// one whose URL had the same query (in a signed URL it changes), else the one written last.
pub(super) fn begun(directory: &Path, url: &Url, existing: Existing) -> Option<PathBuf> {
    let here = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    let notes = fs::read_dir(here).ok()?.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let target = name.as_bytes().strip_suffix(b".part.meta")?;
        Some(directory.join(OsStr::from_bytes(target)))
    });
    let beginnings = notes.take(MAX_NOTES).filter_map(|target| {
        let part = with_suffix(&target, ".part");
        let found = fs::symlink_metadata(&part).ok()?;
        let is_begun = is_ours(&found) && found.len() > 0;
        let is_taken = existing == Existing::Keep && target.symlink_metadata().is_ok();
        let note = read_note(&with_suffix(&part, ".meta"))?;
        let is_it = is_begun && !is_taken && note.is_of(url);
        is_it.then(|| (note.has_query_of(url), found.modified().ok(), target))
    });
    beginnings.max().map(|(_, _, target)| target)
}

/// Notes of earlier downloads that are read, of all in a directory.
const MAX_NOTES: usize = 1000;

/// Whether the file at `path` has this SHA-256.
pub(super) fn has_sha256(path: &Path, wanted: &str) -> bool {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path);
    let Ok(mut file) = file else { return false };
    let mut digest = Sha256::new();
    file.metadata().is_ok_and(|found| found.is_file())
        && feed(&mut file, &mut digest).is_ok()
        && digest.finish() == wanted
}

/// Gives all that is left of a file to `digest`.
fn feed(file: &mut File, digest: &mut Sha256) -> io::Result<()> {
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

fn read_note(note: &Path) -> Option<Validator> {
    let mut text = String::new();
    let file = open_to_read(note).ok()?;
    // Another user's note could say that a file of theirs is the one that was begun.
    if !file.metadata().is_ok_and(|note| is_ours(&note)) {
        return None;
    }
    file.take(MAX_META).read_to_string(&mut text).ok()?;
    Validator::parse_note(&text)
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

fn open_to_read(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
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

/// A regular file of the caller's with one name.
fn is_ours(found: &Metadata) -> bool {
    found.is_file() && found.uid() == user_id() && found.nlink() == 1
}

/// Removes the note of a download that was killed after its file had been renamed or removed.
fn reclaim_note(path: &Path) {
    let note = with_suffix(path, ".meta");
    let is_gone =
        fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    if is_gone && fs::symlink_metadata(&note).is_ok_and(|note| is_ours(&note)) {
        let _ = fs::remove_file(note);
    }
}

fn is_same(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
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

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
