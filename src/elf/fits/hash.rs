//! The hash table of an object: which symbols may have a name.
//!
//! Source: System V ABI, "Hash Table"; the GNU hash section as documented by its authors.

use std::rc::Rc;

use object::elf;
use object::endian::Endianness;

use super::region::Region;
use crate::elf::parse::{Class, Object};
use crate::elf::reader::{Fault, value};

/// Limit for the number of symbols of an object.
const MOST_SYMBOLS: u64 = 16 << 20;

/// The hash table of an object.
#[derive(Debug)]
pub(super) struct HashTable {
    class: Class,
    endian: Endianness,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    None,
    Gnu {
        bloom: Region,
        bloom_words: u64,
        shift: u32,
        buckets: Region,
        bucket_count: u64,
        /// The first symbol in the table.
        first: u64,
        chains: Region,
    },
    SystemV {
        /// Counts, buckets and chains.
        words: Region,
        bucket_count: u64,
        chain_count: u64,
    },
}

impl HashTable {
    /// Reads the table of an object. ld.so prefers that of GNU.
    ///
    /// # Errors
    /// When it is outside the file.
    pub(super) fn of(object: &Rc<Object>) -> Result<HashTable, Fault> {
        Ok(HashTable {
            class: object.architecture.class,
            endian: object.endian(),
            kind: read(object)?,
        })
    }

    /// How many symbols it has, with the undefined ones.
    ///
    /// # Errors
    /// When there are too many, or the file cannot be read.
    pub(super) fn count(&self) -> Result<u64, Fault> {
        let count = match &self.kind {
            Kind::None => 0,
            Kind::SystemV { chain_count, .. } => *chain_count,
            Kind::Gnu {
                buckets,
                bucket_count,
                first,
                chains,
                ..
            } => {
                let mut last = 0;
                for bucket in 0..(*bucket_count).min(buckets.size() / 4) {
                    last = last.max(self.word(buckets, bucket)?.unwrap_or(0).into());
                }
                if last < *first {
                    *first
                } else {
                    let mut chain = last - first;
                    while self.word(chains, chain)?.is_some_and(|hash| hash & 1 == 0) {
                        chain += 1;
                    }
                    first + chain + 1
                }
            }
        };
        if count > MOST_SYMBOLS {
            return Err(Fault::broken(format!("too many symbols ({count})")));
        }
        Ok(count)
    }

    fn word(&self, region: &Region, index: u64) -> Result<Option<u32>, Fault> {
        let bytes = region.array::<4>(index.saturating_mul(4))?;
        Ok(bytes.map(|bytes| match self.endian {
            Endianness::Little => u32::from_le_bytes(bytes),
            Endianness::Big => u32::from_be_bytes(bytes),
        }))
    }

    /// Whether the filter of the GNU hash table allows this hash.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn may_have(&self, hash: u32) -> Result<bool, Fault> {
        let Kind::Gnu {
            bloom,
            bloom_words,
            shift,
            ..
        } = &self.kind
        else {
            return Ok(true);
        };
        let bits = match self.class {
            Class::Bits32 => 32,
            Class::Bits64 => 64,
        };
        let index = u64::from(hash / bits) % (*bloom_words).max(1);
        let word = match self.class {
            Class::Bits32 => self.word(bloom, index)?.map(u64::from),
            Class::Bits64 => bloom.array::<8>(index * 8)?.map(|bytes| match self.endian {
                Endianness::Little => u64::from_le_bytes(bytes),
                Endianness::Big => u64::from_be_bytes(bytes),
            }),
        };
        let second = hash.checked_shr(*shift).unwrap_or(0);
        let mask = 1_u64 << (hash % bits) | 1_u64 << (second % bits);
        Ok(word.is_some_and(|word| word & mask == mask))
    }

    /// The first symbol that may have a name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn first_place(&self, name: &[u8], gnu_hash: u32) -> Result<Option<u64>, Fault> {
        let place = match &self.kind {
            Kind::None => None,
            Kind::Gnu {
                buckets,
                bucket_count,
                first,
                ..
            } => {
                let bucket = u64::from(gnu_hash) % (*bucket_count).max(1);
                let place = self.word(buckets, bucket)?.map(u64::from);
                place.filter(|place| place >= first)
            }
            Kind::SystemV {
                words,
                bucket_count,
                ..
            } => {
                let bucket = u64::from(elf::hash(name)) % (*bucket_count).max(1);
                self.word(words, 2 + bucket)?.map(u64::from)
            }
        };
        Ok(place.filter(|place| *place != 0))
    }

    /// The symbol after this one that may have the same name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn next_place(&self, index: u64) -> Result<Option<u64>, Fault> {
        match &self.kind {
            Kind::None => Ok(None),
            Kind::Gnu { first, chains, .. } => {
                let hash = self.word(chains, index.saturating_sub(*first))?;
                Ok(hash.filter(|hash| hash & 1 == 0).map(|_| index + 1))
            }
            Kind::SystemV {
                words,
                bucket_count,
                ..
            } => {
                let next = self.word(words, 2 + bucket_count + index)?;
                Ok(next.map(u64::from).filter(|next| *next != 0))
            }
        }
    }

    /// Whether the hash of a symbol may be this one. The lowest bit is not stored.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn has_hash(&self, index: u64, hash: u32) -> Result<bool, Fault> {
        match &self.kind {
            Kind::None | Kind::SystemV { .. } => Ok(true),
            Kind::Gnu { first, chains, .. } => {
                let stored = self.word(chains, index.saturating_sub(*first))?;
                Ok(stored.is_some_and(|stored| (stored ^ hash) >> 1 == 0))
            }
        }
    }
}

