//! Where output goes that is asked for under a name: which links are followed, and what is written
//! to instead of replaced.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::Error;

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;
const WORLD_WRITABLE: u32 = 0o002;

/// What a name leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A regular file to be made or replaced: a path without links that are followed.
    File(PathBuf),
    /// A device, a FIFO or an open descriptor: it is written to.
    Stream(PathBuf),
}

impl Place {
    /// Finds it. A link is followed only if the caller or root owns it: in a shared directory
    /// another user's link could lead to any file of the caller's. As the last part of the name
    /// such a link is replaced itself.
    ///
    /// # Errors
    /// When something on the way cannot be looked at or belongs to another user, or the name is
    /// that of a directory.
    pub(crate) fn of(path: &Path) -> Result<Place, Error> {
        find(path).map_err(Error::file("write", path))
    }
}

fn find(path: &Path) -> io::Result<Place> {
    let place = without_links(path)?;
    if place.file_name().is_none() {
        let why = match place.as_os_str().is_empty() {
            true => "the name is empty",
            false => "it is a directory",
        };
        return Err(io::Error::other(why));
    }
    let found = match fs::symlink_metadata(&place) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Place::File(place)),
        Err(error) => return Err(error),
    };
    if found.is_dir() {
        return Err(io::Error::other("it is a directory"));
    }
    if is_descriptor(&place) {
        return Ok(Place::Stream(place));
    }
    if found.is_file() || found.is_symlink() {
        return Ok(Place::File(place));
    }
    if is_planted(&found, directory_of(&place))? {
        let why = "it is not a regular file and belongs to another user";
        return Err(io::Error::other(why));
    }
    Ok(Place::Stream(place))
}

/// The path with its links followed, but for a foreign one at its end.
fn without_links(path: &Path) -> io::Result<PathBuf> {
    let mut left = parts(path);
    let mut place = PathBuf::new();
    let mut links = 0;
    while let Some(part) = left.pop() {
        let next = place.join(&part);
        let found = match fs::symlink_metadata(&next) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound && left.is_empty() => {
                return Ok(next);
            }
            Err(error) => return Err(error),
        };
        if !found.is_symlink() || is_descriptor(&next) {
            place = next;
            continue;
        }
        if left.is_empty() && !is_own(&found) {
            return Ok(next);
        }
        if is_planted(&found, directory_of(&next))? {
            let why = format!("the link {} belongs to another user", next.display());
            return Err(io::Error::other(why));
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        left.extend(parts(&fs::read_link(&next)?));
    }
    Ok(place)
}

/// The parts of a path, the first one last.
fn parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev();
    parts.map(|part| part.as_os_str().to_owned()).collect()
}

/// An entry of /proc/PID/fd: its link is one to the kernel only.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/proc") && path.parent().is_some_and(|parent| parent.ends_with("fd"))
}

/// The number of one of this process's own descriptors.
pub(super) fn own_descriptor(path: &Path) -> Option<i32> {
    let own = format!("/proc/{}", std::process::id());
    let rest = path.strip_prefix(own).ok()?;
    // A thread has the descriptors of its process: task/TID/fd.
    let directory = rest.parent()?;
    let is_own = directory == Path::new("fd")
        || directory.starts_with("task") && directory.components().count() == 3;
    let number = rest.file_name()?.to_str()?;
    number
        .parse()
        .ok()
        .filter(|_| is_own && is_descriptor(path))
}

/// Whether the caller or root owns it.
pub(crate) fn is_own(found: &Metadata) -> bool {
    [0, user_id()].contains(&found.uid())
}

/// The caller, as the kernel sees it for files.
pub(crate) fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whether an entry of `directory` may have been put there by a user who is neither the caller
/// nor root nor the directory's owner: the rule of fs.protected_symlinks, which a kernel may not
/// enforce.
///
/// # Errors
/// When the directory cannot be looked at.
pub(crate) fn is_planted(found: &Metadata, directory: &Path) -> io::Result<bool> {
    if is_own(found) {
        return Ok(false);
    }
    let directory = fs::metadata(directory)?;
    Ok(directory.mode() & WORLD_WRITABLE != 0 && directory.uid() != found.uid())
}

/// The directory of a path's last part.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
