//! The beginning of a walk: the object itself, its interpreter and its rights.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::rc::Rc;

use super::Tree;
use super::walk::Walk;
use crate::elf::linkage::SearchPath;
use crate::elf::reader::Fault;
use crate::elf::search::{Candidate, Library, LibraryCache};
use crate::elf::secure;
use crate::elf::system;

impl<'a> Walk<'a> {
    /// The process in which `file` is the only object.
    ///
    /// # Errors
    /// When the file cannot be read as a program or library.
    pub(super) fn from_file(
        library_cache: &'a mut LibraryCache,
        file: &Path,
    ) -> Result<Walk<'a>, Fault> {
        let root = library_cache.settings.root.clone();
        let is_member = library_cache.archives.find(file).is_some();
        let (inside, outside) = if is_member {
            (file.to_owned(), None)
        } else {
            let inside = root.inside(file);
            let outside = root.resolve(&inside).map_err(Fault::Io)?;
            (inside, Some(outside))
        };
        let library = library_at(library_cache, &inside)?;
        let architecture = library.architecture;
        let interpreter = library
            .interpreter
            .clone()
            .or_else(|| system::usual_interpreter(architecture).map(OsString::from))
            .filter(|_| !library.loads_nothing());
        // Checked only if it makes a difference.
        let settings = &library_cache.settings;
        let uses_environment = !settings.library_path.is_empty()
            || !settings.preload.is_empty()
            || library.linkage.search_path != SearchPath::None;
        let secure = uses_environment
            && library.interpreter.is_some()
            && outside.is_some_and(|outside| secure::raises_privileges(&outside, library.mode));
        let system = library_cache.system(interpreter.as_deref().unwrap_or_default(), architecture);
        let mut walk = Walk {
            library_cache,
            system,
            architecture,
            secure,
            names: BTreeMap::new(),
            ids: BTreeMap::new(),
            directories: Vec::new(),
            library_path: Rc::new([]),
            missing: BTreeMap::new(),
            tree: Tree {
                path: inside,
                interpreter,
                objects: Vec::new(),
                missing: Vec::new(),
                version_errors: Vec::new(),
                warnings: Vec::new(),
            },
        };
        walk.add_object(library);
        Ok(walk)
    }

    /// The same process, to which objects can be added without changing this one.
    pub(super) fn branch(&mut self) -> Walk<'_> {
        Walk {
            library_cache: self.library_cache,
            system: self.system.clone(),
            architecture: self.architecture,
            secure: self.secure,
            names: self.names.clone(),
            ids: self.ids.clone(),
            directories: self.directories.clone(),
            library_path: self.library_path.clone(),
            missing: self.missing.clone(),
            tree: self.tree.clone(),
        }
    }
}

/// The object at `path` inside the root.
///
/// # Errors
/// When it is not an ELF file that can be loaded.
pub(super) fn library_at(
    library_cache: &mut LibraryCache,
    path: &Path,
) -> Result<Rc<Library>, Fault> {
    match library_cache.candidate(path.as_os_str().as_bytes()) {
        Candidate::Present(library) => Ok(library),
        // Returns the fault, not its text.
        Candidate::Absent | Candidate::Broken(_) => Ok(Rc::new(library_cache.library(path)?)),
    }
}
