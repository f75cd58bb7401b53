//! Binds each reference of the new objects to a definition, as ld.so does with RTLD_NOW.
//!
//! A symbol of the process that is unique (STB_GNU_UNIQUE) is bound like any other here. ld.so may
//! choose an earlier copy in a local scope, which changes the copy but not whether there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::rc::Rc;

use object::elf;

use super::finding::UndefinedSymbol;
use super::known::{Known, KnownObjects, Unreadable, open, unreadable};
use super::references::{References, Uses};
use super::table::{Only, Symbol, Version, Wanted};
use crate::elf::reader::Fault;
use crate::elf::search::LibraryCache;
use crate::elf::tree::{Loaded, Tree};

/// Limit for the number of undefined symbols that are listed.
const MOST_UNDEFINED: usize = 10_000;
/// Limit for the size of their names.
const MOST_UNDEFINED_BYTES: usize = 4 << 20;

/// A reference of an object to a symbol.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reference<'a> {
    pub symbol: Symbol,
    pub name: &'a [u8],
    pub version: Option<&'a Version>,
    pub uses: Uses,
}

/// How ld.so searches, which depends on the C library and its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rules {
    /// glibc from 2.30 on.
    Glibc,
    /// The library that is named with a version must define it: glibc before 2.30.
    GlibcBefore230,
    /// Versions do not count.
    Musl,
}

/// The objects of a process and the order in which they are searched.
pub(super) struct Reach<'a> {
    pub tree: &'a Tree,
    pub rules: Rules,
    /// The numbers of the objects, in order.
    pub scope: Vec<usize>,
    /// The objects in the scope, by number.
    known: Vec<Option<Rc<Known>>>,
}

/// Some symbols of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub count: usize,
    pub example: String,
}

impl Tally {
    fn add(&mut self, name: &[u8]) {
        if self.count == 0 {
            self.example = String::from_utf8_lossy(name).into_owned();
        }
        self.count += 1;
    }
}

/// The result for all references.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    /// The number of the object and the symbol.
    pub undefined: Vec<(usize, UndefinedSymbol)>,
    /// Symbols that an object defines but takes from another: object and provider.
    pub interposed: BTreeMap<(usize, usize), Tally>,
    /// Symbols that an object takes from one of the providers of interest.
    pub bound: BTreeMap<(usize, usize), Tally>,
    /// Objects whose TLS must be in the static block.
    pub static_tls: BTreeSet<usize>,
}

