//! The dynamic symbols of one object, and how ld.so finds one by name and version.
//!
//! Source: System V ABI, "Symbol Table" and "Hash Table"; the GNU hash section as documented by its
//! authors; Linux Standard Base, "Symbol Versioning".

use std::rc::Rc;

use object::elf::{self, Sym32, Sym64};
use object::endian::Endianness;

use super::region::Region;
use crate::elf::linkage;
use crate::elf::parse::{Class, Object};
use crate::elf::reader::{Fault, value};

/// Limit for the number of symbols of an object.
const MOST_SYMBOLS: u64 = 16 << 20;

/// An entry of a symbol table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Symbol {
    /// The offset of its name.
    pub name: u32,
    pub bind: elf::SymbolBind,
    pub kind: elf::SymbolType,
    pub visibility: elf::SymbolVisibility,
    pub section: elf::SymbolSection,
    pub value: u64,
}

impl Symbol {
    pub(super) fn is_undefined(&self) -> bool {
        self.section == elf::SHN_UNDEF
    }

    /// No other object sees it, and a reference to it needs no search.
    pub(super) fn is_local(&self) -> bool {
        self.bind == elf::STB_LOCAL
            || self.visibility == elf::STV_HIDDEN
            || self.visibility == elf::STV_INTERNAL
    }

    pub(super) fn is_weak(&self) -> bool {
        self.bind == elf::STB_WEAK
    }

    pub(super) fn is_unique(&self) -> bool {
        self.bind == elf::STB_GNU_UNIQUE
    }

    /// Whether other objects can be bound to it.
    fn is_offered(&self) -> bool {
        !self.is_local()
            && [elf::STB_GLOBAL, elf::STB_WEAK, elf::STB_GNU_UNIQUE].contains(&self.bind)
    }

    /// Whether it is a definition to which other objects can be bound.
    pub(super) fn is_offered_definition(&self) -> bool {
        self.is_offered() && self.is_definition(Only::Defined)
    }

    /// Whether it is a definition: code, data or TLS with a place.
    fn is_definition(&self, only: Only) -> bool {
        const KINDS: [elf::SymbolType; 6] = [
            elf::STT_NOTYPE,
            elf::STT_OBJECT,
            elf::STT_FUNC,
            elf::STT_COMMON,
            elf::STT_TLS,
            elf::STT_GNU_IFUNC,
        ];
        let placed = self.value != 0 || self.section == elf::SHN_ABS || self.kind == elf::STT_TLS;
        let excluded = only == Only::Defined && self.is_undefined();
        placed && !excluded && KINDS.contains(&self.kind)
    }
}

/// Which entries a reference accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Only {
    /// For calls and TLS.
    Defined,
    /// Also an undefined function with an address, which a program has for pointers to it.
    DefinedOrAddress,
}

/// A version that a reference asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub name: String,
    /// A definition without a version does not match.
    pub hidden: bool,
    /// The library that must define it, for a needed version.
    pub library: Option<String>,
}

/// What is searched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub name: &'a [u8],
    pub gnu_hash: u32,
    pub version: Option<&'a Version>,
    pub only: Only,
}

#[derive(Debug)]
enum Hash {
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

/// The symbols of an object.
#[derive(Debug)]
pub(super) struct SymbolTable {
    class: Class,
    endian: Endianness,
    symbols: Region,
    strings: Region,
    /// The version number of each symbol. Empty if there are none.
    versions: Region,
    hash: Hash,
    /// The versions that it defines and needs, by number.
    names: Vec<Option<Version>>,
}

impl SymbolTable {
    /// Reads the tables of an object.
    ///
    /// # Errors
    /// When they are outside the file.
    pub(super) fn of(object: &Rc<Object>) -> Result<SymbolTable, Fault> {
        let region = |tag, size| match object.value(tag) {
            Some(address) => Region::at(object, address, size),
            None => Ok(Region::empty()),
        };
        let hash = hash_table(object)?;
        let mut table = SymbolTable {
            class: object.architecture.class,
            endian: object.endian(),
            symbols: Region::empty(),
            strings: region(elf::DT_STRTAB, object.value(elf::DT_STRSZ).unwrap_or(0))?,
            versions: Region::empty(),
            hash,
            names: version_names(object)?,
        };
        // The tables have as many entries as the hash table has symbols.
        let count = table.count()?;
        table.symbols = region(elf::DT_SYMTAB, count * table.entry_bytes())?;
        table.versions = region(elf::DT_VERSYM, count * 2)?;
        Ok(table)
    }

    fn entry_bytes(&self) -> u64 {
        match self.class {
            Class::Bits32 => size_of::<Sym32<Endianness>>() as u64,
            Class::Bits64 => size_of::<Sym64<Endianness>>() as u64,
        }
    }

