//! The list of the values of a text.

use super::{MAX_DEPTH, MAX_NODES};
use crate::json::token_length;

/// A value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where it starts, or its key.
    pub start: u32,
    /// The value after it and all values within it.
    pub next: u32,
    pub parent: u32,
    /// The number of members or elements, and the kind in the two highest bits.
    size: u32,
}

/// How a value starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    Object,
    Array,
    String,
    Word,
}

const COUNT: u32 = (1 << 30) - 1;

impl Entry {
    pub(super) fn count(self) -> u32 {
        self.size & COUNT
    }

    pub(super) fn kind(self) -> Opening {
        match self.size >> 30 {
            0 => Opening::Object,
            1 => Opening::Array,
            2 => Opening::String,
            _ => Opening::Word,
        }
    }
}

fn size_of_kind(first: u8) -> u32 {
    match first {
        b'{' => 0,
        b'[' => 1 << 30,
        b'"' => 2 << 30,
        _ => 3 << 30,
    }
}

/// The values of a valid text, in order.
pub(super) fn entries(text: &str) -> Result<Vec<Entry>, String> {
    let mut entries: Vec<Entry> = Vec::new();
    // The open objects and arrays.
    let mut open: Vec<u32> = Vec::new();
    // Where the key of the next value starts.
    let mut key: Option<u32> = None;
    let mut rest = text.trim_ascii_start();
    while let Some(first) = rest.bytes().next() {
        let at = text.len() - rest.len();
        let start = u32::try_from(at).map_err(|_| too_large())?;
        let length = token_length(rest, first);
        let after = rest.get(length..).unwrap_or_default();
        let after = match after.bytes().next() {
            Some(b' ' | b'\t' | b'\r' | b'\n') => after.trim_ascii_start(),
            Some(_) | None => after,
        };
        rest = after;
        match first {
            b',' | b':' => continue,
            b'}' | b']' => {
                close(&mut entries, open.pop());
                continue;
            }
            b'"' if key.is_none() && after.starts_with(':') => {
                key = Some(start);
                continue;
            }
            _ => {}
        }
        if entries.len() >= MAX_NODES || open.len() > MAX_DEPTH {
            return Err(too_large());
        }
        let own = u32::try_from(entries.len()).map_err(|_| too_large())?;
        let parent = open.last().copied().unwrap_or(0);
        if let Some(parent) = open.last().and_then(|parent| entry(&mut entries, *parent)) {
            parent.size += 1;
        }
        entries.push(Entry {
            start: key.take().unwrap_or(start),
            next: own + 1,
            parent,
            size: size_of_kind(first),
        });
        if matches!(first, b'{' | b'[') {
            open.push(own);
        }
    }
    Ok(entries)
}

fn entry(entries: &mut [Entry], at: u32) -> Option<&mut Entry> {
    entries.get_mut(usize::try_from(at).ok()?)
}

fn close(entries: &mut [Entry], closed: Option<u32>) {
    let next = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    if let Some(entry) = closed.and_then(|closed| entry(entries, closed)) {
        entry.next = next;
    }
}

fn too_large() -> String {
    "it has too many values to be shown as a tree".to_owned()
}
