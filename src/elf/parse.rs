//! An ELF file as ld.so reads it: header, program headers, dynamic section. Section headers are
//! not used, because a stripped file may not have them.
//!
//! Source: System V ABI, chapters 4 and 5 (ELF header, program header, dynamic section).

use std::cell::Cell;
use std::ffi::OsString;
use std::fs::Metadata;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

use object::elf::{self, FileHeader32, FileHeader64};
use object::endian::Endianness;
use object::pod;
use object::read::elf::{Dyn, FileHeader, ProgramHeader};

use super::fault::{ensure_elf, ensure_regular};
use super::reader::{Fault, Source};
use super::strings::{LookAtPart, Strings, until_nul};

/// Limit for the length of a name. The kernel does not open a longer path.
const MOST_NAME_BYTES: u64 = 4096;
/// Limit for the length of a search path.
const MOST_PATH_BYTES: u64 = 64 << 10;
/// Limit for the size of all names of an object. Entries may share one string, so the size of the
/// file does not bound the memory that they take.
const MOST_NAMES_BYTES: u64 = 8 << 20;
/// Tables of symbols, versions and strings up to this size are read at once.
const MOST_AHEAD_BYTES: u64 = 64 << 10;
/// How much of the last of these tables is read with the others. It is usually that of needed
/// versions, whose size is not stated.
const LAST_TABLE_BYTES: u64 = 1024;
/// Limit for the number of dynamic entries.
const MOST_DYNAMIC_ENTRIES: u64 = 100_000;

/// 32 or 64 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Bits32,
    Bits64,
}

/// Objects in one process must have the same architecture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Architecture {
    pub class: Class,
    pub big_endian: bool,
    /// `e_machine`.
    pub machine: u16,
}

/// A program header of either class.
#[derive(Clone, Copy, Debug)]
pub struct Segment {
    pub kind: u32,
    pub flags: u32,
    pub offset: u64,
    pub address: u64,
    pub file_bytes: u64,
    pub memory_bytes: u64,
    pub align: u64,
}

/// An open ELF file. Its headers have been read, its tables are read on demand.
#[derive(Debug)]
pub struct Object {
    pub source: Source,
    pub architecture: Architecture,
    /// `e_type`.
    pub kind: u16,
    pub sections: SectionHeaders,
    pub segments: Vec<Segment>,
    /// The dynamic section: tags and values. Empty for a static program.
    dynamic: Vec<(i64, u64)>,
    strings: Strings,
    /// The size of the names read so far, limited by [`MOST_NAMES_BYTES`].
    names_bytes: Cell<u64>,
}

/// Where the section headers are, according to the header.
#[derive(Clone, Copy, Debug)]
pub struct SectionHeaders {
    pub offset: u64,
    pub count: u16,
    pub entry_bytes: u16,
    pub names_index: u16,
}

impl Object {
    /// Opens the file at `path`.
    ///
    /// # Errors
    /// When the file is not an ELF file, or is invalid.
    pub fn open(path: &Path) -> Result<Object, Fault> {
        Object::open_seen(path, &std::fs::metadata(path).map_err(Fault::Io)?)
    }

    /// As [`Object::open`], for a path with known metadata.
    ///
    /// # Errors
    /// As [`Object::open`].
    pub(super) fn open_seen(path: &Path, metadata: &Metadata) -> Result<Object, Fault> {
        ensure_regular(metadata)?;
        Object::open_regular(path)
    }

    /// As [`Object::open`], for a path of a regular file. If it is no ELF file, this takes an open
    /// and a read.
    ///
    /// # Errors
    /// As [`Object::open`].
    pub(super) fn open_regular(path: &Path) -> Result<Object, Fault> {
        Object::read(Source::open_elf(path)?)
    }

    /// Reads an open file.
    ///
    /// # Errors
    /// As [`Object::open`].
    pub fn read(source: Source) -> Result<Object, Fault> {
        let head = source.head();
        ensure_elf(head)?;
        match head.get(4) {
            Some(&class) if class == elf::ELFCLASS32.0 => {
                read_headers::<FileHeader32<Endianness>>(source)
            }
            Some(&class) if class == elf::ELFCLASS64.0 => {
                read_headers::<FileHeader64<Endianness>>(source)
            }
            Some(class) => Err(Fault::broken(format!("unknown class {class}"))),
            None => Err(Fault::broken("the header is truncated")),
        }
    }

    pub fn endian(&self) -> Endianness {
        if self.architecture.big_endian {
            Endianness::Big
        } else {
            Endianness::Little
        }
    }

    /// Whether there is a dynamic section. A static program has none.
    pub fn is_dynamic(&self) -> bool {
        !self.dynamic.is_empty()
    }

