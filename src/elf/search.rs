//! Where ld.so searches a library, in its order.
//!
//! Source: ld.so(8); glibc's elf/dl-load.c (`_dl_map_object`), musl's ldso/dynlink.c
//! (`load_library`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use object::elf;

use super::archive::{Archives, Location};
use super::linkage::{self, Linkage, Need};
use super::parse::{Architecture, Object};
use super::reader::{Fault, FileId};
use super::root::Root;
use super::system::{Cpu, System};
use crate::sort::Sortable;

/// Limit for the size of the cached paths.
const MOST_REMEMBERED_BYTES: usize = 16 << 20;

/// The environment, root and CPU that a search uses.
#[derive(Clone, Debug)]
pub struct Settings {
    pub root: Root,
    /// LD_LIBRARY_PATH.
    pub library_path: OsString,
    /// LD_PRELOAD.
    pub preload: OsString,
    pub cpu: Cpu,
}

/// An object as ld.so sees it. It is read once, even if several objects load it.
#[derive(Debug)]
pub struct Library {
    pub id: FileId,
    pub architecture: Architecture,
    pub mode: u32,
    pub interpreter: Option<OsString>,
    pub is_dynamic: bool,
    pub linkage: Linkage,
    pub needs: Vec<Need>,
    /// The versions it defines, sorted. `None` if it has no version table.
    pub definitions: Option<Vec<String>>,
}

impl Library {
    /// Reads the object at `path`.
    ///
    /// # Errors
    /// When it is not an ELF file that can be loaded.
    pub fn read(path: &Path) -> Result<Library, Fault> {
        Library::of(Object::open(path)?)
    }

    /// Whether ld.so loads nothing for it: a static program, PIE or not, or a library that needs
    /// no other.
    pub fn loads_nothing(&self) -> bool {
        let alone = self.linkage.needed.is_empty() && self.linkage.filters.is_empty();
        !self.is_dynamic || alone && self.interpreter.is_none()
    }

    fn of(object: Object) -> Result<Library, Fault> {
        if object.kind != elf::ET_DYN.0 && object.kind != elf::ET_EXEC.0 {
            return Err(Fault::NotElf("an object file (.o) or a core dump".into()));
        }
        Ok(Library {
            id: object.source.id,
            architecture: object.architecture,
            mode: object.source.mode,
            interpreter: object.interpreter()?,
            is_dynamic: object.is_dynamic(),
            linkage: Linkage::of(&object)?,
            needs: linkage::needs(&object)?,
            definitions: definitions(&object)?,
        })
    }
}

/// The versions an object defines, sorted for binary search.
fn definitions(object: &Object) -> Result<Option<Vec<String>>, Fault> {
    let Some(definitions) = linkage::definitions(object)? else {
        return Ok(None);
    };
    let mut versions: Vec<String> = definitions.into_iter().map(|one| one.version).collect();
    versions.order();
    Ok(Some(versions))
}

/// What is at a path where a library may be.
#[derive(Clone, Debug)]
pub enum Candidate {
    Absent,
    Present(Rc<Library>),
    /// A file at which ld.so fails.
    Broken(Rc<str>),
}

/// A library that was found.
#[derive(Clone, Debug)]
pub struct Hit {
    pub path: OsString,
    pub library: Rc<Library>,
    /// The glibc-hwcaps directory it is in: `x86-64-v3`.
    pub hwcaps: Option<String>,
}

/// The result of a search.
#[derive(Clone, Debug)]
pub enum Outcome {
    Found(Hit),
    /// Not found. A library for another architecture may have been skipped.
    NotFound {
        skipped: Option<OsString>,
    },
    /// A file of that name at which ld.so fails.
    Broken {
        path: OsString,
        why: Rc<str>,
    },
}

/// Caches files and directories for all trees that are resolved.
#[derive(Debug)]
pub struct LibraryCache {
    pub settings: Settings,
    /// Archives whose members can be loaded.
    pub(super) archives: Archives,
    systems: BTreeMap<(OsString, Architecture), Rc<System>>,
    candidates: BTreeMap<Vec<u8>, Candidate>,
    libraries: BTreeMap<FileId, Rc<Library>>,
    /// For each directory, the numbers of the subdirectories that exist.
    subdirectories: BTreeMap<Vec<u8>, Rc<[usize]>>,
    /// The cost of all lookups so far.
    lookup_cost: u64,
    /// The size of the cached paths.
    remembered_bytes: usize,
}

