//! What is wrong in a configuration file, and whom it concerns.

use std::fmt;

use super::value::Place;
use crate::error::Error;

/// Something wrong in a file. It makes its own profile unusable, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub owner: Owner,
    pub wrong: Wrong,
}

/// The part of a file that a fault is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// No profile and no preset: a key at the top.
    File,
    Preset(String),
    Profile(String),
}

/// What is wrong, where, and what was perhaps meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub place: Place,
    pub why: String,
    pub hint: Option<String>,
}

impl Wrong {
    /// Something wrong at a place.
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

    /// The same with a hint.
    pub(super) fn hinting(self, hint: Option<String>) -> Wrong {
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
