//! The libraries an object would be loaded with: ld.so's walk, breadth first.

mod find;
mod origin;

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::elf::linkage::Carried;
use crate::elf::parse::Architecture;
use crate::elf::reader::{Fault, FileId};
use crate::elf::search::{Candidate, Hit, Library, Outcome, Shelves};
use crate::elf::secure;
use crate::elf::system::{self, System};
use crate::elf::tokens;
pub(super) use origin::tokens_of;

/// No process has more libraries.
const MOST_LIBRARIES: usize = 10_000;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
            .is_some_and(|object| wants_nothing(&object.library))
    }
}

/// Follows what `file` needs, as ld.so would.
///
/// # Errors
/// When the file itself cannot be read as a program or library.
pub fn resolve(shelves: &mut Shelves, file: &Path) -> Result<Tree, Fault> {
    let root = shelves.settings.root.clone();
    let inside = root.inside(file);
    let outside = root.resolve(&inside).map_err(Fault::Io)?;
    let library = match shelves.candidate(inside.as_os_str().as_bytes()) {
        Candidate::There(library) => library,
        // The fault itself is wanted, not its text.
        Candidate::Absent | Candidate::Broken(_) => Rc::new(Library::read(&outside)?),
    };
    let architecture = library.architecture;
    let interpreter = library
        .interpreter
        .clone()
        .or_else(|| system::usual_interpreter(architecture).map(OsString::from))
        .filter(|_| !wants_nothing(&library));
    // Asked for only where it makes a difference.
    let settings = &shelves.settings;
    let listens = !settings.library_path.is_empty()
        || !settings.preload.is_empty()
        || library.linkage.carried != Carried::None;
    let secure =
        listens && library.interpreter.is_some() && secure::raises_rights(&outside, library.mode);
    let system = shelves.system(interpreter.as_deref().unwrap_or_default(), architecture);
    let mut walk = Walk {
        shelves,
        system,
        architecture,
        secure,
        names: HashMap::new(),
        ids: HashMap::new(),
        directories: Vec::new(),
        library_path: Vec::new(),
        tree: Tree {
            path: inside,
            interpreter: interpreter.clone(),
            objects: Vec::new(),
            missing: Vec::new(),
            version_errors: Vec::new(),
            warnings: Vec::new(),
        },
    };
    walk.begin(library);
    if let Some(interpreter) = interpreter.filter(|_| !walk.tree.is_static()) {
        walk.load_interpreter(interpreter);
        walk.preload();
        walk.follow()?;
        walk.check_versions();
    }
    Ok(walk.tree)
}

/// Whether ld.so has nothing to do for an object: a static program, PIE or not, or a library that
/// needs none.
fn wants_nothing(library: &Library) -> bool {
    let linkage = &library.linkage;
    let alone = linkage.needed.is_empty() && linkage.filters.is_empty();
    !library.is_dynamic || alone && library.interpreter.is_none()
}

struct Walk<'a> {
    shelves: &'a mut Shelves,
    system: Rc<System>,
    architecture: Architecture,
    /// Whether ld.so would not listen to the environment.
    secure: bool,
    /// The names objects are known by, and their numbers.
    names: HashMap<OsString, usize>,
    ids: HashMap<FileId, usize>,
    /// For each object the directories it carries.
    directories: Vec<Rc<[Vec<u8>]>>,
    library_path: Vec<Vec<u8>>,
    tree: Tree,
}

