//! The properties of an ELF file, and how it is hardened.
//!
//! Source: System V ABI; GNU's PT_GNU_RELRO and PT_GNU_STACK.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use memchr::memmem;
use object::elf::{self, FileHeader32, FileHeader64};
use object::endian::Endianness;
use object::read::elf::{FileHeader, SectionHeader};

use super::linkage::{Linkage, SearchPath};
use super::notes::{self, Notes};
use super::parse::{Architecture, Class, Object};
use super::reader::{Fault, value};

/// How much of the relocated data is made read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relro {
    None,
    Partial,
    /// All of it, because all symbols are bound at start.
    Full,
}

/// The type of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Loaded at a fixed address.
    Program,
    /// Loaded at any address (PIE).
    PositionIndependentProgram,
    Library,
    ObjectFile,
    CoreDump,
    Other(u16),
}

/// How the file is linked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    Dynamically,
    Statically,
}

/// The properties of a file.
#[derive(Clone, Debug)]
pub struct Info {
    pub architecture: Architecture,
    pub kind: Kind,
    pub linked: Linked,
    pub interpreter: Option<OsString>,
    pub soname: Option<OsString>,
    pub needed: Vec<OsString>,
    pub search_path: SearchPath,
    pub notes: Notes,
    pub relro: Relro,
    /// The stack is not executable.
    pub no_exec_stack: bool,
    /// Functions check a stack canary.
    pub stack_canary: bool,
    pub stripped: bool,
    /// The file contains debug information.
    pub debug_info: bool,
}

impl Info {
    /// Reads the properties of a file.
    ///
    /// # Errors
    /// When the file cannot be read as ELF.
    pub fn of_file(path: &Path) -> Result<Info, Fault> {
        Info::of_object(&Object::open(path)?)
    }

    /// Reads the properties of an open file.
    ///
    /// # Errors
    /// As [`Info::of_file`].
    pub(crate) fn of_object(object: &Object) -> Result<Info, Fault> {
        let linkage = Linkage::of(object)?;
        let interpreter = object.interpreter()?;
        let sections = section_table(object)?;
        let mut symbols = false;
        object.strings_in_parts(&mut Vec::new(), &mut |_, strings| {
            symbols |= memmem::find(strings, b"\0__stack_chk_").is_some();
            Ok(())
        })?;
        // A static program has the name only in its full symbol table.
        let canary = symbols || sections.names_canary;
        let needs_none = linkage.needed.is_empty() && interpreter.is_none();
        let is_library = linkage.soname.is_some() || !linkage.needed.is_empty();
        Ok(Info {
            architecture: object.architecture,
            kind: kind(object, interpreter.is_some()),
            linked: if needs_none && !is_library {
                Linked::Statically
            } else {
                Linked::Dynamically
            },
            notes: notes::notes(object)?,
            relro: relro(object),
            no_exec_stack: has_no_exec_stack(object),
            stack_canary: canary,
            stripped: !sections.has_symbols,
            debug_info: sections.has_debug_info,
            soname: linkage.soname,
            needed: linkage.needed,
            search_path: linkage.search_path,
            interpreter,
        })
    }
}

/// Whether the stack need not be executable. Without the header the kernel and ld.so make it so.
pub(crate) fn has_no_exec_stack(object: &Object) -> bool {
    object
        .segment(elf::PT_GNU_STACK)
        .is_some_and(|segment| segment.flags & elf::PF_X.0 == 0)
}

fn kind(object: &Object, has_interpreter: bool) -> Kind {
    let pie = object.value(elf::DT_FLAGS_1).unwrap_or(0) & elf::DF_1_PIE.0 != 0;
    match elf::FileType(object.kind) {
        elf::ET_EXEC => Kind::Program,
        elf::ET_DYN if pie => Kind::PositionIndependentProgram,
        // Older linkers do not set the flag. A library with an interpreter (libc.so.6) has a SONAME.
        elf::ET_DYN if has_interpreter && object.value(elf::DT_SONAME).is_none() => {
            Kind::PositionIndependentProgram
        }
        elf::ET_DYN => Kind::Library,
        elf::ET_REL => Kind::ObjectFile,
        elf::ET_CORE => Kind::CoreDump,
        elf::FileType(other) => Kind::Other(other),
    }
}

