//! Compares the symbols of two objects.

use std::cmp::Ordering;

use super::severity::Severity;
use super::symbols::{Binding, Entry, SymbolKind, Symbols};
use crate::sort::Sortable;

/// Limit for the size of all lists of symbols: names, and what each entry takes.
const MOST_LISTED_BYTES: usize = 32 << 20;
/// About what an entry of a list takes without its names.
const ENTRY_BYTES: usize = 128;

/// An exported symbol in a list.
#[derive(Clone, Debug)]
pub(crate) struct Exported {
    pub name: String,
    pub version: Option<String>,
    /// Not the default version of its name.
    pub hidden: bool,
    pub kind: SymbolKind,
    pub size: u64,
}

/// An exported symbol of A to which nothing in B can be bound.
#[derive(Clone, Debug)]
pub(crate) struct Gone {
    pub symbol: Exported,
    /// The version of this name that B defines instead.
    pub instead: Option<String>,
}

/// A symbol that B needs.
#[derive(Clone, Debug)]
pub(crate) struct Imported {
    pub name: String,
    pub version: Option<String>,
    /// The library that must define the version.
    pub library: Option<String>,
    pub weak: bool,
}

/// What of a symbol changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Aspect {
    Kind,
    Size,
    Version,
    /// Whether it is the default version of its name.
    Default,
    Binding,
}

impl Aspect {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Aspect::Kind => "kind",
            Aspect::Size => "size",
            Aspect::Version => "version",
            Aspect::Default => "default",
            Aspect::Binding => "binding",
        }
    }
}

/// A symbol that both objects export, in another way.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    /// The symbol of A.
    pub symbol: Exported,
    pub aspect: Aspect,
    pub severity: Severity,
    pub a: Option<String>,
    pub b: Option<String>,
}

/// How many symbols differ. The lists may have fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub gone: usize,
    pub added: usize,
    /// Changes that break what was linked with A.
    pub broken: usize,
    /// Other changes.
    pub changed: usize,
    pub needs_added: usize,
    pub needs_gone: usize,
}

/// How the symbols of two objects differ.
#[derive(Debug, Default)]
pub(crate) struct SymbolChanges {
    pub counts: Counts,
    pub gone: Vec<Gone>,
    pub added: Vec<Exported>,
    /// Those that break something first.
    pub changed: Vec<Changed>,
    pub needs_added: Vec<Imported>,
    listed_bytes: usize,
}

impl SymbolChanges {
    /// Compares sorted symbols.
    pub(super) fn of(a: &Symbols, b: &Symbols) -> SymbolChanges {
        let mut changes = SymbolChanges::default();
        each_name((a, &a.exports), (b, &b.exports), &mut |of_a, of_b| {
            changes.compare_exports((a, of_a), (b, of_b));
        });
        each_name((a, &a.imports), (b, &b.imports), &mut |of_a, of_b| {
            each_version((a, of_a), (b, of_b), &mut |pair| match pair {
                (Some(_), None) => changes.counts.needs_gone += 1,
                (None, Some(import)) => changes.add_import(b, import),
                (_, _) => {}
            });
        });
        changes
            .gone
            .order_by(|a, b| a.symbol.key().cmp(&b.symbol.key()));
        changes.added.order_by(|a, b| a.key().cmp(&b.key()));
        let key = |one: &Changed| (one.severity, one.aspect as u8);
        changes.changed.order_by(|a, b| {
            let names = || a.symbol.key().cmp(&b.symbol.key());
            key(a).cmp(&key(b)).then_with(names)
        });
        let key = |import: &Imported| (import.name.clone(), import.version.clone());
        changes.needs_added.order_by_key(key);
        changes
    }

    /// Whether the lists have all symbols.
    pub(crate) fn are_complete(&self) -> bool {
        self.listed_bytes <= MOST_LISTED_BYTES
    }

    /// Whether there is room for one more symbol in the lists.
    fn has_room(&mut self, symbols: &Symbols, entry: &Entry) -> bool {
        let version = symbols.version(entry).map_or(0, str::len);
        let bytes = symbols.name(entry).len() + version + ENTRY_BYTES;
        self.listed_bytes = self.listed_bytes.saturating_add(bytes);
        self.are_complete()
    }

