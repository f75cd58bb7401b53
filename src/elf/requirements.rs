//! What an object requires from the system it runs on, and which symbols require it.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use object::elf;

use super::cxx_abi::AbiUse;
use super::linkage::{self, Need};
pub(crate) use super::names::Symbol;
use super::names::{MOST_LISTED, Names};
use super::notes;
use super::parse::{Architecture, Object};
use super::reader::{Fault, part};
use super::versions::{self, Family, Label, Wants};
use crate::platform::{Level, Version};

/// What an object requires from one family.
#[derive(Clone, Debug)]
pub struct Required {
    pub family: Family,
    /// The highest version, from numbers and from the version a named label means.
    pub highest: Option<Version>,
    /// The label that requires it: `GLIBC_2.28`, `GLIBC_ABI_DT_RELR`.
    pub label: String,
    /// The library that must have that label.
    pub library: String,
    /// The symbols bound to that label.
    pub symbols: Vec<Symbol>,
    /// `GLIBC_PRIVATE` or an unknown label, which has no number.
    pub unnumbered: Vec<Unnumbered>,
}

/// A label without a version number.
#[derive(Clone, Debug)]
pub struct Unnumbered {
    pub wants: Wants,
    pub label: String,
    pub symbols: Vec<Symbol>,
}

/// What an object requires.
#[derive(Clone, Debug)]
pub struct Requirements {
    pub path: PathBuf,
    pub architecture: Architecture,
    pub soname: Option<OsString>,
    /// At most one entry per family.
    pub required: Vec<Required>,
    /// The C++ ABI of all its names.
    pub cxx_abi: AbiUse,
    /// The C++ ABI of the names it needs from libraries other than libstdc++ (which has both).
    pub wanted_abi: AbiUse,
    pub isa: Option<Level>,
    pub linking: Linking,
}

/// Whether ld.so loads libraries for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    Dynamic,
    Static,
}

impl Requirements {
    /// Reads the requirements of a file. `buffer` is reused for all files.
    ///
    /// # Errors
    /// When the file cannot be read as ELF.
    pub fn of_file(path: &Path, buffer: &mut Vec<u8>) -> Result<Requirements, Fault> {
        Requirements::of_object(path, &Object::open(path)?, buffer)
    }

    /// Reads the requirements of an open file, named `path` in reports.
    ///
    /// # Errors
    /// As [`Requirements::of_file`].
    pub(crate) fn of_object(
        path: &Path,
        object: &Object,
        buffer: &mut Vec<u8>,
    ) -> Result<Requirements, Fault> {
        ensure_loadable(object)?;
        let needs = linkage::needs(object)?;
        let names = Names::read(object, &needs, buffer)?;
        let notes = notes::notes(object)?;
        let soname = object
            .value(elf::DT_SONAME)
            .map(|at| object.string(at))
            .transpose()?;
        Ok(Requirements {
            path: path.to_owned(),
            architecture: object.architecture,
            soname,
            required: versions::FAMILIES
                .into_iter()
                .filter_map(|family| required(family, &needs, &names))
                .collect(),
            cxx_abi: names.abi,
            wanted_abi: names.wanted_abi,
            isa: notes.isa,
            linking: if object.is_dynamic() && !needs_nothing(object) {
                Linking::Dynamic
            } else {
                Linking::Static
            },
        })
    }

    /// What it requires from a family.
    pub fn of(&self, family: Family) -> Option<&Required> {
        self.required
            .iter()
            .find(|required| required.family == family)
    }
}

fn needs_nothing(object: &Object) -> bool {
    object.value(elf::DT_NEEDED).is_none()
        && object.value(elf::DT_VERNEED).is_none()
        && object.value(elf::DT_SONAME).is_none()
}

/// Accepts programs and libraries. Object files (`.o`) and core dumps do not run anywhere.
fn ensure_loadable(object: &Object) -> Result<(), Fault> {
    let kind = object.kind;
    if kind == elf::ET_DYN.0 || kind == elf::ET_EXEC.0 {
        return Ok(());
    }
    Err(Fault::NotElf(if kind == elf::ET_REL.0 {
        "an object file (.o)".into()
    } else if kind == elf::ET_CORE.0 {
        "a core dump".into()
    } else {
        format!("an ELF file of type {kind}").into()
    }))
}

fn required(family: Family, needs: &[Need], names: &Names) -> Option<Required> {
    let of_family: Vec<(&Need, Label)> = needs
        .iter()
        .filter(|need| !need.weak)
        .filter_map(|need| Some((need, versions::label(&need.version)?)))
        .filter(|(_, label)| label.family == family)
        .collect();
    let number = |label: &Label| match label.wants {
        Wants::AtLeast(version) => Some(version),
        Wants::Private | Wants::Unknown => None,
    };
    let highest = of_family
        .iter()
        .filter_map(|(_, label)| number(label))
        .max();
    // The same version may be required from several libraries: libc.so.6 and libm.so.6.
    let top: Vec<&Need> = of_family
        .iter()
        .filter(|(_, label)| highest.is_some() && number(label) == highest)
        .map(|(need, _)| *need)
        .collect();
    let all = top.iter().flat_map(|need| names.bound_to(need));
    let symbols: Vec<Symbol> = all.take(MOST_LISTED).collect();
    let unnumbered: Vec<_> = of_family
        .iter()
        .filter(|(_, label)| number(label).is_none())
        .map(|(need, label)| Unnumbered {
            wants: label.wants,
            label: need.version.clone(),
            symbols: names.bound_to(need).collect(),
        })
        .collect();
    let first = top
        .first()
        .copied()
        .or(of_family.first().map(|(need, _)| *need))?;
    Some(Required {
        family,
        highest,
        label: first.version.clone(),
        library: first.library.clone(),
        symbols,
        unnumbered,
    })
}

/// Whether an object is part of glibc, which may use `GLIBC_PRIVATE`.
pub(crate) fn is_part_of_glibc(soname: &OsString) -> bool {
    const STEMS: [&[u8]; 18] = [
        b"libc",
        b"libm",
        b"libmvec",
        b"libpthread",
        b"libdl",
        b"librt",
        b"libutil",
        b"libanl",
        b"libresolv",
        b"libnsl",
        b"libcrypt",
        b"libBrokenLocale",
        b"libthread_db",
        b"libc_malloc_debug",
        b"libmemusage",
        b"libpcprofile",
        b"libSegFault",
        b"libnss_files",
    ];
    let name = soname.as_bytes();
    let stem = memchr::memmem::find(name, b".so").and_then(|at| part(name, 0, at as u64));
    name.starts_with(b"ld-linux")
        || name.starts_with(b"ld64.so")
        || name.starts_with(b"libnss_")
        || stem.is_some_and(|stem| STEMS.contains(&stem))
}