    /// How many symbols it has, with the undefined ones.
    fn count(&self) -> Result<u64, Fault> {
        let count = match &self.hash {
            Hash::None => 0,
            Hash::SystemV { chain_count, .. } => *chain_count,
            Hash::Gnu {
                buckets,
                bucket_count,
                first,
                chains,
                ..
            } => {
                let mut last = 0;
                for bucket in 0..*bucket_count {
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

    /// How many symbols can be read.
    pub(super) fn len(&self) -> u64 {
        self.symbols.size() / self.entry_bytes()
    }

    fn word(&self, region: &Region, index: u64) -> Result<Option<u32>, Fault> {
        let bytes = region.array::<4>(index.saturating_mul(4))?;
        Ok(bytes.map(|bytes| match self.endian {
            Endianness::Little => u32::from_le_bytes(bytes),
            Endianness::Big => u32::from_be_bytes(bytes),
        }))
    }

    /// The entry with this number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn symbol(&self, index: u64) -> Result<Option<Symbol>, Fault> {
        let at = index.saturating_mul(self.entry_bytes());
        let endian = self.endian;
        Ok(match self.class {
            Class::Bits64 => self.symbols.array::<24>(at)?.and_then(|bytes| {
                let symbol = value::<Sym64<Endianness>>(&bytes, 0)?;
                Some(Symbol {
                    name: symbol.st_name.get(endian),
                    bind: symbol.st_bind(),
                    kind: symbol.st_type(),
                    visibility: symbol.st_visibility(),
                    section: symbol.st_shndx.get(endian),
                    value: symbol.st_value.get(endian),
                })
            }),
            Class::Bits32 => self.symbols.array::<16>(at)?.and_then(|bytes| {
                let symbol = value::<Sym32<Endianness>>(&bytes, 0)?;
                Some(Symbol {
                    name: symbol.st_name.get(endian),
                    bind: symbol.st_bind(),
                    kind: symbol.st_type(),
                    visibility: symbol.st_visibility(),
                    section: symbol.st_shndx.get(endian),
                    value: symbol.st_value.get(endian).into(),
                })
            }),
        })
    }

    /// The name of a symbol.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn name(&self, symbol: &Symbol) -> Result<Vec<u8>, Fault> {
        self.strings.string(symbol.name.into())
    }

    /// The number in the table of versions, with the bit for hidden.
    fn version_number(&self, index: u64) -> Result<Option<u16>, Fault> {
        let bytes = self.versions.array::<2>(index.saturating_mul(2))?;
        Ok(bytes.map(|bytes| match self.endian {
            Endianness::Little => u16::from_le_bytes(bytes),
            Endianness::Big => u16::from_be_bytes(bytes),
        }))
    }

    /// The version of a symbol, and whether it is hidden: not the default version of its name.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn version(&self, index: u64) -> Result<(Option<&Version>, bool), Fault> {
        let Some(number) = self.version_number(index)? else {
            return Ok((None, false));
        };
        let name = self.names.get(usize::from(number & elf::VERSYM_VERSION));
        let hidden = number & elf::VERSYM_HIDDEN.0 != 0;
        Ok((name.and_then(Option::as_ref), hidden))
    }

    /// The definition to which a reference is bound in this object.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn find(&self, wanted: Wanted) -> Result<Option<(u64, Symbol)>, Fault> {
        if !self.may_have(wanted.gnu_hash)? {
            return Ok(None);
        }
        // The only definition, if it has a version and the reference has none.
        let mut versioned = None;
        let mut several = false;
        let mut place = self.first_place(wanted)?;
        let mut left = self.len();
        while let Some(index) = place.filter(|_| left > 0) {
            left -= 1;
            if self.has_hash(index, wanted.gnu_hash)?
                && let Some(symbol) = self.symbol(index)?
                && symbol.is_definition(wanted.only)
                && self.strings.is_string(symbol.name.into(), wanted.name)?
            {
                match self.matches(index, wanted.version)? {
                    Match::Yes => return Ok(Some((index, symbol)).filter(|_| symbol.is_offered())),
                    Match::No => {}
                    Match::Versioned => {
                        several |= versioned.is_some();
                        versioned = versioned.or(Some((index, symbol)));
                    }
                }
            }
            place = self.next_place(index)?;
        }
        Ok(versioned.filter(|(_, symbol)| !several && symbol.is_offered()))
    }

    /// Whether it offers a symbol with this name and no or the default version. A file that cannot be
    /// read offers none.
    pub(super) fn defines(&self, name: &[u8]) -> bool {
        let wanted = Wanted {
            name,
            gnu_hash: elf::gnu_hash(name),
            version: None,
            only: Only::Defined,
        };
        self.find(wanted).is_ok_and(|found| found.is_some())
    }

