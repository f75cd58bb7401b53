//! The undefined dynamic symbols of an object, with the version of each.

use object::elf::{self, FileHeader32, FileHeader64, GnuHashHeader, HashHeader};
use object::endian::Endianness;
use object::read::elf::{FileHeader, Sym};

use super::kept::Kept;
use super::parse::{Class, Object};
use super::reader::{Fault, part, value};

/// Limit for the number of symbols.
const MOST_SYMBOLS: u64 = 4 << 20;
/// So many symbols are read at once.
const PART_SYMBOLS: usize = 2048;
/// The buckets of a hash table are read in parts of this size,
const MOST_BUCKET_BYTES: u64 = 64 << 10;
/// but at first of this one. A bucket that is used is usually among them.
const FIRST_BUCKET_BYTES: u64 = 1024;

/// An undefined dynamic symbol.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Undefined {
    /// The offset of its name in the dynamic string table.
    pub name: u32,
    /// The number of its version. 0 and 1 mean none.
    pub version: u16,
}

/// All undefined symbols of an object.
///
/// # Errors
/// When the tables extend beyond the file, or are too long.
pub(crate) fn undefined(object: &Object) -> Result<Vec<Undefined>, Fault> {
    match object.architecture.class {
        Class::Bits32 => undefined_of::<FileHeader32<Endianness>>(object),
        Class::Bits64 => undefined_of::<FileHeader64<Endianness>>(object),
    }
}

fn undefined_of<H: FileHeader<Endian = Endianness>>(
    object: &Object,
) -> Result<Vec<Undefined>, Fault> {
    let Some(address) = object.value(elf::DT_SYMTAB) else {
        return Ok(Vec::new());
    };
    let entry = size_of::<H::Sym>() as u64;
    let (offset, left) = object
        .file_offset(address)
        .ok_or_else(|| Fault::broken("the symbol table is outside the file"))?;
    let Some(count) = count(object, address, entry)? else {
        return Ok(Vec::new());
    };
    if count > MOST_SYMBOLS {
        return Err(Fault::broken(format!("too many symbols ({count})")));
    }
    let endian = object.endian();
    let count = count.min(left / entry);
    let versions = versions(object, count)?;
    let (mut buffer, mut versions_buffer) = (Kept::take(), Kept::take());
    let mut undefined = Vec::new();
    for first in (0..count).step_by(PART_SYMBOLS) {
        let part_count = (count - first).min(PART_SYMBOLS as u64);
        let at = offset.saturating_add(first * entry);
        let symbols = object.source.up_to(at, part_count * entry, &mut buffer)?;
        let versions = match versions {
            Some((at, size)) => {
                let size = size.saturating_sub(2 * first).min(2 * part_count);
                let at = at.saturating_add(2 * first);
                object.source.up_to(at, size, &mut versions_buffer)?
            }
            None => &[],
        };
        for (index, symbol) in symbols.chunks_exact(size_of::<H::Sym>()).enumerate() {
            let Some(symbol) = value::<H::Sym>(symbol, 0) else {
                break;
            };
            if symbol.is_undefined(endian) && symbol.st_name(endian) != 0 {
                let version = value::<elf::Versym<Endianness>>(versions, 2 * index as u64)
                    .map_or(1, |version| version.0.get(endian).0 & elf::VERSYM_VERSION);
                undefined.push(Undefined {
                    name: symbol.st_name(endian),
                    version,
                });
            }
        }
    }
    Ok(undefined)
}

/// The offset and the size of the table of symbol versions.
fn versions(object: &Object, count: u64) -> Result<Option<(u64, u64)>, Fault> {
    let Some(address) = object.value(elf::DT_VERSYM) else {
        return Ok(None);
    };
    let (offset, left) = object
        .file_offset(address)
        .ok_or_else(|| Fault::broken("the table of symbol versions is outside the file"))?;
    Ok(Some((offset, (2 * count).min(left))))
}

/// How many symbols to read. The dynamic section does not state their number, but the hash tables
/// do. In the GNU hash table the undefined symbols come before the hashed ones.
fn count(object: &Object, symbols: u64, entry: u64) -> Result<Option<u64>, Fault> {
    let endian = object.endian();
    if let Some((offset, left)) = object
        .value(elf::DT_GNU_HASH)
        .and_then(|at| object.file_offset(at))
        && let Some(first_hashed) = first_hashed(object, offset, left)?
    {
        return Ok(Some(first_hashed));
    }
    if let Some((offset, _)) = object
        .value(elf::DT_HASH)
        .and_then(|at| object.file_offset(at))
    {
        let bytes = object.source.bytes_up_to(offset, 16)?;
        // Entries have 8 bytes on Alpha and s390x. The object crate supports only 4.
        let wide = object.architecture.class == Class::Bits64
            && [elf::EM_ALPHA.0, elf::EM_S390.0].contains(&object.architecture.machine);
        let header = value::<HashHeader<Endianness>>(&bytes, 0);
        return Ok(if wide {
            part(&bytes, 8, 8)
                .and_then(|bytes| <[u8; 8]>::try_from(bytes).ok())
                .map(|bytes| {
                    if object.architecture.big_endian {
                        u64::from_be_bytes(bytes)
                    } else {
                        u64::from_le_bytes(bytes)
                    }
                })
        } else {
            header.map(|header| header.chain_count.get(endian).into())
        });
    }
    // Without hashed symbols, the table ends where the next one starts, usually the string table.
    let next = [
        elf::DT_STRTAB,
        elf::DT_VERSYM,
        elf::DT_VERNEED,
        elf::DT_GNU_HASH,
    ]
    .into_iter()
    .filter_map(|tag| object.value(tag))
    .filter(|&address| address > symbols)
    .min();
    Ok(next.map(|next| (next - symbols) / entry))
}

/// The first symbol in the GNU hash table. `None` if the table is empty.
fn first_hashed(object: &Object, offset: u64, left: u64) -> Result<Option<u64>, Fault> {
    let endian = object.endian();
    let bytes = object.source.bytes_up_to(offset, 16)?;
    let Some(header) = value::<GnuHashHeader<Endianness>>(&bytes, 0) else {
        return Ok(None);
    };
    let word = match object.architecture.class {
        Class::Bits32 => 4,
        Class::Bits64 => 8,
    };
    let buckets = u64::from(header.bucket_count.get(endian)) * 4;
    let start = 16 + u64::from(header.bloom_count.get(endian)) * word;
    if start.saturating_add(buckets) > left {
        return Err(Fault::broken(
            "the symbol hash table extends beyond the file",
        ));
    }
    let first = u64::from(header.symbol_base.get(endian));
    let (mut at, end) = (start, start + buckets);
    let mut part_bytes = FIRST_BUCKET_BYTES;
    let mut buffer = Kept::take();
    while at < end {
        let size = part_bytes.min(end - at);
        let bytes = object.source.up_to(offset + at, size, &mut buffer)?;
        if bytes.iter().any(|&byte| byte != 0) {
            return Ok(Some(first));
        }
        at += size;
        part_bytes = MOST_BUCKET_BYTES;
    }
    Ok(None)
}
