//! A process into which dlopen loads more objects: the host's libraries first, then the plug-in's.
//!
//! Source: dlopen(3), ld.so(8).

use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::begin::library_at;
use super::walk::Walk;
use super::{Tree, Via};
use crate::elf::parse::Architecture;
use crate::elf::reader::Fault;
use crate::elf::search::{Hit, Library, LibraryCache};
use crate::elf::system::System;

/// The libraries of a process.
pub(crate) struct Process<'a> {
    walk: Walk<'a>,
}

impl<'a> Process<'a> {
    /// A process that runs the program at `file`.
    ///
    /// # Errors
    /// When the file cannot be read as a program or library.
    pub(crate) fn start(
        library_cache: &'a mut LibraryCache,
        file: &Path,
    ) -> Result<Process<'a>, Fault> {
        let mut walk = Walk::from_file(library_cache, file)?;
        walk.load_all()?;
        Ok(Process { walk })
    }

    /// A process that has loaded exactly these files, the program first. What they need is resolved
    /// among them before anything is searched.
    ///
    /// # Errors
    /// When the first file cannot be read. The others are returned with what is wrong.
    #[allow(clippy::type_complexity)] // a process, and the files that could not be read
    pub(crate) fn of_files(
        library_cache: &'a mut LibraryCache,
        first: &Path,
        others: &[PathBuf],
    ) -> Result<(Process<'a>, Vec<(PathBuf, Fault)>), Fault> {
        let mut walk = Walk::from_file(library_cache, first)?;
        let mut faults = Vec::new();
        for path in others {
            let path = walk.library_cache.settings.root.inside(path);
            match library_at(walk.library_cache, &path) {
                Ok(library) if library.architecture == walk.architecture => {
                    walk.place_opened(&path, library);
                }
                Ok(_) => {}
                Err(fault) => faults.push((path, fault)),
            }
        }
        if let Some(interpreter) = walk.tree.interpreter.clone() {
            walk.load_interpreter(interpreter);
        }
        walk.follow(0)?;
        Ok((Process { walk }, faults))
    }

    /// The same process, to which objects can be added without changing this one.
    pub(crate) fn branch(&mut self) -> Process<'_> {
        Process {
            walk: self.walk.branch(),
        }
    }

    /// Opens a file as dlopen does, and loads what it needs. Returns its number.
    ///
    /// # Errors
    /// When the file cannot be read as a program or library, or needs too much.
    pub(crate) fn open(&mut self, file: &Path) -> Result<usize, Fault> {
        let path = self.inside(file);
        let walk = &mut self.walk;
        let library = library_at(walk.library_cache, &path)?;
        if library.architecture != walk.architecture {
            return Err(Fault::NotElf("a library for another architecture".into()));
        }
        let before = walk.tree.objects.len();
        let number = walk.place_opened(&path, library);
        if number >= before {
            walk.follow(number)?;
            walk.check_versions(number);
        }
        Ok(number)
    }

    fn inside(&self, file: &Path) -> PathBuf {
        match self.walk.library_cache.archives.find(file) {
            Some(_) => file.to_owned(),
            None => self.walk.library_cache.settings.root.inside(file),
        }
    }

    /// The architecture of a file.
    ///
    /// # Errors
    /// When it cannot be read as a program or library.
    pub(crate) fn architecture_of(&mut self, file: &Path) -> Result<Architecture, Fault> {
        let path = self.inside(file);
        Ok(library_at(self.walk.library_cache, &path)?.architecture)
    }

    /// The architecture of all objects in the process.
    pub(crate) fn architecture(&self) -> Architecture {
        self.walk.architecture
    }

    pub(crate) fn tree(&self) -> &Tree {
        &self.walk.tree
    }

    /// The rules of the host's interpreter.
    pub(crate) fn system(&self) -> &System {
        &self.walk.system
    }

    /// The files that were read.
    pub(crate) fn library_cache(&self) -> &LibraryCache {
        self.walk.library_cache
    }
}

impl Walk<'_> {
    /// The number of an object that is opened by its path. A file that is loaded is not loaded again.
    fn place_opened(&mut self, path: &Path, library: Rc<Library>) -> usize {
        if let Some(&number) = self.ids.get(&library.id) {
            return number;
        }
        let path = path.as_os_str().to_owned();
        let hit = Hit {
            path: path.clone(),
            library,
            hwcaps: None,
        };
        self.add(path, hit, Via::Opened, None)
    }
}
