//! Searches one library, in the order of the ld.so of glibc or musl.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use super::Via;
use super::walk::Walk;
use crate::elf::linkage::SearchPath;
use crate::elf::search::{Library, Outcome};
use crate::elf::system::{Glibc, Musl, System};

impl Walk<'_> {
    pub(super) fn find(&mut self, name: &OsStr, by: usize) -> (Outcome, Via) {
        if name.as_bytes().contains(&b'/') {
            let path = name.as_bytes().to_vec();
            return (
                self.library_cache.compatible(path, self.architecture, None),
                Via::Path,
            );
        }
        let system = self.system.clone();
        match &*system {
            System::Glibc(glibc) => self.find_as_glibc(glibc, name, by),
            System::Musl(musl) => self.find_as_musl(musl, name, by),
        }
    }

    fn find_as_glibc(&mut self, glibc: &Glibc, name: &OsStr, by: usize) -> (Outcome, Via) {
        let mut skipped = None;
        let loader = self.loader(by);
        for (via, directories) in self.places_of_glibc(by, loader.as_deref()) {
            let outcome = self.in_directories(glibc, &directories, name);
            match outcome {
                Outcome::NotFound { skipped: one } => skipped = skipped.or(one),
                outcome @ (Outcome::Found(_) | Outcome::Broken { .. }) => return (outcome, via),
            }
        }
        let no_default = loader.is_some_and(|one| one.linkage.no_default_libraries);
        match self.find_in_cache(glibc, name, no_default) {
            Some(outcome @ (Outcome::Found(_) | Outcome::Broken { .. })) => {
                return (outcome, Via::Cache);
            }
            Some(Outcome::NotFound { skipped: one }) => skipped = skipped.or(one),
            None => {}
        }
        if no_default {
            return (Outcome::NotFound { skipped }, Via::Default);
        }
        let outcome = match self.in_directories(glibc, &glibc.directories, name) {
            Outcome::NotFound { skipped: one } => Outcome::NotFound {
                skipped: skipped.or(one),
            },
            outcome @ (Outcome::Found(_) | Outcome::Broken { .. }) => outcome,
        };
        (outcome, Via::Default)
    }

    fn is_program(&self, number: usize) -> bool {
        let object = self.tree.objects.get(number);
        object.is_some_and(|object| object.library.interpreter.is_some())
    }

    fn loader(&self, number: usize) -> Option<Rc<Library>> {
        let object = self.tree.objects.get(number)?;
        Some(object.library.clone())
    }

    fn in_directories(&mut self, glibc: &Glibc, directories: &[Vec<u8>], name: &OsStr) -> Outcome {
        self.library_cache.in_directories(
            directories,
            &glibc.subdirectories,
            name.as_bytes(),
            self.architecture,
        )
    }

    /// Where glibc searches before its cache: DT_RPATH of the loader, of its loaders and of the
    /// program, unless the loader has DT_RUNPATH; LD_LIBRARY_PATH; DT_RUNPATH of the loader.
    fn places_of_glibc(&self, by: usize, loader: Option<&Library>) -> Vec<(Via, Rc<[Vec<u8>]>)> {
        let has_runpath =
            loader.is_some_and(|one| matches!(one.linkage.search_path, SearchPath::Runpath(_)));
        let search_path = |number: usize, via| {
            let directories = self.directories.get(number);
            directories.map(|all| (via, all.clone()))
        };
        let mut places: Vec<(Via, Rc<[Vec<u8>]>)> = Vec::new();
        let mut link = Some(by).filter(|_| !has_runpath);
        while let Some(number) = link {
            let Some(object) = self.tree.objects.get(number) else {
                break;
            };
            link = object.loader;
            if matches!(object.library.linkage.search_path, SearchPath::Rpath(_)) {
                places.extend(search_path(number, Via::Rpath));
            }
            // What dlopen loads has no loader, but the program's path counts for it as well.
            if link.is_none() && number != 0 && self.is_program(0) {
                link = Some(0);
            }
        }
        places.push((Via::LibraryPath, self.library_path.clone()));
        if has_runpath {
            places.extend(search_path(by, Via::Runpath));
        }
        places
    }

    fn find_in_cache(&mut self, glibc: &Glibc, name: &OsStr, no_default: bool) -> Option<Outcome> {
        let hit = glibc.cache.as_ref()?.lookup(name, &glibc.abilities)?;
        let path = hit.path.as_bytes();
        let is_default = glibc
            .directories
            .iter()
            .any(|directory| path.starts_with(directory));
        if no_default && is_default {
            return None;
        }
        let hwcaps = hit.hwcaps.map(str::to_owned);
        Some(
            self.library_cache
                .compatible(path.to_vec(), self.architecture, hwcaps),
        )
    }

    /// musl searches LD_LIBRARY_PATH, then the path of each loader up the chain, then its list.
    fn find_as_musl(&mut self, musl: &Musl, name: &OsStr, by: usize) -> (Outcome, Via) {
        let mut places: Vec<(Via, Rc<[Vec<u8>]>)> =
            vec![(Via::LibraryPath, self.library_path.clone())];
        let mut link = Some(by);
        while let Some(number) = link {
            let Some(object) = self.tree.objects.get(number) else {
                break;
            };
            link = object.loader;
            let via = match object.library.linkage.search_path {
                SearchPath::None => continue,
                SearchPath::Rpath(_) => Via::Rpath,
                SearchPath::Runpath(_) => Via::Runpath,
            };
            places.extend(self.directories.get(number).map(|all| (via, all.clone())));
        }
        places.push((Via::Default, musl.directories.as_slice().into()));
        let plain = [String::new()];
        for (via, directories) in places {
            let outcome = self.library_cache.in_directories(
                &directories,
                &plain,
                name.as_bytes(),
                self.architecture,
            );
            if !matches!(outcome, Outcome::NotFound { .. }) {
                return (outcome, via);
            }
        }
        (Outcome::NotFound { skipped: None }, Via::Default)
    }
}