    /// The symbols with one name.
    fn compare_exports(&mut self, a: (&Symbols, &[Entry]), b: (&Symbols, &[Entry])) {
        // What B defines for a reference without a version, and for one with any version.
        let (of_none, of_any) = (for_no_version(b.1), for_any_version(b));
        let mut taken: [Option<&Entry>; 2] = [None, None];
        each_version(a, b, &mut |pair| match pair {
            (Some(from), Some(to)) => self.compare_pair((a.0, from), (b.0, to)),
            (Some(from), None) => {
                let [first, second] = &mut taken;
                let (instead, place) = match a.0.rank(from) {
                    0 => (of_none, first),
                    _ => (of_any, second),
                };
                *place = place.or(instead);
                match instead {
                    Some(to) => self.compare_pair((a.0, from), (b.0, to)),
                    None => self.add_gone((a.0, from), b),
                }
            }
            (None, _) => {}
        });
        // Not before the end, because any symbol of A may take one of B.
        each_version(a, b, &mut |pair| {
            if let (None, Some(added)) = pair
                && !taken
                    .into_iter()
                    .flatten()
                    .any(|one| std::ptr::eq(one, added))
            {
                self.counts.added += 1;
                if self.has_room(b.0, added) {
                    self.added.push(Exported::of(b.0, added));
                }
            }
        });
    }

    fn add_gone(&mut self, (a, from): (&Symbols, &Entry), (b, of_b): (&Symbols, &[Entry])) {
        self.counts.gone += 1;
        if self.has_room(a, from) {
            let default = of_b.iter().find(|entry| !entry.is_hidden());
            let instead = default.or(of_b.first());
            self.gone.push(Gone {
                symbol: Exported::of(a, from),
                instead: instead
                    .and_then(|entry| b.version(entry))
                    .map(str::to_owned),
            });
        }
    }

    fn add_import(&mut self, b: &Symbols, import: &Entry) {
        self.counts.needs_added += 1;
        if self.has_room(b, import) {
            self.needs_added.push(Imported {
                name: text(b.name(import)),
                version: b.version(import).map(str::to_owned),
                library: b.library(import).map(str::to_owned),
                weak: import.binding == Binding::Weak,
            });
        }
    }

    /// Two definitions for the same references.
    fn compare_pair(&mut self, (a, from): (&Symbols, &Entry), (b, to): (&Symbols, &Entry)) {
        let mut add = |aspect, severity, of_a: Option<String>, of_b: Option<String>| {
            match severity {
                Severity::Break => self.counts.broken += 1,
                Severity::Warning | Severity::Note => self.counts.changed += 1,
            }
            if self.has_room(a, from) {
                self.changed.push(Changed {
                    symbol: Exported::of(a, from),
                    aspect,
                    severity,
                    a: of_a,
                    b: of_b,
                });
            }
        };
        let word = |word: &str| Some(word.to_owned());
        if from.kind != to.kind {
            let severity = severity_of_kinds(from.kind, to.kind);
            add(
                Aspect::Kind,
                severity,
                word(from.kind.name()),
                word(to.kind.name()),
            );
        } else if from.size != to.size
            && let Some(severity) = severity_of_size(from)
        {
            let size = |entry: &Entry| Some(entry.size.to_string());
            add(Aspect::Size, severity, size(from), size(to));
        }
        if a.rank(from) != b.rank(to) {
            let version = |symbols: &Symbols, entry| symbols.version(entry).map(str::to_owned);
            add(
                Aspect::Version,
                Severity::Note,
                version(a, from),
                version(b, to),
            );
        } else if from.is_hidden() != to.is_hidden() {
            let default = |entry: &Entry| match entry.is_hidden() {
                true => word("no"),
                false => word("yes"),
            };
            add(Aspect::Default, Severity::Note, default(from), default(to));
        }
        if from.binding != to.binding {
            let (of_a, of_b) = (from.binding.name(), to.binding.name());
            add(Aspect::Binding, Severity::Note, word(of_a), word(of_b));
        }
    }
}

impl Exported {
    fn of(symbols: &Symbols, entry: &Entry) -> Exported {
        Exported {
            name: text(symbols.name(entry)),
            version: symbols.version(entry).map(str::to_owned),
            hidden: entry.is_hidden(),
            kind: entry.kind,
            size: entry.size,
        }
    }

    fn key(&self) -> (&str, Option<&str>) {
        (&self.name, self.version.as_deref())
    }
}

