//! Writes the place of the frame number as a program reads it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::pattern::{Padding, Pattern};

/// The notation of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    /// `####`, as c47 reads it: width 1 is `@`, and any width is `#`.
    Hash,
    /// `%04d`
    Printf,
    /// `$F4`
    Houdini,
    /// `####`, where `#` is width 1.
    Nuke,
    /// The same as Nuke.
    Katana,
    /// `#` is width 4, `@` is width 1.
    Rv,
}

impl Notation {
    /// All notations and their names.
    pub(crate) const ALL: [(&'static str, Notation); 6] = [
        ("#", Notation::Hash),
        ("printf", Notation::Printf),
        ("houdini", Notation::Houdini),
        ("nuke", Notation::Nuke),
        ("katana", Notation::Katana),
        ("rv", Notation::Rv),
    ];

    /// The place of a number with this padding. Only `Hash` can say that any width matches. The others
    /// then write a number without padding.
    pub(crate) fn place(self, padding: Padding) -> String {
        let width = match padding {
            Padding::Udim => return udim(self).to_owned(),
            Padding::Any if self == Notation::Hash => return "#".to_owned(),
            Padding::Any => 1,
            Padding::Width(width) => width,
        };
        let repeated = |sign: &str| sign.repeat(usize::from(width.max(1)));
        match (self, width) {
            (Notation::Rv, 4) => "#".to_owned(),
            (Notation::Hash, 0 | 1) | (Notation::Rv, _) => repeated("@"),
            (Notation::Hash | Notation::Nuke | Notation::Katana, _) => repeated("#"),
            (Notation::Printf, 0 | 1) => "%d".to_owned(),
            (Notation::Printf, _) => format!("%0{width}d"),
            (Notation::Houdini, 0 | 1) => "$F".to_owned(),
            (Notation::Houdini, _) => format!("$F{width}"),
        }
    }
}

/// The first notation in which this pattern is read as it is: the text around the number may have
/// another place for a number, or a range.
pub(crate) fn reads_back(prefix: &[u8], padding: Padding, suffix: &[u8]) -> Option<Notation> {
    let notations = [Notation::Hash, Notation::Printf, Notation::Houdini];
    notations.into_iter().find(|notation| {
        let place = notation.place(padding);
        let name = [prefix, place.as_bytes(), suffix].concat();
        Pattern::parse(Path::new(OsStr::from_bytes(&name))).is_some_and(|read| {
            let is_same = read.prefix == prefix && read.suffix == suffix;
            is_same && read.padding == padding && read.range.is_none()
        })
    })
}

/// The place of a UDIM tile.
fn udim(notation: Notation) -> &'static str {
    match notation {
        Notation::Printf => "%(UDIM)d",
        Notation::Hash | Notation::Houdini | Notation::Nuke | Notation::Katana | Notation::Rv => {
            "<UDIM>"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_programs() {
        let places = |padding| Notation::ALL.map(|(_, notation)| notation.place(padding));
        assert_eq!(
            places(Padding::Width(4)),
            ["####", "%04d", "$F4", "####", "####", "#"]
        );
        assert_eq!(
            places(Padding::Width(3)),
            ["###", "%03d", "$F3", "###", "###", "@@@"]
        );
        assert_eq!(places(Padding::Width(1)), ["@", "%d", "$F", "#", "#", "@"]);
        assert_eq!(places(Padding::Any), ["#", "%d", "$F", "#", "#", "@"]);
    }
}
