//! The ld.so cache, `/etc/ld.so.cache`, in both formats. Lookups follow ld.so.
//!
//! Source: glibc, elf/dl-cache.c and sysdeps/generic/dl-cache.h (file layout and order of entries).

use std::cmp::Ordering;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use memchr::memchr;

use super::reader::part;
use crate::platform::Level;

/// Limit for the size of a cache.
pub(crate) const MOST_CACHE_BYTES: u64 = 64 << 20;

const OLD_MAGIC: &[u8] = b"ld.so-1.7.0";
const NEW_MAGIC: &[u8] = b"glibc-ld.so.cache1.1";
const OLD_HEADER: u64 = 16;
const OLD_ENTRY: u64 = 12;
const NEW_HEADER: u64 = 48;
const NEW_ENTRY: u64 = 24;
const EXTENSION_MAGIC: u32 = 0xeaa4_2174;
const HWCAPS_TAG: u32 = 1;
/// The hwcap bit of an entry in a glibc-hwcaps directory: bit 62.
const HWCAPS_ENTRY: u64 = 1 << 62;

/// A cache with a valid header.
#[derive(Debug)]
pub struct Cache {
    bytes: Vec<u8>,
    big_endian: bool,
    entries_at: u64,
    entry_bytes: u64,
    count: u64,
    /// The start of the offsets of names.
    names_at: u64,
    /// The names of the glibc-hwcaps directories.
    hwcaps: Vec<String>,
}

/// The capabilities of the machine that select entries of the cache.
#[derive(Clone, Debug)]
pub struct Abilities {
    /// The flags of matching entries: 0x0303 is x86-64 with glibc.
    pub flags: u32,
    /// Names of glibc-hwcaps directories, best first.
    pub hwcaps: Vec<&'static str>,
    pub level: Level,
    /// The bits that may be set in an old-style hwcap of an entry.
    pub legacy: u64,
}

/// A library found in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit<'a> {
    pub path: &'a OsStr,
    /// The glibc-hwcaps directory it is in.
    pub hwcaps: Option<&'a str>,
}

