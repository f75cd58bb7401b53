//! The libraries that ld.so would load for an object, in breadth-first order.

mod begin;
mod find;
mod origin;
mod process;
mod walk;

use std::ffi::OsString;
use std::path::PathBuf;
use std::rc::Rc;

use crate::elf::search::Library;
pub(crate) use process::Process;
pub use walk::resolve;

/// The rule by which a library was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Via {
    /// The object itself.
    Itself,
    /// The interpreter, which the kernel loads before ld.so searches anything.
    AlreadyLoaded,
    Preload,
    /// The process opened it with dlopen.
    Opened,
    /// Its name is a path.
    Path,
    Rpath,
    LibraryPath,
    Runpath,
    Cache,
    Default,
}

impl Via {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Via::Itself => "itself",
            Via::AlreadyLoaded => "already loaded",
            Via::Preload => "preload",
            Via::Opened => "opened",
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
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The name by which it was first needed.
    pub name: OsString,
    /// Its path inside the root, as ld.so composes it.
    pub path: OsString,
    pub via: Via,
    /// The glibc-hwcaps directory it was found in.
    pub hwcaps: Option<String>,
    pub library: Rc<Library>,
    /// The object that caused the load.
    pub loader: Option<usize>,
    /// What it needs, in order.
    pub wants: Vec<(OsString, Resolution)>,
}

/// Which objects need which, by number.
#[derive(Debug)]
pub struct Dependents {
    objects: Vec<Vec<usize>>,
    missing: Vec<Vec<usize>>,
}

impl Dependents {
    /// The objects that need this one.
    pub fn of(&self, wanted: Resolution) -> &[usize] {
        let list = match wanted {
            Resolution::Loaded(number) => self.objects.get(number),
            Resolution::Missing(number) => self.missing.get(number),
        };
        list.map(Vec::as_slice).unwrap_or_default()
    }
}

/// The result for a needed library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    /// The number of the object.
    Loaded(usize),
    /// The number of the missing library.
    Missing(usize),
}

/// A library that cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    pub name: OsString,
    pub why: Why,
}

/// Why a library cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    NotFound,
    /// Only a library for another architecture was found.
    OtherArchitecture(OsString),
    /// ld.so fails at this file.
    Broken {
        path: OsString,
        why: Rc<str>,
    },
}

/// A required version that is not defined by the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionError {
    /// The object that requires it.
    pub needed_by: usize,
    /// The library that was found.
    pub library: usize,
    pub version: String,
}

/// What ld.so would load for an object.
#[derive(Clone, Debug)]
pub struct Tree {
    /// The path of the object inside the root.
    pub path: PathBuf,
    /// Its interpreter. For a library, that of the programs that load it.
    pub interpreter: Option<OsString>,
    /// The object itself, then all others in load order.
    pub objects: Vec<Loaded>,
    pub missing: Vec<Missing>,
    pub version_errors: Vec<VersionError>,
    /// Warnings that ld.so prints.
    pub warnings: Vec<String>,
}

impl Tree {
    /// For each object and each missing library, the numbers of the objects that need it.
    pub fn dependents(&self) -> Dependents {
        let mut dependents = Dependents {
            objects: vec![Vec::new(); self.objects.len()],
            missing: vec![Vec::new(); self.missing.len()],
        };
        for (number, object) in self.objects.iter().enumerate() {
            for (_, wanted) in &object.wants {
                let list = match wanted {
                    Resolution::Loaded(wanted) => dependents.objects.get_mut(*wanted),
                    Resolution::Missing(wanted) => dependents.missing.get_mut(*wanted),
                };
                if let Some(list) = list {
                    list.push(number);
                }
            }
        }
        dependents
    }

    /// Whether the object is statically linked.
    pub fn is_static(&self) -> bool {
        self.objects
            .first()
            .is_some_and(|object| object.library.loads_nothing())
    }
}
