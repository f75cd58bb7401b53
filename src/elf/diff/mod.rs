//! What changed between two builds of a library, and whether what was linked with the first, A, can
//! use the second, B. Only what ld.so reads is compared: not what a function does, nor its arguments.
//!
//! Source: System V ABI, "Dynamic Linking"; GNU's documentation of symbol versions; ld.so(8).

mod compare;
mod library;
mod properties;
mod severity;
mod symbols;

pub(crate) use compare::{Aspect, Changed, Counts, Exported, Gone, Imported, SymbolChanges};
pub(crate) use library::Library;
pub(crate) use properties::{Change, Property};
pub(crate) use severity::Severity;

/// How two builds differ.
#[derive(Debug)]
pub(crate) struct Diff {
    /// The most severe first.
    pub changes: Vec<Change>,
    pub symbols: SymbolChanges,
    /// A defines versions and B none: ld.so warns, and takes the symbols without one.
    pub lost_versions: bool,
}

impl Diff {
    /// Compares two builds.
    pub(crate) fn of(mut a: Library, mut b: Library) -> Diff {
        symbols::sort(&mut a.symbols, &mut b.symbols);
        Diff {
            changes: properties::changes(&a, &b),
            symbols: SymbolChanges::of(&a.symbols, &b.symbols),
            lost_versions: a.definitions.is_some() && b.definitions.is_none(),
        }
    }

    /// Whether B has all that others may need of A.
    pub(crate) fn can_replace(&self) -> bool {
        let Counts { gone, broken, .. } = self.symbols.counts;
        gone == 0 && broken == 0 && self.count(Severity::Break) == 0
    }

    /// The verdict in words.
    pub(crate) fn verdict(&self) -> &'static str {
        match self.can_replace() {
            true => "can replace",
            false => "cannot replace",
        }
    }

    /// How many properties changed with this severity.
    pub(crate) fn count(&self, severity: Severity) -> usize {
        let changes = self.changes.iter();
        changes.filter(|change| change.severity == severity).count()
    }

    /// Whether nothing changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.symbols.counts == Counts::default()
    }
}
