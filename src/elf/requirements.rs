//! What an object requires from the system it runs on, and which symbols require it.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use memchr::memchr;
use object::elf;

use super::cxx_abi::{self, AbiUse};
use super::linkage::{self, Need};
use super::notes;
use super::parse::{Architecture, Object};
use super::reader::{Fault, part};
use super::symbols;
use super::versions::{self, Family, Label, Wants};
use crate::platform::{Level, Version};

/// Limit for the length of a list of symbols.
const MOST_LISTED: usize = 1000;
/// Limit for the size of all lists of an object.
const MOST_LISTED_BYTES: usize = 4 << 20;
/// This many bytes of symbol names are read, whatever the size of their table.
const MOST_SMALL_NAMES_BYTES: usize = 16 << 20;
/// A symbol name is truncated to this size. C++ names have at most a few kilobytes.
const MOST_SYMBOL_BYTES: usize = 16 << 10;

/// A symbol and the version it requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// `GLIBC_2.28`.
    pub version: String,
    /// The library that must define it.
    pub library: String,
}

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
        let (names, cxx_abi) = Names::read(object, buffer)?;
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
            cxx_abi,
            wanted_abi: names.wanted_abi(&needs)?,
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

/// The names of the undefined symbols of an object, with the number of each version.
struct Names<'a> {
    wanted: Vec<symbols::Undefined>,
    /// For each version, the first symbols bound to it, up to the limit.
    by_version: BTreeMap<u16, Vec<symbols::Undefined>>,
    /// The string table, or that of these names only.
    strings: Cow<'a, [u8]>,
    /// How many bytes may still be copied into lists of symbols.
    list_bytes: Cell<usize>,
}

impl<'a> Names<'a> {
    /// The names, and the C++ ABI of all names of the object.
    fn read(object: &'a Object, buffer: &mut Vec<u8>) -> Result<(Names<'a>, AbiUse), Fault> {
        let mut wanted = symbols::undefined(object)?;
        let (strings, cxx_abi) = match object.small_strings() {
            Some(strings) => (Cow::Borrowed(strings), cxx_abi::of_names(strings)),
            None => {
                let (strings, cxx_abi) = extract(object, &mut wanted, buffer)?;
                (Cow::Owned(strings), cxx_abi)
            }
        };
        let mut by_version: BTreeMap<u16, Vec<symbols::Undefined>> = BTreeMap::new();
        for &one in &wanted {
            let bound = by_version.entry(one.version).or_default();
            if bound.len() < MOST_LISTED {
                bound.push(one);
            }
        }
        let names = Names {
            wanted,
            by_version,
            strings,
            list_bytes: Cell::new(MOST_LISTED_BYTES),
        };
        Ok((names, cxx_abi))
    }

    fn name(&self, wanted: symbols::Undefined) -> &[u8] {
        name_at(&self.strings, wanted.name.into())
    }

    fn bound_to<'b>(&'b self, need: &'b Need) -> impl Iterator<Item = Symbol> + 'b {
        let bound = self.by_version.get(&need.index).map(Vec::as_slice);
        bound.unwrap_or_default().iter().map_while(|&wanted| {
            let symbol = self.name(wanted);
            let length = symbol.len() + need.version.len() + need.library.len();
            self.list_bytes
                .set(self.list_bytes.get().checked_sub(length)?);
            Some(Symbol {
                name: String::from_utf8_lossy(symbol).into_owned(),
                version: need.version.clone(),
                library: need.library.clone(),
            })
        })
    }

    fn wanted_abi(&self, needs: &[Need]) -> Result<AbiUse, Fault> {
        let of_libstdcxx: BTreeSet<u16> = needs
            .iter()
            .filter(|need| need.library.starts_with("libstdc++"))
            .map(|need| need.index)
            .collect();
        let (mut old, mut new) = (false, false);
        // Names may share bytes, but their total is not much longer than the table.
        let mut left_bytes = (2 * self.strings.len()).max(MOST_SMALL_NAMES_BYTES);
        for &wanted in &self.wanted {
            if old && new {
                break;
            }
            if wanted.version > 1 && of_libstdcxx.contains(&wanted.version) {
                continue;
            }
            let name = self.name(wanted);
            left_bytes = left_bytes
                .checked_sub(name.len())
                .ok_or_else(|| Fault::broken("the symbol names overlap"))?;
            // Without symbol versions, names of std may come from any library.
            if name.starts_with(b"_ZS") || name.starts_with(b"_ZNS") || name.starts_with(b"_ZNKS") {
                continue;
            }
            old = old || cxx_abi::is_old_abi(name);
            new = new || cxx_abi::is_new_abi(name);
        }
        Ok(AbiUse::from_seen(old, new))
    }
}

/// The name at `offset` of a string table. It is truncated if it is long, and empty if it is outside
/// or not terminated.
fn name_at(strings: &[u8], offset: u64) -> &[u8] {
    let rest = usize::try_from(offset)
        .ok()
        .and_then(|at| strings.get(at..));
    rest.and_then(|rest| {
        let start = rest.get(..MOST_SYMBOL_BYTES).unwrap_or(rest);
        match memchr(0, start) {
            Some(end) => start.get(..end),
            None => (start.len() < rest.len()).then_some(start),
        }
    })
    .unwrap_or(&[])
}

/// Copies the names of symbols from a large string table, which is read once and not kept. Returns
/// a table of these names, to which the symbols then refer, and the C++ ABI of all names.
fn extract(
    object: &Object,
    wanted: &mut [symbols::Undefined],
    buffer: &mut Vec<u8>,
) -> Result<(Vec<u8>, AbiUse), Fault> {
    // The offset of the name of each symbol, and the symbol's number.
    let numbered = wanted.iter().zip(0_usize..);
    let mut in_order: Vec<(u32, usize)> =
        numbered.map(|(one, number)| (one.name, number)).collect();
    in_order.sort_unstable();
    let mut in_order = in_order.into_iter().peekable();
    // An empty name, and that of symbols outside the table.
    let mut names = vec![0];
    let (mut old, mut new) = (false, false);
    let mut most_bytes = MOST_SMALL_NAMES_BYTES;
    let mut last = (0, 0);
    object.strings_in_parts(buffer, &mut |start, strings| {
        let abi = match old && new {
            true => AbiUse::Mixed,
            false => cxx_abi::of_names(strings),
        };
        (old, new) = (old || abi.has_old(), new || abi.has_new());
        most_bytes += 2 * strings.len();
        let end = start + strings.len() as u64;
        while let Some((offset, number)) = in_order.next_if(|one| u64::from(one.0) < end) {
            if offset != last.0 {
                let name = name_at(strings, u64::from(offset).saturating_sub(start));
                last = (offset, u32::try_from(names.len()).unwrap_or(u32::MAX));
                names.extend_from_slice(name);
                names.push(0);
            }
            if let Some(one) = wanted.get_mut(number) {
                one.name = last.1;
            }
            // Names may share bytes, but their total is not much longer than the table.
            if names.len() > most_bytes {
                return Err(Fault::broken("the symbol names overlap"));
            }
        }
        Ok(())
    })?;
    for (_, number) in in_order {
        if let Some(outside) = wanted.get_mut(number) {
            outside.name = 0;
        }
    }
    Ok((names, AbiUse::from_seen(old, new)))
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