impl LibraryCache {
    pub fn new(settings: Settings) -> LibraryCache {
        LibraryCache::with_archives(settings, Archives::default())
    }

    pub(crate) fn with_archives(settings: Settings, archives: Archives) -> LibraryCache {
        LibraryCache {
            settings,
            archives,
            systems: BTreeMap::new(),
            candidates: BTreeMap::new(),
            libraries: BTreeMap::new(),
            subdirectories: BTreeMap::new(),
            lookup_cost: 0,
            remembered_bytes: 0,
        }
    }

    /// The cost of all lookups so far: one each, and more for long paths, which the kernel resolves
    /// component by component.
    pub(crate) fn lookup_cost(&self) -> u64 {
        self.lookup_cost
    }

    fn spend(&mut self, path: &[u8]) {
        self.lookup_cost += 1 + path.len() as u64 / 32;
    }

    /// The search rules of the interpreter at `path`.
    pub fn system(&mut self, path: &OsStr, architecture: Architecture) -> Rc<System> {
        let Settings { root, cpu, .. } = &self.settings;
        let key = (path.to_owned(), architecture);
        let make = || Rc::new(System::of(root, Path::new(path), architecture, *cpu));
        self.systems.entry(key).or_insert_with(make).clone()
    }

    /// What is at `path` inside the root.
    pub fn candidate(&mut self, path: &[u8]) -> Candidate {
        self.spend(path);
        if let Some(known) = self.candidates.get(path) {
            return known.clone();
        }
        let candidate = self.look(Path::new(OsStr::from_bytes(path)));
        if self.remembered_bytes < MOST_REMEMBERED_BYTES {
            self.remembered_bytes += path.len();
            self.candidates.insert(path.to_vec(), candidate.clone());
        }
        candidate
    }

    /// The object at `path` inside the root or in an archive.
    ///
    /// # Errors
    /// When it is not an ELF file that can be loaded.
    pub(super) fn library(&self, path: &Path) -> Result<Library, Fault> {
        Library::of(self.object(path)?)
    }

    /// The open file at `path` inside the root or in an archive.
    ///
    /// # Errors
    /// When it is not an ELF file.
    pub(super) fn object(&self, path: &Path) -> Result<Object, Fault> {
        match self.archives.member(path) {
            Some(member) => Object::read(member.source()?),
            None => Object::open(&self.settings.root.resolve(path).map_err(Fault::Io)?),
        }
    }

    /// The path with all symlinks resolved, as in `/proc/self/exe`.
    pub(super) fn canonical(&self, path: &Path) -> io::Result<PathBuf> {
        match self.archives.canonical(path) {
            Some(path) => std::path::absolute(path),
            None => self.settings.root.canonical(path),
        }
    }

    /// Whether there is a directory at `path`.
    pub(super) fn is_directory(&self, path: &Path) -> bool {
        match self.archives.find(path) {
            Some((_, spot)) => spot == Location::Directory,
            None => self
                .settings
                .root
                .resolve(path)
                .is_ok_and(|path| path.is_dir()),
        }
    }

    /// Whether there is a file at `path`.
    pub(super) fn is_file(&self, path: &Path) -> bool {
        match self.archives.find(path) {
            Some((_, spot)) => matches!(spot, Location::Member(_)),
            None => self
                .settings
                .root
                .resolve(path)
                .is_ok_and(|path| path.is_file()),
        }
    }

    /// What is at a path in an archive. `None` for a path of the file system.
    fn look_into_archives(&self, path: &Path) -> Option<Candidate> {
        self.archives.find(path)?;
        let Some(member) = self.archives.member(path) else {
            return Some(Candidate::Absent);
        };
        if let Some(library) = self.libraries.get(&member.id()) {
            return Some(Candidate::Present(library.clone()));
        }
        let library = member.source().and_then(Object::read).and_then(Library::of);
        Some(match library {
            Ok(library) => Candidate::Present(Rc::new(library)),
            Err(fault) => Candidate::Broken(fault.to_string().into()),
        })
    }

