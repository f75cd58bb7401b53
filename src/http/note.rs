//! `NAME.part.meta`: who writes `NAME.part`, and of what it is the beginning.

use std::ffi::OsString;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::validator::Validator;
use crate::atomic_file;
use crate::crypto::digest::Sha256;
use crate::error::Error;
use crate::process::user_id;
use crate::unfinished::{Kinship, Writer, shortened};

/// More than any writer and validator.
const MAX_BYTES: u64 = 16 << 10;

/// What is noted of a partial file.
pub(super) struct Note {
    /// Who writes the partial file, and its inode: where no lock is seen, two downloads may write
    /// their notes. Version 0.1.0 noted neither.
    writer: Option<(Writer, u64)>,
    pub validator: Validator,
}

impl Note {
    /// The note at `path`, if it is of this partial file. Another user's note could say that a file
    /// of theirs is the one that was begun.
    pub(super) fn read(path: &Path, part: &File) -> Option<Note> {
        let file = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(path)
            .ok()?;
        if !file.metadata().is_ok_and(|note| is_ours(&note)) {
            return None;
        }
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
        let note = Note::parse(&text)?;
        let inode = part.metadata().ok()?.ino();
        let is_of_it = note.writer.as_ref().is_none_or(|(_, of)| *of == inode);
        is_of_it.then_some(note)
    }

    /// How the partial file's writer is known.
    pub(super) fn kinship(&self) -> Kinship {
        let writer = self.writer.as_ref();
        writer.map_or(Kinship::Stranger, |(writer, _)| writer.kinship())
    }

    fn parse(text: &str) -> Option<Note> {
        let (writer, validator) = match text.strip_prefix("writer ") {
            None => (None, text),
            Some(rest) => {
                let (first, rest) = rest.split_once('\n')?;
                let (writer, inode) = first.split_once(" inode ")?;
                (Some((Writer::parse(writer)?, inode.parse().ok()?)), rest)
            }
        };
        Some(Note {
            writer,
            validator: Validator::parse_note(validator)?,
        })
    }

    /// Notes that this process writes the partial file, and of what it is the beginning.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(path: &Path, part: &File, validator: &Validator) -> Result<(), Error> {
        let inode = part.metadata().map_err(Error::file("read", path))?.ino();
        let writer = Writer::own();
        let text = format!("writer {writer} inode {inode}\n{}", validator.note());
        atomic_file::write(path, text.as_bytes(), 0o600)
    }
}

/// Removes the note of a download that was killed after its file had been renamed or removed.
pub(super) fn reclaim(note: &Path, part: &Path) {
    let is_gone =
        fs::symlink_metadata(part).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if is_gone && fs::symlink_metadata(note).is_ok_and(|note| is_ours(&note)) {
        let _ = fs::remove_file(note);
    }
}

/// A regular file of the caller's with one name.
pub(super) fn is_ours(found: &Metadata) -> bool {
    found.is_file() && found.uid() == user_id() && found.nlink() == 1
}

/// A name may have so many bytes.
const MAX_NAME_BYTES: usize = 255;
const PART: &str = ".part";
const META: &str = ".meta";

/// `NAME.part`; with a hash in it where a name with the note's ending would be too long.
pub(super) fn part_of(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default();
    let room = MAX_NAME_BYTES - PART.len() - META.len();
    let mut part = name.to_owned();
    if name.len() > room {
        let mut digest = Sha256::new();
        digest.update(name.as_bytes());
        let digest = digest.finish();
        part = shortened(name, room - 17);
        part.push(format!("-{}", digest.get(..16).unwrap_or_default()));
    }
    part.push(PART);
    target.with_file_name(part)
}

/// `NAME.part.meta`.
pub(super) fn note_of(part: &Path) -> PathBuf {
    let mut name = OsString::from(part);
    name.push(META);
    name.into()
}
