//! The executables of a package, and what they need on a node.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::PathBuf;

/// An executable and its name in `bin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tool {
    pub name: String,
    pub source: PathBuf,
}

/// What an executable needs to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Linkage {
    /// Only the kernel.
    Static,
    /// A dynamic loader and libraries on the node.
    Dynamic,
    /// The interpreter named in its first line.
    Script,
    /// A processor other than x86-64.
    OtherMachine,
}

/// Limit for the number of program headers.
const MOST_HEADERS: u64 = 512;

/// Reads the first bytes of an executable and, for an ELF file, its program headers (elf(5)).
///
/// # Errors
/// A message why a node cannot run the file.
pub(crate) fn linkage(file: &File) -> Result<Linkage, String> {
    let metadata = file
        .metadata()
        .map_err(|error| crate::io_error::reason(&error))?;
    if !metadata.is_file() {
        return Err("not a regular file".into());
    }
    if metadata.mode() & 0o111 == 0 {
        return Err("not executable; run chmod +x first".into());
    }
    let mut head = [0; 64];
    let length = read_up_to(file, &mut head).map_err(|error| crate::io_error::reason(&error))?;
    let head = head.get(..length).unwrap_or_default();
    if head.starts_with(b"#!") {
        return Ok(Linkage::Script);
    }
    if !head.starts_with(b"\x7fELF") {
        return Err("neither an ELF program nor a script with a #! line".into());
    }
    elf(file, head).ok_or_else(|| "the ELF headers are truncated".into())
}

/// Only the headers of 64-bit little endian files for x86-64 are read.
fn elf(file: &File, head: &[u8]) -> Option<Linkage> {
    const X86_64: u64 = 62;
    const PT_INTERP: u64 = 3;
    if *head.get(4)? != 2 || *head.get(5)? != 1 || number(head, 18, 2)? != X86_64 {
        return Some(Linkage::OtherMachine);
    }
    let (start, size, count) = (
        number(head, 32, 8)?,
        number(head, 54, 2)?,
        number(head, 56, 2)?,
    );
    for index in 0..count.min(MOST_HEADERS) {
        let mut kind = [0; 4];
        let at = start.checked_add(index.checked_mul(size)?)?;
        file.read_exact_at(&mut kind, at).ok()?;
        if u64::from(u32::from_le_bytes(kind)) == PT_INTERP {
            return Some(Linkage::Dynamic);
        }
    }
    Some(Linkage::Static)
}

fn number(bytes: &[u8], at: usize, length: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + length)?;
    Some(
        bytes
            .iter()
            .rev()
            .fold(0, |number, &byte| number << 8 | u64::from(byte)),
    )
}

fn read_up_to(file: &File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut length = 0;
    while let Some(rest) = buffer.get_mut(length..).filter(|rest| !rest.is_empty()) {
        match file.read_at(rest, length as u64)? {
            0 => break,
            count => length += count,
        }
    }
    Ok(length)
}
