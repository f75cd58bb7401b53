//! What a package requires of others: `maya-2024`, `python-3.9+<3.12`, `!nuke`, `~platform`.

use std::fmt;

use super::package::is_name;
use super::version::Range;

/// A requirement of a package by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    pub name: String,
    pub range: Range,
    pub kind: Kind,
    written: String,
}

/// What a requirement asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A package must be there.
    Package,
    /// None must be there, or none outside of the range: nothing need be found.
    Conflict,
    /// A name that stands for no package.
    Ephemeral,
}

impl Requirement {
    /// Reads a requirement.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Requirement, &'static str> {
        let bare = text.strip_prefix(['!', '~']);
        let (bare, conflicts) = (bare.unwrap_or(text), bare.is_some());
        let end = bare
            .find(['-', '@', '#', '=', '<', '>'])
            .unwrap_or(bare.len());
        let (name, range) = bare.split_at(end);
        let range = range.strip_prefix(['-', '@', '#']).unwrap_or(range);
        let plain = name.strip_prefix('.');
        if !is_name(plain.unwrap_or(name)) {
            return Err("its name is not that of a Rez package");
        }
        let range = Range::parse(range).ok_or("Rez cannot read its version range")?;
        Ok(Requirement {
            name: name.to_owned(),
            range,
            kind: match (conflicts, plain) {
                (true, _) => Kind::Conflict,
                (false, Some(_)) => Kind::Ephemeral,
                (false, None) => Kind::Package,
            },
            written: text.to_owned(),
        })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}
