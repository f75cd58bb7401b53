//! The dynamic symbols of one object, and how ld.so finds one by name and version.
//!
//! Source: System V ABI, "Symbol Table"; Linux Standard Base, "Symbol Versioning".

use std::cell::Cell;
use std::rc::Rc;

use object::elf::{self, Sym32, Sym64};
use object::endian::Endianness;
use object::read::elf::Sym;

use super::hash::HashTable;
use super::region::Region;
use crate::elf::linkage;
use crate::elf::parse::{Class, Object};
use crate::elf::reader::{Fault, value};

/// An entry of a symbol table.
#[derive(Clone, Copy, Debug)]
pub(in crate::elf) struct Symbol {
    /// The offset of its name.
    pub name: u32,
    pub bind: elf::SymbolBind,
    pub kind: elf::SymbolType,
    pub visibility: elf::SymbolVisibility,
    pub section: elf::SymbolSection,
    pub value: u64,
    pub size: u64,
}

impl Symbol {
    fn of<S: Sym<Endian = Endianness>>(symbol: &S, endian: Endianness) -> Symbol {
        Symbol {
            name: symbol.st_name(endian),
            bind: symbol.st_bind(),
            kind: symbol.st_type(),
            visibility: symbol.st_visibility(),
            section: symbol.st_shndx(endian),
            value: symbol.st_value(endian).into(),
            size: symbol.st_size(endian).into(),
        }
    }

    pub(in crate::elf) fn is_undefined(&self) -> bool {
        self.section == elf::SHN_UNDEF
    }

    /// No other object sees it, and a reference to it needs no search.
    pub(in crate::elf) fn is_local(&self) -> bool {
        self.bind == elf::STB_LOCAL
            || self.visibility == elf::STV_HIDDEN
            || self.visibility == elf::STV_INTERNAL
    }

    pub(in crate::elf) fn is_weak(&self) -> bool {
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
    pub(in crate::elf) fn is_offered_definition(&self) -> bool {
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
pub(in crate::elf) struct Version {
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

/// The symbols of an object.
#[derive(Debug)]
pub(in crate::elf) struct SymbolTable {
    class: Class,
    endian: Endianness,
    symbols: Region,
    strings: Region,
    /// The version number of each symbol. Empty if there are none.
    versions: Region,
    hash: HashTable,
    /// The versions that it defines and needs, by number.
    names: Vec<Option<Version>>,
    /// What has been spent since the last start, limited by [`MOST_WORK`].
    work: Cell<u64>,
}

/// Limit for the bytes of names that are looked at for one plug-in, and for the symbols, four bytes
/// each. All symbols of a hostile file may have one long name, or one hash.
const MOST_WORK: u64 = 1 << 28;

impl SymbolTable {
    /// Reads the tables of an object.
    ///
    /// # Errors
    /// When they are outside the file.
    pub(in crate::elf) fn of(object: &Rc<Object>) -> Result<SymbolTable, Fault> {
        let region = |tag, size| match object.value(tag) {
            Some(address) => Region::at(object, address, size),
            None => Ok(Region::empty()),
        };
        let hash = HashTable::of(object)?;
        let mut table = SymbolTable {
            class: object.architecture.class,
            endian: object.endian(),
            symbols: Region::empty(),
            strings: region(elf::DT_STRTAB, object.value(elf::DT_STRSZ).unwrap_or(0))?,
            versions: Region::empty(),
            hash,
            names: version_names(object)?,
            work: Cell::new(0),
        };
        // The tables have as many entries as the hash table has symbols.
        let count = table.hash.count()?;
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

    /// How many symbols can be read.
    pub(in crate::elf) fn len(&self) -> u64 {
        self.symbols.size() / self.entry_bytes()
    }

    /// The entry with this number.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(in crate::elf) fn symbol(&self, index: u64) -> Result<Option<Symbol>, Fault> {
        let at = index.saturating_mul(self.entry_bytes());
        Ok(match self.class {
            Class::Bits64 => self.symbols.array::<24>(at)?.and_then(|bytes| {
                let symbol = value::<Sym64<Endianness>>(&bytes, 0)?;
                Some(Symbol::of(symbol, self.endian))
            }),
            Class::Bits32 => self.symbols.array::<16>(at)?.and_then(|bytes| {
                let symbol = value::<Sym32<Endianness>>(&bytes, 0)?;
                Some(Symbol::of(symbol, self.endian))
            }),
        })
    }

    /// Frees what has been read of the symbols. They can still be read.
    pub(in crate::elf) fn forget_symbols(&self) {
        self.symbols.forget();
        self.versions.forget();
    }

    /// Reads the name of a symbol into `name`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn name(&self, symbol: &Symbol, name: &mut Vec<u8>) -> Result<(), Fault> {
        self.strings.string(symbol.name.into(), name)?;
        self.spend(name.len())
    }

    /// Starts to count the work for a plug-in.
    pub(super) fn start(&self) {
        self.work.set(0);
    }

    /// Counts a look at a symbol, and at so many bytes of its name.
    fn spend(&self, bytes: usize) -> Result<(), Fault> {
        let work = self.work.get() + 4 + bytes as u64;
        self.work.set(work);
        if work > MOST_WORK {
            return Err(Fault::broken(
                "its symbols have too long names or equal hashes",
            ));
        }
        Ok(())
    }

    /// Whether the name of a symbol is this one.
    fn is_named(&self, symbol: &Symbol, name: &[u8]) -> Result<bool, Fault> {
        self.spend(name.len())?;
        self.strings.is_string(symbol.name.into(), name)
    }

    /// The number in the table of versions, with the bit for hidden.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(in crate::elf) fn version_number(&self, index: u64) -> Result<Option<u16>, Fault> {
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

    /// The versions that the object defines and needs, by number.
    pub(in crate::elf) fn into_versions(self) -> Vec<Option<Version>> {
        self.names
    }

    /// The definition to which a reference is bound in this object.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn find(&self, wanted: Wanted) -> Result<Option<(u64, Symbol)>, Fault> {
        if !self.hash.may_have(wanted.gnu_hash)? {
            return Ok(None);
        }
        // The only definition, if it has a version and the reference has none.
        let mut versioned = None;
        let mut several = false;
        let mut place = self.hash.first_place(wanted.name, wanted.gnu_hash)?;
        let mut left = self.len();
        while let Some(index) = place.filter(|_| left > 0) {
            left -= 1;
            self.spend(0)?;
            if self.hash.has_hash(index, wanted.gnu_hash)?
                && let Some(symbol) = self.symbol(index)?
                && symbol.is_definition(wanted.only)
                && self.is_named(&symbol, wanted.name)?
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
            place = self.hash.next_place(index)?;
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
        let mut place = self.hash.first_place(wanted.name, wanted.gnu_hash)?;
        let mut left = self.len();
        while let Some(index) = place.filter(|_| left > 0) {
            left -= 1;
            self.spend(0)?;
            if self.hash.has_hash(index, wanted.gnu_hash)?
                && let Some(symbol) = self.symbol(index)?
                && symbol.is_offered_definition()
                && self.is_named(&symbol, name)?
            {
                found.push(index);
            }
            place = self.hash.next_place(index)?;
        }
        Ok(found)
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
