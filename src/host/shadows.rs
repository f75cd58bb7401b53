//! Finds the system tools that would load other libraries because of LD_LIBRARY_PATH, and whether
//! they would still start. It compares the search of ld.so with and without the variable.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::files;
use super::{Environment, Surroundings};
use crate::elf::reader::Fault;
use crate::elf::root::Root;
use crate::elf::search::{LibraryCache, Settings};
use crate::elf::system::Cpu;
use crate::elf::tree::{self, Loaded, Tree, Via};

/// Tools that scripts on a node depend on.
pub(super) const TOOLS: [&str; 4] = ["curl", "git", "python3", "openssl"];
/// The program that git starts for https, which loads other libraries than git.
const GIT_HELPERS: [&str; 4] = [
    "/usr/lib/git-core/git-remote-https",
    "/usr/libexec/git-core/git-remote-https",
    "/usr/lib/git-core/git-remote-http",
    "/usr/libexec/git-core/git-remote-http",
];
/// Limit for the number of directories in PATH.
const MOST_DIRECTORIES: usize = 500;

/// A tool that would load libraries other than those of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shadowed {
    pub tool: &'static str,
    /// The program or module that loads them.
    pub file: PathBuf,
    /// The libraries that differ.
    pub libraries: Vec<Library>,
    /// Why it would not start.
    pub broken: Vec<String>,
}

/// A library that shadows one of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Library {
    pub name: String,
    pub loaded: String,
    /// The library of the system. `None` if it has none.
    pub instead_of: Option<String>,
}

/// All affected tools in PATH.
pub(super) fn find(surroundings: &Surroundings) -> Vec<Shadowed> {
    let Surroundings {
        root, environment, ..
    } = surroundings;
    let Some(library_path) = environment.get("LD_LIBRARY_PATH") else {
        return Vec::new();
    };
    let with_path = |library_path: OsString| {
        LibraryCache::new(Settings {
            root: root.clone(),
            library_path,
            preload: OsString::new(),
            cpu: Cpu::of_this_machine(),
        })
    };
    let mut with = with_path(library_path.clone());
    let mut without = with_path(OsString::new());
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

/// The program of a tool, and the helper or module that loads other libraries.
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

/// The first program of this name in PATH. Scripts, such as those of pyenv, are skipped.
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

/// The ssl module of Python, which loads libssl.
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
    // The same file under another path (`/usr/lib` for `/lib`) does not shadow anything.
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
    let before = loader_errors(without);
    let mut broken = loader_errors(with);
    broken.retain(|error| !before.contains(error));
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

/// The errors that ld.so would print.
fn loader_errors(tree: &Tree) -> Vec<String> {
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
            tree::Why::NotFound | tree::Why::OtherArchitecture(_) => format!("{name} not found"),
        }
    });
    let versions = tree.version_errors.iter().map(|error| {
        format!(
            "{}: version {} not found (required by {})",
            path(error.library),
            error.version,
            path(error.needed_by)
        )
    });
    missing.chain(versions).collect()
}
