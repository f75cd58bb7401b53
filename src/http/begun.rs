//! What earlier downloads left: a beginning that is to be continued, or the whole file.

use std::ffi::OsStr;
use std::fs::{self, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::note::{Note, is_ours, note_of, part_of};
use super::partial::{Existing, feed};
use super::url::Url;
use crate::crypto::digest::Sha256;

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
        let path = part_of(&target);
        let part = OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&path)
            .ok()?;
        let found = part.metadata().ok()?;
        let is_begun = is_ours(&found) && found.len() > 0;
        let is_taken = existing == Existing::Keep && target.symlink_metadata().is_ok();
        let note = Note::read(&note_of(&path), &part)?.validator;
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
