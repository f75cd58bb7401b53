//! The breadth-first walk from each object to the libraries it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;
use std::rc::Rc;

use super::{Loaded, Missing, Resolution, Tree, VersionError, Via, Why};
use crate::elf::parse::Architecture;
use crate::elf::reader::{Fault, FileId};
use crate::elf::search::{Hit, Library, LibraryCache, Outcome};
use crate::elf::system::System;
use crate::elf::tokens;

/// Limit for the number of libraries in a process.
const MOST_LIBRARIES: usize = 10_000;
/// Limit for the lookups of a tree; see [`LibraryCache::lookup_cost`]. A thousand libraries in fifty
/// directories take a fifth of it.
const MOST_LOOKUP_COST: u64 = 1_000_000;

/// Resolves what `file` needs, as ld.so would.
///
/// # Errors
/// When the file itself cannot be read as a program or library.
pub fn resolve(library_cache: &mut LibraryCache, file: &Path) -> Result<Tree, Fault> {
    let mut walk = Walk::from_file(library_cache, file)?;
    walk.load_all()?;
    Ok(walk.tree)
}

pub(super) struct Walk<'a> {
    pub(super) library_cache: &'a mut LibraryCache,
    pub(super) system: Rc<System>,
    pub(super) architecture: Architecture,
    /// Whether ld.so ignores the environment.
    pub(super) secure: bool,
    /// The names of loaded objects, and their numbers.
    pub(super) names: BTreeMap<OsString, usize>,
    pub(super) ids: BTreeMap<FileId, usize>,
    /// For each object, the directories of its RPATH or RUNPATH.
    pub(super) directories: Vec<Rc<[Vec<u8>]>>,
    pub(super) library_path: Rc<[Vec<u8>]>,
    /// The numbers of the missing libraries.
    pub(super) missing: BTreeMap<OsString, usize>,
    pub(super) tree: Tree,
}

