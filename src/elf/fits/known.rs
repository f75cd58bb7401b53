//! What is known of each object of a process: its symbols and its flags. Each file is read once.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use object::elf;

use super::table::SymbolTable;
use crate::elf::info;
use crate::elf::notes;
use crate::elf::parse::Object;
use crate::elf::reader::{Fault, FileId};
use crate::elf::search::LibraryCache;
use crate::elf::tree::Loaded;
use crate::platform::Level;

/// A file that could not be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub path: PathBuf,
    pub fault: Fault,
}

/// The thread-local storage of an object.
#[derive(Clone, Copy, Debug)]
pub(in crate::elf) struct Tls {
    pub size: u64,
    pub align: u64,
    pub address: u64,
}

/// Properties of an object on which dlopen depends.
#[derive(Debug)]
pub(in crate::elf) struct Facts {
    /// DF_SYMBOLIC: its own symbols are searched first.
    pub symbolic: bool,
    /// DF_1_NOOPEN: it cannot be opened with dlopen.
    pub no_open: bool,
    /// It is a program, which dlopen refuses.
    pub program: bool,
    pub exec_stack: bool,
    pub text_relocations: bool,
    pub tls: Option<Tls>,
    pub isa: Option<Level>,
}

/// An object's symbols and properties.
#[derive(Debug)]
pub(super) struct Known {
    pub table: SymbolTable,
    pub facts: Facts,
}

/// The objects that have been read.
#[derive(Debug, Default)]
pub(super) struct KnownObjects {
    objects: BTreeMap<FileId, Rc<Known>>,
}

impl KnownObjects {
    /// The symbols and properties of a loaded object.
    ///
    /// # Errors
    /// When its file cannot be read, or its tables are invalid.
    pub(super) fn get(
        &mut self,
        library_cache: &LibraryCache,
        loaded: &Loaded,
    ) -> Result<Rc<Known>, Unreadable> {
        if let Some(known) = self.objects.get(&loaded.library.id) {
            return Ok(known.clone());
        }
        let object = open(library_cache, &loaded.path)?;
        let known = SymbolTable::of(&object)
            .and_then(|table| {
                let facts = Facts::of(&object)?;
                Ok(Rc::new(Known { table, facts }))
            })
            .map_err(|fault| unreadable(&loaded.path, fault))?;
        self.objects.insert(loaded.library.id, known.clone());
        Ok(known)
    }
}

/// Opens the file of a loaded object.
///
/// # Errors
/// When it cannot be read.
pub(super) fn open(library_cache: &LibraryCache, path: &OsStr) -> Result<Rc<Object>, Unreadable> {
    let object = library_cache.object(Path::new(path));
    object.map(Rc::new).map_err(|fault| unreadable(path, fault))
}

pub(super) fn unreadable(path: &OsStr, fault: Fault) -> Unreadable {
    Unreadable {
        path: PathBuf::from(path),
        fault,
    }
}

impl Facts {
    /// Reads the flags of an object.
    ///
    /// # Errors
    /// When its notes cannot be read.
    pub(in crate::elf) fn of(object: &Object) -> Result<Facts, Fault> {
        let flags = object.value(elf::DT_FLAGS).unwrap_or(0);
        let flags_1 = object.value(elf::DT_FLAGS_1).unwrap_or(0);
        let has = |tag| object.value(tag).is_some();
        Ok(Facts {
            symbolic: has(elf::DT_SYMBOLIC) || flags & elf::DF_SYMBOLIC.0 != 0,
            no_open: flags_1 & elf::DF_1_NOOPEN.0 != 0,
            program: object.kind == elf::ET_EXEC.0 || flags_1 & elf::DF_1_PIE.0 != 0,
            exec_stack: !info::has_no_exec_stack(object),
            text_relocations: has(elf::DT_TEXTREL) || flags & elf::DF_TEXTREL.0 != 0,
            tls: object.segment(elf::PT_TLS).map(|segment| Tls {
                size: segment.memory_bytes,
                align: segment.align,
                address: segment.address,
            }),
            isa: notes::notes(object)?.isa,
        })
    }
}
