//! The central directory of an archive, which lists its members.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::error::Error;
use crate::sort::Sortable;

/// Limit for the number of members.
const MOST_ENTRIES: u64 = 500_000;
/// Limit for the size of the directory.
const MOST_DIRECTORY_BYTES: u64 = 64 << 20;
/// Limit for the length of a name. The kernel does not open a longer path.
const MOST_NAME_BYTES: usize = 4096;
/// Up to this size, a member or all members together may have any compression ratio.
const FREE_BYTES: u64 = 64 << 20;
/// Limit for the compression ratio of larger ones. Programs and libraries compress less; a ZIP bomb
/// compresses a thousandfold.
const MOST_RATIO: u64 = 200;

const END_BYTES: u64 = 22;
const MOST_COMMENT_BYTES: u64 = 65_535;
const LOCATOR_BYTES: u64 = 20;
const END64_BYTES: u64 = 56;
const ENTRY_BYTES: usize = 46;
/// The size of the fixed part of the header before a member.
pub(super) const LOCAL_BYTES: u64 = 30;

/// The compression method of a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflated,
}

/// A file in the archive.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// Its relative path inside the archive, without `.` and `..`.
    pub name: Vec<u8>,
    /// Its uncompressed size.
    pub size_bytes: u64,
    pub crc32: u32,
    /// Whether it is a symlink. The contents of the member are its target.
    pub is_link: bool,
    pub(super) method: Method,
    pub(super) packed_bytes: u64,
    pub(super) header_at: u64,
    /// The offset of the next member or of the directory.
    pub(super) ends_before: u64,
}

/// Reads the directory of an archive of `size` bytes.
pub(super) fn read(file: &File, size: u64) -> Result<Vec<Entry>, Error> {
    let end = end(file, size)?;
    if end.count > MOST_ENTRIES {
        return Err(Error::malformed(format!(
            "too many members ({})",
            end.count
        )));
    }
    if end.size > MOST_DIRECTORY_BYTES {
        return Err(Error::malformed("the directory is larger than 64 MiB"));
    }
    let fits = end
        .offset
        .checked_add(end.size)
        .is_some_and(|after| after <= end.at);
    if !fits || end.count * ENTRY_BYTES as u64 > end.size {
        return Err(Error::malformed("the directory is truncated"));
    }
    let mut bytes = vec![0; usize::try_from(end.size).unwrap_or(0)];
    file.read_exact_at(&mut bytes, end.offset)?;
    let mut rest = bytes.as_slice();
    let mut entries = Vec::new();
    for _ in 0..end.count {
        let (entry, after) = entry(rest)?;
        rest = after;
        entries.extend(entry);
    }
    if !rest.is_empty() {
        return Err(Error::malformed(
            "unexpected bytes after the last directory entry",
        ));
    }
    let total = entries
        .iter()
        .fold(0_u64, |sum, entry| sum.saturating_add(entry.size_bytes));
    if grows_too_much(total, size) {
        return Err(Error::malformed("the compression ratio is higher than 200"));
    }
    ensure_apart(&mut entries, end.offset)?;
    entries.order_by(|a, b| a.name.cmp(&b.name));
    for pair in entries.windows(2) {
        if let [one, other] = pair
            && one.name == other.name
        {
            return Err(Error::member(&one.name, "is listed twice"));
        }
    }
    Ok(entries)
}

/// The position of the directory.
struct End {
    offset: u64,
    size: u64,
    count: u64,
    /// The offset of the end record.
    at: u64,
}

