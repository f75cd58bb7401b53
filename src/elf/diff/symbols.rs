//! The symbols that an object exports and imports, as small entries in the order of their hash. The
//! names stay in the string table: a library may have a million symbols.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::rc::Rc;

use object::elf;

use crate::elf::fits::table::{Symbol, SymbolTable, Version};
use crate::elf::names::{most_name_bytes, overlapping_names};
use crate::elf::parse::Object;
use crate::elf::reader::Fault;
use crate::elf::strings::until_nul;

/// Symbols that old linkers export from every library. No other object refers to them: each has its
/// own.
const OF_THE_LINKER: [&[u8]; 11] = [
    b"_init",
    b"_fini",
    b"_edata",
    b"_end",
    b"_etext",
    b"__bss_start",
    b"__bss_start__",
    b"__bss_end__",
    b"_bss_end__",
    b"__end__",
    b"__data_start",
];

/// For so many symbols memory is reserved before they are read.
const MOST_RESERVED: usize = 1 << 20;
/// After so many symbols the memory of the table is freed.
const FORGET_AFTER: u64 = 1 << 16;

/// What a symbol is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SymbolKind {
    Function,
    /// A function that is chosen when it is bound.
    IndirectFunction,
    Object,
    ThreadLocal,
    /// Symbols of assembler code may have no type.
    Untyped,
}

impl SymbolKind {
    fn of(kind: elf::SymbolType) -> SymbolKind {
        match kind {
            elf::STT_FUNC => SymbolKind::Function,
            elf::STT_GNU_IFUNC => SymbolKind::IndirectFunction,
            elf::STT_OBJECT | elf::STT_COMMON => SymbolKind::Object,
            elf::STT_TLS => SymbolKind::ThreadLocal,
            _ => SymbolKind::Untyped,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            SymbolKind::Function => "function",
            SymbolKind::IndirectFunction => "ifunc",
            SymbolKind::Object => "object",
            SymbolKind::ThreadLocal => "tls",
            SymbolKind::Untyped => "untyped",
        }
    }
}

/// How a symbol is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
    Global,
    Weak,
    /// One definition in the process, even with RTLD_LOCAL.
    Unique,
}

impl Binding {
    fn of(symbol: &Symbol) -> Binding {
        match symbol.bind {
            elf::STB_WEAK => Binding::Weak,
            elf::STB_GNU_UNIQUE => Binding::Unique,
            _ => Binding::Global,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Binding::Global => "global",
            Binding::Weak => "weak",
            Binding::Unique => "unique",
        }
    }
}

/// A symbol. A million of them take 24 MB.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    /// The hash of the name.
    hash: u32,
    /// The offset of the name.
    name: u32,
    pub size: u64,
    /// The number of its version, with the bit for hidden.
    number: u16,
    pub kind: SymbolKind,
    pub binding: Binding,
}

impl Entry {
    /// Not the default version of its name: a new link and `dlsym` do not find it.
    pub(super) fn is_hidden(&self) -> bool {
        self.number & elf::VERSYM_HIDDEN.0 != 0
    }

    /// Whether ld.so takes it for a reference without a version, whatever its own is: it has none,
    /// or the first one.
    pub(super) fn is_early(&self) -> bool {
        self.number & elf::VERSYM_VERSION < 3
    }
}

#[cfg(test)]
impl Entry {
    /// A function with a version.
    pub(super) fn numbered(number: u16) -> Entry {
        Entry {
            hash: 0,
            name: 0,
            size: 0,
            number,
            kind: SymbolKind::Function,
            binding: Binding::Global,
        }
    }
}

/// The symbols of one object.
#[derive(Debug)]
pub(crate) struct Symbols {
    strings: Vec<u8>,
    /// Versions by number.
    versions: Vec<Option<Version>>,
    /// The place of each version among those of both objects. 0 is none.
    ranks: Vec<u32>,
    /// What other objects can be bound to.
    pub(super) exports: Vec<Entry>,
    /// What it needs from others.
    pub(super) imports: Vec<Entry>,
}

