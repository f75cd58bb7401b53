//! Which of the system's tools would load other libraries for LD_LIBRARY_PATH's sake, from where,
//! and whether they would still start. ld.so's search is followed with the variable and without.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::files;
use super::{Environment, Surroundings};
use crate::elf::reader::Fault;
use crate::elf::root::Root;
use crate::elf::search::{Settings, Shelves};
use crate::elf::system::Cpu;
use crate::elf::tree::{self, Loaded, Tree, Via};

/// What a node's scripts count on.
pub(super) const TOOLS: [&str; 4] = ["curl", "git", "python3", "openssl"];
/// What a tool loads or starts that has libraries of its own.
const GIT_HELPERS: [&str; 4] = [
    "/usr/lib/git-core/git-remote-https",
    "/usr/libexec/git-core/git-remote-https",
    "/usr/lib/git-core/git-remote-http",
    "/usr/libexec/git-core/git-remote-http",
];
/// A PATH of more directories is a mistake.
const MOST_DIRECTORIES: usize = 500;

/// A tool that meets libraries that are not the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shadowed {
    pub tool: &'static str,
    /// The program or module it happens to.
    pub file: PathBuf,
    /// The library's name, what is loaded, and what would be.
    pub libraries: Vec<Library>,
    /// Why it does not start then.
    pub broken: Vec<String>,
}

/// A library that hides the system's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Library {
    pub name: String,
    pub loaded: String,
    /// `None` where the system has none.
    pub instead_of: Option<String>,
}

/// All tools found in PATH that are concerned.
pub(super) fn find(surroundings: &Surroundings) -> Vec<Shadowed> {
    let Surroundings {
        root, environment, ..
    } = surroundings;
    let Some(library_path) = environment.get("LD_LIBRARY_PATH") else {
        return Vec::new();
    };
    let shelves = |library_path: OsString| {
        Shelves::new(Settings {
            root: root.clone(),
            library_path,
            preload: OsString::new(),
            cpu: Cpu::of_this_machine(),
        })
    };
    let mut with = shelves(library_path.clone());
    let mut without = shelves(OsString::new());
    let mut found = Vec::new();
    for tool in TOOLS {
        for file in files_of(root, environment, tool) {
            let trees = (
                tree::resolve(&mut with, &file),
                tree::resolve(&mut without, &file),
            );
            if let (Ok(with), Ok(without)) = trees {
                found.extend(compare(tool, file, &with, &without));
            }
        }
    }
    found
}

/// The tool's program and, of those beside it, the one with libraries of its own that matter.
fn files_of(root: &Root, environment: &Environment, tool: &str) -> Vec<PathBuf> {
    let Some(program) = in_path(root, environment, tool) else {
        return Vec::new();
    };
    let mut files = vec![program.clone()];
    match tool {
        "git" => {
            let is_there = |path: &&Path| root.resolve(path).is_ok_and(|path| path.is_file());
            let mut helpers = GIT_HELPERS.iter().map(Path::new).filter(is_there);
            files.extend(helpers.next().map(Path::to_owned));
        }
        "python3" => files.extend(python_ssl(root, &program)),
        _ => {}
    }
    files
}

/// The first program of this name in PATH. A script (as pyenv's) starts another: it is passed over.
fn in_path(root: &Root, environment: &Environment, tool: &str) -> Option<PathBuf> {
    let path = environment.get("PATH")?;
    let mut programs = std::env::split_paths(path)
        .take(MOST_DIRECTORIES)
        .filter(|directory| directory.is_absolute())
        .map(|directory| directory.join(tool));
    programs.find(|path| {
        let Ok(outside) = root.resolve(path) else {
            return false;
        };
        let is_program = std::fs::metadata(&outside)
            .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0);
        is_program
            && !matches!(
                crate::elf::search::Library::read(&outside),
                Err(Fault::NotElf(_))
            )
    })
}

/// Python's ssl module, which loads libssl where the interpreter itself does not.
fn python_ssl(root: &Root, program: &Path) -> Option<PathBuf> {
    let real = root.canonical(program).ok()?;
    let prefix = real.parent()?.parent()?;
    let name = real.file_name()?.to_str()?;
    for lib in ["lib", "lib64"] {
        let modules = prefix.join(lib).join(name).join("lib-dynload");
        let names = files::names(root, modules.to_str()?);
        if let Some(module) = names.iter().find(|name| name.starts_with("_ssl.")) {
            return Some(modules.join(module));
        }
    }
    None
}

fn compare(tool: &'static str, file: PathBuf, with: &Tree, without: &Tree) -> Option<Shadowed> {
    let usual: BTreeMap<&OsStr, &Loaded> = without
        .objects
        .iter()
        .map(|object| (object.name.as_os_str(), object))
        .collect();
    let of = |object: &Loaded| usual.get(object.name.as_os_str()).copied();
    // The same file by another path (`/usr/lib` for `/lib`) hides nothing.
    let is_same = |object: &Loaded| of(object).is_some_and(|it| it.library.id == object.library.id);
    let text = |text: &OsStr| text.to_string_lossy().into_owned();
    let libraries: Vec<Library> = with
        .objects
        .iter()
        .filter(|object| object.via == Via::LibraryPath)
        .filter(|object| !is_same(object))
        .map(|object| Library {
            name: text(&object.name),
            loaded: text(&object.path),
            instead_of: of(object).map(|usual| text(&usual.path)),
        })
        .collect();
    let before = complaints(without);
    let mut broken = complaints(with);
    broken.retain(|complaint| !before.contains(complaint));
    if libraries.is_empty() && broken.is_empty() {
        return None;
    }
    Some(Shadowed {
        tool,
        file,
        libraries,
        broken,
    })
}

/// What ld.so would complain about, as it does.
fn complaints(tree: &Tree) -> Vec<String> {
    let path = |number: usize| {
        let object = tree.objects.get(number);
        object.map_or_else(String::new, |object| object.path.display().to_string())
    };
    let missing = tree.missing.iter().map(|missing| {
        let name = missing.name.display();
        match &missing.why {
            tree::Why::Broken { path, why } => {
                format!("{} cannot be loaded: {why}", path.display())
            }
            tree::Why::NotFound | tree::Why::OtherArchitecture(_) => format!("{name} is missing"),
        }
    });
    let versions = tree.version_errors.iter().map(|error| {
        format!(
            "{} lacks {} that {} needs",
            path(error.library),
            error.version,
            path(error.needed_by)
        )
    });
    missing.chain(versions).collect()
}
