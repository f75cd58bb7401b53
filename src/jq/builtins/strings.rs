//! Native filters on strings, and conversions.

use std::rc::Rc;

use super::super::value::{Parsed, Reader, Value, ValueResult, fail, split};
use super::{Native, nullary, one, unary, with_values};

pub(super) fn natives() -> Vec<Native> {
    let mut natives = without_arguments();
    natives.extend(with_arguments());
    natives
}

fn without_arguments() -> Vec<Native> {
    vec![
        nullary("length", |call| one(length(call.1))),
        nullary("type", |call| one(Ok(call.1.kind().into()))),
        nullary("not", |call| one(Ok(Value::Bool(!call.1.is_true())))),
        nullary("true", |_| one(Ok(Value::Bool(true)))),
        nullary("false", |_| one(Ok(Value::Bool(false)))),
        nullary("null", |_| one(Ok(Value::Null))),
        nullary("tojson", |call| one(Ok(call.1.json().into()))),
        nullary("tostring", |call| one(Ok(text(call.1)))),
        nullary("fromjson", |call| one(fromjson(call.1))),
        nullary("tonumber", |call| one(tonumber(call.1))),
        nullary("toboolean", |call| one(toboolean(call.1))),
        nullary("utf8bytelength", |call| {
            one(match &call.1 {
                Value::Str(text) => Ok(Value::from(text.len())),
                value => Err(value.unsuitable("only strings have UTF-8 byte length")),
            })
        }),
        nullary("explode", |call| {
            one(match &call.1 {
                Value::Str(text) => Ok(text
                    .chars()
                    .map(|c| Value::Int(i64::from(c as u32)))
                    .collect()),
                _ => Err(fail("explode input must be a string")),
            })
        }),
        nullary("implode", |call| one(implode(&call.1))),
        nullary("ascii_downcase", |call| {
            one(match &call.1 {
                Value::Str(text) => Ok(text.to_ascii_lowercase().into()),
                _ => Err(fail("explode input must be a string")),
            })
        }),
        nullary("ascii_upcase", |call| {
            one(match &call.1 {
                Value::Str(text) => Ok(text.to_ascii_uppercase().into()),
                _ => Err(fail("explode input must be a string")),
            })
        }),
        nullary("trim", |call| one(trim(call.1, str::trim))),
        nullary("ltrim", |call| one(trim(call.1, str::trim_start))),
        nullary("rtrim", |call| one(trim(call.1, str::trim_end))),
    ]
}

fn with_arguments() -> Vec<Native> {
    vec![
        with_values("startswith", 1, |call| {
            let (value, start) = unary(call);
            one(match (value.as_str(), start.as_str()) {
                (Some(text), Some(start)) => Ok(Value::Bool(text.starts_with(start))),
                _ => Err(fail("startswith() requires string inputs")),
            })
        }),
        with_values("endswith", 1, |call| {
            let (value, end) = unary(call);
            one(match (value.as_str(), end.as_str()) {
                (Some(text), Some(end)) => Ok(Value::Bool(text.ends_with(end))),
                _ => Err(fail("endswith() requires string inputs")),
            })
        }),
        with_values("ltrimstr", 1, |call| {
            let (value, start) = unary(call);
            one(match (value.as_str(), start.as_str()) {
                (Some(text), Some(start)) => {
                    Ok(text.strip_prefix(start).map_or(value.clone(), Value::from))
                }
                _ => Err(fail("startswith() requires string inputs")),
            })
        }),
        with_values("rtrimstr", 1, |call| {
            let (value, end) = unary(call);
            one(match (value.as_str(), end.as_str()) {
                (Some(text), Some(end)) => {
                    Ok(text.strip_suffix(end).map_or(value.clone(), Value::from))
                }
                _ => Err(fail("endswith() requires string inputs")),
            })
        }),
        with_values("split", 1, |call| {
            let (value, separator) = unary(call);
            one(match (value.as_str(), separator.as_str()) {
                (Some(text), Some(separator)) => Ok(split(text, separator)),
                _ => Err(fail("split input and separator must be strings")),
            })
        }),
        with_values("_strindices", 1, |call| {
            let (value, part) = unary(call);
            one(match (value.as_str(), part.as_str()) {
                (Some(text), Some(part)) => Ok(indices(text, part)),
                (None, _) => Err(value.unsuitable("cannot be searched, as it is not a string")),
                (_, None) => Err(part.unsuitable("is not a string")),
            })
        }),
        with_values("_splice", 2, |call| {
            let (value, edits, texts) = super::binary(call);
            one(splice(&value, &edits, &texts))
        }),
    ]
}

/// The value as text: a string as it is, other values as JSON.
pub(super) fn text(value: Value) -> Value {
    match value {
        Value::Str(_) => value,
        value => value.json().into(),
    }
}