    fn look(&mut self, path: &Path) -> Candidate {
        if let Some(candidate) = self.look_into_archives(path) {
            if let Candidate::Present(library) = &candidate {
                self.libraries.insert(library.id, library.clone());
            }
            return candidate;
        }
        let outside = match &self.settings.root {
            Root::Host => Cow::Borrowed(path),
            root @ Root::Under(_) => match root.resolve(path) {
                Ok(outside) => Cow::Owned(outside),
                Err(_) => return Candidate::Absent,
            },
        };
        // A library with several names is read once.
        let Ok(metadata) = std::fs::metadata(&outside) else {
            return Candidate::Absent;
        };
        let id = FileId::of(&metadata);
        if let Some(library) = self.libraries.get(&id) {
            return Candidate::Present(library.clone());
        }
        match Object::open_seen(&outside, &metadata).and_then(Library::of) {
            Ok(library) => {
                let library = Rc::new(library);
                self.libraries.insert(id, library.clone());
                Candidate::Present(library)
            }
            // ld.so skips a file that it may not read, like one that does not exist.
            Err(Fault::Io(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
                Candidate::Absent
            }
            Err(fault) => Candidate::Broken(fault.to_string().into()),
        }
    }

    /// Searches `name` in directories, in each with its subdirectories for newer CPUs first.
    pub fn in_directories(
        &mut self,
        directories: &[Vec<u8>],
        subdirectories: &[String],
        name: &[u8],
        architecture: Architecture,
    ) -> Outcome {
        let mut skipped = None;
        for directory in directories {
            for &number in self.existing(directory, subdirectories).iter() {
                let Some(subdirectory) = subdirectories.get(number) else {
                    continue;
                };
                let path = [directory.as_slice(), subdirectory.as_bytes(), name].concat();
                let hwcaps = hwcaps_of(subdirectory);
                match self.compatible(path, architecture, hwcaps) {
                    Outcome::NotFound { skipped: None } => {}
                    Outcome::NotFound { skipped: one } => skipped = skipped.or(one),
                    outcome @ (Outcome::Found(_) | Outcome::Broken { .. }) => return outcome,
                }
            }
        }
        Outcome::NotFound { skipped }
    }

    /// The library at a path, if it has the architecture of the process.
    pub fn compatible(
        &mut self,
        path: Vec<u8>,
        architecture: Architecture,
        hwcaps: Option<String>,
    ) -> Outcome {
        let candidate = self.candidate(&path);
        let path = OsString::from_vec(path);
        match candidate {
            Candidate::Absent => Outcome::NotFound { skipped: None },
            Candidate::Broken(why) => Outcome::Broken { path, why },
            Candidate::Present(library) if is_compatible(library.architecture, architecture) => {
                Outcome::Found(Hit {
                    path,
                    library,
                    hwcaps,
                })
            }
            Candidate::Present(_) => Outcome::NotFound {
                skipped: Some(path),
            },
        }
    }

    fn existing(&mut self, directory: &[u8], subdirectories: &[String]) -> Rc<[usize]> {
        // Two systems may share a directory but have different lists of subdirectories.
        let key = [directory, &[0], &subdirectories.len().to_le_bytes()].concat();
        self.spend(&key);
        if let Some(known) = self.subdirectories.get(&key) {
            return known.clone();
        }
        let exists = |subdirectory: &str| {
            let path = [directory, subdirectory.as_bytes()].concat();
            let path = if path.is_empty() { b".".to_vec() } else { path };
            self.is_directory(Path::new(OsStr::from_bytes(&path)))
        };
        let numbers: Rc<[usize]> = if exists("") {
            let each = subdirectories.iter().enumerate();
            each.filter(|(_, name)| exists(name))
                .map(|(number, _)| number)
                .collect()
        } else {
            Rc::new([])
        };
        self.subdirectories.insert(key, numbers.clone());
        numbers
    }
}

fn is_compatible(library: Architecture, process: Architecture) -> bool {
    library == process
}

fn hwcaps_of(subdirectory: &str) -> Option<String> {
    let name = subdirectory.strip_prefix("glibc-hwcaps/")?;
    Some(name.trim_end_matches('/').to_owned())
}