impl Cache {
    /// Reads a cache.
    ///
    /// # Errors
    /// When the file is not a valid cache, with the reason.
    pub fn parse(bytes: Vec<u8>) -> Result<Cache, &'static str> {
        if bytes.starts_with(NEW_MAGIC) {
            return Cache::new_format(bytes, 0);
        }
        if !bytes.starts_with(OLD_MAGIC) {
            return Err("not an ld.so cache");
        }
        // The old format does not state its byte order, so the one that fits the file size is used.
        let entries_in = |big_endian: bool| {
            let count = u64::from(number(&bytes, 12, big_endian)?);
            let end = OLD_HEADER + count * OLD_ENTRY;
            (end <= bytes.len() as u64).then_some((big_endian, count, end))
        };
        let (big_endian, count, end) = entries_in(false)
            .or_else(|| entries_in(true))
            .ok_or("its entries are outside the file")?;
        let new_at = end.next_multiple_of(8);
        let has_new = part(&bytes, new_at, NEW_MAGIC.len() as u64) == Some(NEW_MAGIC);
        if has_new {
            return Cache::new_format(bytes, new_at);
        }
        Ok(Cache {
            bytes,
            big_endian,
            entries_at: OLD_HEADER,
            entry_bytes: OLD_ENTRY,
            count,
            names_at: end,
            hwcaps: Vec::new(),
        })
    }

    /// The new format. If it follows an old one, offsets of names count from its own header, and
    /// those of extensions from the start of the file.
    fn new_format(bytes: Vec<u8>, header_at: u64) -> Result<Cache, &'static str> {
        let flags = part(&bytes, header_at + 28, 1)
            .and_then(<[u8]>::first)
            .copied();
        // 0 means written by a glibc before 2.33, in the native byte order.
        let big_endian = match flags.ok_or("it ends within its header")? & 3 {
            2 => false,
            3 => true,
            0 => {
                let count = number(&bytes, header_at + 20, false).unwrap_or(u32::MAX);
                u64::from(count) * NEW_ENTRY > bytes.len() as u64
            }
            _ => return Err("its byte order is invalid"),
        };
        let count =
            number(&bytes, header_at + 20, big_endian).ok_or("it ends within its header")?;
        let entries_at = header_at + NEW_HEADER;
        let end = entries_at + u64::from(count) * NEW_ENTRY;
        if end > bytes.len() as u64 {
            return Err("its entries are outside the file");
        }
        let mut cache = Cache {
            bytes,
            big_endian,
            entries_at,
            entry_bytes: NEW_ENTRY,
            count: count.into(),
            names_at: header_at,
            hwcaps: Vec::new(),
        };
        cache.hwcaps = cache.read_hwcaps(header_at).unwrap_or_default();
        Ok(cache)
    }

    fn read_hwcaps(&self, header_at: u64) -> Option<Vec<String>> {
        let extension = u64::from(self.number(header_at + 32)?);
        if extension == 0 || self.number(extension)? != EXTENSION_MAGIC {
            return None;
        }
        let sections = u64::from(self.number(extension + 4)?).min(64);
        for section in 0..sections {
            let at = extension + 8 + section * 16;
            if self.number(at)? != HWCAPS_TAG {
                continue;
            }
            let (offset, size) = (self.number(at + 8)?, self.number(at + 12)?);
            let names = (0..u64::from(size / 4).min(1024)).map(|index| {
                // ld.so counts these from the start of the file, so it does not find them in a
                // cache that starts with the old format.
                let at = usize::try_from(self.number(u64::from(offset) + 4 * index)?).ok()?;
                let name = self.bytes.get(at..)?;
                let name = name.get(..memchr(0, name)?)?;
                Some(String::from_utf8_lossy(name).into_owned())
            });
            return names.collect();
        }
        None
    }

    /// What ld.so finds for `name` on a machine with these capabilities.
    pub fn lookup(&self, name: &OsStr, abilities: &Abilities) -> Option<Hit<'_>> {
        let name = name.as_bytes();
        let mut at = self.first_of(name)?;
        let mut best: Option<(Hit<'_>, usize)> = None;
        let mut plain: Option<(Hit<'_>, bool)> = None;
        while at < self.count && self.key(at).is_some_and(|key| key == name) {
            let entry = self.entries_at + at * self.entry_bytes;
            at += 1;
            let Some(flags) = self.number(entry) else {
                break;
            };
            let Some(path) = self.number(entry + 8).and_then(|offset| self.name(offset)) else {
                continue;
            };
            // 1 is an ELF library for any C library.
            if flags != 1 && flags != abilities.flags {
                continue;
            }
            let path = OsStr::from_bytes(path);
            let hwcap = if self.entry_bytes == NEW_ENTRY {
                self.wide(entry + 16)?
            } else {
                0
            };
            if hwcap & HWCAPS_ENTRY != 0 {
                if let Some((hwcaps, rank)) = self.rank(hwcap, abilities)
                    && best.is_none_or(|(_, best)| rank < best)
                {
                    best = Some((
                        Hit {
                            path,
                            hwcaps: Some(hwcaps),
                        },
                        rank,
                    ));
                }
            } else if hwcap & !abilities.legacy == 0 {
                let exact = flags == abilities.flags;
                if plain.is_none_or(|(_, already)| exact && !already) {
                    plain = Some((Hit { path, hwcaps: None }, exact));
                }
            }
        }
        best.map(|(hit, _)| hit).or(plain.map(|(hit, _)| hit))
    }

    /// The rank of a glibc-hwcaps entry's directory among those the machine supports.
    fn rank(&self, hwcap: u64, abilities: &Abilities) -> Option<(&str, usize)> {
        let level = (hwcap >> 32) & 0x3ff;
        if level > abilities.level as u64 {
            return None;
        }
        let name = self
            .hwcaps
            .get(usize::try_from(hwcap & 0xffff_ffff).ok()?)?;
        let rank = abilities
            .hwcaps
            .iter()
            .position(|ability| ability == name)?;
        Some((name, rank))
    }

    /// The first entry with this name. Entries are sorted by name in descending order.
    fn first_of(&self, name: &[u8]) -> Option<u64> {
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if compare(name, self.key(middle)?) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }

    fn key(&self, entry: u64) -> Option<&[u8]> {
        let at = self.entries_at + entry * self.entry_bytes + 4;
        self.name(self.number(at)?)
    }

    fn name(&self, offset: u32) -> Option<&[u8]> {
        let start = usize::try_from(self.names_at.checked_add(offset.into())?).ok()?;
        let rest = self.bytes.get(start..)?;
        rest.get(..memchr(0, rest)?)
    }

    fn number(&self, at: u64) -> Option<u32> {
        number(&self.bytes, at, self.big_endian)
    }

    fn wide(&self, at: u64) -> Option<u64> {
        let bytes: [u8; 8] = part(&self.bytes, at, 8)?.try_into().ok()?;
        Some(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }
}

fn number(bytes: &[u8], at: u64, big_endian: bool) -> Option<u32> {
    let bytes: [u8; 4] = part(bytes, at, 4)?.try_into().ok()?;
    Some(if big_endian {
        u32::from_be_bytes(bytes)
    } else {
        u32::from_le_bytes(bytes)
    })
}

/// The order of names in the cache. Runs of digits are compared as numbers, and a digit is greater
/// than any other character.
fn compare(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        match (a.split_first(), b.split_first()) {
            (None, None) => return Ordering::Equal,
            (Some((x, _)), Some((y, _))) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let ((m, rest_a), (n, rest_b)) = (leading_number(a), leading_number(b));
                match m.cmp(&n) {
                    Ordering::Equal => (a, b) = (rest_a, rest_b),
                    unequal => return unequal,
                }
            }
            (Some((x, _)), _) if x.is_ascii_digit() => return Ordering::Greater,
            (_, Some((y, _))) if y.is_ascii_digit() => return Ordering::Less,
            (Some((x, rest_a)), Some((y, rest_b))) if x == y => (a, b) = (rest_a, rest_b),
            (x, y) => {
                // ldconfig compares signed characters.
                let signed = |c: Option<(&u8, &[u8])>| c.map_or(0, |(&c, _)| c.cast_signed());
                return signed(x).cmp(&signed(y));
            }
        }
    }
}

