//! The report of two builds.

use std::fmt;

use nanoserde::SerJson;

use crate::elf::demangle::demangled;
use crate::elf::diff::{self, Diff, Exported};
use crate::escape::one_line;

/// Limit for the size of all demangled names. A short name may stand for a long one.
const MOST_DEMANGLED_BYTES: usize = 64 << 20;

#[derive(Default, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    a: String,
    b: String,
    verdict: String,
    counts: Counts,
    complete: bool,
    changes: Vec<Change>,
    gone: Vec<Gone>,
    added: Vec<Added>,
    changed: Vec<Changed>,
    needs_added: Vec<Need>,
    #[nserde(skip)]
    lines: Vec<String>,
}

#[derive(Default, SerJson)]
struct Counts {
    gone: usize,
    added: usize,
    broken: usize,
    changed: usize,
    needs_added: usize,
    needs_gone: usize,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Change {
    severity: String,
    property: String,
    a: Option<String>,
    b: Option<String>,
    symbol: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Gone {
    name: String,
    demangled: Option<String>,
    version: Option<String>,
    default: bool,
    kind: String,
    size: u64,
    instead: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Added {
    name: String,
    demangled: Option<String>,
    version: Option<String>,
    default: bool,
    kind: String,
    size: u64,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Changed {
    name: String,
    demangled: Option<String>,
    version: Option<String>,
    severity: String,
    aspect: String,
    a: Option<String>,
    b: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Need {
    name: String,
    demangled: Option<String>,
    version: Option<String>,
    library: Option<String>,
    weak: bool,
}

/// Names demangled, up to a limit for all of them together.
struct Demangler {
    left_bytes: usize,
}

impl Demangler {
    fn name(&mut self, name: &str) -> Option<String> {
        let text = demangled(name)?;
        self.left_bytes = self.left_bytes.checked_sub(text.len())?;
        Some(text)
    }
}

impl Report {
    /// For people.
    pub(super) fn of_lines(lines: Vec<String>) -> Report {
        Report {
            lines,
            ..Report::default()
        }
    }

    /// For programs.
    pub(super) fn of(diff: &Diff, a: &str, b: &str) -> Report {
        let symbols = &diff.symbols;
        let mut demangler = Demangler {
            left_bytes: MOST_DEMANGLED_BYTES,
        };
        let mut name = |name: &str| demangler.name(name);
        let diff::Counts {
            gone,
            added,
            broken,
            changed,
            needs_added,
            needs_gone,
        } = symbols.counts;
        Report {
            a: a.to_owned(),
            b: b.to_owned(),
            verdict: diff.verdict().to_owned(),
            counts: Counts {
                gone,
                added,
                broken,
                changed,
                needs_added,
                needs_gone,
            },
            complete: symbols.are_complete(),
            changes: diff.changes.iter().map(Change::of).collect(),
            gone: symbols
                .gone
                .iter()
                .map(|gone| Gone::of(gone, name(&gone.symbol.name)))
                .collect(),
            changed: symbols
                .changed
                .iter()
                .map(|changed| Changed::of(changed, name(&changed.symbol.name)))
                .collect(),
            added: symbols
                .added
                .iter()
                .map(|added| Added::of(added, name(&added.name)))
                .collect(),
            needs_added: symbols
                .needs_added
                .iter()
                .map(|need| Need::of(need, name(&need.name)))
                .collect(),
            lines: Vec::new(),
        }
    }
}

impl Change {
    fn of(change: &diff::Change) -> Change {
        Change {
            severity: change.severity.name().to_owned(),
            property: change.property.name().to_owned(),
            a: change.a.clone(),
            b: change.b.clone(),
            symbol: change.symbol.clone(),
        }
    }
}

impl Gone {
    fn of(gone: &diff::Gone, demangled: Option<String>) -> Gone {
        let Exported {
            name,
            version,
            hidden,
            kind,
            size,
        } = gone.symbol.clone();
        Gone {
            name,
            demangled,
            version,
            default: !hidden,
            kind: kind.name().to_owned(),
            size,
            instead: gone.instead.clone(),
        }
    }
}

impl Added {
    fn of(added: &Exported, demangled: Option<String>) -> Added {
        let Exported {
            name,
            version,
            hidden,
            kind,
            size,
        } = added.clone();
        Added {
            name,
            demangled,
            version,
            default: !hidden,
            kind: kind.name().to_owned(),
            size,
        }
    }
}

impl Changed {
    fn of(changed: &diff::Changed, demangled: Option<String>) -> Changed {
        Changed {
            name: changed.symbol.name.clone(),
            demangled,
            version: changed.symbol.version.clone(),
            severity: changed.severity.name().to_owned(),
            aspect: changed.aspect.name().to_owned(),
            a: changed.a.clone(),
            b: changed.b.clone(),
        }
    }
}

impl Need {
    fn of(need: &diff::Imported, demangled: Option<String>) -> Need {
        Need {
            name: need.name.clone(),
            demangled,
            version: need.version.clone(),
            library: need.library.clone(),
            weak: need.weak,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.lines
            .iter()
            .try_for_each(|line| writeln!(f, "{}", one_line(line)))
    }
}
