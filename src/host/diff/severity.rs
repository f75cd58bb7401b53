//! How much a difference matters.

use nanoserde::{SerJson, SerJsonState};

/// How much a difference matters, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Programs may not start, or not find their files.
    Critical,
    /// Programs may behave differently.
    Major,
    /// It rarely has an effect.
    Minor,
    /// This version of c47 does not know the field.
    Unrated,
    /// Only one report has the field: they are from different versions of c47.
    Missing,
    /// It differs between any two machines.
    Expected,
}

impl Severity {
    /// All, in order.
    pub(crate) const ALL: [Severity; 6] = [
        Severity::Critical,
        Severity::Major,
        Severity::Minor,
        Severity::Unrated,
        Severity::Missing,
        Severity::Expected,
    ];

    /// Its name in JSON and text.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Major => "major",
            Severity::Minor => "minor",
            Severity::Unrated => "unrated",
            Severity::Missing => "missing",
            Severity::Expected => "expected",
        }
    }

    /// What it means, if the name does not say it.
    pub(super) fn note(self) -> &'static str {
        match self {
            Severity::Critical | Severity::Major | Severity::Minor => "",
            Severity::Unrated => "this version of c47 does not know the field",
            Severity::Missing => {
                "the field is in one report only; they are from different versions of c47"
            }
            Severity::Expected => "between any two machines",
        }
    }

    /// Whether machines with such a difference are not alike.
    pub(super) fn counts(self) -> bool {
        match self {
            Severity::Critical | Severity::Major | Severity::Minor | Severity::Unrated => true,
            Severity::Missing | Severity::Expected => false,
        }
    }
}

impl SerJson for Severity {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        self.name().ser_json(depth, state);
    }
}
