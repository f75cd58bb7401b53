//! What is read of each of the two objects.

use std::ffi::OsString;
use std::path::Path;
use std::rc::Rc;

use object::elf;

use super::symbols::Symbols;
use crate::elf::fits::known::Facts;
use crate::elf::linkage::{self, Definition, Linkage, Need};
use crate::elf::parse::Object;
use crate::elf::reader::Fault;
use crate::elf::requirements::Requirements;

/// What is compared of an object.
#[derive(Debug)]
pub(crate) struct Library {
    pub(super) requirements: Requirements,
    pub(super) linkage: Linkage,
    pub(super) facts: Facts,
    pub(super) needs: Vec<Need>,
    /// `None` if it defines no versions.
    pub(super) definitions: Option<Vec<Definition>>,
    pub(super) interpreter: Option<OsString>,
    /// `EI_OSABI`.
    pub(super) os_abi: u8,
    /// DT_FLAGS.
    pub(super) flags: u64,
    /// DT_FLAGS_1.
    pub(super) flags_1: u64,
    pub(super) symbols: Symbols,
}

impl Library {
    /// Reads an open file, named `path` in reports.
    ///
    /// # Errors
    /// When it is not a program or library, or its tables are invalid.
    pub(crate) fn of(path: &Path, object: Object) -> Result<Library, Fault> {
        let object = Rc::new(object);
        let flags = |tag| object.value(tag).unwrap_or(0);
        let mut buffer = Vec::new();
        Ok(Library {
            requirements: Requirements::of_object(path, &object, &mut buffer)?,
            linkage: Linkage::of(&object)?,
            facts: Facts::of(&object)?,
            needs: linkage::needs(&object)?,
            definitions: linkage::definitions(&object)?,
            interpreter: object.interpreter()?,
            os_abi: object.source.head().get(7).copied().unwrap_or(0),
            flags: flags(elf::DT_FLAGS),
            flags_1: flags(elf::DT_FLAGS_1),
            symbols: Symbols::of(&object, buffer)?,
        })
    }
}
