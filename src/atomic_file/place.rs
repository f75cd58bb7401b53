//! Where output goes that is asked for under a name: which links are followed, and what is written
//! to instead of replaced.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::process::user_id;

/// As many links as the kernel follows.
const MOST_LINKS: usize = 40;
const WORLD_WRITABLE: u32 = 0o002;
const GROUP_WRITABLE: u32 = 0o020;

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
    // The owner of a FIFO would read what is written; only root makes devices.
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

/// The path with its links followed, but for a foreign one at its end. On the way, links in a
/// directory that a group shares are followed, as the kernel does: a studio's projects are full of
/// links that colleagues made.
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

/// Ensures that the way to a directory, of which the end may not be there yet, is by no link that
/// another user may have planted.
///
/// # Errors
/// When it is, or something on the way cannot be looked at.
pub(crate) fn ensure_directory(directory: &Path) -> Result<(), Error> {
    let fail = |error| Error::file("write", directory)(error);
    match planted_link(directory).map_err(fail)? {
        None => Ok(()),
        Some(link) => Err(fail(foreign(&link))),
    }
}

/// The first link on the way to a directory that another user may have planted.
///
/// # Errors
/// When something on the way cannot be looked at.
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

/// Everything on the way to a file: directories, links, and the file itself.
///
/// # Errors
/// When something cannot be looked at.
pub(crate) fn way(path: &Path) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let mut way = Vec::new();
    walk(&std::path::absolute(path)?, &mut |entry, found, _| {
        way.push((entry.to_owned(), found.clone()));
        Ok(Link::Followed)
    })?;
    Ok(way)
}

/// What becomes of a link on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Followed,
    Kept,
}

/// Goes along a path, part by part, and shows each entry to `visit`: its path, what it is, and
/// whether it is the last. Returns the path with its links followed.
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

/// Who may plant something in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// Every user.
    Anyone,
    /// Every user, or the members of the directory's group.
    Members,
}

/// Whether an entry of `directory` may have been put there by a user who is neither the caller
/// nor root nor the directory's owner: the rule of fs.protected_symlinks, which a kernel may not
/// enforce.
///
/// # Errors
/// When the directory cannot be looked at.
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

/// The directory of a path's last part.
pub(crate) fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
