//! Which symbols the relocations of an object refer to. ld.so searches only these.
//!
//! Source: System V ABI, "Relocation"; the processor supplements for x86-64, i386 and AArch64.

use object::elf::{self, Rel32, Rel64, Rela32, Rela64};
use object::endian::Endianness;

use crate::elf::parse::{Class, Object};
use crate::elf::reader::{Fault, value};

/// Relocations are read in parts of about this size.
const PART_BYTES: u64 = 192 << 10;
/// Limit for the size of all relocations of an object.
const MOST_BYTES: u64 = 1 << 30;

/// How an object refers to one of its symbols.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Uses(u8);

impl Uses {
    /// From data: a pointer, or an access through the global offset table.
    pub(super) const DATA: Uses = Uses(1);
    /// A call through the procedure linkage table, which may be bound when it is first called.
    pub(super) const CALL: Uses = Uses(2);
    /// TLS with a fixed offset, which the defining object must have in the static TLS block.
    pub(super) const STATIC_TLS: Uses = Uses(4);
    /// Other TLS.
    pub(super) const TLS: Uses = Uses(8);
    /// The data is copied into the program.
    pub(super) const COPY: Uses = Uses(16);

    pub(super) fn has(self, other: Uses) -> bool {
        self.0 & other.0 != 0
    }

    pub(super) fn any(self) -> bool {
        self.0 != 0
    }

    /// Both kinds of use.
    pub(super) const fn and(self, other: Uses) -> Uses {
        Uses(self.0 | other.0)
    }

    fn add(&mut self, other: Uses) {
        self.0 |= other.0;
    }
}

/// The uses of each symbol, by its number.
#[derive(Debug, Default)]
pub(super) struct References {
    uses: Vec<Uses>,
}

impl References {
    /// Reads the relocations of an object with `count` symbols.
    ///
    /// # Errors
    /// When they are outside the file.
    pub(super) fn of(object: &Object, count: u64) -> Result<References, Fault> {
        let mut references = References {
            uses: vec![Uses::default(); usize::try_from(count).unwrap_or(0)],
        };
        let is_rela = |tag| object.value(tag) == Some(elf::DT_RELA.0.cast_unsigned());
        let tables = [
            (elf::DT_RELA, elf::DT_RELASZ, true),
            (elf::DT_REL, elf::DT_RELSZ, false),
            (elf::DT_JMPREL, elf::DT_PLTRELSZ, is_rela(elf::DT_PLTREL)),
        ];
        let mut left = MOST_BYTES;
        for (start, size, addend) in tables {
            let (Some(address), Some(size)) = (object.value(start), object.value(size)) else {
                continue;
            };
            left = left
                .checked_sub(size)
                .ok_or_else(|| Fault::broken("too many relocations"))?;
            references.read(object, address, size, addend)?;
        }
        Ok(references)
    }

    /// The numbers of the symbols that are used, with their uses.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Uses)> {
        let all = self.uses.iter().enumerate();
        all.filter(|(_, uses)| uses.any())
            .map(|(index, &uses)| (index as u64, uses))
    }

    fn read(
        &mut self,
        object: &Object,
        address: u64,
        size: u64,
        addend: bool,
    ) -> Result<(), Fault> {
        let (offset, left) = object
            .file_offset(address)
            .filter(|&(_, left)| size <= left)
            .ok_or_else(|| Fault::broken("the relocations are outside the file"))?;
        let size = size.min(left);
        let entry = match (object.architecture.class, addend) {
            (Class::Bits64, true) => size_of::<Rela64<Endianness>>(),
            (Class::Bits64, false) => size_of::<Rel64<Endianness>>(),
            (Class::Bits32, true) => size_of::<Rela32<Endianness>>(),
            (Class::Bits32, false) => size_of::<Rel32<Endianness>>(),
        };
        let part = PART_BYTES / entry as u64 * entry as u64;
        let mut buffer = Vec::new();
        let mut at = 0;
        while at < size {
            let length = part.min(size - at);
            let bytes = object.source.bytes_into(offset + at, length, &mut buffer)?;
            for bytes in bytes.chunks_exact(entry) {
                let (symbol, kind) = entry_of(object, bytes, addend);
                let index = usize::try_from(symbol).unwrap_or(usize::MAX);
                if let Some(uses) = self.uses.get_mut(index)
                    && let Some(is) = uses_of(object.architecture.machine, kind)
                {
                    uses.add(is);
                }
            }
            at += length;
        }
        Ok(())
    }
}

/// The symbol and the type of a relocation.
fn entry_of(object: &Object, bytes: &[u8], addend: bool) -> (u32, u32) {
    let endian = object.endian();
    let found = match (object.architecture.class, addend) {
        (Class::Bits64, true) => value::<Rela64<Endianness>>(bytes, 0)
            .map(|entry| (entry.r_sym(endian, false), entry.r_type(endian, false).0)),
        (Class::Bits64, false) => value::<Rel64<Endianness>>(bytes, 0)
            .map(|entry| (entry.r_sym(endian), entry.r_type(endian).0)),
        (Class::Bits32, true) => value::<Rela32<Endianness>>(bytes, 0)
            .map(|entry| (entry.r_sym(endian), entry.r_type(endian).0)),
        (Class::Bits32, false) => value::<Rel32<Endianness>>(bytes, 0)
            .map(|entry| (entry.r_sym(endian), entry.r_type(endian).0)),
    };
    found.unwrap_or_default()
}

/// How a relocation of this type uses its symbol. `None` if it does not.
fn uses_of(machine: u16, kind: u32) -> Option<Uses> {
    use elf::RelocationType as R;
    let kind = R(kind);
    let rows: &[(R, Uses)] = match elf::Machine(machine) {
        elf::EM_X86_64 => &[
            (elf::R_X86_64_JUMP_SLOT, Uses::CALL),
            (elf::R_X86_64_COPY, Uses::COPY),
            (elf::R_X86_64_TPOFF64, Uses::STATIC_TLS),
            (elf::R_X86_64_DTPMOD64, Uses::TLS),
            (elf::R_X86_64_DTPOFF64, Uses::TLS),
            (elf::R_X86_64_TLSDESC, Uses::TLS),
        ],
        elf::EM_386 => &[
            (elf::R_386_JMP_SLOT, Uses::CALL),
            (elf::R_386_COPY, Uses::COPY),
            (elf::R_386_TLS_TPOFF, Uses::STATIC_TLS),
            (elf::R_386_TLS_TPOFF32, Uses::STATIC_TLS),
            (elf::R_386_TLS_DTPMOD32, Uses::TLS),
            (elf::R_386_TLS_DTPOFF32, Uses::TLS),
            (elf::R_386_TLS_DESC, Uses::TLS),
        ],
        elf::EM_AARCH64 => &[
            (elf::R_AARCH64_JUMP_SLOT, Uses::CALL),
            (elf::R_AARCH64_COPY, Uses::COPY),
            (elf::R_AARCH64_TLS_TPREL, Uses::STATIC_TLS),
            (elf::R_AARCH64_TLS_DTPMOD, Uses::TLS),
            (elf::R_AARCH64_TLS_DTPREL, Uses::TLS),
            (elf::R_AARCH64_TLSDESC, Uses::TLS),
        ],
        _ => &[],
    };
    if kind == R(0) {
        return None;
    }
    let row = rows.iter().find(|(one, _)| *one == kind);
    Some(row.map_or(Uses::DATA, |(_, uses)| *uses))
}