fn relro(object: &Object) -> Relro {
    if object.segment(elf::PT_GNU_RELRO).is_none() {
        return Relro::None;
    }
    let has = |tag, flag: u64| object.value(tag).unwrap_or(0) & flag != 0;
    let now = object.value(elf::DT_BIND_NOW).is_some()
        || has(elf::DT_FLAGS, elf::DF_BIND_NOW.0)
        || has(elf::DT_FLAGS_1, elf::DF_1_NOW.0)
        // A static program has no lazy binding.
        || !object.is_dynamic();
    if now { Relro::Full } else { Relro::Partial }
}

#[derive(Default)]
struct Sections {
    has_symbols: bool,
    has_debug_info: bool,
    names_canary: bool,
}

fn section_table(object: &Object) -> Result<Sections, Fault> {
    match object.architecture.class {
        Class::Bits32 => sections_of::<FileHeader32<Endianness>>(object),
        Class::Bits64 => sections_of::<FileHeader64<Endianness>>(object),
    }
}

/// The section headers. A file without them is stripped.
fn sections_of<H: FileHeader<Endian = Endianness>>(object: &Object) -> Result<Sections, Fault> {
    let endian = object.endian();
    let headers = object.sections;
    let entry = size_of::<H::SectionHeader>();
    let mut sections = Sections::default();
    if headers.count == 0 || usize::from(headers.entry_bytes) != entry {
        return Ok(sections);
    }
    let bytes = object
        .source
        .bytes(headers.offset, u64::from(headers.count) * entry as u64)?;
    let all: Vec<H::SectionHeader> = bytes
        .chunks_exact(entry)
        .filter_map(|bytes| value::<H::SectionHeader>(bytes, 0).copied())
        .collect();
    let contents = |header: &H::SectionHeader| {
        object.source.bytes(
            header.sh_offset(endian).into(),
            header.sh_size(endian).into(),
        )
    };
    let names = match all.get(usize::from(headers.names_index)) {
        Some(header) if header.sh_type(endian) != elf::SHT_NOBITS => contents(header)?,
        _ => Cow::default(),
    };
    for header in &all {
        let name = usize::try_from(header.sh_name(endian))
            .ok()
            .and_then(|at| names.get(at..));
        let debug = name.is_some_and(|name| {
            name.starts_with(b".debug_info\0") || name.starts_with(b".zdebug_info\0")
        });
        sections.has_debug_info |= debug;
        // Present is one symbol table, so the strings are read only once.
        if header.sh_type(endian) == elf::SHT_SYMTAB && !sections.has_symbols {
            sections.has_symbols = true;
            let strings = usize::try_from(header.sh_link(endian))
                .ok()
                .and_then(|at| all.get(at));
            if let Some(strings) = strings.filter(|one| one.sh_type(endian) == elf::SHT_STRTAB) {
                sections.names_canary =
                    memmem::find(&contents(strings)?, b"\0__stack_chk_").is_some();
            }
        }
    }
    Ok(sections)
}

/// The usual name of an architecture: `64-bit x86-64`.
pub(crate) fn architecture_name(architecture: Architecture) -> String {
    let bits = match architecture.class {
        Class::Bits32 => "32-bit",
        Class::Bits64 => "64-bit",
    };
    format!("{bits} {}", machine_name(architecture.machine))
}

/// The usual name of a machine.
pub(crate) fn machine_name(machine: u16) -> String {
    let name = match elf::Machine(machine) {
        elf::EM_X86_64 => "x86-64",
        elf::EM_386 => "i386",
        elf::EM_AARCH64 => "aarch64",
        elf::EM_ARM => "arm",
        elf::EM_PPC64 => "ppc64",
        elf::EM_PPC => "ppc",
        elf::EM_S390 => "s390",
        elf::EM_RISCV => "riscv",
        elf::EM_MIPS => "mips",
        elf::EM_SPARCV9 => "sparc64",
        elf::EM_SPARC => "sparc",
        elf::EM_IA_64 => "ia64",
        elf::EM_LOONGARCH => "loongarch",
        elf::EM_BPF => "bpf",
        elf::EM_68K => "m68k",
        elf::EM_PARISC => "hppa",
        elf::EM_ALPHA => "alpha",
        elf::EM_SH => "sh",
        _ => return format!("machine {machine}"),
    };
    name.to_owned()
}
