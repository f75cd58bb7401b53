//! How one symbol is searched: every definition in the process, in order, and the one that is bound.

use std::path::PathBuf;

use super::bind::{Reach, Reference};
use super::known::{KnownObjects, Unreadable, unreadable};
use crate::elf::demangle::demangled;
use crate::elf::search::LibraryCache;

/// A definition of a symbol.
#[derive(Clone, Debug)]
pub(crate) struct Candidate {
    pub library: PathBuf,
    pub version: Option<String>,
    /// Not the default version of the name.
    pub hidden: bool,
    pub weak: bool,
    /// Whether the library is searched for the plug-in.
    pub in_reach: bool,
}

/// The search for a symbol that an object refers to.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    pub object: PathBuf,
    pub symbol: String,
    pub version: Option<String>,
    pub weak: bool,
    /// The library to which it is bound.
    pub bound_to: Option<PathBuf>,
    /// All definitions, those in reach first and in the order of the search.
    pub candidates: Vec<Candidate>,
}

/// The searches for `wanted` by the objects from number `first` on. It is a name in the file, or a
/// C++ name with or without its arguments.
///
/// # Errors
/// When a file cannot be read.
pub(super) fn searches(
    objects: &mut KnownObjects,
    library_cache: &LibraryCache,
    reach: &Reach,
    first: usize,
    wanted: &str,
) -> Result<Vec<Search>, Unreadable> {
    let mut found = Vec::new();
    for number in first..reach.tree.objects.len() {
        let Some(loaded) = reach.tree.objects.get(number) else {
            continue;
        };
        reach.references(library_cache, number, |reference| {
            if !is_named(reference.name, wanted) {
                return Ok(());
            }
            let provider = reach.provider(number, &reference)?;
            let bound_to = provider.and_then(|provider| reach.tree.objects.get(provider));
            found.push(Search {
                object: PathBuf::from(&loaded.path),
                symbol: String::from_utf8_lossy(reference.name).into_owned(),
                version: reference.version.map(|version| version.name.clone()),
                weak: reference.symbol.is_weak(),
                bound_to: bound_to.map(|object| PathBuf::from(&object.path)),
                candidates: candidates(objects, library_cache, reach, &reference)?,
            });
            Ok(())
        })?;
    }
    Ok(found)
}

fn candidates(
    objects: &mut KnownObjects,
    library_cache: &LibraryCache,
    reach: &Reach,
    reference: &Reference,
) -> Result<Vec<Candidate>, Unreadable> {
    let mut candidates = Vec::new();
    let others = (0..reach.tree.objects.len()).filter(|&number| reach.known(number).is_none());
    for number in reach.scope.iter().copied().chain(others) {
        let Some(loaded) = reach.tree.objects.get(number) else {
            continue;
        };
        let known = objects.get(library_cache, loaded)?;
        let at = |fault| unreadable(&loaded.path, fault);
        for index in known.table.all_named(reference.name).map_err(at)? {
            let (version, hidden) = known.table.version(index).map_err(at)?;
            let symbol = known.table.symbol(index).map_err(at)?;
            candidates.push(Candidate {
                library: PathBuf::from(&loaded.path),
                version: version.map(|version| version.name.clone()),
                hidden,
                weak: symbol.is_some_and(|symbol| symbol.is_weak()),
                in_reach: reach.known(number).is_some(),
            });
        }
    }
    Ok(candidates)
}

fn is_named(name: &[u8], wanted: &str) -> bool {
    if name == wanted.as_bytes() {
        return true;
    }
    if !name.starts_with(b"_Z") || wanted.starts_with("_Z") {
        return false;
    }
    let plain = std::str::from_utf8(name).ok().and_then(demangled);
    plain.is_some_and(|plain| {
        let rest = plain.strip_prefix(wanted);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
    })
}
