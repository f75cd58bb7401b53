//! The destination of an output path: which symlinks are followed, and whether a file is replaced or a
//! device is written to.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::process::user_id;

/// The limit of the kernel.
const MOST_LINKS: usize = 40;
const WORLD_WRITABLE: u32 = 0o002;
const GROUP_WRITABLE: u32 = 0o020;

/// The destination of a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// A regular file to create or replace, by a path with its symlinks resolved.
    File(PathBuf),
    /// A device, a FIFO or an open descriptor to write to.
    Stream(PathBuf),
}

impl Place {
    /// Finds the destination. A symlink is followed only if the caller or root owns it: in a shared
    /// directory, a symlink of another user could point to any file of the caller. As the last part of
    /// the path such a symlink is replaced.
    ///
    /// # Errors
    /// When a part of the path cannot be read or is a symlink of another user, or the path is a
    /// directory.
    pub(crate) fn of(path: &Path) -> Result<Place, Error> {
        find(path).map_err(Error::file("write", path))
    }
}

fn find(path: &Path) -> io::Result<Place> {
    let place = without_links(path)?;
    if place.file_name().is_none() {
        let why = match place.as_os_str().is_empty() {
            true => "the path is empty",
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
    // The owner of a FIFO could read the output. Only root can create devices.
    let is_foreign = match found.file_type().is_fifo() {
        true => !is_own(&found),
        false => is_planted(&found, directory_of(&place), By::Members)?,
    };
    if is_foreign {
        let why = "it is not a regular file and belongs to another user";
        return Err(io::Error::other(why));
    }
    Ok(Place::Stream(place))
}

/// Resolves symlinks, except one of another user at the end. Symlinks in directories that a group
/// shares are followed, as the kernel does: projects have many symlinks of other users.
fn without_links(path: &Path) -> io::Result<PathBuf> {
    walk(path, &mut |entry, found, is_last| {
        if !found.is_symlink() || is_descriptor(entry) {
            return Ok(Link::Kept);
        }
        if is_last && !is_own(found) {
            return Ok(Link::Kept);
        }
        match is_planted(found, directory_of(entry), By::Anyone)? {
            true => Err(foreign(entry)),
            false => Ok(Link::Followed),
        }
    })
}

/// Checks that the path of a directory, which may not exist yet, has no symlink that another user may
/// have planted.
///
/// # Errors
/// When it has, or when a part of it cannot be read.
pub(crate) fn ensure_directory(directory: &Path) -> Result<(), Error> {
    let fail = |error| Error::file("write", directory)(error);
    match planted_link(directory).map_err(fail)? {
        None => Ok(()),
        Some(link) => Err(fail(foreign(&link))),
    }
}

/// The first symlink in the path of a directory that another user may have planted.
///
/// # Errors
/// When a part of the path cannot be read.
pub(crate) fn planted_link(directory: &Path) -> io::Result<Option<PathBuf>> {
    let mut planted = None;
    let walked = walk(directory, &mut |entry, found, _| {
        if found.is_symlink() && is_planted(found, directory_of(entry), By::Anyone)? {
            planted.get_or_insert_with(|| entry.to_owned());
            return Err(foreign(entry));
        }
        Ok(Link::Followed)
    });
    match walked {
        _ if planted.is_some() => Ok(planted),
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(_) | Err(_) => Ok(None),
    }
}

fn foreign(link: &Path) -> io::Error {
    let why = format!("the link {} belongs to another user", link.display());
    io::Error::other(why)
}

/// All entries in the path of a file: directories, symlinks and the file itself.
///
/// # Errors
/// When an entry cannot be read.
pub(crate) fn way(path: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut way = Vec::new();
    walk(&std::path::absolute(path)?, &mut |entry, found, _| {
        way.push((entry.to_owned(), found.clone()));
        Ok(Link::Followed)
    })?;
    Ok(way)
}

/// What to do with a symlink in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Followed,
    Kept,
}

/// Walks a path and calls `visit` for each entry, with its path, its metadata, and whether it is the
/// last. Returns the path with its symlinks resolved.
fn walk(
    path: &Path,
    visit: &mut dyn FnMut(&Path, &Metadata, bool) -> io::Result<Link>,
) -> io::Result<PathBuf> {
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
        let link = visit(&next, &found, left.is_empty())?;
        if link == Link::Kept || !found.is_symlink() {
            place = next;
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(io::Error::from_raw_os_error(libc::ELOOP));
        }
        left.extend(parts(&fs::read_link(&next)?));
    }
    Ok(place)
}

/// The parts of a path in reverse order.
fn parts(path: &Path) -> Vec<OsString> {
    let parts = path.components().rev();
    parts.map(|part| part.as_os_str().to_owned()).collect()
}

/// Whether this is an entry of /proc/PID/fd, which only the kernel can resolve.
fn is_descriptor(path: &Path) -> bool {
    path.starts_with("/proc") && path.parent().is_some_and(|parent| parent.ends_with("fd"))
}

/// The number of a descriptor of this process.
pub(super) fn own_descriptor(path: &Path) -> Option<i32> {
    let own = format!("/proc/{}", std::process::id());
    let rest = path.strip_prefix(own).ok()?;
    // Threads share the descriptors of the process: task/TID/fd.
    let directory = rest.parent()?;
    let is_own = directory == Path::new("fd")
        || directory.starts_with("task") && directory.components().count() == 3;
    let number = rest.file_name()?.to_str()?;
    number
        .parse()
        .ok()
        .filter(|_| is_own && is_descriptor(path))
}

/// Whether the owner is the caller or root.
pub(crate) fn is_own(found: &Metadata) -> bool {
    [0, user_id()].contains(&found.uid())
}

/// Which users are considered when checking for planted files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Every user.
    Anyone,
    /// Every user, or the members of the directory's group.
    Members,
}

/// Whether an entry of `directory` may come from a user who is neither the caller nor root nor the
/// owner of the directory. This is the rule of fs.protected_symlinks, which not every kernel enforces.
///
/// # Errors
/// When the directory cannot be read.
pub(crate) fn is_planted(found: &Metadata, directory: &Path, by: By) -> io::Result<bool> {
    if is_own(found) {
        return Ok(false);
    }
    let writable = match by {
        By::Anyone => WORLD_WRITABLE,
        By::Members => WORLD_WRITABLE | GROUP_WRITABLE,
    };
    let directory = fs::metadata(directory)?;
    Ok(directory.mode() & writable != 0 && directory.uid() != found.uid())
}

/// The directory that contains the last part of a path.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
