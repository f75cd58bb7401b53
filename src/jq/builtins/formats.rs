//! The formats: `@csv`, `@base64` and others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::value::{Value, ValueResult, fail};
use super::strings::text;
use super::{Native, nullary, one, unary, with_values};

pub(super) fn natives() -> Vec<Native> {
    vec![
        nullary("@text", |call| one(Ok(text(call.1)))),
        nullary("@json", |call| one(Ok(call.1.json().into()))),
        nullary("@csv", |call| one(row(&call.1, Row::Csv))),
        nullary("@tsv", |call| one(row(&call.1, Row::Tsv))),
        nullary("@html", |call| one(Ok(html(&as_text(call.1)).into()))),
        nullary("@uri", |call| one(Ok(uri(&as_text(call.1)).into()))),
        nullary("@urid", |call| one(from_uri(&as_text(call.1)))),
        nullary("@sh", |call| one(sh(&call.1))),
        nullary("@base64", |call| {
            one(Ok(STANDARD.encode(as_text(call.1)).into()))
        }),
        nullary("@base64d", |call| one(from_base64(&as_text(call.1)))),
        nullary("@base32", |call| {
            one(Ok(base32(as_text(call.1).as_bytes()).into()))
        }),
        nullary("@base32d", |call| one(from_base32(&as_text(call.1)))),
        with_values("format", 1, |call| {
            let (value, name) = unary(call);
            one(format(value, &name))
        }),
    ]
}

fn as_text(value: Value) -> String {
    match value {
        Value::Str(text) => text.to_string(),
        value => value.json(),
    }
}

fn format(value: Value, name: &Value) -> ValueResult {
    let Value::Str(name) = name else {
        return Err(name.unsuitable("is not a valid format"));
    };
    match &**name {
        "text" => Ok(text(value)),
        "json" => Ok(value.json().into()),
        "csv" => row(&value, Row::Csv),
        "tsv" => row(&value, Row::Tsv),
        "html" => Ok(html(&as_text(value)).into()),
        "uri" => Ok(uri(&as_text(value)).into()),
        "urid" => from_uri(&as_text(value)),
        "sh" => sh(&value),
        "base64" => Ok(STANDARD.encode(as_text(value)).into()),
        "base64d" => from_base64(&as_text(value)),
        "base32" => Ok(base32(as_text(value).as_bytes()).into()),
        "base32d" => from_base32(&as_text(value)),
        name => Err(fail(format!("{name} is not a valid format"))),
    }
}

#[derive(Clone, Copy)]
enum Row {
    Csv,
    Tsv,
}

/// A line of a table.
fn row(value: &Value, kind: Row) -> ValueResult {
    let Value::Array(cells) = value else {
        return Err(value.unsuitable(match kind {
            Row::Csv => "cannot be csv-formatted, only array",
            Row::Tsv => "cannot be tsv-formatted, only array",
        }));
    };
    let mut line = String::new();
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            line.push(match kind {
                Row::Csv => ',',
                Row::Tsv => '\t',
            });
        }
        match (cell, kind) {
            (Value::Null, _) => {}
            (Value::Float(number), _) if number.is_nan() => {}
            (Value::Str(text), Row::Csv) => {
                line.push('"');
                line.push_str(&text.replace('"', "\"\""));
                line.push('"');
            }
            (Value::Str(text), Row::Tsv) => {
                for c in text.chars() {
                    match c {
                        '\t' => line.push_str("\\t"),
                        '\r' => line.push_str("\\r"),
                        '\n' => line.push_str("\\n"),
                        '\\' => line.push_str("\\\\"),
                        '\0' => line.push_str("\\0"),
                        c => line.push(c),
                    }
                }
            }
            (Value::Array(_) | Value::Object(_), _) => {
                return Err(cell.unsuitable("is not valid in a csv row"));
            }
            (Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_), _) => {
                line.push_str(&cell.json());
            }
        }
    }
    Ok(line.into())
}

fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

fn uri(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            byte => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn from_uri(text: &str) -> ValueResult {
    let invalid = || Value::from(text).unsuitable("is not a valid uri encoding");
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    let digit = |byte: Option<u8>| {
        let digit = byte.and_then(|byte| char::from(byte).to_digit(16))?;
        u8::try_from(digit).ok()
    };
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'%' => {
                let high = digit(bytes.next()).ok_or_else(invalid)?;
                high * 16 + digit(bytes.next()).ok_or_else(invalid)?
            }
            byte => byte,
        });
    }
    String::from_utf8(out)
        .map(Value::from)
        .map_err(|_| invalid())
}

/// Words of a shell.
fn sh(value: &Value) -> ValueResult {
    let words = match value {
        Value::Array(words) => words.as_slice(),
        value => std::slice::from_ref(value),
    };
    let mut line = String::new();
    for (at, word) in words.iter().enumerate() {
        if at > 0 {
            line.push(' ');
        }
        match word {
            Value::Str(text) => {
                line.push('\'');
                line.push_str(&text.replace('\'', "'\\''"));
                line.push('\'');
            }
            Value::Array(_) | Value::Object(_) => {
                return Err(word.unsuitable("can not be escaped for shell"));
            }
            Value::Null | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Decimal(_) => {
                line.push_str(&word.json());
            }
        }
    }
    Ok(line.into())
}

/// Decodes base64 up to the padding, as jq does.
fn from_base64(text: &str) -> ValueResult {
    let value = || Value::from(text);
    let end = text.find('=').unwrap_or(text.len());
    let (mut bits, mut count) = (0_u32, 0);
    let mut out = Vec::with_capacity(text.len());
    for byte in text.bytes().take(end) {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return Err(value().unsuitable("is not valid base64 data")),
        };
        bits = (bits << 6) | u32::from(digit);
        count += 1;
        if count == 4 {
            out.extend(bits.to_be_bytes().into_iter().skip(1));
            (bits, count) = (0, 0);
        }
    }
    match count {
        1 => return Err(value().unsuitable("trailing base64 byte found")),
        2 => out.push((bits >> 4) as u8),
        3 => out.extend([(bits >> 10) as u8, (bits >> 2) as u8]),
        _ => {}
    }
    Ok(String::from_utf8_lossy(&out).into_owned().into())
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn base32(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(5) {
        let mut block = [0_u8; 8];
        for (slot, byte) in block.iter_mut().skip(3).zip(chunk) {
            *slot = *byte;
        }
        let bits = u64::from_be_bytes(block);
        let digits = (chunk.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = (bits >> (35 - at * 5)) & 31;
            let c = BASE32.get(digit as usize).copied().unwrap_or(b'=');
            out.push(if at < digits { char::from(c) } else { '=' });
        }
    }
    out
}

fn from_base32(text: &str) -> ValueResult {
    let (mut bits, mut count) = (0_u32, 0);
    let mut out = Vec::new();
    for byte in text.bytes().take_while(|byte| *byte != b'=') {
        let Some(digit) = BASE32.iter().position(|known| *known == byte) else {
            return Err(Value::from(text).unsuitable("is not valid base32 data"));
        };
        bits = ((bits << 5) | digit as u32) & 0xfff;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Ok(String::from_utf8_lossy(&out).into_owned().into())
}
