//! Reads values from JSON texts, with what jq also accepts: `nan`, numbers such as `.5`, and bytes
//! that are not UTF-8, which become U+FFFD.

use std::rc::Rc;

use super::{Map, Value};

/// The deepest nesting, as in jq.
const DEEPEST: usize = 10_000;

/// The byte before each text in a JSON text sequence (RFC 7464).
const RECORD_SEPARATOR: u8 = 0x1e;

/// The number of keys that are kept to share them: the lines of a file often have the same.
const KEPT_KEYS: usize = 256;

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jq) struct Malformed {
    pub message: String,
    /// Where, as the number of bytes before it.
    pub at: usize,
    /// Whether the text ends too early.
    pub is_end: bool,
}

/// What [`Reader::next`] has found.
#[derive(Debug)]
pub(in crate::jq) enum Parsed {
    /// A value, and the number of bytes it takes with the white space before it.
    Value(Value, usize),
    /// The value does not end in these bytes.
    More,
    /// Only white space is left.
    End,
    Malformed(Malformed),
}

/// Why a value was not read.
enum Stop {
    More,
    Malformed(Malformed),
}

/// Reads values.
pub(in crate::jq) struct Reader {
    keys: Vec<Option<Rc<str>>>,
}

impl Default for Reader {
    fn default() -> Reader {
        Reader {
            keys: vec![None; KEPT_KEYS],
        }
    }
}

/// An array or object that is not complete.
enum Open {
    Array(Vec<Value>),
    Object(Map, Option<Rc<str>>),
}

/// What may follow.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Value,
    /// A value or the end of the array.
    FirstElement,
    /// A key or the end of the object.
    FirstKey,
    Key,
    Colon,
    /// A comma or the end of the array or object.
    Separator,
}

struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
    is_whole: bool,
}

impl Reader {
    /// Reads the first value of `bytes`. `is_whole` tells that no more bytes follow.
    pub(in crate::jq) fn next(&mut self, bytes: &[u8], is_whole: bool) -> Parsed {
        let mut text = Text {
            bytes,
            at: 0,
            is_whole,
        };
        text.skip_space();
        if text.peek().is_none() {
            return if is_whole { Parsed::End } else { Parsed::More };
        }
        match self.value(&mut text) {
            Ok(value) => Parsed::Value(value, text.at),
            Err(Stop::More) => Parsed::More,
            Err(Stop::Malformed(malformed)) => Parsed::Malformed(malformed),
        }
    }

    fn value(&mut self, text: &mut Text) -> Result<Value, Stop> {
        let mut open: Vec<Open> = Vec::new();
        let mut expect = Expect::Value;
        loop {
            text.skip_space();
            let Some(byte) = text.peek() else {
                return Err(text.ended("Unfinished JSON term"));
            };
            let done = match (byte, expect) {
                (b'[' | b'{', Expect::Value | Expect::FirstElement) => {
                    if open.len() >= DEEPEST {
                        return Err(text.wrong("Exceeds depth limit for parsing", 1));
                    }
                    text.at += 1;
                    if byte == b'[' {
                        open.push(Open::Array(Vec::new()));
                        expect = Expect::FirstElement;
                    } else {
                        open.push(Open::Object(Map::default(), None));
                        expect = Expect::FirstKey;
                    }
                    continue;
                }
                (b']' | b'}', _) => close(text, byte, expect, open.pop())?,
                (b',', Expect::Separator) => {
                    text.at += 1;
                    expect = match open.last() {
                        Some(Open::Object(..)) => Expect::Key,
                        Some(Open::Array(_)) | None => Expect::Value,
                    };
                    continue;
                }
                (b':', Expect::Colon) => {
                    text.at += 1;
                    expect = Expect::Value;
                    continue;
                }
                (b'"', Expect::FirstKey | Expect::Key) => {
                    let key = self.key(text)?;
                    if let Some(Open::Object(_, slot)) = open.last_mut() {
                        *slot = Some(key);
                    }
                    expect = Expect::Colon;
                    continue;
                }
                (b',' | b':' | b'[' | b'{', expect) => return Err(misplaced(text, byte, expect)),
                (_, expect) => scalar(text, byte, expect)?,
            };
            match open.last_mut() {
                None => return Ok(done),
                Some(Open::Array(elements)) => elements.push(done),
                Some(Open::Object(members, key)) => {
                    if let Some(key) = key.take() {
                        members.insert(key, done);
                    }
                }
            }
            expect = Expect::Separator;
        }
    }