    /// All symbols with this name that it offers, whatever their version.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn all_named(&self, name: &[u8]) -> Result<Vec<u64>, Fault> {
        let wanted = Wanted {
            name,
            gnu_hash: elf::gnu_hash(name),
            version: None,
            only: Only::Defined,
        };
        let mut found = Vec::new();
        let mut place = self.first_place(wanted)?;
        let mut left = self.len();
        while let Some(index) = place.filter(|_| left > 0) {
            left -= 1;
            if self.has_hash(index, wanted.gnu_hash)?
                && let Some(symbol) = self.symbol(index)?
                && symbol.is_offered_definition()
                && self.strings.is_string(symbol.name.into(), name)?
            {
                found.push(index);
            }
            place = self.next_place(index)?;
        }
        Ok(found)
    }

    /// Whether the filter of the GNU hash table allows this hash.
    fn may_have(&self, hash: u32) -> Result<bool, Fault> {
        let Hash::Gnu {
            bloom,
            bloom_words,
            shift,
            ..
        } = &self.hash
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

    fn first_place(&self, wanted: Wanted) -> Result<Option<u64>, Fault> {
        let place = match &self.hash {
            Hash::None => None,
            Hash::Gnu {
                buckets,
                bucket_count,
                first,
                ..
            } => {
                let bucket = u64::from(wanted.gnu_hash) % (*bucket_count).max(1);
                let place = self.word(buckets, bucket)?.map(u64::from);
                place.filter(|place| place >= first)
            }
            Hash::SystemV {
                words,
                bucket_count,
                ..
            } => {
                let bucket = u64::from(elf::hash(wanted.name)) % (*bucket_count).max(1);
                self.word(words, 2 + bucket)?.map(u64::from)
            }
        };
        Ok(place.filter(|place| *place != 0))
    }

    fn next_place(&self, index: u64) -> Result<Option<u64>, Fault> {
        match &self.hash {
            Hash::None => Ok(None),
            Hash::Gnu { first, chains, .. } => {
                let hash = self.word(chains, index.saturating_sub(*first))?;
                Ok(hash.filter(|hash| hash & 1 == 0).map(|_| index + 1))
            }
            Hash::SystemV {
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
    fn has_hash(&self, index: u64, hash: u32) -> Result<bool, Fault> {
        match &self.hash {
            Hash::None | Hash::SystemV { .. } => Ok(true),
            Hash::Gnu { first, chains, .. } => {
                let stored = self.word(chains, index.saturating_sub(*first))?;
                Ok(stored.is_some_and(|stored| (stored ^ hash) >> 1 == 0))
            }
        }
    }

    fn matches(&self, index: u64, wanted: Option<&Version>) -> Result<Match, Fault> {
        let Some(number) = self.version_number(index)? else {
            return Ok(Match::Yes);
        };
        let hidden = number & elf::VERSYM_HIDDEN.0 != 0;
        let number = number & elf::VERSYM_VERSION;
        let version = self.names.get(usize::from(number)).and_then(Option::as_ref);
        Ok(match wanted {
            Some(wanted) if version.is_some_and(|version| version.name == wanted.name) => {
                Match::Yes
            }
            // A definition without a version has any version, unless one of them is hidden.
            Some(wanted) if version.is_none() && !hidden && !wanted.hidden => Match::Yes,
            Some(_) => Match::No,
            // Without a version, the base version and the first one are preferred.
            None if number < 3 => Match::Yes,
            None if hidden => Match::No,
            None => Match::Versioned,
        })
    }
}

enum Match {
    Yes,
    No,
    /// A default version, for a reference without one.
    Versioned,
}

fn hash_table(object: &Rc<Object>) -> Result<Hash, Fault> {
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
        return Ok(Hash::Gnu {
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
        return Ok(Hash::None);
    };
    let head = Region::at(object, address, 8)?;
    let head = head.array::<8>(0)?.ok_or_else(outside)?;
    let header = value::<elf::HashHeader<Endianness>>(&head, 0).ok_or_else(outside)?;
    let bucket_count = u64::from(header.bucket_count.get(endian));
    let chain_count = u64::from(header.chain_count.get(endian));
    Ok(Hash::SystemV {
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

/// The versions of an object by number. Numbers have 15 bits.
fn version_names(object: &Object) -> Result<Vec<Option<Version>>, Fault> {
    let mut names: Vec<Option<Version>> = Vec::new();
    let mut set = |index: u16, version: Version| {
        let index = usize::from(index);
        if names.len() <= index {
            names.resize(index + 1, None);
        }
        if let Some(name) = names.get_mut(index) {
            *name = Some(version);
        }
    };
    for definition in linkage::definitions(object)?.unwrap_or_default() {
        if !definition.base {
            let version = Version {
                name: definition.version,
                hidden: false,
                library: None,
            };
            set(definition.index, version);
        }
    }
    for need in linkage::needs(object)? {
        let version = Version {
            name: need.version,
            hidden: need.hidden,
            library: Some(need.library),
        };
        set(need.index, version);
    }
    Ok(names)
}
