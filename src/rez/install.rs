//! A package into a repository in one step: whoever reads the repository meanwhile, or after a
//! crash, finds the old state or the new one.

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

/// What to do with a version that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Existing {
    Refuse,
    Overwrite,
}

/// What to install, and where.
pub(crate) struct Order<'a> {
    pub repository: &'a Path,
    pub package: &'a Package,
    pub tools: &'a [Tool],
    pub existing: Existing,
}

/// An installed version.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Installed {
    pub path: PathBuf,
    /// The `.ignore` file that hides it from Rez, where there is one.
    pub hidden_by: Option<PathBuf>,
    /// Why the old version, or a part of it, could not be removed; Rez does not see it.
    pub left: Option<String>,
}

/// Builds the version in a sibling whose name Rez skips, and moves it into place.
///
/// # Errors
/// When the version is there and to be refused, or something cannot be read or written; the
/// repository is then as it was.
pub(crate) fn install(order: &Order) -> Result<Installed, Error> {
    if !order.repository.is_dir() {
        return Err(RezError::NoRepository(order.repository.to_owned()).into());
    }
    let family = order.repository.join(&order.package.name);
    ensure_directory(&family)?;
    let version = &order.package.version;
    let target = family.join(version);
    ensure_free(&target, order.existing)?;
    let made = match make_directory(&family) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(Error::file("make", &family)(error)),
    };
    let placed = Staging::new(&family, version, &order.package.to_string(), order.tools)
        .and_then(|staging| place(&staging, &target, order.existing).map(|()| staging));
    let left = match placed {
        Ok(staging) => staging.remove().err().map(|error| error.to_string()),
        Err(error) => {
            // Rez would list a family without versions. Where something is in it, it stays.
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
        left,
    })
}

/// Before the work is done; the rename decides.
fn ensure_free(target: &Path, existing: Existing) -> Result<(), Error> {
    match existing {
        Existing::Refuse if fs::symlink_metadata(target).is_ok() => {
            Err(RezError::Exists(target.to_owned()).into())
        }
        _ => Ok(()),
    }
}

/// One rename: onto nothing, or in exchange for what is there.
fn place(staging: &Staging, target: &Path, existing: Existing) -> Result<(), Error> {
    // Of two installers one finds the other's directory here, which is not empty.
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

/// Linux before 3.15 has no such call, NFS and others no such rename.
fn has_no_exchange(error: &io::Error) -> bool {
    let missing = [libc::ENOSYS, libc::EINVAL, libc::EOPNOTSUPP, libc::EPERM];
    error
        .raw_os_error()
        .is_some_and(|code| missing.contains(&code))
}

/// Each takes the other's place at once.
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    rustix::fs::renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE).map_err(io::Error::from)
}

/// Where nothing can be exchanged, file by file: first the tools, each by a rename over the old
/// one; then `package.py`; then what the new version does not have is removed. At every moment
/// `package.py` is whole and every tool it names is there, the old one or the new.
fn swap_by_files(staging: &Staging, target: &Path) -> Result<(), Error> {
    let cannot = |why| RezError::CannotSwap {
        path: target.to_owned(),
        why,
    };
    if !fs::symlink_metadata(target).is_ok_and(|target| target.is_dir()) {
        return Err(cannot("it is no directory of its own").into());
    }
    let bin = target.join("bin");
    if fs::symlink_metadata(&bin).is_ok_and(|bin| !bin.is_dir()) {
        return Err(cannot("its bin is no directory").into());
    }
    // Held to the end: two installers at once would mix their files. Not every network file
    // system locks; without a lock the last rename of each file wins.
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
            return Err(cannot("a directory stands where a file belongs").into());
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

/// Removes what is not to be kept.
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
