//! Finds what earlier downloads left: a partial file to resume, or the complete file.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::note::{Note, is_ours, note_of, part_of};
use super::partial::{Existing, hash_rest};
use super::url::Url;
use crate::crypto::digest::Sha256;

/// Finds the partial file of an earlier download from `url` in `directory`. If there are several,
/// prefers the same query (signed URLs change it), then the latest.
pub(super) fn find_partial(directory: &Path, url: &Url, existing: Existing) -> Option<PathBuf> {
    let here = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    let notes = fs::read_dir(here).ok()?.filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let target = name.as_bytes().strip_suffix(b".part.meta")?;
        Some(directory.join(OsStr::from_bytes(target)))
    });
    let partials = notes.take(MAX_NOTES).filter_map(|target| {
        let path = part_of(&target);
        let part = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path)
            .ok()?;
        let found = part.metadata().ok()?;
        let is_partial = is_ours(&found) && found.len() > 0;
        let is_taken = existing == Existing::Keep && target.symlink_metadata().is_ok();
        let note = Note::read(&note_of(&path), &part)?.validator;
        let is_it = is_partial && !is_taken && note.is_of(url);
        is_it.then(|| (note.has_query_of(url), found.modified().ok(), target))
    });
    partials.max().map(|(_, _, target)| target)
}

/// The largest number of notes that are read in a directory.
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
        && hash_rest(&mut file, &mut digest).is_ok()
        && digest.finish() == wanted
}
