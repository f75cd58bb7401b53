//! The names of the undefined symbols of an object, and what they say about the C++ ABI.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use memchr::memchr;

use super::cxx_abi::{self, AbiUse};
use super::linkage::Need;
use super::parse::Object;
use super::reader::Fault;
use super::symbols::{self, Undefined};

/// Limit for the length of a list of symbols.
pub(super) const MOST_LISTED: usize = 1000;
/// Limit for the size of all lists of an object.
const MOST_LISTED_BYTES: usize = 4 << 20;
/// This many bytes of symbol names are read, whatever the size of their table.
const MOST_SMALL_NAMES_BYTES: usize = 16 << 20;
/// A symbol name is truncated to this size. C++ names have at most a few kilobytes.
const MOST_SYMBOL_BYTES: usize = 16 << 10;

/// A symbol and the version it requires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    /// `GLIBC_2.28`.
    pub version: String,
    /// The library that must define it.
    pub library: String,
}

/// The names of the undefined symbols of an object.
pub(super) struct Names<'a> {
    /// For each version, the first symbols bound to it, up to the limit.
    by_version: BTreeMap<u16, Vec<Undefined>>,
    /// The string table, or that of these names only.
    strings: Cow<'a, [u8]>,
    /// The C++ ABI of all names of the object.
    pub abi: AbiUse,
    /// The C++ ABI of the names it needs from libraries other than libstdc++.
    pub wanted_abi: AbiUse,
    /// How many bytes may still be copied into lists of symbols.
    list_bytes: Cell<usize>,
}

impl<'a> Names<'a> {
    /// Reads the names of an object that needs these versions. `buffer` is reused for all files.
    ///
    /// # Errors
    /// When a table cannot be read.
    pub(super) fn read(
        object: &'a Object,
        needs: &[Need],
        buffer: &mut Vec<u8>,
    ) -> Result<Names<'a>, Fault> {
        let mut wanted = symbols::undefined(object)?;
        let mut seen = Seen::of(needs);
        let (strings, abi) = match object.small_strings() {
            Some(strings) => {
                let abi = seen.begin(strings);
                for &one in &wanted {
                    seen.add(one.version, strings, one.name.into())?;
                }
                (Cow::Borrowed(strings), abi)
            }
            None => {
                let (strings, abi) = extract(object, &mut wanted, &mut seen, buffer)?;
                (Cow::Owned(strings), abi)
            }
        };
        let mut by_version: BTreeMap<u16, Vec<Undefined>> = BTreeMap::new();
        for one in wanted {
            let bound = by_version.entry(one.version).or_default();
            if bound.len() < MOST_LISTED {
                bound.push(one);
            }
        }
        Ok(Names {
            by_version,
            strings,
            abi,
            wanted_abi: AbiUse::from_seen(seen.old, seen.new),
            list_bytes: Cell::new(MOST_LISTED_BYTES),
        })
    }

    /// The first symbols bound to a version.
    pub(super) fn bound_to<'b>(&'b self, need: &'b Need) -> impl Iterator<Item = Symbol> + 'b {
        let bound = self.by_version.get(&need.index).map(Vec::as_slice);
        bound.unwrap_or_default().iter().map_while(|&wanted| {
            let symbol = name_at(&self.strings, wanted.name.into());
            let length = symbol.len() + need.version.len() + need.library.len();
            self.list_bytes
                .set(self.list_bytes.get().checked_sub(length)?);
            Some(Symbol {
                name: String::from_utf8_lossy(symbol).into_owned(),
                version: need.version.clone(),
                library: need.library.clone(),
            })
        })
    }
}

/// The C++ ABIs of the undefined symbols seen so far.
struct Seen {
    /// The versions that libstdc++ defines. It has both ABIs.
    of_libstdcxx: BTreeSet<u16>,
    old: bool,
    new: bool,
    /// The C++ ABI of all names in the table, which says what is worth looking for.
    of_table: AbiUse,
    bytes: usize,
    /// Names may share bytes, but their total is not much longer than the table.
    most_bytes: usize,
}

impl Seen {
    fn of(needs: &[Need]) -> Seen {
        let from_libstdcxx = |need: &&Need| need.library.starts_with("libstdc++");
        Seen {
            of_libstdcxx: needs
                .iter()
                .filter(from_libstdcxx)
                .map(|need| need.index)
                .collect(),
            old: false,
            new: false,
            of_table: AbiUse::Neither,
            bytes: 0,
            most_bytes: MOST_SMALL_NAMES_BYTES,
        }
    }

    /// Begins with a string table, or the next part of one. Returns the C++ ABI of its names.
    fn begin(&mut self, strings: &[u8]) -> AbiUse {
        self.most_bytes += 2 * strings.len();
        self.of_table = cxx_abi::of_names(strings);
        self.of_table
    }

