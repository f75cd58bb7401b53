//! The symbol versions of a system's C and C++ libraries, read from their files.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use object::elf;

use super::demangle::Spelling;
use super::info;
use super::parse::{Architecture, Class};
use super::reader::Source;
use super::requirements::{Linking, Requirements};
use super::root::Root;
use super::search::{LibraryCache, Outcome, Settings};
use super::system::{self, Cpu, System};
use super::verdict::{self, Verdict};
use super::versions::{self, Family};
use crate::platform::{Level, Limit, Limits, Private, Version};

/// Limit for the size of a libc.
const MOST_LIBC_BYTES: u64 = 64 << 20;

/// x86-64, little endian.
pub(crate) const X86_64: Architecture = Architecture {
    class: Class::Bits64,
    big_endian: false,
    machine: elf::EM_X86_64.0,
};

/// The libraries of a system. `None` if it has none for the architecture.
#[derive(Clone, Debug, Default)]
pub(crate) struct SystemLibraries {
    pub libc: Option<PathBuf>,
    pub glibc: Option<Version>,
    pub libstdcxx: Option<PathBuf>,
    pub glibcxx: Option<Version>,
    pub cxxabi: Option<Version>,
}

/// Finds the libraries as the system's ld.so does without an LD_LIBRARY_PATH.
pub(crate) fn libraries(root: &Root, architecture: Architecture) -> SystemLibraries {
    let mut found = SystemLibraries::default();
    let Some(interpreter) = system::usual_interpreter(architecture) else {
        return found;
    };
    let mut library_cache = LibraryCache::new(Settings {
        root: root.clone(),
        library_path: Default::default(),
        preload: Default::default(),
        cpu: Cpu::of_this_machine(),
    });
    let system = library_cache.system(OsStr::new(interpreter), architecture);
    let System::Glibc(glibc) = &*system else {
        return found;
    };
    let mut find = |name: &str| {
        let cached = glibc.cache.as_ref().and_then(|cache| {
            let hit = cache.lookup(OsStr::new(name), &glibc.abilities)?;
            Some(hit.path.as_bytes().to_vec())
        });
        let outcome = cached.map(|path| library_cache.compatible(path, architecture, None));
        match outcome {
            Some(outcome @ Outcome::Found(_)) => outcome,
            _ => library_cache.in_directories(
                &glibc.directories,
                &glibc.subdirectories,
                name.as_bytes(),
                architecture,
            ),
        }
    };
    let labels = |outcome: &Outcome, family| match outcome {
        Outcome::Found(hit) => {
            let labels = hit.library.definitions.iter().flatten();
            versions::highest(family, labels.map(String::as_str))
        }
        Outcome::NotFound { .. } | Outcome::Broken { .. } => None,
    };
    let libc = find("libc.so.6");
    if let Outcome::Found(hit) = &libc {
        let path = PathBuf::from(&hit.path);
        // A release that adds no symbol has no version label.
        found.glibc = libc_release(root, &path).or_else(|| labels(&libc, Family::Glibc));
        found.libc = Some(path);
    }
    let libstdcxx = find("libstdc++.so.6");
    if let Outcome::Found(hit) = &libstdcxx {
        found.libstdcxx = Some(PathBuf::from(&hit.path));
        found.glibcxx = labels(&libstdcxx, Family::Glibcxx);
        found.cxxabi = labels(&libstdcxx, Family::Cxxabi);
    }
    found
}

/// What this host offers objects of an architecture.
pub(crate) fn limits(architecture: Architecture) -> Limits {
    let libraries = libraries(&Root::Host, architecture);
    let limit = |version: Option<Version>| version.map_or(Limit::Absent, Limit::AtMost);
    Limits {
        name: "this host".into(),
        glibc: limit(libraries.glibc),
        glibcxx: limit(libraries.glibcxx),
        cxxabi: limit(libraries.cxxabi),
        cpu: Some(Level::of_this_machine()),
        cxx_abi: None,
        private: Private::Own,
    }
}

/// Whether an object runs on this host. `limits` are those of its architecture.
pub(crate) fn evaluate(object: &Requirements, limits: &Limits, spelling: Spelling) -> Verdict {
    let machine = object.architecture.machine;
    if ![elf::EM_X86_64.0, elf::EM_386.0].contains(&machine) {
        let name = info::machine_name(machine);
        return Verdict::InTheWay(vec![format!("is built for {name}; this host is x86-64")]);
    }
    // A host without 32-bit libraries has no libc for a 32-bit program.
    let bits = match object.architecture.class {
        Class::Bits32 => "32-bit",
        Class::Bits64 => "64-bit",
    };
    if limits.glibc == Limit::Absent && object.linking == Linking::Dynamic {
        return Verdict::InTheWay(vec![format!("needs a {bits} glibc; this host has none")]);
    }
    verdict::evaluate(object, limits, spelling)
}

/// The release of glibc in a libc.so.6.
pub(crate) fn libc_release(root: &Root, libc: &Path) -> Option<Version> {
    let source = Source::open(&root.resolve(libc).ok()?).ok()?;
    system::release(&source.bytes_up_to(0, MOST_LIBC_BYTES).ok()?)
}
