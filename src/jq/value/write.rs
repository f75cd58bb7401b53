//! Writes values as JSON.

use super::{Value, float_text};
use crate::escape;

/// The deepest nesting that is written, as in jq. What is deeper is replaced by a note.
const DEEPEST: usize = 10_000;

/// White space before each element and member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::jq) enum Indent {
    /// Everything on one line.
    None,
    Spaces(usize),
    Tabs,
}

/// How values are written.
#[derive(Clone, Debug)]
pub(in crate::jq) struct Style {
    pub indent: Indent,
    /// Whether members are sorted by their keys.
    pub is_sorted: bool,
    /// Whether characters outside ASCII are escaped.
    pub is_ascii: bool,
    /// Whether text is coloured.
    pub is_coloured: bool,
    /// Whether characters that a terminal would obey are escaped.
    pub is_terminal: bool,
}

impl Style {
    /// One line, without white space.
    pub(in crate::jq) fn compact() -> Style {
        Style {
            indent: Indent::None,
            is_sorted: false,
            is_ascii: false,
            is_coloured: false,
            is_terminal: false,
        }
    }

    fn paint(&self, out: &mut Vec<u8>, colour: &str, write: impl FnOnce(&mut Vec<u8>)) {
        if !self.is_coloured {
            return write(out);
        }
        out.extend_from_slice(colour.as_bytes());
        write(out);
        out.extend_from_slice(RESET.as_bytes());
    }

    fn quote(&self, out: &mut Vec<u8>, text: &str) {
        if !self.is_terminal {
            return quote(out, text, self.is_ascii);
        }
        let mut quoted = Vec::new();
        quote(&mut quoted, text, self.is_ascii);
        let quoted = String::from_utf8_lossy(&quoted);
        out.extend_from_slice(escape::json(&quoted).as_bytes());
    }

    fn new_line(&self, out: &mut Vec<u8>, depth: usize) {
        let (unit, count) = match self.indent {
            Indent::None => return,
            Indent::Spaces(width) => (b' ', width * depth),
            Indent::Tabs => (b'\t', depth),
        };
        out.push(b'\n');
        out.resize(out.len() + count, unit);
    }
}

// The colours are those of responses.
const KEY: &str = "\x1b[34m";
const STRING: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const WORD: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// Writes a value, which is `depth` deep.
pub(in crate::jq) fn write(out: &mut Vec<u8>, value: &Value, style: &Style, depth: usize) {
    if depth > DEEPEST {
        return out.extend_from_slice(b"<skipped: too deep>");
    }
    match value {
        Value::Null => style.paint(out, WORD, |out| out.extend_from_slice(b"null")),
        Value::Bool(true) => style.paint(out, WORD, |out| out.extend_from_slice(b"true")),
        Value::Bool(false) => style.paint(out, WORD, |out| out.extend_from_slice(b"false")),
        Value::Int(number) => style.paint(out, NUMBER, |out| integer(out, *number)),
        Value::Float(number) => style.paint(out, NUMBER, |out| float_text(out, *number)),
        Value::Decimal(text) => {
            style.paint(out, NUMBER, |out| out.extend_from_slice(text.as_bytes()));
        }
        Value::Str(text) => style.paint(out, STRING, |out| style.quote(out, text)),
        Value::Array(elements) if elements.is_empty() => out.extend_from_slice(b"[]"),
        Value::Object(members) if members.is_empty() => out.extend_from_slice(b"{}"),
        Value::Array(elements) => {
            for (at, element) in elements.iter().enumerate() {
                out.push(if at == 0 { b'[' } else { b',' });
                style.new_line(out, depth + 1);
                write(out, element, style, depth + 1);
            }
            style.new_line(out, depth);
            out.push(b']');
        }
        Value::Object(members) => {
            let mut first = true;
            let mut member = |out: &mut Vec<u8>, key: &str, value: &Value| {
                out.push(if first { b'{' } else { b',' });
                first = false;
                style.new_line(out, depth + 1);
                style.paint(out, KEY, |out| style.quote(out, key));
                out.push(b':');
                if style.indent != Indent::None {
                    out.push(b' ');
                }
                write(out, value, style, depth + 1);
            };
            match style.is_sorted {
                true => members
                    .sorted()
                    .into_iter()
                    .for_each(|(key, value)| member(out, key, value)),
                false => members
                    .iter()
                    .for_each(|(key, value)| member(out, key, value)),
            }
            style.new_line(out, depth);
            out.push(b'}');
        }
    }
}

fn integer(out: &mut Vec<u8>, number: i64) {
    let mut digits = [0_u8; 20];
    let mut rest = number.unsigned_abs();
    let mut count = 0;
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        count += 1;
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if number < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(20 - count..).unwrap_or_default());
}

/// Writes a string with its quotes.
fn quote(out: &mut Vec<u8>, text: &str, is_ascii: bool) {
    out.push(b'"');
    let is_plain = |byte: &u8| {
        matches!(byte, 0x20..0x7f if *byte != b'"' && *byte != b'\\')
            || (!is_ascii && *byte >= 0x80)
    };
    let mut rest = text;
    loop {
        let plain = rest
            .bytes()
            .position(|byte| !is_plain(&byte))
            .unwrap_or(rest.len());
        let (head, tail) = rest.split_at(plain);
        out.extend_from_slice(head.as_bytes());
        let mut chars = tail.chars();
        let Some(c) = chars.next() else { break };
        match c {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
        }
        rest = chars.as_str();
    }
    out.push(b'"');
}