    /// Looks at the name at `offset` of the string table that was begun last.
    fn add(&mut self, version: u16, strings: &[u8], offset: u64) -> Result<(), Fault> {
        // A name that is the end of another one may show what the whole does not.
        let before = offset
            .checked_sub(1)
            .and_then(|at| usize::try_from(at).ok());
        let is_whole = before.and_then(|at| strings.get(at)) == Some(&0);
        let old = !self.old && (self.of_table.has_old() || !is_whole);
        let new = !self.new && (self.of_table.has_new() || !is_whole);
        if !(old || new) || version > 1 && self.of_libstdcxx.contains(&version) {
            return Ok(());
        }
        let name = name_at(strings, offset);
        self.count(name)?;
        // Without symbol versions, names of std may come from any library.
        let is_std = [&b"_ZS"[..], b"_ZNS", b"_ZNKS"]
            .iter()
            .any(|start| name.starts_with(start));
        if !is_std {
            self.old |= old && cxx_abi::is_old_abi(name);
            self.new |= new && cxx_abi::is_new_abi(name);
        }
        Ok(())
    }

    fn count(&mut self, name: &[u8]) -> Result<(), Fault> {
        self.bytes = self.bytes.saturating_add(name.len());
        if self.bytes > self.most_bytes {
            return Err(overlapping_names());
        }
        Ok(())
    }
}

/// Limit for the length of all symbol names together. Names may share bytes, but their total is not
/// much longer than the table.
pub(super) fn most_name_bytes(strings: &[u8]) -> usize {
    (2 * strings.len()).max(MOST_SMALL_NAMES_BYTES)
}

/// The fault of a file with longer names.
pub(super) fn overlapping_names() -> Fault {
    Fault::broken("the symbol names overlap")
}

/// The name at `offset` of a string table. It is truncated if it is long, and empty if it is outside
/// or not terminated.
fn name_at(strings: &[u8], offset: u64) -> &[u8] {
    let start = usize::try_from(offset).ok();
    let rest = start.and_then(|at| strings.get(at..)).unwrap_or_default();
    let start = rest.get(..MOST_SYMBOL_BYTES).unwrap_or(rest);
    match memchr(0, start) {
        Some(end) => start.get(..end).unwrap_or_default(),
        None if start.len() < rest.len() => start,
        None => &[],
    }
}

/// The symbols in the order of their names in the table: the offset of the name, and the symbol's
/// number. The second list says which symbols are among the first of their version.
fn in_order(wanted: &[Undefined]) -> (Vec<(u32, usize)>, Vec<bool>) {
    let mut of_version: BTreeMap<u16, usize> = BTreeMap::new();
    let is_listed = |one: &Undefined| {
        let count = of_version.entry(one.version).or_default();
        *count += 1;
        *count <= MOST_LISTED
    };
    let listed = wanted.iter().map(is_listed).collect();
    let numbered = wanted.iter().zip(0..);
    let mut in_order: Vec<(u32, usize)> = numbered.map(|(one, at)| (one.name, at)).collect();
    in_order.sort_unstable();
    (in_order, listed)
}

/// Looks at the names of all symbols in a large string table, which is read once and not kept. Returns
/// a table of those that are listed, to which the symbols then refer, and the C++ ABI of all names.
fn extract(
    object: &Object,
    wanted: &mut [Undefined],
    seen: &mut Seen,
    buffer: &mut Vec<u8>,
) -> Result<(Vec<u8>, AbiUse), Fault> {
    let (in_order, listed) = in_order(wanted);
    let mut in_order = in_order.into_iter().peekable();
    // An empty name, for symbols whose name is not in the table.
    let mut names = vec![0];
    let (mut old, mut new) = (false, false);
    object.strings_in_parts(buffer, &mut |start, strings| {
        let abi = seen.begin(strings);
        (old, new) = (old || abi.has_old(), new || abi.has_new());
        let end = start + strings.len() as u64;
        while let Some((offset, number)) = in_order.next_if(|one| u64::from(one.0) < end) {
            let offset = u64::from(offset).saturating_sub(start);
            let Some(one) = wanted.get_mut(number) else {
                continue;
            };
            seen.add(one.version, strings, offset)?;
            one.name = 0;
            if listed.get(number) == Some(&true) {
                let name = name_at(strings, offset);
                seen.count(name)?;
                one.name = u32::try_from(names.len()).unwrap_or(0);
                names.extend_from_slice(name);
                names.push(0);
            }
        }
        Ok(())
    })?;
    for (_, number) in in_order {
        if let Some(outside) = wanted.get_mut(number) {
            outside.name = 0;
        }
    }
    Ok((names, AbiUse::from_seen(old, new)))
}