fn end(file: &File, size: u64) -> Result<End, Error> {
    let tail_bytes = size.min(END_BYTES + MOST_COMMENT_BYTES);
    let mut tail = vec![0; usize::try_from(tail_bytes).unwrap_or(0)];
    file.read_exact_at(&mut tail, size - tail_bytes)?;
    // The end record ends with a comment, which is the end of the file.
    let is_end = |at: &usize| {
        let record = tail.get(*at..).unwrap_or_default();
        let comment = u16_at(record, 20).map(usize::from);
        record.starts_with(b"PK\x05\x06") && comment.is_some_and(|it| it + 22 == record.len())
    };
    let Some(at) = (0..tail.len()).rev().find(is_end) else {
        return Err(Error::malformed(
            "no directory at the end: the file is truncated",
        ));
    };
    let record = tail.get(at..).unwrap_or_default();
    let short = |offset| u16_at(record, offset).map(u64::from).unwrap_or_default();
    let long = |offset| u32_at(record, offset).map(u64::from).unwrap_or_default();
    let at = size - tail_bytes + at as u64;
    let (count, directory, offset) = (short(10), long(12), long(16));
    let is_wide = count == 0xffff || directory == 0xffff_ffff || offset == 0xffff_ffff;
    if is_wide && let Some(end) = wide_end(file, at)? {
        return Ok(end);
    }
    if short(4) != 0 || short(6) != 0 || short(8) != count {
        return Err(Error::malformed("multi-part archives are unsupported"));
    }
    Ok(End {
        offset,
        size: directory,
        count,
        at,
    })
}

/// The end record of a large archive (ZIP64). A locator before the end record points to it.
fn wide_end(file: &File, end_at: u64) -> Result<Option<End>, Error> {
    let Some(locator_at) = end_at.checked_sub(LOCATOR_BYTES) else {
        return Ok(None);
    };
    let mut locator = [0; LOCATOR_BYTES as usize];
    file.read_exact_at(&mut locator, locator_at)?;
    if !locator.starts_with(b"PK\x06\x07") {
        return Ok(None);
    }
    let at = u64_at(&locator, 8).unwrap_or(u64::MAX);
    if at
        .checked_add(END64_BYTES)
        .is_none_or(|after| after > locator_at)
    {
        return Err(Error::malformed("the ZIP64 end record is outside the file"));
    }
    let mut record = [0; END64_BYTES as usize];
    file.read_exact_at(&mut record, at)?;
    let wide = |offset| u64_at(&record, offset).unwrap_or(u64::MAX);
    if !record.starts_with(b"PK\x06\x06") {
        return Err(Error::malformed("the ZIP64 end record is invalid"));
    }
    if u64_at(&record, 16) != Some(0) || wide(24) != wide(32) {
        return Err(Error::malformed("multi-part archives are unsupported"));
    }
    Ok(Some(End {
        offset: wide(48),
        size: wide(40),
        count: wide(32),
        at,
    }))
}

/// The entry at the start of `bytes` (`None` for a directory), and the remaining bytes.
fn entry(bytes: &[u8]) -> Result<(Option<Entry>, &[u8]), Error> {
    let cut = || Error::malformed("the directory is truncated");
    let fixed = bytes.get(..ENTRY_BYTES).ok_or_else(cut)?;
    if !fixed.starts_with(b"PK\x01\x02") {
        return Err(Error::malformed("the directory is invalid"));
    }
    let short = |offset| u16_at(fixed, offset).unwrap_or_default();
    let long = |offset| u32_at(fixed, offset).unwrap_or_default();
    let rest = bytes.get(ENTRY_BYTES..).unwrap_or_default();
    let (name, rest) = rest.split_at_checked(short(28).into()).ok_or_else(cut)?;
    let (extra, rest) = rest.split_at_checked(short(30).into()).ok_or_else(cut)?;
    let (_, rest) = rest.split_at_checked(short(32).into()).ok_or_else(cut)?;
    ensure_inside(name)?;
    if name.ends_with(b"/") {
        return Ok((None, rest));
    }
    let encrypted = 0x0001 | 0x0040 | 0x2000;
    if short(8) & encrypted != 0 {
        return Err(Error::member(name, "is encrypted"));
    }
    let wide = wide_values(name, extra, [long(24), long(20), long(42)])?;
    let [size_bytes, packed_bytes, header_at] = wide;
    let method = method(name, short(10))?;
    if method == Method::Stored && size_bytes != packed_bytes {
        return Err(Error::member(name, "is stored with two different sizes"));
    }
    if grows_too_much(size_bytes, packed_bytes) {
        return Err(Error::member(
            name,
            "has a compression ratio higher than 200",
        ));
    }
    // In an archive made on Unix, the upper half of the attributes is the file mode.
    let is_link = short(4) >> 8 == 3 && (long(38) >> 16) & 0o170_000 == 0o120_000;
    let entry = Entry {
        name: name.to_vec(),
        size_bytes,
        crc32: long(16),
        is_link,
        method,
        packed_bytes,
        header_at,
        ends_before: 0,
    };
    Ok((Some(entry), rest))
}