impl Symbols {
    /// Reads the symbols of an object. The memory of `buffer` is used for their names.
    ///
    /// # Errors
    /// When the tables are outside the file, or the names overlap.
    pub(super) fn of(object: &Rc<Object>, buffer: Vec<u8>) -> Result<Symbols, Fault> {
        let strings = object.copied_strings(buffer)?;
        let table = SymbolTable::of(object)?;
        let count = usize::try_from(table.len()).unwrap_or(0);
        let mut exports = Vec::with_capacity(count.min(MOST_RESERVED));
        let mut imports = Vec::new();
        let mut left_bytes = most_name_bytes(&strings);
        let mut markers = Vec::new();
        for index in 1..table.len() {
            let Some(symbol) = table.symbol(index)? else {
                break;
            };
            if index % FORGET_AFTER == 0 {
                table.forget_symbols();
            }
            let is_import = symbol.is_undefined() && !symbol.is_local();
            if !is_import && !symbol.is_offered_definition() {
                continue;
            }
            let name = name_at(&strings, symbol.name);
            left_bytes = left_bytes
                .checked_sub(name.len())
                .ok_or_else(overlapping_names)?;
            if name.is_empty() || (!is_import && OF_THE_LINKER.contains(&name)) {
                continue;
            }
            let entry = Entry {
                hash: elf::gnu_hash(name),
                name: symbol.name,
                size: symbol.size,
                number: table.version_number(index)?.unwrap_or(1),
                kind: SymbolKind::of(symbol.kind),
                binding: Binding::of(&symbol),
            };
            if is_import {
                imports.push(entry);
            } else {
                if symbol.section == elf::SHN_ABS {
                    markers.push(exports.len());
                }
                exports.push(entry);
            }
        }
        let mut symbols = Symbols {
            strings,
            versions: table.into_versions(),
            ranks: Vec::new(),
            exports,
            imports,
        };
        symbols.remove_markers(markers);
        Ok(symbols)
    }

    /// Old linkers define an absolute symbol for each version, with its name.
    fn remove_markers(&mut self, mut absolute: Vec<usize>) {
        absolute.retain(|&at| {
            let entry = self.exports.get(at);
            entry.is_some_and(|entry| {
                self.version(entry).map(str::as_bytes) == Some(self.name(entry))
            })
        });
        let mut number = 0;
        self.exports.retain(|_| {
            number += 1;
            absolute.binary_search(&(number - 1)).is_err()
        });
    }

    pub(super) fn name(&self, entry: &Entry) -> &[u8] {
        name_at(&self.strings, entry.name)
    }

    fn versioned(&self, entry: &Entry) -> Option<&Version> {
        let number = usize::from(entry.number & elf::VERSYM_VERSION);
        self.versions.get(number)?.as_ref()
    }

    pub(super) fn version(&self, entry: &Entry) -> Option<&str> {
        self.versioned(entry).map(|version| &*version.name)
    }

    /// The library that must define the version of an import.
    pub(super) fn library(&self, entry: &Entry) -> Option<&str> {
        self.versioned(entry)?.library.as_deref()
    }

    /// The place of its version among those of both objects. 0 is none.
    pub(super) fn rank(&self, entry: &Entry) -> u32 {
        let number = usize::from(entry.number & elf::VERSYM_VERSION);
        self.ranks.get(number).copied().unwrap_or(0)
    }

    /// Sorts the entries by hash, name and version, and removes repetitions.
    fn sort(&mut self) {
        let (mut exports, mut imports) = (
            std::mem::take(&mut self.exports),
            std::mem::take(&mut self.imports),
        );
        for entries in [&mut exports, &mut imports] {
            entries.sort_unstable_by(|a, b| self.order(a, b));
            entries.dedup_by(|a, b| self.order(a, b) == Ordering::Equal);
        }
        self.exports = exports;
        self.imports = imports;
    }

    fn order(&self, a: &Entry, b: &Entry) -> Ordering {
        self.order_of_names(a, self, b)
            .then_with(|| self.rank(a).cmp(&self.rank(b)))
    }

    /// The order of the name of an entry and of one of the other object. Names are compared only if
    /// their hashes are equal.
    pub(super) fn order_of_names(
        &self,
        entry: &Entry,
        other: &Symbols,
        of_other: &Entry,
    ) -> Ordering {
        let is_same = std::ptr::eq(self, other) && entry.name == of_other.name;
        entry.hash.cmp(&of_other.hash).then_with(|| match is_same {
            true => Ordering::Equal,
            false => self.name(entry).cmp(other.name(of_other)),
        })
    }
}

/// Sorts the symbols of two objects, so that they can be compared from the first to the last.
pub(super) fn sort(a: &mut Symbols, b: &mut Symbols) {
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let names = |symbols: &Symbols| -> Vec<Option<String>> {
        let versions = symbols.versions.iter();
        versions
            .map(|version| version.as_ref().map(|version| version.name.clone()))
            .collect()
    };
    let (of_a, of_b) = (names(a), names(b));
    for name in of_a.iter().chain(&of_b).flatten() {
        places.insert(name, 0);
    }
    for (place, number) in places.values_mut().zip(1..) {
        *place = number;
    }
    let ranks = |names: &[Option<String>]| -> Vec<u32> {
        let ranks = names
            .iter()
            .map(|name| places.get(name.as_deref()?).copied());
        ranks.map(Option::unwrap_or_default).collect()
    };
    (a.ranks, b.ranks) = (ranks(&of_a), ranks(&of_b));
    a.sort();
    b.sort();
}

fn name_at(strings: &[u8], offset: u32) -> &[u8] {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|at| strings.get(at..));
    rest.and_then(until_nul).unwrap_or_default()
}
