//! Reads small text files below a root, with a limit for their size.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::elf::root::Root;
use crate::sort::Sortable;

/// Limit for the size of a file in /proc, /sys or /etc.
const MOST_BYTES: u64 = 4 << 20;
/// Limit for the number of entries of a directory.
const MOST_ENTRIES: usize = 4_096;

/// The text of a file. `None` if it cannot be read.
pub(crate) fn read(root: &Root, path: &str) -> Option<String> {
    let outside = root.resolve(Path::new(path)).ok()?;
    // Non-blocking, because opening a FIFO would wait for a writer.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(outside)
        .ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// The text of a file with a single line.
pub(crate) fn line(root: &Root, path: &str) -> Option<String> {
    let text = read(root, path)?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The names in a directory, sorted. Empty if it cannot be read.
pub(crate) fn names(root: &Root, path: &str) -> Vec<String> {
    let Ok(outside) = root.resolve(Path::new(path)) else {
        return Vec::new();
    };
    let Ok(entries) = fs::read_dir(outside) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .take(MOST_ENTRIES)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.order();
    names
}

/// The value of `name` in a file with lines of `name: value`.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        (known.trim() == name).then(|| value.trim())
    })
}
