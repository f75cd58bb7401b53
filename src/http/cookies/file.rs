//! The file of a jar. Only its owner can read it, it is replaced in one step, and a lock lets parallel
//! processes add their cookies to those of the others.

use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::cookie::Cookie;
use super::jar::{Changed, Jar};
use super::netscape::{self, MAX_FILE_BYTES};
use crate::atomic_file::{self, Alone, Place};
use crate::deadline::Deadline;
use crate::descriptor;
use crate::error::Error;
use crate::process::user_id;
use crate::process_limits::forbid_core_files;
use crate::shell;
use crate::timestamp::Timestamp;

/// How long to wait for other processes, each of which needs some milliseconds.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);
const MODE: u32 = 0o600;

/// The file of a jar.
#[derive(Clone, Debug)]
pub(crate) struct CookieFile {
    path: PathBuf,
}

impl CookieFile {
    /// Names a file, which may not exist yet.
    ///
    /// # Errors
    /// When it is not a regular file, or its directory does not exist.
    pub(super) fn at(path: &Path) -> Result<CookieFile, Error> {
        let Place::File(place) = Place::of(path)? else {
            return Err(Error::file("use", path)(io::Error::other(
                "it is not a regular file",
            )));
        };
        let directory = atomic_file::directory_of(&place);
        match directory.is_dir() {
            true => Ok(CookieFile { path: place }),
            false => Err(Error::file("use", path)(io::Error::other(
                "its directory does not exist",
            ))),
        }
    }

    /// Reads the cookies; none if the file does not exist.
    ///
    /// # Errors
    /// When it cannot be read, another user can read or write it, or it is not a file of cookies.
    pub(super) fn read(&self, now: Timestamp) -> Result<Jar, Error> {
        let fail = Error::file("read", &self.path);
        match bytes(&self.path) {
            Ok(bytes) => {
                let what = self.path.display().to_string();
                netscape::read(&bytes, now).map_err(|why| Error::malformed(what, why))
            }
            Err(Unreadable::Missing) => Ok(Jar::default()),
            Err(Unreadable::Failed(error)) => Err(fail(error)),
            Err(Unreadable::Open) => {
                let error = fail(io::Error::other("other users can read or write it"));
                Err(error.with_hint(format!("chmod 600 {}", shell::quote_path(&self.path))))
            }
        }
    }

    /// Adds changes to the cookies in the file, and returns all of them.
    ///
    /// # Errors
    /// As [`CookieFile::read`], and when the file cannot be locked or written.
    pub(super) fn merge(&self, changes: &[Cookie], deadline: Deadline) -> Result<Jar, Error> {
        let lock = Alone::wait(&self.path, deadline.or_after(LOCK_TIMEOUT))?;
        let now = Timestamp::now();
        let mut jar = self.read(now)?;
        let mut changed = Changed::No;
        for cookie in changes {
            if jar.store(cookie.clone(), now) == Changed::Yes {
                changed = Changed::Yes;
            }
        }
        if changed == Changed::Yes {
            lock.ensure_held(&self.path)?;
            atomic_file::write(&self.path, &netscape::write(&jar), MODE)?;
        }
        Ok(jar)
    }
}

/// Deletes a file of cookies. Returns whether it existed.
///
/// # Errors
/// When it cannot be locked or deleted.
pub(crate) fn delete(path: &Path) -> Result<bool, Error> {
    if std::fs::symlink_metadata(path).is_err() {
        return Ok(false);
    }
    // A process that adds a cookie at this moment would write the others again.
    let _lock = Alone::wait(path, Deadline::after(Some(LOCK_TIMEOUT)))?;
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::file("remove", path)(error)),
    }
}

/// Why a file is not read.
enum Unreadable {
    Missing,
    /// Other users can read or write it.
    Open,
    Failed(io::Error),
}

/// On NFS, a file may be replaced while it is read.
const TRIES: usize = 5;

fn bytes(path: &Path) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    for _ in 1..TRIES {
        match bytes_once(path) {
            Err(Unreadable::Failed(error)) if error.raw_os_error() == Some(libc::ESTALE) => {}
            result => return result,
        }
    }
    bytes_once(path)
}

fn bytes_once(path: &Path) -> Result<Zeroizing<Vec<u8>>, Unreadable> {
    let file = match descriptor::open_no_link(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Unreadable::Missing),
        Err(error) => return Err(Unreadable::Failed(error)),
    };
    let found = file.metadata().map_err(Unreadable::Failed)?;
    let fail = |why| Err(Unreadable::Failed(io::Error::other(why)));
    if !found.is_file() {
        return fail("it is not a regular file");
    }
    if found.uid() != user_id() {
        return fail("it belongs to another user");
    }
    if found.mode() & 0o077 != 0 {
        return Err(Unreadable::Open);
    }
    if found.len() > MAX_FILE_BYTES {
        return fail("it is larger than 20 MiB");
    }
    forbid_core_files();
    let length = usize::try_from(found.len()).unwrap_or(0);
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    file.take(MAX_FILE_BYTES)
        .read_to_end(&mut bytes)
        .map_err(Unreadable::Failed)?;
    Ok(bytes)
}