fn length(value: Value) -> ValueResult {
    Ok(match &value {
        Value::Null => Value::Int(0),
        Value::Int(number) => Value::Int(number.abs()),
        Value::Float(number) => Value::Float(number.abs()),
        Value::Decimal(text) => Value::Decimal(text.trim_start_matches('-').into()),
        Value::Str(text) => Value::from(text.chars().count()),
        Value::Array(elements) => Value::from(elements.len()),
        Value::Object(members) => Value::from(members.len()),
        Value::Bool(_) => return Err(value.unsuitable("has no length")),
    })
}

fn fromjson(value: Value) -> ValueResult {
    let Value::Str(text) = &value else {
        return Err(value.unsuitable("only strings can be parsed"));
    };
    // A byte order mark is skipped, as in a file.
    let json = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = Reader::default();
    let wrong = |message: &str, at: usize, is_end: bool| {
        let before = json.as_bytes().get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before
            .iter()
            .rev()
            .take_while(|byte| **byte != b'\n')
            .count();
        let end = if is_end { " at EOF" } else { "" };
        fail(format!(
            "{message}{end} at line {line}, column {column} (while parsing '{text}')"
        ))
    };
    match reader.next(json.as_bytes(), true) {
        Parsed::Value(found, length) => {
            let rest = json.as_bytes().get(length..).unwrap_or_default();
            match reader.next(rest, true) {
                Parsed::End => Ok(found),
                Parsed::Value(..) | Parsed::More => Err(fail(format!(
                    "Unexpected extra JSON values (while parsing '{text}')"
                ))),
                Parsed::Malformed(why) => Err(wrong(&why.message, length + why.at, why.is_end)),
            }
        }
        Parsed::Malformed(why) => Err(wrong(&why.message, why.at, why.is_end)),
        Parsed::More | Parsed::End => Err(fail(format!(
            "Expected JSON value (while parsing '{text}')"
        ))),
    }
}

fn tonumber(value: Value) -> ValueResult {
    match &value {
        number if number.is_number() => Ok(value),
        Value::Str(text) if !text.contains(|c: char| c.is_whitespace() || c == '\0') => {
            Value::from_number_text(text)
                .ok_or_else(|| value.unsuitable("cannot be parsed as a number"))
        }
        other => Err(other.unsuitable("cannot be parsed as a number")),
    }
}

fn toboolean(value: Value) -> ValueResult {
    match &value {
        Value::Bool(_) => Ok(value),
        Value::Str(text) if **text == *"true" => Ok(Value::Bool(true)),
        Value::Str(text) if **text == *"false" => Ok(Value::Bool(false)),
        other => Err(other.unsuitable("cannot be parsed as a boolean")),
    }
}

fn implode(value: &Value) -> ValueResult {
    let Value::Array(codes) = value else {
        return Err(fail("implode input must be an array"));
    };
    let mut text = String::new();
    for code in codes.iter() {
        let number = code.number().filter(|number| !number.is_nan());
        let Some(number) = number else {
            let message = "can't be imploded, unicode codepoint needs to be numeric";
            return Err(code.unsuitable(message));
        };
        let c = u32::try_from(number as i64).ok().and_then(char::from_u32);
        text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
    }
    Ok(text.into())
}

fn trim(value: Value, trim: fn(&str) -> &str) -> ValueResult {
    match &value {
        Value::Str(text) => Ok(trim(text).into()),
        _ => Err(fail("trim input must be a string")),
    }
}

/// The places of `part` in `text`, as numbers of characters. They may overlap.
fn indices(text: &str, part: &str) -> Value {
    if part.is_empty() {
        return Vec::new().into();
    }
    let mut places = Vec::new();
    for (place, (at, _)) in text.char_indices().enumerate() {
        if text.get(at..).is_some_and(|rest| rest.starts_with(part)) {
            places.push(Value::from(place));
        }
    }
    places.into()
}

/// The text with each of the matches `edits` replaced by the one of `texts` at its place.
fn splice(value: &Value, edits: &Value, texts: &Value) -> ValueResult {
    let whole = value.as_str().unwrap_or_default();
    let mut out: Value = "".into();
    let (mut rest, mut done) = (whole, 0);
    let number = |edit: &Value, name: &str| {
        let value = edit.at(&name.into()).ok().and_then(|value| value.number());
        value.unwrap_or(0.0) as usize
    };
    let mut cut = |count: usize| {
        let end = rest
            .char_indices()
            .nth(count)
            .map_or(rest.len(), |(at, _)| at);
        let (head, tail) = rest.split_at(end);
        rest = tail;
        head
    };
    let pairs = edits
        .as_array()
        .unwrap_or_default()
        .iter()
        .zip(texts.as_array().unwrap_or_default());
    for (edit, text) in pairs {
        let (offset, length) = (number(edit, "offset"), number(edit, "length"));
        let gap = cut(offset.saturating_sub(done));
        cut(length);
        done = offset + length;
        if !matches!(text, Value::Null) {
            out = ((out + gap.into())? + text.clone())?;
        }
    }
    let tail: Rc<str> = cut(usize::MAX).into();
    out + Value::Str(tail)
}