impl Walk<'_> {
    fn begin(&mut self, library: Rc<Library>) {
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
        let settings = &self.shelves.settings;
        let separators: &[u8] = match *self.system {
            System::Glibc(_) => b":;",
            System::Musl(_) => b":\n",
        };
        let path = settings.library_path.as_bytes();
        if !path.is_empty() {
            let origin = self.origin(0);
            let tokens = tokens_of(&self.system, origin.as_deref());
            self.library_path = tokens::directories(path, separators, tokens);
        }
    }

    fn load_interpreter(&mut self, interpreter: OsString) {
        let outcome =
            self.shelves
                .fitting(interpreter.as_bytes().to_vec(), self.architecture, None);
        let itself = self
            .tree
            .objects
            .first()
            .map(|object| object.library.clone());
        match outcome {
            // Asked about ld.so itself there is nothing more.
            Outcome::Found(hit) if itself.is_some_and(|itself| itself.id == hit.library.id) => {}
            Outcome::Found(hit) => {
                let name = hit.library.linkage.soname.clone().unwrap_or(interpreter);
                self.add(name, hit, Via::AlreadyLoaded, None);
            }
            // A library may be looked at without a program to load it.
            _ if self
                .tree
                .objects
                .first()
                .is_some_and(|one| one.library.interpreter.is_none()) => {}
            outcome => {
                let missing = self.miss(interpreter.clone(), outcome);
                if let Some(object) = self.tree.objects.first_mut() {
                    object.wants.push((interpreter, missing));
                }
            }
        }
    }

    fn preload(&mut self) {
        let from_environment = self.shelves.settings.preload.clone();
        let each = from_environment
            .as_bytes()
            .split(|byte| b" :".contains(byte));
        for name in each.filter(|name| !name.is_empty()) {
            if self.secure {
                self.tree.warnings.push(format!(
                    "LD_PRELOAD's {} is ignored for a program with raised rights",
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
            // ld.so says so and goes on.
            _ => self.tree.warnings.push(format!(
                "{}, from {from}, cannot be preloaded: ld.so ignores it",
                name.display()
            )),
        }
    }

    fn follow(&mut self) -> Result<(), Fault> {
        let mut number = 0;
        while let Some(object) = self.tree.objects.get(number) {
            let library = object.library.clone();
            let linkage = &library.linkage;
            for name in &linkage.filters {
                self.want(number, name, Optional::No);
            }
            for name in &linkage.auxiliaries {
                self.want(number, name, Optional::Yes);
            }
            for name in &linkage.needed {
                self.want(number, name, Optional::No);
            }
            if self.tree.objects.len() > MOST_LIBRARIES {
                return Err(Fault::broken(format!(
                    "it needs more than {MOST_LIBRARIES} libraries"
                )));
            }
            number += 1;
        }
        Ok(())
    }

    fn want(&mut self, by: usize, name: &OsStr, optional: Optional) {
        let expanded = match &*self.system {
            System::Glibc(_) if name.as_bytes().contains(&b'$') => {
                let origin = self.origin(by);
                tokens::expand(name.as_bytes(), tokens_of(&self.system, origin.as_deref()))
                    .map_or_else(|| name.to_owned(), OsString::from_vec)
            }
            _ => name.to_owned(),
        };
        let wanted = match self.known(&expanded) {
            Some(number) => Wanted::Loaded(number),
            None => match self.find(&expanded, by) {
                (Outcome::Found(hit), via) => Wanted::Loaded(self.place(expanded, hit, via, by)),
                _ if optional == Optional::Yes => return,
                (outcome, _) => self.miss(expanded, outcome),
            },
        };
        if let Some(object) = self.tree.objects.get_mut(by)
            && !object.wants.iter().any(|(_, already)| *already == wanted)
        {
            object.wants.push((name.to_owned(), wanted));
        }
    }

    /// The object that a name already stands for.
    fn known(&self, name: &OsStr) -> Option<usize> {
        match &*self.system {
            System::Glibc(_) => self.names.get(name).copied(),
            // musl's ld.so is its C library, by whatever name.
            System::Musl(_) if is_musls_own(name.as_bytes()) => Some(1),
            System::Musl(_) => self.names.get(name).copied(),
        }
    }

    /// Takes in what was found, unless it is there already under another name.
    fn place(&mut self, name: OsString, hit: Hit, via: Via, by: usize) -> usize {
        if let Some(&number) = self.ids.get(&hit.library.id) {
            self.names.entry(name).or_insert(number);
            return number;
        }
        self.add(name, hit, via, Some(by))
    }

    fn add(&mut self, name: OsString, hit: Hit, via: Via, loader: Option<usize>) -> usize {
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
        let directories = self.carried_directories(number);
        self.directories.push(directories);
        number
    }

    fn miss(&mut self, name: OsString, outcome: Outcome) -> Wanted {
        if let Some(number) = self
            .tree
            .missing
            .iter()
            .position(|missing| missing.name == name)
        {
            return Wanted::Missing(number);
        }
        let why = match outcome {
            Outcome::Broken { path, why } => Why::Broken { path, why },
            Outcome::NotFound {
                passed_over: Some(path),
            } => Why::OtherArchitecture(path),
            Outcome::NotFound { passed_over: None } | Outcome::Found(_) => Why::NotFound,
        };
        self.tree.missing.push(Missing { name, why });
        Wanted::Missing(self.tree.missing.len() - 1)
    }

    /// What each object wants of the libraries that were found. musl does not look at versions,
    /// and no more does ld.so where a library has no table of them.
    fn check_versions(&mut self) {
        if let System::Musl(_) = *self.system {
            return;
        }
        let mut errors = Vec::new();
        for (needed_by, object) in self.tree.objects.iter().enumerate() {
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
        self.tree.version_errors = errors;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Optional {
    Yes,
    No,
}

fn is_musls_own(name: &[u8]) -> bool {
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
