//! The report for people: the verdict, warnings, what breaks, then the rest.

use crate::elf::demangle::Spelling;
use crate::elf::diff::{Aspect, Change, Changed, Diff, Exported, Property, Severity};
use crate::quantity::count;

/// How many entries of a list are shown without `--all`.
const MOST_SHOWN: usize = 10;

/// How long lists are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    Short,
    All,
}

/// The lines that are written.
struct Text {
    listing: Listing,
    lines: Vec<String>,
}

impl Text {
    fn line(&mut self, severity: Severity, text: &str) {
        let label = match severity {
            Severity::Break => "",
            Severity::Warning => "warning: ",
            Severity::Note => "note: ",
        };
        self.lines.push(format!("  {label}{text}"));
    }

    /// A list that has `total` entries. `what` they are follows their number.
    fn list(
        &mut self,
        severity: Severity,
        entries: &mut dyn Iterator<Item = String>,
        total: usize,
        what: &str,
    ) {
        let most = match self.listing {
            Listing::Short => MOST_SHOWN,
            Listing::All => usize::MAX,
        };
        let mut shown = 0;
        for entry in entries.take(most) {
            self.line(severity, &entry);
            shown += 1;
        }
        if let Some(more @ 1..) = total.checked_sub(shown) {
            let option = match self.listing {
                Listing::Short => "; --all lists them",
                Listing::All => "",
            };
            self.line(severity, &format!("{more} more{what}{option}"));
        }
    }

    /// The properties that changed with a severity. Those of one kind are one list.
    fn properties(&mut self, diff: &Diff, severity: Severity) {
        let changes = diff.changes.iter();
        let changes: Vec<&Change> = changes
            .filter(|change| change.severity == severity)
            .collect();
        for list in changes.chunk_by(|a, b| a.property == b.property) {
            let mut entries = list.iter().map(|change| sentence(change));
            self.list(severity, &mut entries, list.len(), "");
        }
    }

    fn changed_symbols(&mut self, diff: &Diff, severity: Severity, total: usize) {
        let changed = diff.symbols.changed.iter();
        let mut changed = changed
            .filter(|changed| changed.severity == severity)
            .map(change_of_symbol);
        self.list(severity, &mut changed, total, " changed symbols");
    }
}

/// The report.
pub(super) fn lines(diff: &Diff, a: &str, b: &str, listing: Listing) -> Vec<String> {
    let mut text = Text {
        listing,
        lines: vec![verdict(diff), format!("  A: {a}"), format!("  B: {b}")],
    };
    let counts = diff.symbols.counts;
    text.properties(diff, Severity::Warning);
    text.properties(diff, Severity::Break);
    if diff.lost_versions {
        let lost = "B defines no versions: ld.so warns, and takes the symbols without one";
        text.line(Severity::Note, lost);
    }
    let mut gone = diff.symbols.gone.iter().map(|gone| {
        let instead = gone.instead.as_ref();
        let instead = instead.map(|version| format!("; B has version {version}"));
        let name = labelled(&gone.symbol);
        format!("gone: {name}{}", instead.unwrap_or_default())
    });
    text.list(Severity::Break, &mut gone, counts.gone, " symbols are gone");
    text.changed_symbols(diff, Severity::Break, counts.broken);
    text.properties(diff, Severity::Note);
    text.changed_symbols(diff, Severity::Note, counts.changed);
    let mut added = diff.symbols.added.iter();
    let mut added = added
        .by_ref()
        .map(|added| format!("new: {}", labelled(added)));
    text.list(Severity::Note, &mut added, counts.added, " new symbols");
    if listing == Listing::All {
        let mut needs = diff.symbols.needs_added.iter().map(|need| {
            let version = need.version.iter().map(|version| format!("@{version}"));
            let version: String = version.collect();
            let weak = if need.weak { " (weak)" } else { "" };
            format!(
                "needs {}{version}{weak}",
                Spelling::Demangled.of(&need.name)
            )
        });
        let total = counts.needs_added;
        text.list(Severity::Note, &mut needs, total, " symbols are needed");
    } else if counts.needs_added > 0 {
        let number = count(counts.needs_added, "symbol");
        text.line(
            Severity::Note,
            &format!("needs {number} that A does not need; --all lists them"),
        );
    }
    text.lines
}

/// The first line.
fn verdict(diff: &Diff) -> String {
    let counts = diff.symbols.counts;
    let mut reasons = Vec::new();
    let mut add = |number: usize, one: &str, what: &str| {
        if number > 0 {
            reasons.push(format!("{} {what}", count(number, one)));
        }
    };
    add(counts.gone, "symbol", "gone");
    let of = |change: &&Change| change.severity == Severity::Break;
    let breaks = || diff.changes.iter().filter(of);
    let is_version = |change: &&Change| change.property == Property::Version;
    add(breaks().filter(is_version).count(), "version", "gone");
    add(counts.broken, "symbol", "changed");
    let others = breaks().filter(|change| !is_version(change));
    reasons.extend(others.map(|change| format!("{} changed", label(change.property))));
    add_warnings(diff, &mut reasons);
    if diff.is_empty() {
        reasons.push("no differences".to_owned());
    }
    let reasons = reasons.join(", ");
    match reasons.as_str() {
        "" => format!("B {} A", diff.verdict()),
        reasons => format!("B {} A: {reasons}", diff.verdict()),
    }
}

