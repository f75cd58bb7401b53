//! A whole version in a directory that Rez does not look at, until it is moved into its place.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::payload::Tool;
use crate::error::Error;
use crate::interrupt::RemoveOnSignal;
use crate::process::user_id;
use crate::unfinished::{self, is_at};

/// The directory, beside where the version will be; removed when dropped, with what is in it then.
pub(super) struct Staging {
    path: PathBuf,
    /// Locked while this process lives, so that the next install knows what was left behind.
    _lock: File,
    /// In the order in which they can be removed: a directory after what is in it.
    _guards: Vec<RemoveOnSignal>,
}

impl Staging {
    /// Makes it, filled: `package.py`, and `bin` with the tools, all of it on the disk.
    ///
    /// # Errors
    /// When a tool cannot be read or something not be written; nothing is left behind.
    pub(super) fn new(
        family: &Path,
        version: &str,
        package: &str,
        tools: &[Tool],
    ) -> Result<Staging, Error> {
        reclaim(family);
        let (path, lock, guard) = Staging::make(&family.join(version))?;
        let bin = path.join("bin");
        let package_file = path.join("package.py");
        let mut watched: Vec<PathBuf> = tools.iter().map(|tool| bin.join(&tool.name)).collect();
        watched.extend([package_file.clone(), bin.clone(), path.clone()]);
        let guards = watched.iter().map(|path| RemoveOnSignal::new(path));
        let staging = Staging {
            path,
            _lock: lock,
            _guards: guards.collect(),
        };
        drop(guard);
        make_directory(&bin).map_err(Error::file("make", &bin))?;
        for tool in tools {
            copy(tool, &bin.join(&tool.name))?;
        }
        write(&package_file, package.as_bytes()).map_err(Error::file("write", &package_file))?;
        sync(&bin)?;
        sync(&staging.path)?;
        Ok(staging)
    }

    fn make(target: &Path) -> Result<(PathBuf, File, RemoveOnSignal), Error> {
        for _ in 0..100 {
            let path = unfinished::beside(target);
            let fail = |error| Error::file("make", &path)(error);
            let guard = match RemoveOnSignal::around(&path, || make_directory(&path)) {
                Ok(((), guard)) => guard,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(fail(error)),
            };
            match File::open(&path) {
                // Installs in other namespaces know by the lock that this one lives. Before it they
                // may have removed the directory as one that was left behind.
                Ok(lock)
                    if !matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
                        && is_at(&path, &lock) =>
                {
                    return Ok((path, lock, guard));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    let _ = fs::remove_dir(&path);
                    return Err(fail(error));
                }
            }
        }
        let why = io::Error::other("another process removes its temporary directories");
        Err(Error::file("write", target)(why))
    }

    /// Removes what is in it now: after an exchange, the old version.
    ///
    /// # Errors
    /// When something of it stays.
    pub(super) fn remove(self) -> Result<(), Error> {
        match fs::remove_dir_all(&self.path) {
            Err(error) if fs::symlink_metadata(&self.path).is_ok() => {
                Err(Error::file("remove", &self.path)(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// Removes what killed installs of the caller's left in a family. What cannot be removed stays;
/// `rez check` names it.
fn reclaim(family: &Path) {
    for (path, writer) in unfinished::within(family) {
        let is_own = |found: fs::Metadata| found.is_dir() && found.uid() == user_id();
        if fs::symlink_metadata(&path).is_ok_and(is_own)
            && let Ok(left) = File::open(&path)
            && writer.has_left(&left)
            && is_at(&path, &left)
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// Makes a directory with the mode the umask leaves.
pub(super) fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o777).create(path)
}

/// What is in a directory is there after a power cut, too.
pub(super) fn sync(directory: &Path) -> Result<(), Error> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .or_else(|error| match error.kind() {
            // Some network file systems do not know how.
            io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => Ok(()),
            _ => Err(error),
        })
        .map_err(Error::file("sync", directory))
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o666)
        .open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn copy(tool: &Tool, to: &Path) -> Result<(), Error> {
    let mut source = File::open(&tool.source).map_err(Error::file("read", &tool.source))?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(0o777);
    options
        .open(to)
        .and_then(|mut file| {
            io::copy(&mut source, &mut file)?;
            file.sync_all()
        })
        .map_err(Error::file("write", to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installs_at_once_do_not_remove_each_others_staging_directory() {
        let family = std::env::temp_dir().join(format!("c47-staging-{}", std::process::id()));
        fs::create_dir(&family).unwrap();
        std::thread::scope(|scope| {
            for installer in 0..4 {
                let family = &family;
                scope.spawn(move || {
                    for _ in 0..200 {
                        let version = installer.to_string();
                        let staging = Staging::new(family, &version, "name = 'x'", &[]);
                        let staging = staging.unwrap_or_else(|error| panic!("{error}"));
                        assert!(staging.path().join("package.py").exists());
                    }
                });
            }
        });
        assert_eq!(fs::read_dir(&family).unwrap().count(), 0);
        fs::remove_dir(&family).unwrap();
    }
}