/// Whether the compression ratio is that of a ZIP bomb.
fn grows_too_much(size_bytes: u64, packed_bytes: u64) -> bool {
    size_bytes > FREE_BYTES && size_bytes / MOST_RATIO > packed_bytes
}

fn method(name: &[u8], number: u16) -> Result<Method, Error> {
    let other = match number {
        0 => return Ok(Method::Stored),
        8 => return Ok(Method::Deflated),
        9 => "Deflate64",
        12 => "bzip2",
        14 => "LZMA",
        93 => "Zstandard",
        95 => "XZ",
        _ => {
            let why = format!("uses unsupported compression method {number}");
            return Err(Error::member(name, why));
        }
    };
    Err(Error::member(
        name,
        format!("uses unsupported compression method {other}"),
    ))
}

/// The sizes and the offset. Values that do not fit in 32 bits are in the extra field (ZIP64).
fn wide_values(name: &[u8], extra: &[u8], values: [u32; 3]) -> Result<[u64; 3], Error> {
    let mut wide = values.map(u64::from);
    if !values.contains(&u32::MAX) {
        return Ok(wide);
    }
    let mut rest = extra;
    while let (Some(id), Some(length)) = (u16_at(rest, 0), u16_at(rest, 2)) {
        let end = 4 + usize::from(length);
        let Some(field) = rest.get(4..end) else { break };
        if id == 1 {
            let mut at = 0;
            for value in wide.iter_mut().filter(|value| **value == 0xffff_ffff) {
                *value =
                    u64_at(field, at).ok_or_else(|| Error::member(name, "has no 64-bit size"))?;
                at += 8;
            }
            return Ok(wide);
        }
        rest = rest.get(end..).unwrap_or_default();
    }
    Ok(wide)
}

/// Rejects a name that would be unpacked outside of the target directory.
fn ensure_inside(name: &[u8]) -> Result<(), Error> {
    let why = if name.is_empty() {
        "has no name"
    } else if name.len() > MOST_NAME_BYTES {
        "has a name longer than 4096 bytes"
    } else if name.contains(&0) {
        "has a NUL byte in its name"
    } else {
        // The name of a directory ends in a slash.
        let plain = name.strip_suffix(b"/").unwrap_or(name);
        match plain
            .split(|&byte| byte == b'/')
            .find(|part| matches!(*part, b"" | b"." | b".."))
        {
            None => return Ok(()),
            Some(b"..") => "has a path outside the archive",
            Some(_) => "has a path that is not relative",
        }
    };
    Err(Error::member(name, why))
}

/// Rejects members that share bytes, because a ZIP bomb lists the same bytes under many names.
fn ensure_apart(entries: &mut [Entry], directory_at: u64) -> Result<(), Error> {
    entries.order_by_key(|entry| std::cmp::Reverse(entry.header_at));
    let mut next = directory_at;
    for entry in entries {
        let least = LOCAL_BYTES + entry.name.len() as u64;
        let after = entry.header_at.checked_add(least);
        let after = after.and_then(|at| at.checked_add(entry.packed_bytes));
        if after.is_none_or(|after| after > next) {
            return Err(Error::member(&entry.name, "overlaps the next member"));
        }
        entry.ends_before = next;
        next = entry.header_at;
    }
    Ok(())
}

pub(super) fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    let bytes = bytes.get(offset..offset.checked_add(2)?)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    let bytes = bytes.get(offset..offset.checked_add(4)?)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn u64_at(bytes: &[u8], offset: usize) -> Option<u64> {
    let bytes = bytes.get(offset..offset.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}
