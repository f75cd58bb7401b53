//! The libraries an object needs, and the symbol versions it needs and defines.
//!
//! Source: System V ABI, "Dynamic Section"; Linux Standard Base, "Symbol Versioning".

use std::borrow::Cow;
use std::ffi::OsString;

use object::elf;
use object::endian::Endianness;
use object::pod::Pod;

use super::parse::Object;
use super::reader::{Fault, value};

/// Limit for the number of libraries an object needs.
pub(crate) const MOST_NEEDED: usize = 10_000;
/// Limit for the number of versions an object needs or defines.
const MOST_VERSIONS: usize = 20_000;
/// Limit for the size of a version table.
const MOST_VERSION_BYTES: u64 = 4 << 20;

/// The search path in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchPath {
    None,
    /// DT_RPATH: for the object and what it loads, before LD_LIBRARY_PATH.
    Rpath(OsString),
    /// DT_RUNPATH: for the object only, after LD_LIBRARY_PATH. It disables a DT_RPATH.
    Runpath(OsString),
}

/// A version that an object needs from a library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The library, as in DT_NEEDED.
    pub library: String,
    pub version: String,
    /// Only weak symbols need it, so ld.so does not require it.
    pub weak: bool,
    /// Its number in the table of symbol versions.
    pub index: u16,
    /// Only a definition with this version matches, not one without a version.
    pub hidden: bool,
}

/// A version that an object defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Definition {
    pub version: String,
    /// Its number in the table of symbol versions.
    pub index: u16,
    /// The entry of the object itself, which is not the version of any symbol.
    pub base: bool,
}

/// What ld.so reads from an object before it searches libraries.
#[derive(Clone, Debug)]
pub struct Linkage {
    /// DT_NEEDED, in order.
    pub needed: Vec<OsString>,
    /// DT_FILTER: libraries loaded before this one.
    pub filters: Vec<OsString>,
    /// DT_AUXILIARY: the same, but they are optional.
    pub auxiliaries: Vec<OsString>,
    pub soname: Option<OsString>,
    pub search_path: SearchPath,
    /// DF_1_NODEFLIB: the default directories are not searched for what it needs.
    pub no_default_libraries: bool,
}

impl Linkage {
    /// Reads the dynamic section's names.
    ///
    /// # Errors
    /// When a name is outside the string table, or there are too many.
    pub fn of(object: &Object) -> Result<Linkage, Fault> {
        let names = |tag| -> Result<Vec<OsString>, Fault> {
            let offsets: Vec<u64> = object.values(tag).take(MOST_NEEDED + 1).collect();
            if offsets.len() > MOST_NEEDED {
                return Err(Fault::broken("too many needed libraries"));
            }
            offsets
                .into_iter()
                .map(|offset| object.string(offset))
                .collect()
        };
        let name = |tag| {
            object
                .value(tag)
                .map(|offset| object.string(offset))
                .transpose()
        };
        let path = |tag| {
            object
                .value(tag)
                .map(|offset| object.search_path(offset))
                .transpose()
        };
        let search_path = match (path(elf::DT_RUNPATH)?, path(elf::DT_RPATH)?) {
            (Some(runpath), _) => SearchPath::Runpath(runpath),
            (None, Some(rpath)) => SearchPath::Rpath(rpath),
            (None, None) => SearchPath::None,
        };
        let flags_1 = object.value(elf::DT_FLAGS_1).unwrap_or(0);
        Ok(Linkage {
            needed: names(elf::DT_NEEDED)?,
            filters: names(elf::DT_FILTER)?,
            auxiliaries: names(elf::DT_AUXILIARY)?,
            soname: name(elf::DT_SONAME)?,
            search_path,
            no_default_libraries: flags_1 & elf::DF_1_NODEFLIB.0 != 0,
        })
    }
}

/// A table of linked records that grows as they are followed.
struct Window<'a> {
    object: &'a Object,
    offset: u64,
    most: u64,
    bytes: Cow<'a, [u8]>,
}