fn text(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

/// A function that becomes one that is chosen when it is bound is still called in the same way. The
/// kind of an untyped symbol is not known.
fn severity_of_kinds(a: SymbolKind, b: SymbolKind) -> Severity {
    let class = |kind| match kind {
        SymbolKind::Function | SymbolKind::IndirectFunction => Some(0),
        SymbolKind::Object => Some(1),
        SymbolKind::ThreadLocal => Some(2),
        SymbolKind::Untyped => None,
    };
    let is_tls = a == SymbolKind::ThreadLocal || b == SymbolKind::ThreadLocal;
    match (class(a), class(b)) {
        (Some(a), Some(b)) if a == b => Severity::Note,
        (None, _) | (_, None) if !is_tls => Severity::Note,
        (_, _) => Severity::Break,
    }
}

/// What another size means. `None` if nothing: code is not copied.
fn severity_of_size(from: &Entry) -> Option<Severity> {
    match from.kind {
        // A program has a copy of the size that was known when it was linked.
        SymbolKind::Object if from.size > 0 => Some(Severity::Break),
        SymbolKind::Object | SymbolKind::ThreadLocal => Some(Severity::Note),
        SymbolKind::Function | SymbolKind::IndirectFunction | SymbolKind::Untyped => None,
    }
}

/// What ld.so takes for a reference without a version: a definition without one or with the first
/// one, else the only default version.
fn for_no_version(entries: &[Entry]) -> Option<&Entry> {
    if let Some(early) = entries.iter().find(|entry| entry.is_early()) {
        return Some(early);
    }
    let mut defaults = entries.iter().filter(|entry| !entry.is_hidden());
    defaults.next().filter(|_| defaults.next().is_none())
}

/// What ld.so takes for a reference with a version that is not defined: a definition without one.
fn for_any_version<'a>((symbols, entries): (&Symbols, &'a [Entry])) -> Option<&'a Entry> {
    let mut entries = entries.iter();
    entries.find(|entry| symbols.rank(entry) == 0 && !entry.is_hidden())
}

/// Entries of one object with the table that they belong to.
type Side<'a> = (&'a Symbols, &'a [Entry]);

/// Calls `each` with the entries of both objects for each name, in order.
fn each_name<'a>(
    (a, mut of_a): (&Symbols, &'a [Entry]),
    (b, mut of_b): (&Symbols, &'a [Entry]),
    each: &mut dyn FnMut(&'a [Entry], &'a [Entry]),
) {
    loop {
        let order = match (of_a.first(), of_b.first()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(from), Some(to)) => a.order_of_names(from, b, to),
        };
        let (named_a, named_b);
        (named_a, of_a) = match order {
            Ordering::Less | Ordering::Equal => split_name(a, of_a),
            Ordering::Greater => (&[][..], of_a),
        };
        (named_b, of_b) = match order {
            Ordering::Greater | Ordering::Equal => split_name(b, of_b),
            Ordering::Less => (&[][..], of_b),
        };
        each(named_a, named_b);
    }
}

/// The entries with the first name, and the others.
fn split_name<'a>(symbols: &Symbols, entries: &'a [Entry]) -> (&'a [Entry], &'a [Entry]) {
    let mut same = entries.iter();
    let Some(first) = same.next() else {
        return (entries, &[]);
    };
    let is_same = |entry: &&Entry| symbols.order_of_names(first, symbols, entry).is_eq();
    let count = 1 + same.take_while(is_same).count();
    entries.split_at_checked(count).unwrap_or((entries, &[]))
}

/// Calls `each` with the entries of one name for each version, in order.
fn each_version<'a>(
    (a, of_a): Side<'a>,
    (b, of_b): Side<'a>,
    each: &mut dyn FnMut((Option<&'a Entry>, Option<&'a Entry>)),
) {
    let (mut of_a, mut of_b) = (of_a.iter().peekable(), of_b.iter().peekable());
    loop {
        let (from, to) = (of_a.peek(), of_b.peek());
        let order = match (from, to) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(from), Some(to)) => a.rank(from).cmp(&b.rank(to)),
        };
        each(match order {
            Ordering::Less => (of_a.next(), None),
            Ordering::Greater => (None, of_b.next()),
            Ordering::Equal => (of_a.next(), of_b.next()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_kinds_that_are_used_alike_may_replace_each_other() {
        use SymbolKind::{Function, IndirectFunction, Object, ThreadLocal, Untyped};
        for (a, b, severity) in [
            (Function, IndirectFunction, Severity::Note),
            (IndirectFunction, Function, Severity::Note),
            (Untyped, Function, Severity::Note),
            (Object, Untyped, Severity::Note),
            (Function, Object, Severity::Break),
            (Object, ThreadLocal, Severity::Break),
            (Untyped, ThreadLocal, Severity::Break),
            (ThreadLocal, Untyped, Severity::Break),
        ] {
            assert_eq!(severity_of_kinds(a, b), severity, "{a:?} {b:?}");
        }
    }

    #[test]
    fn reference_without_a_version_takes_the_first_or_the_only_default() {
        const HIDDEN: u16 = 0x8000;
        for (numbers, taken) in [
            (&[][..], None),
            (&[1], Some(0)),
            (&[3], Some(0)),
            (&[2 | HIDDEN, 3], Some(0)),
            (&[3 | HIDDEN], None),
            (&[3 | HIDDEN, 4], Some(1)),
            (&[3, 4], None),
            (&[4, 1], Some(1)),
        ] {
            let entries: Vec<Entry> = numbers
                .iter()
                .map(|&number| Entry::numbered(number))
                .collect();
            let found = for_no_version(&entries);
            let place =
                found.and_then(|found| entries.iter().position(|entry| std::ptr::eq(entry, found)));
            assert_eq!(place, taken, "{numbers:?}");
        }
    }
}