fn add_warnings(diff: &Diff, reasons: &mut Vec<String>) {
    let warnings = diff.count(Severity::Warning);
    if warnings > 0 && diff.can_replace() {
        reasons.push(count(warnings, "warning"));
    }
}

/// A property in a sentence.
fn label(property: Property) -> &'static str {
    match property {
        Property::Machine => "machine",
        Property::Type => "type of file",
        Property::Soname => "SONAME",
        Property::NoOpen => "DF_1_NOOPEN",
        Property::Version => "version",
        Property::Highest(family) => family.name(),
        Property::Cpu => "CPU level",
        Property::Needed => "needed library",
        Property::VersionNeed => "needed version",
        Property::Interpreter => "interpreter",
        Property::ExecutableStack => "executable stack",
        Property::TextRelocations => "text relocations",
        Property::StaticTls => "static TLS (initial-exec)",
        Property::Rpath => "RPATH",
        Property::Runpath => "RUNPATH",
        Property::CxxAbi => "C++ ABI",
        Property::OsAbi => "OS ABI",
        Property::NoDelete => "DF_1_NODELETE",
        Property::Symbolic => "DF_SYMBOLIC",
    }
}

/// A change of a property as a sentence.
fn sentence(change: &Change) -> String {
    let label = label(change.property);
    let (a, b) = (change.a.as_deref(), change.b.as_deref());
    match (change.property, a, b) {
        (Property::Version, Some(a), _) => format!("version {a} is gone"),
        (Property::Version, None, b) => format!("new version {}", b.unwrap_or_default()),
        (Property::Needed | Property::VersionNeed, _, Some(b)) => {
            format!("needs {b}, which A does not need")
        }
        (Property::Needed | Property::VersionNeed, a, None) => {
            format!("does not need {}", a.unwrap_or_default())
        }
        (Property::Highest(_), _, Some(b)) => {
            let of_a = a.unwrap_or("none");
            let symbol = change.symbol.as_deref();
            let symbol = symbol.map(|symbol| format!(" ({})", Spelling::Demangled.of(symbol)));
            let symbol = symbol.unwrap_or_default();
            format!("needs {label}_{b}{symbol}; A needs {of_a}")
        }
        (
            Property::Machine
            | Property::Type
            | Property::Soname
            | Property::NoOpen
            | Property::Highest(_)
            | Property::Cpu
            | Property::Interpreter
            | Property::ExecutableStack
            | Property::TextRelocations
            | Property::StaticTls
            | Property::Rpath
            | Property::Runpath
            | Property::CxxAbi
            | Property::OsAbi
            | Property::NoDelete
            | Property::Symbolic,
            a,
            b,
        ) => format!(
            "{label}: {} -> {}",
            a.unwrap_or("none"),
            b.unwrap_or("none")
        ),
    }
}

/// A change of a symbol as a sentence.
fn change_of_symbol(changed: &Changed) -> String {
    let or_none = |value: &Option<String>| value.as_deref().unwrap_or("none").to_owned();
    let (a, b) = (or_none(&changed.a), or_none(&changed.b));
    let name = labelled(&changed.symbol);
    let why = match (changed.aspect, changed.severity) {
        (Aspect::Size, Severity::Break) => what_grew(&changed.symbol.name),
        (Aspect::Default, _) => "; for new links and dlsym only",
        (Aspect::Kind | Aspect::Size | Aspect::Version | Aspect::Binding, _) => "",
    };
    format!(
        "changed: {name}, {} {a} -> {b}{why}",
        aspect(changed.aspect)
    )
}

fn aspect(aspect: Aspect) -> &'static str {
    match aspect {
        Aspect::Default => "default version",
        Aspect::Kind | Aspect::Size | Aspect::Version | Aspect::Binding => aspect.name(),
    }
}

/// What another size of an object means.
fn what_grew(name: &str) -> &'static str {
    if name.starts_with("_ZTV") {
        "; the class has other virtual functions"
    } else if name.starts_with("_ZTI") || name.starts_with("_ZTT") {
        "; the class has other bases"
    } else {
        "; a program may have a copy of it"
    }
}

/// A symbol with its version, as the linker writes it: `f@V1`, and `f@@V1` for the default version.
fn labelled(symbol: &Exported) -> String {
    let name = Spelling::Demangled.of(&symbol.name);
    match (&symbol.version, symbol.hidden) {
        (None, _) => name.into_owned(),
        (Some(version), true) => format!("{name}@{version}"),
        (Some(version), false) => format!("{name}@@{version}"),
    }
}
