//! The libraries an object would be loaded with: ld.so's walk, breadth first.

mod find;
mod origin;
mod walk;

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;

use crate::elf::search::Library;
pub use walk::resolve;

/// The rule by which a library was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The object that was asked about.
    Itself,
    /// The interpreter: the kernel has loaded it before anything is looked for.
    AlreadyLoaded,
    Preload,
    /// Its name is a path.
    Path,
    Rpath,
    LibraryPath,
    Runpath,
    Cache,
    Default,
}

impl Via {
    /// As reports name it.
    pub fn name(self) -> &'static str {
        match self {
            Via::Itself => "itself",
            Via::AlreadyLoaded => "already loaded",
            Via::Preload => "preload",
            Via::Path => "path",
            Via::Rpath => "rpath",
            Via::LibraryPath => "ld_library_path",
            Via::Runpath => "runpath",
            Via::Cache => "cache",
            Via::Default => "default",
        }
    }
}

/// An object in the process.
#[derive(Debug)]
pub struct Loaded {
    /// The name it was first asked for by.
    pub name: OsString,
    /// Where it is, inside the root, as ld.so composes the path.
    pub path: OsString,
    pub via: Via,
    /// The glibc-hwcaps directory it was found in.
    pub hwcaps: Option<String>,
    pub library: Rc<Library>,
    /// The object for which it was loaded.
    pub loader: Option<usize>,
    /// What it needs, in order.
    pub wants: Vec<(OsString, Wanted)>,
}

/// Who needs what, by number.
#[derive(Debug)]
pub struct Needing {
    objects: Vec<Vec<usize>>,
    missing: Vec<Vec<usize>>,
}

impl Needing {
    /// The objects that need this one.
    pub fn of(&self, wanted: Wanted) -> &[usize] {
        let list = match wanted {
            Wanted::Loaded(number) => self.objects.get(number),
            Wanted::Missing(number) => self.missing.get(number),
        };
        list.map(Vec::as_slice).unwrap_or_default()
    }
}

/// What became of a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wanted {
    /// The number of the object.
    Loaded(usize),
    /// The number of the missing library.
    Missing(usize),
}

/// A library that would not be loaded.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: OsString,
    pub why: Why,
}

/// Why a library would not be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    NotFound,
    /// Only this one was found, for another architecture.
    OtherArchitecture(OsString),
    /// ld.so would give up at this file.
    Broken {
        path: OsString,
        why: Rc<str>,
    },
}

/// A version that a library lacks.
#[derive(Debug, PartialEq, Eq)]
pub struct VersionError {
    /// The object that wants it.
    pub needed_by: usize,
    /// The library that was found.
    pub library: usize,
    pub version: String,
}

/// All that ld.so would do for an object.
#[derive(Debug)]
pub struct Tree {
    /// The object, inside the root.
    pub path: PathBuf,
    /// Its interpreter; for a library that of the programs that load it.
    pub interpreter: Option<OsString>,
    /// The object itself, then all others in the order of the walk.
    pub objects: Vec<Loaded>,
    pub missing: Vec<Missing>,
    pub version_errors: Vec<VersionError>,
    /// What ld.so ignores, saying so.
    pub warnings: Vec<String>,
}

impl Tree {
    /// For each object and for each missing library the objects that need it, by number.
    pub fn needing(&self) -> Needing {
        let mut needing = Needing {
            objects: vec![Vec::new(); self.objects.len()],
            missing: vec![Vec::new(); self.missing.len()],
        };
        for (number, object) in self.objects.iter().enumerate() {
            for (_, wanted) in &object.wants {
                let list = match wanted {
                    Wanted::Loaded(wanted) => needing.objects.get_mut(*wanted),
                    Wanted::Missing(wanted) => needing.missing.get_mut(*wanted),
                };
                if let Some(list) = list {
                    list.push(number);
                }
            }
        }
        needing
    }

    /// Whether the object is static: nothing would be loaded for it.
    pub fn is_static(&self) -> bool {
        self.objects
            .first()
            .is_some_and(|object| object.library.wants_nothing())
    }
}