impl<'a> Window<'a> {
    fn at(object: &'a Object, address: u64) -> Result<Window<'a>, Fault> {
        let (offset, left) = object
            .file_offset(address)
            .ok_or_else(|| Fault::broken("the version table is outside the file"))?;
        Ok(Window {
            object,
            offset,
            most: left.min(MOST_VERSION_BYTES),
            bytes: Cow::default(),
        })
    }

    fn record<T: Pod>(&mut self, at: u64) -> Result<T, Fault> {
        let end = at.saturating_add(size_of::<T>() as u64);
        if end > self.most {
            return Err(Fault::broken("the version table extends beyond the file"));
        }
        if end > self.bytes.len() as u64 {
            let source = &self.object.source;
            let size = end.saturating_mul(2).max(4096).min(self.most);
            self.bytes = match source.in_memory(self.offset, end) {
                Some(bytes) => Cow::Borrowed(bytes),
                None => source.bytes_up_to(self.offset, size)?,
            };
        }
        value::<T>(&self.bytes, at)
            .copied()
            .ok_or_else(|| Fault::broken("the version table is truncated"))
    }
}

/// The versions an object needs (`.gnu.version_r`).
///
/// # Errors
/// When the table extends beyond the file or is endless.
pub(crate) fn needs(object: &Object) -> Result<Vec<Need>, Fault> {
    let Some(address) = object.value(elf::DT_VERNEED) else {
        return Ok(Vec::new());
    };
    let count = object.value(elf::DT_VERNEEDNUM).unwrap_or(u64::MAX);
    let endian = object.endian();
    let mut window = Window::at(object, address)?;
    let mut needs = Vec::new();
    let mut at = 0;
    for _ in 0..count.min(MOST_VERSIONS as u64) {
        let library: elf::Verneed<Endianness> = window.record(at)?;
        let name = object.string(library.vn_file.get(endian).into())?;
        let name = name.to_string_lossy().into_owned();
        let mut aux_at = at + u64::from(library.vn_aux.get(endian));
        for _ in 0..library.vn_cnt.get(endian) {
            let aux: elf::Vernaux<Endianness> = window.record(aux_at)?;
            let version = object.string(aux.vna_name.get(endian).into())?;
            ensure_few(&needs)?;
            object.count_name(name.len())?;
            needs.push(Need {
                library: name.clone(),
                version: version.to_string_lossy().into_owned(),
                weak: aux.vna_flags.get(endian).0 & elf::VER_FLG_WEAK.0 != 0,
                index: aux.vna_other.get(endian).0 & elf::VERSYM_VERSION,
                hidden: aux.vna_other.get(endian).0 & elf::VERSYM_HIDDEN.0 != 0,
            });
            match aux.vna_next.get(endian) {
                0 => break,
                next => aux_at += u64::from(next),
            }
        }
        match library.vn_next.get(endian) {
            0 => break,
            next => at += u64::from(next),
        }
    }
    Ok(needs)
}

/// The versions an object defines (`.gnu.version_d`). `None` if it has no such table: ld.so then
/// accepts any version.
///
/// # Errors
/// When the table extends beyond the file or is endless.
pub(crate) fn definitions(object: &Object) -> Result<Option<Vec<Definition>>, Fault> {
    let Some(address) = object.value(elf::DT_VERDEF) else {
        return Ok(None);
    };
    let count = object.value(elf::DT_VERDEFNUM).unwrap_or(u64::MAX);
    let endian = object.endian();
    let mut window = Window::at(object, address)?;
    let mut versions = Vec::new();
    let mut at = 0;
    for _ in 0..count.min(MOST_VERSIONS as u64) {
        let definition: elf::Verdef<Endianness> = window.record(at)?;
        let aux: elf::Verdaux<Endianness> =
            window.record(at + u64::from(definition.vd_aux.get(endian)))?;
        let name = object.string(aux.vda_name.get(endian).into())?;
        ensure_few(&versions)?;
        versions.push(Definition {
            version: name.to_string_lossy().into_owned(),
            index: definition.vd_ndx.get(endian).0 & elf::VERSYM_VERSION,
            base: definition.vd_flags.get(endian).0 & elf::VER_FLG_BASE.0 != 0,
        });
        match definition.vd_next.get(endian) {
            0 => break,
            next => at += u64::from(next),
        }
    }
    Ok(Some(versions))
}

fn ensure_few<T>(versions: &[T]) -> Result<(), Fault> {
    if versions.len() >= MOST_VERSIONS {
        return Err(Fault::broken("the version table is endless"));
    }
    Ok(())
}
