//! One library looked for, in the order of glibc's ld.so or of musl's.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::rc::Rc;

use super::{Via, Walk};
use crate::elf::linkage::Carried;
use crate::elf::search::Outcome;
use crate::elf::system::{Glibc, Musl, System};

impl Walk<'_> {
    pub(super) fn find(&mut self, name: &OsStr, by: usize) -> (Outcome, Via) {
        if name.as_bytes().contains(&b'/') {
            let path = name.as_bytes().to_vec();
            return (
                self.shelves.fitting(path, self.architecture, None),
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
        let mut passed_over = None;
        let subdirectories = &glibc.subdirectories;
        let loader = self
            .tree
            .objects
            .get(by)
            .map(|object| object.library.clone());
        let carried = loader
            .as_ref()
            .map_or(&Carried::None, |one| &one.linkage.carried);
        let has_runpath = matches!(carried, Carried::Runpath(_));
        let mut places: Vec<(Via, Rc<[Vec<u8>]>)> = Vec::new();
        if !has_runpath {
            let mut link = Some(by);
            while let Some(number) = link {
                let Some(object) = self.tree.objects.get(number) else {
                    break;
                };
                link = object.loader;
                if matches!(object.library.linkage.carried, Carried::Rpath(_)) {
                    places.extend(
                        self.directories
                            .get(number)
                            .map(|all| (Via::Rpath, all.clone())),
                    );
                }
            }
        }
        places.push((Via::LibraryPath, self.library_path.as_slice().into()));
        if has_runpath {
            places.extend(
                self.directories
                    .get(by)
                    .map(|all| (Via::Runpath, all.clone())),
            );
        }
        for (via, directories) in places {
            let outcome = self.shelves.in_directories(
                &directories,
                subdirectories,
                name.as_bytes(),
                self.architecture,
            );
            match outcome {
                Outcome::NotFound { passed_over: one } => passed_over = passed_over.or(one),
                outcome => return (outcome, via),
            }
        }
        let no_default = loader.is_some_and(|one| one.linkage.no_default_libraries);
        match self.find_in_cache(glibc, name, no_default) {
            Some(outcome @ (Outcome::Found(_) | Outcome::Broken { .. })) => {
                return (outcome, Via::Cache);
            }
            Some(Outcome::NotFound { passed_over: one }) => passed_over = passed_over.or(one),
            None => {}
        }
        if no_default {
            return (Outcome::NotFound { passed_over }, Via::Default);
        }
        let outcome = self.shelves.in_directories(
            &glibc.directories,
            subdirectories,
            name.as_bytes(),
            self.architecture,
        );
        match outcome {
            Outcome::NotFound { passed_over: one } => (
                Outcome::NotFound {
                    passed_over: passed_over.or(one),
                },
                Via::Default,
            ),
            outcome => (outcome, Via::Default),
        }
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
            self.shelves
                .fitting(path.to_vec(), self.architecture, hwcaps),
        )
    }

    /// musl: the environment's path, then what each loader up the chain carries, then the list.
    fn find_as_musl(&mut self, musl: &Musl, name: &OsStr, by: usize) -> (Outcome, Via) {
        let mut places: Vec<(Via, Rc<[Vec<u8>]>)> =
            vec![(Via::LibraryPath, self.library_path.as_slice().into())];
        let mut link = Some(by);
        while let Some(number) = link {
            let Some(object) = self.tree.objects.get(number) else {
                break;
            };
            link = object.loader;
            let via = match object.library.linkage.carried {
                Carried::None => continue,
                Carried::Rpath(_) => Via::Rpath,
                Carried::Runpath(_) => Via::Runpath,
            };
            places.extend(self.directories.get(number).map(|all| (via, all.clone())));
        }
        places.push((Via::Default, musl.directories.as_slice().into()));
        let plain = [String::new()];
        for (via, directories) in places {
            let outcome = self.shelves.in_directories(
                &directories,
                &plain,
                name.as_bytes(),
                self.architecture,
            );
            if !matches!(outcome, Outcome::NotFound { .. }) {
                return (outcome, via);
            }
        }
        (Outcome::NotFound { passed_over: None }, Via::Default)
    }
}