impl Walk<'_> {
    /// Loads what the first object needs.
    pub(super) fn load_all(&mut self) -> Result<(), Fault> {
        if let Some(interpreter) = self.tree.interpreter.clone()
            && !self.tree.is_static()
        {
            self.load_interpreter(interpreter);
            self.preload();
            self.follow(0)?;
            self.check_versions(0);
        }
        Ok(())
    }

    pub(super) fn add_object(&mut self, library: Rc<Library>) {
        let path = self.tree.path.as_os_str().to_owned();
        let name = path.clone();
        let hit = Hit {
            path,
            library,
            hwcaps: None,
        };
        self.add(name, hit, Via::Itself, None);
        if self.secure {
            return;
        }
        let settings = &self.library_cache.settings;
        let separators: &[u8] = match *self.system {
            System::Glibc(_) => b":;",
            System::Musl(_) => b":\n",
        };
        let path = settings.library_path.as_bytes();
        if !path.is_empty() {
            let origin = self.origin(0);
            let tokens = self.system.tokens(origin.as_deref());
            self.library_path = tokens::directories(path, separators, tokens).into();
        }
    }

    pub(super) fn load_interpreter(&mut self, interpreter: OsString) {
        let outcome =
            self.library_cache
                .compatible(interpreter.as_bytes().to_vec(), self.architecture, None);
        match outcome {
            // The object is ld.so itself, or ld.so is among the files of the process.
            Outcome::Found(hit) if self.ids.contains_key(&hit.library.id) => {}
            Outcome::Found(hit) => {
                let name = hit.library.linkage.soname.clone().unwrap_or(interpreter);
                self.add(name, hit, Via::AlreadyLoaded, None);
            }
            // A library may be checked without the program that loads it.
            Outcome::NotFound { .. } | Outcome::Broken { .. }
                if self
                    .tree
                    .objects
                    .first()
                    .is_some_and(|one| one.library.interpreter.is_none()) => {}
            outcome @ (Outcome::NotFound { .. } | Outcome::Broken { .. }) => {
                let missing = self.miss(interpreter.clone(), outcome);
                if let Some(object) = self.tree.objects.first_mut() {
                    object.wants.push((interpreter, missing));
                }
            }
        }
    }

    fn preload(&mut self) {
        let from_environment = self.library_cache.settings.preload.clone();
        let each = from_environment
            .as_bytes()
            .split(|byte| b" :".contains(byte));
        for name in each.filter(|name| !name.is_empty()) {
            if self.secure {
                self.tree.warnings.push(format!(
                    "ld.so ignores {} in LD_PRELOAD for a privileged program",
                    String::from_utf8_lossy(name)
                ));
                continue;
            }
            self.preload_one(name, "LD_PRELOAD");
        }
        let System::Glibc(glibc) = &*self.system else {
            return;
        };
        let from_file = glibc.preload.clone();
        let each = from_file.as_bytes().split(|byte| b" :\t\n".contains(byte));
        for name in each.filter(|name| !name.is_empty()) {
            self.preload_one(name, "/etc/ld.so.preload");
        }
    }

    fn preload_one(&mut self, name: &[u8], from: &str) {
        let name = OsStr::from_bytes(name);
        if self.names.contains_key(name) {
            return;
        }
        match self.find(name, 0) {
            (Outcome::Found(hit), _) => {
                self.place(name.to_owned(), hit, Via::Preload, 0);
            }
            // ld.so prints a warning and continues.
            _ => self.tree.warnings.push(format!(
                "ld.so ignores {} from {from}: it cannot be preloaded",
                name.display()
            )),
        }
    }

    /// Loads what the objects need, from the one with this number on.
    pub(super) fn follow(&mut self, first: usize) -> Result<(), Fault> {
        let mut number = first;
        let cost_before = self.library_cache.lookup_cost();
        while let Some(object) = self.tree.objects.get(number) {
            let library = object.library.clone();
            let linkage = &library.linkage;
            let filters = linkage.filters.iter().map(|name| (name, Optional::No));
            let auxiliaries = linkage.auxiliaries.iter().map(|name| (name, Optional::Yes));
            let needed = linkage.needed.iter().map(|name| (name, Optional::No));
            let mut already = BTreeSet::new();
            for (name, optional) in filters.chain(auxiliaries).chain(needed) {
                self.want(number, name, optional, &mut already);
                if self.library_cache.lookup_cost() - cost_before > MOST_LOOKUP_COST {
                    return Err(Fault::broken("too many libraries and search paths"));
                }
            }
            if self.tree.objects.len() > MOST_LIBRARIES {
                return Err(Fault::broken(format!(
                    "needs more than {MOST_LIBRARIES} libraries"
                )));
            }
            number += 1;
        }
        Ok(())
    }

    fn want(
        &mut self,
        by: usize,
        name: &OsStr,
        optional: Optional,
        already: &mut BTreeSet<Resolution>,
    ) {
        let expanded = match &*self.system {
            System::Glibc(_) if name.as_bytes().contains(&b'$') => {
                let origin = self.origin(by);
                tokens::expand(name.as_bytes(), self.system.tokens(origin.as_deref()))
                    .map_or_else(|| name.to_owned(), OsString::from_vec)
            }
            System::Glibc(_) | System::Musl(_) => name.to_owned(),
        };
        let wanted = match self.known(&expanded) {
            Some(number) => Resolution::Loaded(number),
            None => match self.find(&expanded, by) {
                (Outcome::Found(hit), via) => {
                    Resolution::Loaded(self.place(expanded, hit, via, by))
                }
                (Outcome::NotFound { .. } | Outcome::Broken { .. }, _)
                    if optional == Optional::Yes =>
                {
                    return;
                }
                (outcome @ (Outcome::NotFound { .. } | Outcome::Broken { .. }), _) => {
                    self.miss(expanded, outcome)
                }
            },
        };
        if let Some(object) = self.tree.objects.get_mut(by)
            && already.insert(wanted)
        {
            object.wants.push((name.to_owned(), wanted));
        }
    }

    /// The loaded object with this name.
    fn known(&self, name: &OsStr) -> Option<usize> {
        match &*self.system {
            System::Glibc(_) => self.names.get(name).copied(),
            // The ld.so of musl is also its C library, by any name.
            System::Musl(_) if is_part_of_musl(name.as_bytes()) => Some(1),
            System::Musl(_) => self.names.get(name).copied(),
        }
    }

    /// Adds the library that was found, unless it is already loaded under another name.
    pub(super) fn place(&mut self, name: OsString, hit: Hit, via: Via, by: usize) -> usize {
        if let Some(&number) = self.ids.get(&hit.library.id) {
            self.names.entry(name).or_insert(number);
            return number;
        }
        self.add(name, hit, via, Some(by))
    }

    pub(super) fn add(
        &mut self,
        name: OsString,
        hit: Hit,
        via: Via,
        loader: Option<usize>,
    ) -> usize {
        let number = self.tree.objects.len();
        self.ids.insert(hit.library.id, number);
        self.names.entry(name.clone()).or_insert(number);
        if let System::Glibc(_) = *self.system {
            self.names.entry(hit.path.clone()).or_insert(number);
            if let Some(soname) = &hit.library.linkage.soname {
                self.names.entry(soname.clone()).or_insert(number);
            }
        }
        self.tree.objects.push(Loaded {
            name,
            path: hit.path,
            via,
            hwcaps: hit.hwcaps,
            library: hit.library,
            loader,
            wants: Vec::new(),
        });
        let directories = self.search_path_directories(number);
        self.directories.push(directories);
        number
    }

    fn miss(&mut self, name: OsString, outcome: Outcome) -> Resolution {
        if let Some(&number) = self.missing.get(&name) {
            return Resolution::Missing(number);
        }
        let why = match outcome {
            Outcome::Broken { path, why } => Why::Broken { path, why },
            Outcome::NotFound {
                skipped: Some(path),
            } => Why::OtherArchitecture(path),
            Outcome::NotFound { skipped: None } | Outcome::Found(_) => Why::NotFound,
        };
        let number = self.tree.missing.len();
        self.missing.insert(name.clone(), number);
        self.tree.missing.push(Missing { name, why });
        Resolution::Missing(number)
    }

    /// Checks the versions that the objects require, from the one with this number on. musl does not
    /// check versions. glibc does not check them for a library without a version table.
    pub(super) fn check_versions(&mut self, first: usize) {
        if let System::Musl(_) = *self.system {
            return;
        }
        let mut errors = Vec::new();
        for (needed_by, object) in self.tree.objects.iter().enumerate().skip(first) {
            for need in object.library.needs.iter().filter(|need| !need.weak) {
                let Some(&library) = self.names.get(OsStr::new(&need.library)) else {
                    continue;
                };
                let found = self.tree.objects.get(library);
                let definitions = found.and_then(|found| found.library.definitions.as_ref());
                if definitions.is_some_and(|all| all.binary_search(&need.version).is_err()) {
                    let version = need.version.clone();
                    errors.push(VersionError {
                        needed_by,
                        library,
                        version,
                    });
                }
            }
        }
        self.tree.version_errors.extend(errors);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Optional {
    Yes,
    No,
}

fn is_part_of_musl(name: &[u8]) -> bool {
    const OWN: [&[u8]; 7] = [
        b"c.",
        b"pthread.",
        b"rt.",
        b"m.",
        b"dl.",
        b"util.",
        b"xnet.",
    ];
    name.strip_prefix(b"lib")
        .is_some_and(|rest| OWN.iter().any(|own| rest.starts_with(own)))
}
