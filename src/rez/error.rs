//! Why a package was not installed, or a repository not checked.

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
    /// There is no program rez.
    NoRez,
    /// Rez did not say what it thinks of the packages: why.
    NoVerdict(String),
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
            Error::NoRez => ErrorKind::NoSuchProgram,
            Error::NoVerdict(_) => ErrorKind::Malformed,
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
            Error::Busy(_) | Error::NoVerdict(_) => None,
            Error::NoRez => Some("put rez on PATH, or leave out --deep, which needs it".into()),
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
            Error::NoRez => f.write_str("cannot run rez: it is not found in PATH"),
            Error::NoVerdict(why) => write!(f, "rez cannot check the packages: {why}"),
            Error::CannotSwap { path, why } => {
                write!(f, "cannot overwrite {}: {why}", path.display())
            }
        }
    }
}