    /// The key at the start of `text`.
    fn key(&mut self, text: &mut Text) -> Result<Rc<str>, Stop> {
        let Some(raw) = text.simple_string() else {
            return string(text).map(Rc::from);
        };
        let hash = raw.bytes().fold(raw.len(), |hash, byte| {
            hash.wrapping_mul(31) ^ usize::from(byte)
        });
        let Some(slot) = self.keys.get_mut(hash % KEPT_KEYS) else {
            return Ok(raw.into());
        };
        match slot {
            Some(kept) if **kept == *raw => Ok(Rc::clone(kept)),
            _ => Ok(Rc::clone(slot.insert(raw.into()))),
        }
    }
}

/// The end of an array or object.
fn close(text: &mut Text, byte: u8, expect: Expect, open: Option<Open>) -> Result<Value, Stop> {
    let value = match (byte, open, expect) {
        (b']', Some(Open::Array(elements)), Expect::FirstElement | Expect::Separator) => {
            elements.into()
        }
        (b'}', Some(Open::Object(members, _)), Expect::FirstKey | Expect::Separator) => {
            members.into()
        }
        (b']', Some(Open::Array(_)), _) => {
            return Err(text.wrong("Expected another array element", 1));
        }
        (b'}', Some(Open::Object(..)), Expect::Key) => {
            return Err(text.wrong("Expected another key-value pair", 1));
        }
        (b'}', Some(Open::Array(_)), Expect::Separator) => {
            return Err(text.wrong("Objects must consist of key:value pairs", 1));
        }
        _ => return Err(text.wrong(&format!("Unmatched '{}'", char::from(byte)), 1)),
    };
    text.at += 1;
    Ok(value)
}

/// The error for a byte of the structure at the wrong place.
fn misplaced(text: &Text, byte: u8, expect: Expect) -> Stop {
    let shown = char::from(byte);
    match (byte, expect) {
        (b',', _) => text.wrong("Expected value before ','", 1),
        (b':', Expect::Separator) => text.wrong("':' not as part of an object", 1),
        (b':', _) => text.wrong("Expected string key before ':'", 1),
        (_, Expect::FirstKey | Expect::Key) => {
            text.wrong(&format!("Expected string key after '{{', not '{shown}'"), 1)
        }
        _ => text.wrong("Expected separator between values", 1),
    }
}

/// A string, a number or a word.
fn scalar(text: &mut Text, byte: u8, expect: Expect) -> Result<Value, Stop> {
    let value = match byte {
        b'"' => match text.simple_string() {
            Some(simple) => Value::from(simple),
            None => string(text)?.into(),
        },
        _ => word(text)?,
    };
    match expect {
        Expect::Value | Expect::FirstElement => Ok(value),
        Expect::FirstKey | Expect::Key => Err(text.wrong("Object keys must be strings", 1)),
        Expect::Colon | Expect::Separator => {
            Err(text.wrong("Expected separator between values", 1))
        }
    }
}

