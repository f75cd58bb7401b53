//! Why a package was not installed.

use std::fmt;
use std::path::PathBuf;

use crate::error::kind::ErrorKind;

/// What stood in the way; the repository is as it was.
#[derive(Debug)]
pub enum Error {
    /// There is no directory to install into.
    NoRepository(PathBuf),
    /// This version is there, and was not to be overwritten.
    Exists(PathBuf),
    /// Another installer is overwriting this version.
    Busy(PathBuf),
    /// What is there cannot be overwritten piece by piece.
    CannotSwap { path: PathBuf, why: &'static str },
}

impl Error {
    /// What kind of failure it is, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Error::NoRepository(_) => ErrorKind::Repository,
            Error::Exists(_) => ErrorKind::Exists,
            Error::Busy(_) => ErrorKind::Busy,
            Error::CannotSwap { .. } => ErrorKind::Overwrite,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Error::NoRepository(path) => Some(format!(
                "mkdir -p {} if it is to be one, or mount what belongs there",
                path.display()
            )),
            Error::Exists(_) => Some("--overwrite replaces it".into()),
            Error::Busy(_) => None,
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
            Error::NoRepository(path) => write!(f, "{} is no directory", path.display()),
            Error::Exists(path) => write!(f, "{} is there already", path.display()),
            Error::Busy(path) => {
                write!(f, "another installer is overwriting {}", path.display())
            }
            Error::CannotSwap { path, why } => {
                write!(f, "cannot overwrite {}: {why}", path.display())
            }
        }
    }
}