    /// The value of a dynamic tag. If there are several, the last one counts, as for ld.so.
    pub fn value(&self, tag: elf::DynamicTag) -> Option<u64> {
        self.values(tag).last()
    }

    /// All values of a dynamic tag, in order.
    pub fn values(&self, tag: elf::DynamicTag) -> impl Iterator<Item = u64> {
        let entries = self.dynamic.iter();
        entries
            .filter(move |(is, _)| *is == tag.0)
            .map(|&(_, value)| value)
    }

    /// The name at `offset` in the dynamic string table.
    ///
    /// # Errors
    /// When it is outside the table, is not terminated, or is too long, or all names together are.
    pub fn string(&self, offset: u64) -> Result<OsString, Fault> {
        let name = self.strings.get(&self.source, offset, MOST_NAME_BYTES)?;
        self.count_name(name.len())?;
        Ok(name)
    }

    /// The search path at `offset` in the dynamic string table.
    ///
    /// # Errors
    /// As [`Object::string`].
    pub fn search_path(&self, offset: u64) -> Result<OsString, Fault> {
        self.strings.get(&self.source, offset, MOST_PATH_BYTES)
    }

    /// Adds the length of a name to the total.
    ///
    /// # Errors
    /// When all names together are too long.
    pub(super) fn count_name(&self, length: usize) -> Result<(), Fault> {
        let taken = self.names_bytes.get().saturating_add(length as u64);
        self.names_bytes.set(taken);
        if taken > MOST_NAMES_BYTES {
            return Err(Fault::broken("names of more than 8 MiB"));
        }
        Ok(())
    }

    /// The whole dynamic string table, if it has been read because it is small.
    pub(super) fn small_strings(&self) -> Option<&[u8]> {
        self.strings.table(&self.source)
    }

    /// Calls `look` with parts of the dynamic string table and the offset of each. Every string is in
    /// one part with the NULs before and after it. `buffer` is reused for all files.
    ///
    /// # Errors
    /// When it cannot be read, and those of `look`.
    pub(super) fn strings_in_parts(
        &self,
        buffer: &mut Vec<u8>,
        look: LookAtPart,
    ) -> Result<(), Fault> {
        self.strings.in_parts(&self.source, buffer, look)
    }

    /// A copy of the whole dynamic string table. The memory of `buffer` is used for a large one.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn copied_strings(&self, buffer: Vec<u8>) -> Result<Vec<u8>, Fault> {
        self.strings.copied(&self.source, buffer)
    }

    /// The offset in the file of the memory at `address`, and how many bytes of its segment follow.
    pub fn file_offset(&self, address: u64) -> Option<(u64, u64)> {
        let load = |segment: &&Segment| segment.kind == elf::PT_LOAD.0;
        self.segments.iter().filter(load).find_map(|segment| {
            let within = address.checked_sub(segment.address)?;
            let left = segment
                .file_bytes
                .checked_sub(within)
                .filter(|&left| left > 0)?;
            Some((segment.offset.checked_add(within)?, left))
        })
    }

    /// The first segment of a kind.
    pub fn segment(&self, kind: elf::ProgramType) -> Option<&Segment> {
        self.segments.iter().find(|segment| segment.kind == kind.0)
    }

    /// The path of the program interpreter (PT_INTERP), as written in the file.
    ///
    /// # Errors
    /// When it is outside the file, or is not terminated.
    pub fn interpreter(&self) -> Result<Option<OsString>, Fault> {
        let Some(segment) = self.segment(elf::PT_INTERP) else {
            return Ok(None);
        };
        if segment.file_bytes > 4096 {
            return Err(Fault::broken("the interpreter's path is too long"));
        }
        let bytes = self.source.bytes(segment.offset, segment.file_bytes)?;
        let name =
            until_nul(&bytes).ok_or_else(|| Fault::broken("the interpreter is not terminated"))?;
        Ok(Some(OsString::from_vec(name.to_vec())))
    }
}

fn read_headers<H: FileHeader<Endian = Endianness>>(source: Source) -> Result<Object, Fault> {
    let header = *H::parse(source.head()).map_err(|_| Fault::broken("the header is invalid"))?;
    let endian = header
        .endian()
        .map_err(|error| Fault::broken(error.to_string()))?;
    let class = if header.is_type_64() {
        Class::Bits64
    } else {
        Class::Bits32
    };
    let mut object = Object {
        architecture: Architecture {
            class,
            big_endian: header.is_big_endian(),
            machine: header.e_machine(endian).0,
        },
        kind: header.e_type(endian).0,
        sections: SectionHeaders {
            offset: header.e_shoff(endian).into(),
            count: header.e_shnum(endian),
            entry_bytes: header.e_shentsize(endian),
            names_index: header.e_shstrndx(endian).0,
        },
        segments: read_segments::<H>(&source, &header, endian)?,
        dynamic: Vec::new(),
        strings: Strings::None,
        names_bytes: Cell::new(0),
        source,
    };
    object.dynamic = read_dynamic::<H>(&object)?;
    if let Some((start, end)) = small_tables(&object) {
        object.source.read_ahead(start, end);
    }
    object.strings = find_strings(&object)?;
    Ok(object)
}

