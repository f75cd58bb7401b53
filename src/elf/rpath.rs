//! The entries of an object's RPATH or RUNPATH, and what each resolves to.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::linkage::SearchPath;
use super::reader::Fault;
use super::search::{Library, LibraryCache};
use super::system;
use super::tokens;

/// What an entry resolves to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EntryTarget {
    /// A directory, with the needed libraries that are in it.
    Directory(Vec<OsString>),
    /// The directory does not exist.
    Missing,
}

/// An entry of a search path.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As written in the file.
    pub raw: OsString,
    /// With tokens replaced. `None` if ld.so ignores the entry.
    pub expanded: Option<OsString>,
    pub target: EntryTarget,
}

/// The search path of an object.
#[derive(Clone, Debug)]
pub(crate) struct Rpath {
    pub path: PathBuf,
    pub search_path: SearchPath,
    pub entries: Vec<Entry>,
}

/// Reads the search path of the object at `file`.
///
/// # Errors
/// When the file cannot be read as a program or library.
pub(crate) fn rpath(library_cache: &mut LibraryCache, file: &Path) -> Result<Rpath, Fault> {
    let inside = match library_cache.archives.find(file) {
        Some(_) => file.to_owned(),
        None => library_cache.settings.root.inside(file),
    };
    let library = library_cache.library(&inside)?;
    let architecture = library.architecture;
    let interpreter = library
        .interpreter
        .clone()
        .or_else(|| system::usual_interpreter(architecture).map(OsString::from))
        .unwrap_or_default();
    let system = library_cache.system(&interpreter, architecture);
    let seen_at = match library.interpreter {
        Some(_) => library_cache.canonical(&inside).map_err(Fault::Io)?,
        None => std::path::absolute(&inside).map_err(Fault::Io)?,
    };
    let search_path = library.linkage.search_path.clone();
    let (SearchPath::Rpath(path) | SearchPath::Runpath(path)) = &search_path else {
        return Ok(Rpath {
            path: inside,
            search_path,
            entries: Vec::new(),
        });
    };
    let origin = seen_at.parent().map(|parent| parent.as_os_str().as_bytes());
    let tokens = system.tokens(origin);
    let mut lookup_cost = 0;
    let mut entries = Vec::new();
    let elements = path.as_bytes().split(|&byte| byte == b':');
    for raw in elements.filter(|_| !path.is_empty()) {
        let expanded = tokens::expand(raw, tokens).map(OsString::from_vec);
        let target = match &expanded {
            Some(directory) => entry_target(library_cache, directory, &library, &mut lookup_cost)?,
            None => EntryTarget::Missing,
        };
        entries.push(Entry {
            raw: OsStr::from_bytes(raw).to_owned(),
            expanded,
            target,
        });
    }
    Ok(Rpath {
        path: inside,
        search_path,
        entries,
    })
}

/// Limit for the lookups of a search path. A long path counts more than once.
const MOST_LOOKUP_COST: usize = 1_000_000;

fn entry_target(
    library_cache: &LibraryCache,
    directory: &OsStr,
    library: &Library,
    lookup_cost: &mut usize,
) -> Result<EntryTarget, Fault> {
    // An empty element is the current directory.
    let directory = Path::new(if directory.is_empty() {
        OsStr::new(".")
    } else {
        directory
    });
    *lookup_cost += 1 + directory.as_os_str().len() / 32;
    if !library_cache.is_directory(directory) {
        return Ok(EntryTarget::Missing);
    }
    let needed = &library.linkage.needed;
    *lookup_cost += needed.len() * (1 + directory.as_os_str().len() / 32);
    if *lookup_cost > MOST_LOOKUP_COST {
        return Err(Fault::broken("too many libraries and search paths"));
    }
    let is_there = |name: &&OsString| library_cache.is_file(&directory.join(name));
    Ok(EntryTarget::Directory(
        needed.iter().filter(is_there).cloned().collect(),
    ))
}