fn read(object: &Rc<Object>) -> Result<Kind, Fault> {
    let endian = object.endian();
    let outside = || Fault::broken("the symbol hash table extends beyond the file");
    let word_bytes = match object.architecture.class {
        Class::Bits32 => 4,
        Class::Bits64 => 8,
    };
    if let Some(address) = object.value(elf::DT_GNU_HASH) {
        let head = Region::at(object, address, 16)?;
        let head = head.array::<16>(0)?.ok_or_else(outside)?;
        let header = value::<elf::GnuHashHeader<Endianness>>(&head, 0).ok_or_else(outside)?;
        let bucket_count = u64::from(header.bucket_count.get(endian));
        let bloom_words = u64::from(header.bloom_count.get(endian));
        let bloom = address.saturating_add(16);
        let buckets = bloom.saturating_add(bloom_words * word_bytes);
        let chains = buckets.saturating_add(bucket_count * 4);
        let buckets = Region::at(object, buckets, bucket_count * 4)?;
        let used = bucket_count > 0 && buckets.size() == bucket_count * 4;
        return Ok(Kind::Gnu {
            bloom: Region::at(object, bloom, bloom_words * word_bytes)?,
            bloom_words,
            shift: header.bloom_shift.get(endian),
            buckets,
            bucket_count,
            first: header.symbol_base.get(endian).into(),
            // An empty table may be the last bytes of its segment.
            chains: match object.file_offset(chains) {
                Some(_) if used => Region::at(object, chains, most_chain_bytes(object, chains))?,
                Some(_) | None => Region::empty(),
            },
        });
    }
    let Some(address) = object.value(elf::DT_HASH) else {
        return Ok(Kind::None);
    };
    let head = Region::at(object, address, 8)?;
    let head = head.array::<8>(0)?.ok_or_else(outside)?;
    let header = value::<elf::HashHeader<Endianness>>(&head, 0).ok_or_else(outside)?;
    let bucket_count = u64::from(header.bucket_count.get(endian));
    let chain_count = u64::from(header.chain_count.get(endian));
    Ok(Kind::SystemV {
        words: Region::at(object, address, (2 + bucket_count + chain_count) * 4)?,
        bucket_count,
        chain_count,
    })
}

/// The size of the chains of a GNU hash table, which is not stated: up to the next table.
fn most_chain_bytes(object: &Object, chains: u64) -> u64 {
    let tables = [
        elf::DT_SYMTAB,
        elf::DT_STRTAB,
        elf::DT_VERSYM,
        elf::DT_VERNEED,
        elf::DT_VERDEF,
        elf::DT_HASH,
        elf::DT_RELA,
        elf::DT_REL,
        elf::DT_RELR,
        elf::DT_JMPREL,
        elf::DT_INIT,
    ];
    let addresses = tables.into_iter().filter_map(|tag| object.value(tag));
    let next = addresses.filter(|&address| address > chains).min();
    next.map_or(MOST_SYMBOLS * 4, |next| {
        (next - chains).min(MOST_SYMBOLS * 4)
    })
}