fn leading_number(text: &[u8]) -> (i64, &[u8]) {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, rest) = text.split_at_checked(digits).unwrap_or((text, &[]));
    let value = number.iter().fold(0_i64, |sum, digit| {
        sum.wrapping_mul(10).wrapping_add(i64::from(digit - b'0'))
    });
    (value, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A cache in the new format with these entries (name, path, flags, hwcap), in this order.
    pub(crate) fn made(entries: &[(&str, &str, u32, u64)], hwcaps: &[&str]) -> Vec<u8> {
        let names_at = 48 + 24 * entries.len();
        let mut names = Vec::new();
        let mut add = |text: &str| {
            let at = (names_at + names.len()) as u32;
            names.extend(text.bytes());
            names.push(0);
            at
        };
        let places: Vec<_> = entries
            .iter()
            .map(|entry| (add(entry.0), add(entry.1)))
            .collect();
        let hwcap_places: Vec<u32> = hwcaps.iter().map(|name| add(name)).collect();
        while names.len() % 4 != 0 {
            names.push(0);
        }
        let extension = (names_at + names.len()) as u32;
        let mut bytes = NEW_MAGIC.to_vec();
        bytes.extend((entries.len() as u32).to_le_bytes());
        bytes.extend((names.len() as u32).to_le_bytes());
        bytes.extend([2, 0, 0, 0]);
        bytes.extend(extension.to_le_bytes());
        bytes.extend([0; 12]);
        for (&(_, _, flags, hwcap), (key, value)) in entries.iter().zip(places) {
            for word in [flags, key, value, 0] {
                bytes.extend(word.to_le_bytes());
            }
            bytes.extend(hwcap.to_le_bytes());
        }
        bytes.extend(names);
        for word in [
            EXTENSION_MAGIC,
            1,
            1,
            0,
            extension + 24,
            4 * hwcaps.len() as u32,
        ] {
            bytes.extend(word.to_le_bytes());
        }
        for place in hwcap_places {
            bytes.extend(place.to_le_bytes());
        }
        bytes
    }

    fn abilities(level: Level) -> Abilities {
        let all = ["x86-64-v4", "x86-64-v3", "x86-64-v2"];
        Abilities {
            flags: 0x303,
            hwcaps: all[3 - level as usize..].to_vec(),
            level,
            legacy: 0,
        }
    }

    #[test]
    fn lookup_returns_the_best_entry_of_a_name() {
        let hwcap = |level: u64, name: u64| HWCAPS_ENTRY | level << 32 | name;
        let bytes = made(
            &[
                ("libz.so.1", "/v3/libz.so.1", 0x303, hwcap(2, 0)),
                ("libz.so.1", "/v2/libz.so.1", 0x303, hwcap(1, 1)),
                ("libz.so.1", "/lib/libz.so.1", 0x303, 0),
                ("libz.so.1", "/lib32/libz.so.1", 3, 0),
                ("libc.so.10", "/lib/libc.so.10", 0x303, 0),
                ("libc.so.6", "/old/libc.so.6", 0x303, 1 << 63),
                ("libc.so.6", "/lib/libc.so.6", 0x303, 0),
            ],
            &["x86-64-v3", "x86-64-v2"],
        );
        let cache = Cache::parse(bytes).unwrap();
        let find = |name: &str, level| {
            let hit = cache.lookup(OsStr::new(name), &abilities(level));
            hit.map(|hit| hit.path.to_str().unwrap().to_owned())
        };
        assert_eq!(find("libz.so.1", Level::V4).unwrap(), "/v3/libz.so.1");
        assert_eq!(find("libz.so.1", Level::V2).unwrap(), "/v2/libz.so.1");
        assert_eq!(find("libz.so.1", Level::V1).unwrap(), "/lib/libz.so.1");
        assert_eq!(find("libc.so.6", Level::V4).unwrap(), "/lib/libc.so.6");
        assert_eq!(find("libc.so.10", Level::V1).unwrap(), "/lib/libc.so.10");
        assert_eq!(find("liba.so", Level::V1), None);
        assert_eq!(find("libzz.so", Level::V1), None);
    }

    #[test]
    fn corrupt_cache_does_not_panic_or_hang() {
        let bytes = made(
            &[
                ("libz.so.1", "/lib/libz.so.1", 0x303, HWCAPS_ENTRY),
                ("libc.so.6", "/lib/libc.so.6", 0x303, 0),
            ],
            &["x86-64-v3"],
        );
        let mut old = OLD_MAGIC.to_vec();
        old.extend([0, 1, 0, 0, 0]);
        old.extend([3, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 0]);
        old.extend([0; 4]);
        old.extend_from_slice(&bytes);
        for bytes in [bytes, old] {
            for end in 0..bytes.len() {
                look(bytes[..end].to_vec());
            }
            for at in 0..bytes.len() {
                for value in [0, 1, 0x7f, 0x80, 0xff, bytes[at] ^ 1] {
                    let mut altered = bytes.clone();
                    altered[at] = value;
                    look(altered);
                }
            }
        }
    }

    fn look(bytes: Vec<u8>) {
        if let Ok(cache) = Cache::parse(bytes) {
            for name in ["libz.so.1", "libc.so.6", "libq.so", ""] {
                cache.lookup(OsStr::new(name), &abilities(Level::V4));
            }
        }
    }

    #[test]
    fn names_are_compared_as_ldconfig_does() {
        for (a, b) in [
            ("liba.so.9", "liba.so.10"),
            ("liba.so", "liba.so.1"),
            ("liba", "libb"),
            ("lib-x", "lib1x"),
        ] {
            assert_eq!(
                compare(a.as_bytes(), b.as_bytes()),
                Ordering::Less,
                "{a} {b}"
            );
            assert_eq!(compare(b.as_bytes(), a.as_bytes()), Ordering::Greater);
        }
        assert_eq!(compare(b"lib01", b"lib1"), Ordering::Equal);
    }
}
