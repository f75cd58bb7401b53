//! What the entries of an object's RPATH or RUNPATH lead to.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::linkage::Carried;
use super::reader::Fault;
use super::search::{Library, Shelves};
use super::system;
use super::tokens;

/// What an entry is good for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Leads {
    /// A directory; the needed libraries that are in it, perhaps none.
    To(Vec<OsString>),
    /// There is no such directory.
    Nowhere,
}

/// An entry of a search path.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// As it stands in the file.
    pub raw: OsString,
    /// With its tokens replaced; `None` where ld.so drops it.
    pub expanded: Option<OsString>,
    pub leads: Leads,
}

/// The search path of an object.
#[derive(Clone, Debug)]
pub(crate) struct Rpath {
    pub path: PathBuf,
    pub carried: Carried,
    pub entries: Vec<Entry>,
}

/// Reads the search path of the object at `file`.
///
/// # Errors
/// When the file cannot be read as a program or library.
pub(crate) fn rpath(shelves: &mut Shelves, file: &Path) -> Result<Rpath, Fault> {
    let inside = match shelves.archives.find(file) {
        Some(_) => file.to_owned(),
        None => shelves.settings.root.inside(file),
    };
    let library = shelves.library(&inside)?;
    let architecture = library.architecture;
    let interpreter = library
        .interpreter
        .clone()
        .or_else(|| system::usual_interpreter(architecture).map(OsString::from))
        .unwrap_or_default();
    let system = shelves.system(&interpreter, architecture);
    let seen_at = match library.interpreter {
        Some(_) => shelves.canonical(&inside).map_err(Fault::Io)?,
        None => std::path::absolute(&inside).map_err(Fault::Io)?,
    };
    let carried = library.linkage.carried.clone();
    let (Carried::Rpath(path) | Carried::Runpath(path)) = &carried else {
        return Ok(Rpath {
            path: inside,
            carried,
            entries: Vec::new(),
        });
    };
    let origin = seen_at.parent().map(|parent| parent.as_os_str().as_bytes());
    let tokens = system.tokens(origin);
    let mut effort = 0;
    let mut entries = Vec::new();
    let elements = path.as_bytes().split(|&byte| byte == b':');
    for raw in elements.filter(|_| !path.is_empty()) {
        let expanded = tokens::expand(raw, tokens).map(OsString::from_vec);
        let leads = match &expanded {
            Some(directory) => leads(shelves, directory, &library, &mut effort)?,
            None => Leads::Nowhere,
        };
        entries.push(Entry {
            raw: OsStr::from_bytes(raw).to_owned(),
            expanded,
            leads,
        });
    }
    Ok(Rpath {
        path: inside,
        carried,
        entries,
    })
}

/// No search path takes more look-ups; each counts once and more for a long path.
const MOST_EFFORT: usize = 1_000_000;

fn leads(
    shelves: &Shelves,
    directory: &OsStr,
    library: &Library,
    effort: &mut usize,
) -> Result<Leads, Fault> {
    // An empty element is the current directory.
    let directory = Path::new(if directory.is_empty() {
        OsStr::new(".")
    } else {
        directory
    });
    *effort += 1 + directory.as_os_str().len() / 32;
    if !shelves.is_directory(directory) {
        return Ok(Leads::Nowhere);
    }
    let needed = &library.linkage.needed;
    *effort += needed.len() * (1 + directory.as_os_str().len() / 32);
    if *effort > MOST_EFFORT {
        return Err(Fault::broken(
            "its libraries and search paths are too many to look for",
        ));
    }
    let is_there = |name: &&OsString| shelves.is_file(&directory.join(name));
    Ok(Leads::To(needed.iter().filter(is_there).cloned().collect()))
}