impl<'a> Reach<'a> {
    /// Reads the symbols of all objects in `scope`.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(super) fn new(
        objects: &mut KnownObjects,
        library_cache: &LibraryCache,
        tree: &'a Tree,
        scope: Vec<usize>,
        rules: Rules,
    ) -> Result<Reach<'a>, Unreadable> {
        let mut known = vec![None; tree.objects.len()];
        for &number in &scope {
            if let (Some(loaded), Some(place)) = (tree.objects.get(number), known.get_mut(number)) {
                let known = objects.get(library_cache, loaded)?;
                known.table.start();
                *place = Some(known);
            }
        }
        Ok(Reach {
            tree,
            rules,
            scope,
            known,
        })
    }

    pub(super) fn known(&self, number: usize) -> Option<&Known> {
        self.known.get(number)?.as_deref()
    }

    /// Calls `each` for every reference of an object that needs a search.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn references(
        &self,
        library_cache: &LibraryCache,
        number: usize,
        mut each: impl FnMut(Reference) -> Result<(), Unreadable>,
    ) -> Result<(), Unreadable> {
        let (Some(loaded), Some(known)) = (self.tree.objects.get(number), self.known(number))
        else {
            return Ok(());
        };
        let object = open(library_cache, &loaded.path)?;
        let at = |fault| unreadable(&loaded.path, fault);
        let references = References::of(&object, known.table.len()).map_err(at)?;
        let mut name = Vec::new();
        for (index, uses) in references.iter() {
            let Some(symbol) = known.table.symbol(index).map_err(at)? else {
                continue;
            };
            let version = match self.rules {
                Rules::Musl => None,
                Rules::Glibc | Rules::GlibcBefore230 => known.table.version(index).map_err(at)?.0,
            };
            known.table.name(&symbol, &mut name).map_err(at)?;
            each(Reference {
                symbol,
                name: &name,
                version,
                uses,
            })?;
        }
        Ok(())
    }

    /// The number of the object that provides a symbol to the object `by`.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn provider(
        &self,
        by: usize,
        reference: &Reference,
    ) -> Result<Option<usize>, Unreadable> {
        let symbol = &reference.symbol;
        if symbol.is_local() || symbol.visibility == elf::STV_PROTECTED && !symbol.is_undefined() {
            return Ok(Some(by));
        }
        let no_address = Uses::CALL.and(Uses::TLS).and(Uses::STATIC_TLS);
        let wanted = Wanted {
            name: reference.name,
            gnu_hash: elf::gnu_hash(reference.name),
            version: reference.version,
            only: if reference.uses.has(no_address) {
                Only::Defined
            } else {
                Only::DefinedOrAddress
            },
        };
        let symbolic = self.known(by).is_some_and(|known| known.facts.symbolic);
        let first = Some(by).filter(|_| symbolic);
        for number in first.into_iter().chain(self.scope.iter().copied()) {
            if reference.uses.has(Uses::COPY) && number == by {
                continue;
            }
            // Its own definition matches itself.
            if number == by && symbol.is_offered_definition() {
                return Ok(Some(by));
            }
            let (Some(loaded), Some(known)) = (self.tree.objects.get(number), self.known(number))
            else {
                continue;
            };
            let found = known.table.find(wanted);
            if found
                .map_err(|fault| unreadable(&loaded.path, fault))?
                .is_some()
            {
                return Ok(Some(number));
            }
            if self.rules == Rules::GlibcBefore230
                && let Some(library) = wanted.version.and_then(|one| one.library.as_deref())
                && is_named(loaded, library)
            {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// Binds all references of the objects from number `first` on. `of_interest` are the providers
    /// whose symbols are counted.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub(super) fn bind(
        &self,
        library_cache: &LibraryCache,
        first: usize,
        of_interest: &BTreeSet<usize>,
    ) -> Result<Bindings, Unreadable> {
        let mut bindings = Bindings::default();
        let mut listed_bytes = 0;
        for number in first..self.tree.objects.len() {
            self.references(library_cache, number, |reference| {
                match self.provider(number, &reference)? {
                    Some(provider) => {
                        bindings.add(number, provider, &reference, of_interest);
                    }
                    None if reference.symbol.is_weak() => {}
                    None if bindings.undefined.len() < MOST_UNDEFINED
                        && listed_bytes <= MOST_UNDEFINED_BYTES =>
                    {
                        listed_bytes += reference.name.len();
                        bindings.undefined.push((number, reference.undefined()));
                    }
                    None => {}
                }
                Ok(())
            })?;
        }
        Ok(bindings)
    }

    /// Calls `each` for every symbol that an object offers to others.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn offered(
        known: &Known,
        mut each: impl FnMut(&[u8], Option<&Version>, &Symbol),
    ) -> Result<(), Fault> {
        let mut name = Vec::new();
        for index in 1..known.table.len() {
            let Some(symbol) = known.table.symbol(index)? else {
                continue;
            };
            if symbol.is_offered_definition() {
                known.table.name(&symbol, &mut name)?;
                each(&name, known.table.version(index)?.0, &symbol);
            }
        }
        Ok(())
    }
}

fn is_named(loaded: &Loaded, library: &str) -> bool {
    let soname = loaded.library.linkage.soname.as_deref();
    loaded.name == OsStr::new(library) || soname == Some(OsStr::new(library))
}

impl Reference<'_> {
    fn undefined(&self) -> UndefinedSymbol {
        let version = self.version;
        UndefinedSymbol {
            name: String::from_utf8_lossy(self.name).into_owned(),
            version: version.map(|version| version.name.clone()),
            library: version.and_then(|version| version.library.clone()),
            only_called: self.uses == Uses::CALL,
            near: None,
        }
    }
}

impl Bindings {
    fn add(
        &mut self,
        number: usize,
        provider: usize,
        reference: &Reference,
        of_interest: &BTreeSet<usize>,
    ) {
        let symbol = &reference.symbol;
        if reference.uses.has(Uses::STATIC_TLS) {
            self.static_tls.insert(provider);
        }
        if provider == number {
            return;
        }
        if of_interest.contains(&provider) {
            let bound = self.bound.entry((number, provider)).or_default();
            bound.add(reference.name);
        }
        // Inline functions and templates are weak, and meant to be shared.
        if !symbol.is_undefined() && !symbol.is_weak() && !symbol.is_unique() {
            let interposed = self.interposed.entry((number, provider)).or_default();
            interposed.add(reference.name);
        }
    }
}
