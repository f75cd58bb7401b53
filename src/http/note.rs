//! `NAME.part.meta`: the writer of `NAME.part`, and the version of its file.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use super::validator::Validator;
use crate::atomic_file;
use crate::error::Error;
use crate::process::user_id;
use crate::unfinished::{Kinship, Writer};

/// Larger than any writer and validator.
const MAX_BYTES: u64 = 16 << 10;

/// The note about a partial file.
pub(super) struct Note {
    /// The writer of the partial file, and its inode: without locks, two downloads may write notes.
    /// Version 0.1.0 wrote neither.
    writer: Option<(Writer, u64)>,
    pub validator: Validator,
}

impl Note {
    /// Reads the note at `path`, if it belongs to this partial file. A note of another user could
    /// present a file of that user as the partial download.
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

    /// What is known about the writer of the partial file.
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

    /// Stores this process as the writer of the partial file, and the version of its content.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub(super) fn write(path: &Path, part: &File, validator: &Validator) -> Result<(), Error> {
        let inode = part.metadata().map_err(Error::file("read", path))?.ino();
        let writer = Writer::own();
        let text = format!("writer {writer} inode {inode}\n{}", validator.note());
        atomic_file::write(path, text.as_bytes(), 0o600)
    }
}

/// Removes the note of a download that was killed after its file was renamed or removed.
pub(super) fn reclaim(note: &Path, part: &Path) {
    let is_gone =
        fs::symlink_metadata(part).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
    if is_gone && fs::symlink_metadata(note).is_ok_and(|note| is_ours(&note)) {
        let _ = fs::remove_file(note);
    }
}

/// Whether it is a regular file of the current user, without another hard link.
pub(super) fn is_ours(found: &Metadata) -> bool {
    found.is_file() && found.uid() == user_id() && found.nlink() == 1
}
