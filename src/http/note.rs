//! `NAME.part.meta`: the writer of `NAME.part`, and the version of its file.

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
use crate::unfinished::{Writer, WriterStatus, shortened};

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
    pub(super) fn writer_status(&self) -> WriterStatus {
        let writer = self.writer.as_ref();
        writer.map_or(WriterStatus::Stranger, |(writer, _)| writer.writer_status())
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

/// The limit of a file name in bytes.
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