/// A number, true, false, null or nan.
fn word(text: &mut Text) -> Result<Value, Stop> {
    let rest = text.rest();
    let is_end = |byte: &u8| match *byte {
        b' ' | b'\t' | b'\r' | b'\n' | RECORD_SEPARATOR => true,
        byte => matches!(byte, b',' | b':' | b'[' | b']' | b'{' | b'}' | b'"'),
    };
    let length = match rest.iter().position(is_end) {
        Some(length) => length,
        None if text.is_whole => rest.len(),
        None => return Err(Stop::More),
    };
    let word = rest.get(..length).unwrap_or_default();
    let value = match word {
        b"null" => Some(Value::Null),
        b"true" => Some(Value::Bool(true)),
        b"false" => Some(Value::Bool(false)),
        _ => std::str::from_utf8(word)
            .ok()
            .and_then(Value::from_number_text),
    };
    text.at += length;
    value.ok_or_else(|| {
        let message = match word {
            [b'\'', ..] => "Invalid string literal; expected \", but got '",
            [b't' | b'f', ..] | [b'n', b'u', ..] if word.len() < 6 => "Invalid literal",
            _ => "Invalid numeric literal",
        };
        text.wrong(message, 1)
    })
}

/// A string with escapes.
fn string(text: &mut Text) -> Result<String, Stop> {
    text.at += 1;
    let rest = text.rest();
    let mut escaped = false;
    let end = rest.iter().position(|byte| {
        let is_end = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        is_end
    });
    let Some(end) = end else {
        text.at = text.bytes.len();
        return Err(text.ended("Unfinished string"));
    };
    let raw = rest.get(..end).unwrap_or_default();
    text.at += end;
    if raw.iter().any(|byte| *byte < 0x20) {
        let message =
            "Invalid string: control characters from U+0000 through U+001F must be escaped";
        return Err(text.wrong(message, 1));
    }
    let unescaped = unescape(raw).map_err(|message| text.wrong(message, 1))?;
    text.at += 1;
    Ok(unescaped)
}

fn unescape(raw: &[u8]) -> Result<String, &'static str> {
    let raw = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        out.push(match chars.next() {
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => unicode(&mut chars)?,
            Some(_) | None => return Err("Invalid escape"),
        });
    }
    Ok(out)
}

/// The character of `\u1234`, or of a pair of surrogates.
fn unicode(chars: &mut std::str::Chars) -> Result<char, &'static str> {
    const PAIR: &str = "Invalid \\uXXXX\\uXXXX surrogate pair escape";
    let unit = |chars: &mut std::str::Chars| {
        (0..4).try_fold(0, |unit, _| {
            let digit = chars.next().and_then(|c| c.to_digit(16));
            digit.map(|digit| unit * 16 + digit)
        })
    };
    let high = unit(chars).ok_or("Invalid escape")?;
    if !(0xd800..0xdc00).contains(&high) {
        return Ok(char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    if chars.next() != Some('\\') || chars.next() != Some('u') {
        return Err(PAIR);
    }
    match unit(chars) {
        Some(low @ 0xdc00..0xe000) => {
            let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
            Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        }
        Some(_) | None => Err(PAIR),
    }
}

impl<'a> Text<'a> {
    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n' | RECORD_SEPARATOR) = self.peek() {
            self.at += 1;
        }
    }

    /// The string at the start, if it is UTF-8 without escapes and control characters.
    fn simple_string(&mut self) -> Option<&'a str> {
        let rest = self.bytes.get(self.at + 1..)?;
        let end = memchr::memchr2(b'"', b'\\', rest)?;
        let raw = rest.get(..end)?;
        if rest.get(end) != Some(&b'"') || raw.iter().any(|byte| *byte < 0x20) {
            return None;
        }
        let text = std::str::from_utf8(raw).ok()?;
        self.at += end + 2;
        Some(text)
    }

    /// An error at this place, behind `more` bytes that have been looked at.
    fn wrong(&self, message: &str, more: usize) -> Stop {
        let is_end = self.at >= self.bytes.len();
        Stop::Malformed(Malformed {
            message: message.to_owned(),
            at: (self.at + more).min(self.bytes.len()),
            is_end,
        })
    }

    /// The value does not end here.
    fn ended(&self, message: &str) -> Stop {
        match self.is_whole {
            true => self.wrong(message, 0),
            false => Stop::More,
        }
    }
}
