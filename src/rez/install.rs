//! Installs a package atomically: readers of the repository find the old state or the new one, even
//! during the install and after a crash.

use std::ffi::OsStr;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};

use super::error::Error as RezError;
use super::package::Package;
use super::payload::Tool;
use super::staging::{Staging, make_directory, sync};
use crate::atomic_file::ensure_directory;
use crate::error::Error;

/// What to do if the version exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Refuse,
    Overwrite,
}

/// What to install, and where.
pub(crate) struct InstallRequest<'a> {
    pub repository: &'a Path,
    pub package: &'a Package,
    pub tools: &'a [Tool],
    pub existing: Existing,
}

/// An installed version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    pub path: PathBuf,
    /// The `.ignore` file that hides it from Rez, if there is one.
    pub hidden_by: Option<PathBuf>,
    /// Why the old version could not be removed completely. Rez ignores the rest.
    pub not_removed: Option<String>,
}

/// Builds the version in a sibling directory that Rez ignores, and renames it.
///
/// # Errors
/// When the version exists and must not be overwritten, or a file cannot be read or written. The
/// repository is then unchanged.
pub(crate) fn install(request: &InstallRequest) -> Result<Installed, Error> {
    if !request.repository.is_dir() {
        return Err(RezError::NoRepository(request.repository.to_owned()).into());
    }
    let family = request.repository.join(&request.package.name);
    ensure_directory(&family)?;
    let version = &request.package.version;
    let target = family.join(version);
    ensure_free(&target, request.existing)?;
    let made = match make_directory(&family) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Error::file("make", &family)(error)),
    };
    let placed = Staging::new(
        &family,
        version,
        &request.package.to_string(),
        request.tools,
    )
    .and_then(|staging| place(&staging, &target, request.existing).map(|()| staging));
    let not_removed = match placed {
        Ok(staging) => staging.remove().err().map(|error| error.to_string()),
        Err(error) => {
            // Rez would list a package without versions. A directory that is not empty stays.
            if made {
                let _ = fs::remove_dir(&family);
            }
            return Err(error);
        }
    };
    sync(&family)?;
    let marker = family.join(format!(".ignore{version}"));
    Ok(Installed {
        path: target,
        hidden_by: marker.exists().then_some(marker),
        not_removed,
    })
}

/// An early check. The rename makes the final decision.
fn ensure_free(target: &Path, existing: Existing) -> Result<(), Error> {
    match existing {
        Existing::Refuse if fs::symlink_metadata(target).is_ok() => {
            Err(RezError::Exists(target.to_owned()).into())
        }
        Existing::Refuse | Existing::Overwrite => Ok(()),
    }
}

/// Renames the new version into place, or exchanges it with the old one.
fn place(staging: &Staging, target: &Path, existing: Existing) -> Result<(), Error> {
    // If two installs run at once, the second rename fails, because the directory is not empty.
    let occupied = match fs::rename(staging.path(), target) {
        Ok(()) => return Ok(()),
        Err(error) if is_occupied(&error) => error,
        Err(error) => return Err(Error::file("write", target)(error)),
    };
    if existing == Existing::Refuse {
        return Err(RezError::Exists(target.to_owned()).into());
    }
    match exchange(staging.path(), target) {
        Ok(()) => Ok(()),
        Err(error) if has_no_exchange(&error) => swap_by_files(staging, target),
        Err(_) => Err(Error::file("write", target)(occupied)),
    }
}

fn is_occupied(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty, NotADirectory};
    matches!(
        error.kind(),
        AlreadyExists | DirectoryNotEmpty | NotADirectory
    )
}

/// Linux before 3.15 does not have renameat2. NFS and other file systems do not support exchange.
fn has_no_exchange(error: &io::Error) -> bool {
    let missing = [libc::ENOSYS, libc::EINVAL, libc::EOPNOTSUPP, libc::EPERM];
    error
        .raw_os_error()
        .is_some_and(|code| missing.contains(&code))
}

/// Exchanges two paths atomically.
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).map_err(io::Error::from)
}

/// Overwrites file by file, if exchange is not supported: first each tool with a rename, then
/// `package.py`. Last it removes files that the new version does not have. At any time `package.py`
/// is complete, and every tool in it exists in the old or the new version.
fn swap_by_files(staging: &Staging, target: &Path) -> Result<(), Error> {
    let cannot = |why| RezError::CannotSwap {
        path: target.to_owned(),
        why,
    };
    if !fs::symlink_metadata(target).is_ok_and(|target| target.is_dir()) {
        return Err(cannot("it is not a directory").into());
    }
    let bin = target.join("bin");
    if fs::symlink_metadata(&bin).is_ok_and(|bin| !bin.is_dir()) {
        return Err(cannot("its bin is not a directory").into());
    }
    // Held to the end, because two installs at once would mix their files. Some network file systems
    // do not support locks. Without a lock, the last rename of each file wins.
    let lock = File::open(target).map_err(Error::file("open", target))?;
    if let Err(TryLockError::WouldBlock) = lock.try_lock() {
        return Err(RezError::Busy(target.to_owned()).into());
    }
    let tools = names(&staging.path().join("bin"))?;
    for file in tools
        .iter()
        .map(|tool| bin.join(tool))
        .chain([target.join("package.py")])
    {
        if fs::symlink_metadata(&file).is_ok_and(|file| file.is_dir()) {
            return Err(cannot("it has a directory in place of a file").into());
        }
    }
    match make_directory(&bin) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Error::file("make", &bin)(error));
        }
        _ => {}
    }
    for tool in &tools {
        let new = staging.path().join("bin").join(tool);
        fs::rename(new, bin.join(tool)).map_err(Error::file("write", &bin.join(tool)))?;
    }
    sync(&bin)?;
    let package = target.join("package.py");
    fs::rename(staging.path().join("package.py"), &package)
        .map_err(Error::file("write", &package))?;
    sync(target)?;
    remove_others(&bin, |name| tools.iter().any(|tool| tool == name))?;
    remove_others(target, |name| name == "bin" || name == "package.py")
}

fn names(directory: &Path) -> Result<Vec<std::ffi::OsString>, Error> {
    fs::read_dir(directory)
        .and_then(|entries| {
            entries
                .map(|entry| entry.map(|entry| entry.file_name()))
                .collect()
        })
        .map_err(Error::file("read", directory))
}

/// Removes all entries except those to keep.
fn remove_others(directory: &Path, keep: impl Fn(&OsStr) -> bool) -> Result<(), Error> {
    for name in names(directory)?.iter().filter(|name| !keep(name)) {
        let path = directory.join(name);
        let is_directory = fs::symlink_metadata(&path).is_ok_and(|path| path.is_dir());
        let removed = if is_directory {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.map_err(Error::file("remove", &path))?;
    }
    Ok(())
}
