//! Writes the place of the frame number as a program reads it.

use super::pattern::Padding;

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