/// The part of the file with the tables of symbols, versions and strings, which linkers place side
/// by side. `None` if it is too large to read before it is known what is needed.
fn small_tables(object: &Object) -> Option<(u64, u64)> {
    let offset = |tag| Some(object.file_offset(object.value(tag)?)?.0);
    let tables = [
        elf::DT_GNU_HASH,
        elf::DT_HASH,
        elf::DT_SYMTAB,
        elf::DT_STRTAB,
        elf::DT_VERSYM,
        elf::DT_VERDEF,
        elf::DT_VERNEED,
    ];
    let offsets = || tables.into_iter().filter_map(offset);
    let (start, last) = (offsets().min()?, offsets().max()?);
    let strings = offset(elf::DT_STRTAB)?.checked_add(object.value(elf::DT_STRSZ)?)?;
    let end = strings.max(last.checked_add(LAST_TABLE_BYTES)?);
    (end - start <= MOST_AHEAD_BYTES).then_some((start, end))
}

fn read_segments<H: FileHeader<Endian = Endianness>>(
    source: &Source,
    header: &H,
    endian: Endianness,
) -> Result<Vec<Segment>, Fault> {
    let count = header.e_phnum(endian);
    if count == 0 {
        return Ok(Vec::new());
    }
    let expected = size_of::<H::ProgramHeader>();
    if usize::from(header.e_phentsize(endian)) != expected {
        return Err(Fault::broken("program headers of an unknown size"));
    }
    let size = u64::from(count) * expected as u64;
    let bytes = source.bytes(header.e_phoff(endian).into(), size)?;
    let (headers, _) = pod::slice_from_bytes::<H::ProgramHeader>(&bytes, count.into())
        .map_err(|()| Fault::broken("the program headers are truncated"))?;
    let segment = |header: &H::ProgramHeader| Segment {
        kind: header.p_type(endian).0,
        flags: header.p_flags(endian).0,
        offset: header.p_offset(endian).into(),
        address: header.p_vaddr(endian).into(),
        file_bytes: header.p_filesz(endian).into(),
        memory_bytes: header.p_memsz(endian).into(),
        align: header.p_align(endian).into(),
    };
    Ok(headers.iter().map(segment).collect())
}

fn read_dynamic<H: FileHeader<Endian = Endianness>>(
    object: &Object,
) -> Result<Vec<(i64, u64)>, Fault> {
    let Some(segment) = object.segment(elf::PT_DYNAMIC) else {
        return Ok(Vec::new());
    };
    let entry = size_of::<H::Dyn>() as u64;
    if segment.file_bytes / entry > MOST_DYNAMIC_ENTRIES {
        return Err(Fault::broken("the dynamic section is too long"));
    }
    // objcopy --only-keep-debug keeps the header and removes the bytes.
    if segment.file_bytes == 0 {
        return Err(Fault::NotElf(
            "a file of separate debug information without code".into(),
        ));
    }
    // ld.so reads it from the mapped memory.
    let Some((offset, left)) = object.file_offset(segment.address) else {
        return Err(Fault::broken("the dynamic section is outside the file"));
    };
    let size = segment.file_bytes.min(left) / entry * entry;
    let bytes = object.source.bytes(offset, size)?;
    let entries = pod::slice_from_all_bytes::<H::Dyn>(&bytes)
        .map_err(|()| Fault::broken("the dynamic section is truncated"))?;
    let endian = object.endian();
    Ok(entries
        .iter()
        .map(|entry| (entry.tag(endian).0, entry.val(endian)))
        .take_while(|&(tag, _)| tag != elf::DT_NULL.0)
        .collect())
}

fn find_strings(object: &Object) -> Result<Strings, Fault> {
    let Some(address) = object.value(elf::DT_STRTAB) else {
        return Ok(Strings::None);
    };
    let size = object.value(elf::DT_STRSZ).unwrap_or(0);
    let Some((offset, _)) = object
        .file_offset(address)
        .filter(|&(_, left)| size <= left)
    else {
        return Err(Fault::broken(format!(
            "the string table ({size} bytes at {address:#x}) is outside the file"
        )));
    };
    Strings::at(&object.source, offset, size)
}
