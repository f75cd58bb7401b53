//! Errors in a configuration file, and the profile that each one affects.

use std::fmt;

use super::value::Place;
use crate::error::Error;

/// An error in a file. It makes its own profile unusable, but no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub owner: Owner,
    pub wrong: Wrong,
}

/// The part of the file that contains the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A key at the top level.
    File,
    Preset(String),
    Profile(String),
}

/// The place, the reason and a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub place: Place,
    pub why: String,
    pub hint: Option<String>,
}

impl Wrong {
    /// An error at a place.
    pub(super) fn at(place: &Place, why: impl fmt::Display) -> Wrong {
        Wrong {
            place: place.clone(),
            why: why.to_string(),
            hint: None,
        }
    }

    /// Place and reason.
    pub(super) fn message(&self) -> String {
        format!("{}: {}", self.place, self.why)
    }

    /// Sets the hint.
    pub(super) fn with_hint(self, hint: Option<String>) -> Wrong {
        Wrong { hint, ..self }
    }
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Error {
        Error::Usage {
            message: wrong.message(),
            hint: wrong.hint,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.owner {
            Owner::File => {}
            Owner::Preset(name) => write!(f, "preset {name}: ")?,
            Owner::Profile(name) => write!(f, "profile {name}: ")?,
        }
        f.write_str(&self.wrong.message())?;
        match &self.wrong.hint {
            Some(hint) => write!(f, "; {hint}"),
            None => Ok(()),
        }
    }
}
