//! Errors of installs and repository checks.

use std::fmt;
use std::path::PathBuf;

use crate::error::kind::ErrorKind;

/// Why it failed. The repository is unchanged.
#[derive(Debug)]
pub enum Error {
    /// The repository is not a directory.
    NoRepository(PathBuf),
    /// The version exists, and overwriting was not requested.
    Exists(PathBuf),
    /// Another installer is overwriting this version.
    Busy(PathBuf),
    /// The program rez was not found.
    NoRez,
    /// Rez did not finish checking the packages, with the reason.
    NoVerdict(String),
    /// The existing version cannot be overwritten file by file.
    CannotSwap { path: PathBuf, why: &'static str },
}

impl Error {
    /// The kind of the error in JSON.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::NoRepository(_) => ErrorKind::Repository,
            Error::Exists(_) => ErrorKind::Exists,
            Error::Busy(_) => ErrorKind::Busy,
            Error::NoRez => ErrorKind::NoSuchProgram,
            Error::NoVerdict(_) => ErrorKind::Malformed,
            Error::CannotSwap { .. } => ErrorKind::Overwrite,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::NoRepository(path) => Some(format!(
                "create it with mkdir -p {}, or mount the file system",
                path.display()
            )),
            Error::Exists(_) => Some("use --overwrite to replace it".into()),
            Error::Busy(_) | Error::NoVerdict(_) => None,
            Error::NoRez => Some("add rez to PATH, or omit --deep, which requires it".into()),
            Error::CannotSwap { path, .. } => Some(format!(
                "install another version, hide this one with 'rez pkg-ignore', then remove {}",
                path.display()
            )),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoRepository(path) => write!(f, "{} is not a directory", path.display()),
            Error::Exists(path) => write!(f, "{} already exists", path.display()),
            Error::Busy(path) => {
                write!(f, "another installer is overwriting {}", path.display())
            }
            Error::NoRez => f.write_str("cannot run rez: not found in PATH"),
            Error::NoVerdict(why) => write!(f, "rez cannot check the packages: {why}"),
            Error::CannotSwap { path, why } => {
                write!(f, "cannot overwrite {}: {why}", path.display())
            }
        }
    }
}
