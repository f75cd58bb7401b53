//! A lock for several files that belong together and cannot be renamed in one step.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::temporary::Temporary;
use super::{Place, rename_new};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::unfinished::{self, Writer, shortened};

/// More than the text of a writer.
const MAX_BYTES: u64 = 200;
const MOST_STEM_BYTES: usize = 200;
/// The pauses between two attempts.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_millis(64);
/// A lock that is waited for is held for some milliseconds.
const STALE: Duration = Duration::from_secs(15);

/// The lock, held until it is dropped. It is a file with the writer that holds it, created in one step,
/// so that the lock of a killed process is detected.
pub(crate) struct Alone {
    path: PathBuf,
    /// Locked, so that processes in other namespaces know that this one is alive.
    locked: Temporary,
}

impl Alone {
    /// Locks the files of which `target` is the first.
    ///
    /// # Errors
    /// When another process holds the lock, or the directory cannot be written.
    pub(crate) fn claim(target: &Path) -> Result<Alone, Error> {
        let mut attempt = Attempt::begin(target)?;
        // The second try is for the lock of a killed process.
        for _ in 0..2 {
            match attempt.make()? {
                Claim::Held(alone) => return Ok(alone),
                Claim::Busy(left) => attempt = left,
            }
            if !attempt.reclaim() {
                break;
            }
        }
        Err(busy(target))
    }

    /// Locks like [`Alone::claim`], and waits for other processes until the deadline. The lock is for short
    /// work: the same lock of another machine is broken after [`STALE`].
    ///
    /// # Errors
    /// When the deadline has passed, or the directory cannot be written.
    pub(crate) fn wait(target: &Path, deadline: Deadline) -> Result<Alone, Error> {
        let mut attempt = Attempt::begin(target)?;
        let mut pause = FIRST_PAUSE;
        let mut watched = None;
        loop {
            match attempt.make()? {
                Claim::Held(alone) => return Ok(alone),
                Claim::Busy(left) => attempt = left,
            }
            if attempt.reclaim() || attempt.reclaim_stale(&mut watched) {
                continue;
            }
            if deadline.is_over_after(pause) {
                return Err(busy(target));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// Checks that this process still holds the lock. Another one may have broken it while this process was
    /// stopped.
    ///
    /// # Errors
    /// When it does not.
    pub(crate) fn ensure_held(&self, target: &Path) -> Result<(), Error> {
        match unfinished::is_at(&self.path, &self.locked.file) {
            true => Ok(()),
            false => Err(busy(target)),
        }
    }
}

fn busy(target: &Path) -> Error {
    Error::file("write", target)(io::Error::other("another process is writing it"))
}

/// A lock that is about to be claimed.
struct Attempt<'t> {
    target: &'t Path,
    path: PathBuf,
    temporary: Temporary,
}

enum Claim<'t> {
    Held(Alone),
    Busy(Attempt<'t>),
}

/// A lock file, and when it was first seen.
type Watched = Option<((u64, u64), Instant)>;

impl<'t> Attempt<'t> {
    fn begin(target: &'t Path) -> Result<Attempt<'t>, Error> {
        let fail = |error| Error::file("write", target)(error);
        let Place::File(place) = Place::of(target)? else {
            return Err(fail(io::Error::other("it is not a regular file")));
        };
        let mut name = OsString::from(".");
        name.push(shortened(
            place.file_name().unwrap_or_default(),
            MOST_STEM_BYTES,
        ));
        name.push(".c47-alone");
        let path = place.with_file_name(name);
        let mut temporary = Temporary::create(&path, 0o600).map_err(fail)?;
        write!(temporary.file, "{}", Writer::own()).map_err(fail)?;
        Ok(Attempt {
            target,
            path,
            temporary,
        })
    }

    fn make(mut self) -> Result<Claim<'t>, Error> {
        let path = &self.path;
        match self.temporary.put(|from| rename_new(from, path)) {
            Ok(()) => Ok(Claim::Held(Alone {
                path: self.path,
                locked: self.temporary,
            })),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Claim::Busy(self)),
            Err(error) => Err(Error::file("write", self.target)(error)),
        }
    }

    /// Removes the lock of a killed process.
    fn reclaim(&self) -> bool {
        unfinished::reclaim(&self.path, |file| {
            let mut text = String::new();
            file.take(MAX_BYTES).read_to_string(&mut text).ok()?;
            Writer::parse(&text)
        })
    }

    /// Removes a lock that this process has seen for too long, by its own clock.
    fn reclaim_stale(&self, watched: &mut Watched) -> bool {
        let Ok(found) = fs::symlink_metadata(&self.path) else {
            return false;
        };
        let id = (found.dev(), found.ino());
        match watched {
            Some((known, since)) if *known == id => {
                since.elapsed() > STALE && unfinished::reclaim_unlocked(&self.path)
            }
            _ => {
                *watched = Some((id, Instant::now()));
                false
            }
        }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        if unfinished::is_at(&self.path, &self.locked.file) {
            let _ = fs::remove_file(&self.path); // if this fails, the next process detects it
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let directory =
            std::env::temp_dir().join(format!("c47-alone-{}-{name}", std::process::id()));
        fs::create_dir_all(&directory).unwrap();
        directory
    }

    #[test]
    fn a_lock_is_waited_for_until_it_is_released_or_the_deadline_passes() {
        let directory = scratch("wait");
        let target = directory.join("file");
        let held = Alone::claim(&target).unwrap();
        assert!(held.ensure_held(&target).is_ok());
        let soon = Deadline::after(Some(Duration::from_millis(20)));
        assert!(Alone::wait(&target, soon).is_err());
        assert!(Alone::claim(&target).is_err());
        drop(held);
        let other = Alone::wait(&target, Deadline::default()).unwrap();
        drop(other);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 0);
        fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_lock_that_is_held_too_long_is_broken_unless_its_process_is_known_to_live() {
        let directory = scratch("stale");
        let target = directory.join("file");
        let attempt = Attempt::begin(&target).unwrap();
        // As of a process on another machine.
        fs::write(&attempt.path, "0123456789abcdef-1-1-1").unwrap();
        assert!(!attempt.reclaim());
        let mut watched = None;
        assert!(!attempt.reclaim_stale(&mut watched));
        assert!(!attempt.reclaim_stale(&mut watched));
        let (id, _) = watched.unwrap();
        let Some(long_ago) = Instant::now().checked_sub(STALE * 2) else {
            return; // just after a boot
        };
        let locked = fs::File::open(&attempt.path).unwrap();
        locked.lock().unwrap();
        assert!(!attempt.reclaim_stale(&mut Some((id, long_ago))));
        drop(locked);
        let mut other = Some(((id.0, id.1 + 1), long_ago));
        assert!(!attempt.reclaim_stale(&mut other));
        assert!(attempt.reclaim_stale(&mut Some((id, long_ago))));
        let Ok(Claim::Held(held)) = attempt.make() else {
            panic!("it is busy");
        };
        // Its holder notices when another process has broken it.
        fs::remove_file(&held.path).unwrap();
        fs::write(&held.path, "").unwrap();
        assert!(held.ensure_held(&target).is_err());
        drop(held);
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
        fs::remove_dir_all(directory).unwrap();
    }
}
