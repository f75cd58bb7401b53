//! Requirements of a package: `maya-2024`, `python-3.9+<3.12`, `!nuke`, `~platform`.

use std::fmt;

use super::package::is_name;
use super::version::Range;

/// A requirement, with the name of the package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    pub name: String,
    pub range: Range,
    pub kind: Kind,
    written: String,
}

/// The kind of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The package must exist.
    Package,
    /// The package must be absent, or outside of the range. It need not exist.
    Conflict,
    /// A name without a package.
    Ephemeral,
}

impl Requirement {
    /// Parses a requirement.
    ///
    /// # Errors
    /// The reason why it is invalid.
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
            return Err("invalid package name");
        }
        let range = Range::parse(range).ok_or("invalid version range")?;
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
