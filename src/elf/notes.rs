//! Notes: the build-id, and the x86-64 level that an object requires.
//!
//! Source: the x86-64 psABI, "Program Property" (`GNU_PROPERTY_X86_ISA_1_NEEDED`).

use object::elf::{self, FileHeader32, FileHeader64};
use object::endian::Endianness;
use object::read::elf::{FileHeader, NoteIterator};

use super::parse::{Class, Object};
use super::reader::{Fault, part};
use crate::hex;
use crate::platform::Level;

/// Limit for the size of all notes. Several headers may point to the same bytes.
const MOST_NOTE_BYTES: u64 = 1 << 20;
const X86_ISA_1_NEEDED: u32 = 0xc000_8002;

/// The values of an object's notes.
#[derive(Clone, Debug, Default)]
pub struct Notes {
    /// The build-id, in hexadecimal digits.
    pub build_id: Option<String>,
    /// The lowest CPU level it runs on, if the object states it.
    pub isa: Option<Level>,
}

/// Reads the notes that are loaded (PT_NOTE). Reading stops at an invalid note, because notes are
/// optional.
///
/// # Errors
/// When the file cannot be read.
pub(crate) fn notes(object: &Object) -> Result<Notes, Fault> {
    let mut notes = Notes::default();
    let mut left_bytes = MOST_NOTE_BYTES;
    for segment in &object.segments {
        let wanted = segment.kind == elf::PT_NOTE.0 && segment.file_bytes <= left_bytes;
        if !wanted {
            continue;
        }
        left_bytes -= segment.file_bytes;
        let bytes = match object.source.bytes(segment.offset, segment.file_bytes) {
            Ok(bytes) => bytes,
            Err(Fault::Io(error)) => return Err(Fault::Io(error)),
            Err(_) => continue,
        };
        match object.architecture.class {
            Class::Bits32 => {
                let align = u32::try_from(segment.align).unwrap_or(4);
                read::<FileHeader32<Endianness>>(object, align, &bytes, &mut notes);
            }
            Class::Bits64 => {
                read::<FileHeader64<Endianness>>(object, segment.align, &bytes, &mut notes);
            }
        }
    }
    Ok(notes)
}

fn read<H: FileHeader<Endian = Endianness>>(
    object: &Object,
    align: H::Word,
    bytes: &[u8],
    notes: &mut Notes,
) {
    let endian = object.endian();
    let Ok(mut iterator) = NoteIterator::<H>::new(endian, align, bytes) else {
        return;
    };
    while let Ok(Some(note)) = iterator.next() {
        if note.name() != elf::ELF_NOTE_GNU {
            continue;
        }
        match note.n_type(endian) {
            elf::NT_GNU_BUILD_ID if notes.build_id.is_none() && note.desc().len() <= 64 => {
                notes.build_id = Some(hex::encode(note.desc()));
            }
            elf::NT_GNU_PROPERTY_TYPE_0 => {
                let x86 = [elf::EM_X86_64.0, elf::EM_386.0];
                if x86.contains(&object.architecture.machine) {
                    notes.isa = notes
                        .isa
                        .or(needed_level(note.desc(), object.architecture.class));
                }
            }
            _ => {}
        }
    }
}

/// The highest level with its bit set in an x86 property note (always little endian). Each
/// property is a type, a size and that many bytes, padded.
fn needed_level(properties: &[u8], class: Class) -> Option<Level> {
    let align: u64 = match class {
        Class::Bits32 => 4,
        Class::Bits64 => 8,
    };
    let word = |at: u64| {
        let bytes = part(properties, at, 4)?;
        <[u8; 4]>::try_from(bytes).ok().map(u32::from_le_bytes)
    };
    let mut at = 0;
    while let (Some(kind), Some(size)) = (word(at), word(at + 4)) {
        if kind == X86_ISA_1_NEEDED && size == 4 {
            let bits = word(at + 8)?;
            let levels = [
                (8, Level::V4),
                (4, Level::V3),
                (2, Level::V2),
                (1, Level::V1),
            ];
            return levels
                .into_iter()
                .find(|(bit, _)| bits & bit != 0)
                .map(|(_, level)| level);
        }
        at += 8 + u64::from(size).div_ceil(align) * align;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_level_is_read_from_a_property_note() {
        let property = |kind: u32, value: u32| {
            let mut bytes = Vec::new();
            bytes.extend(kind.to_le_bytes());
            bytes.extend(4_u32.to_le_bytes());
            bytes.extend(value.to_le_bytes());
            bytes.extend([0; 4]);
            bytes
        };
        let both = [property(0xc000_0002, 3), property(X86_ISA_1_NEEDED, 7)].concat();
        assert_eq!(needed_level(&both, Class::Bits64), Some(Level::V3));
        assert_eq!(
            needed_level(&property(0xc001_0002, 15), Class::Bits64),
            None
        );
        assert_eq!(needed_level(&[0xff; 64], Class::Bits64), None);
        assert_eq!(needed_level(&both[..20], Class::Bits64), None);
    }
}
