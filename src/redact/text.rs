//! Masks text and multipart forms.

use std::borrow::Cow;

use memchr::memmem::Finder;

use super::{MASK, decoded, looks_like_token, names};

/// The longest header of a part that is searched. A longer one is masked.
const MAX_PART_HEADER_BYTES: usize = 16 << 10;

/// Masks text of any kind: the value after `name=`, `name:` or `"name":` if the name is that of a
/// secret. This covers forms, INI files, dumped headers and invalid JSON.
pub(crate) fn text(text: &str) -> String {
    if looks_like_token(text) {
        return MASK.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, tail) = rest.split_at_checked(at + 1).unwrap_or((rest, ""));
        out.push_str(before);
        rest = tail;
        if names::of_member(&decoded(name_before(before))) {
            let separator = before.as_bytes().last().copied();
            let (blank, length) = value_length(tail, separator == Some(b'='));
            if length > 0 {
                out.push_str(tail.get(..blank).unwrap_or_default());
                out.push_str(MASK);
                rest = tail.get(blank + length..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
    out
}

/// The last word before a separator, without quotes and blanks.
fn name_before(before: &str) -> &str {
    let before = before
        .trim_end_matches(['=', ':'])
        .trim_end_matches([' ', '\t', '"', '\'', '\\']);
    let start = before
        .char_indices()
        .rev()
        .take(128) // no name is longer, and the total time stays linear
        .take_while(|(_, c)| c.is_alphanumeric() || "_-.%[]+".contains(*c))
        .last()
        .map_or(before.len(), |(at, _)| at);
    before.get(start..).unwrap_or_default()
}

/// The number of blanks before a value, and the length of the value in bytes: up to its closing
/// quote, or to the end of the line or form member.
fn value_length(tail: &str, is_form: bool) -> (usize, usize) {
    let blank = tail.len() - tail.trim_start_matches([' ', '\t']).len();
    let value = tail.get(blank..).unwrap_or_default();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        let is_end = match quote {
            _ if escaped => {
                escaped = false;
                false
            }
            Some(_) if c == '\\' => {
                escaped = true;
                false
            }
            Some(quote) if c == quote && at > 0 => return (blank, at + 1),
            Some(_) => matches!(c, '\r' | '\n'),
            None => matches!(c, '\r' | '\n') || (is_form && c == '&'),
        };
        if is_end {
            return (blank, at);
        }
    }
    (blank, value.len())
}

/// Masks the parts of a multipart form (RFC 7578) that have the name of a secret.
pub(crate) fn multipart<'a>(body: &'a [u8], boundary: &str) -> Cow<'a, [u8]> {
    let delimiter = format!("--{boundary}");
    let delimiter = delimiter.as_bytes();
    // Built once, because a body may have a million parts.
    let delimiters = Finder::new(delimiter);
    let blank_line = Finder::new(b"\r\n\r\n");
    let mut out = Vec::with_capacity(body.len());
    let mut rest = body;
    loop {
        let end = delimiters.find(rest).unwrap_or(rest.len());
        let (part, tail) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        match blank_line.find(part) {
            Some(head) if is_secret_part(part.get(..head).unwrap_or_default()) => {
                out.extend_from_slice(part.get(..head + 4).unwrap_or_default());
                out.extend_from_slice(MASK.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
            _ => out.extend_from_slice(part),
        }
        if tail.is_empty() {
            return out.into();
        }
        out.extend_from_slice(delimiter);
        rest = tail.get(delimiter.len()..).unwrap_or_default();
    }
}

fn is_secret_part(head: &[u8]) -> bool {
    // No client sends such a long header. Mask what cannot be checked.
    if head.len() > MAX_PART_HEADER_BYTES {
        return true;
    }
    let head = String::from_utf8_lossy(head);
    let lower = head.to_ascii_lowercase();
    // "filename=" also ends in "name=", so check every occurrence. Each value is skipped after the
    // check, so that "name=name=…" takes linear time.
    let mut rest = lower.as_str();
    while let Some((_, after)) = rest.split_once("name=") {
        let value = after.strip_prefix('"').unwrap_or(after);
        let end = value.find(['"', ';', '\r', '\n']).unwrap_or(value.len());
        let (name, tail) = value.split_at_checked(end).unwrap_or((value, ""));
        let last = name.rsplit('=').next().unwrap_or_default();
        if names::of_member(name) || names::of_member(last) {
            return true;
        }
        rest = tail;
    }
    false
}
