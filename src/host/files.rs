//! Small text files below a root, read in bounded parts.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::elf::root::Root;

/// No file of /proc, /sys or /etc that matters here is larger.
const MOST_BYTES: u64 = 4 << 20;
/// No directory that is listed here holds more that matters.
const MOST_ENTRIES: usize = 4_096;

/// The text of a file; `None` where it is not there or cannot be read.
pub(crate) fn read(root: &Root, path: &str) -> Option<String> {
    let outside = root.resolve(Path::new(path)).ok()?;
    // Not blocking: at a FIFO in a file's place nobody may ever write.
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

/// A file that is one line.
pub(crate) fn line(root: &Root, path: &str) -> Option<String> {
    let text = read(root, path)?;
    let line = text.lines().next()?.trim();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The names in a directory, in order; none where there is no directory.
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
    names.sort();
    names
}

/// What follows `name` and a colon in a file of such lines.
pub(crate) fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        (known.trim() == name).then(|| value.trim())
    })
}
