//! Native filters with regular expressions.

use std::rc::Rc;

use regex_bites::bytes::{CaptureLocations, Regex, RegexBuilder};

use super::super::engine::{Call, Host};
use super::super::value::{Error, Map, Value, ValueResult, fail};
use super::{Native, binary, one, with_values};

/// The number of compiled expressions that are kept.
const KEPT: usize = 16;

/// The largest compiled expression.
const LARGEST_BYTES: usize = 10 << 20;

pub(super) fn natives() -> Vec<Native> {
    vec![
        with_values("_match", 2, |call| one(matches(call, false))),
        with_values("_test", 2, |call| one(matches(call, true))),
    ]
}

/// The flags of a match.
struct Flags {
    is_global: bool,
    skips_empty: bool,
}

/// All matches, or whether there is one.
fn matches(call: Call<'_>, is_test: bool) -> ValueResult {
    let host = call.0.data().host;
    let (value, pattern, flags) = binary(call);
    let Value::Str(text) = &value else {
        return Err(value.unsuitable("cannot be matched, as it is not a string"));
    };
    let Value::Str(pattern) = &pattern else {
        return Err(pattern.unsuitable("is not a string"));
    };
    let letters = match &flags {
        Value::Null => "",
        Value::Str(letters) => letters,
        other => return Err(other.unsuitable("is not a string")),
    };
    if let Some(letters) = letters
        .chars()
        .find(|letter| !"gixmspln".contains(*letter))
        .map(|_| letters)
    {
        return Err(fail(format!("{letters} is not a valid modifier string")));
    }
    let regex = compiled(host, pattern, letters)?;
    let flags = Flags {
        is_global: letters.contains('g'),
        skips_empty: letters.contains('n'),
    };
    if is_test {
        let is_match = match flags.skips_empty {
            true => regex
                .find_iter(text.as_bytes())
                .any(|found| !found.is_empty()),
            false => regex.is_match(text.as_bytes()),
        };
        return Ok(Value::Bool(is_match));
    }
    Ok(all(&regex, text, &flags))
}

fn compiled(host: &Host, pattern: &Rc<str>, letters: &str) -> Result<Rc<Regex>, Error> {
    let mut kept = host.regexes.borrow_mut();
    let found = kept
        .iter()
        .find(|(own, flags, _)| own == pattern && flags == letters);
    if let Some((_, _, regex)) = found {
        return Ok(Rc::clone(regex));
    }
    let has = |letter| letters.contains(letter);
    let regex = RegexBuilder::new(pattern)
        .case_insensitive(has('i'))
        .ignore_whitespace(has('x'))
        .dot_matches_new_line(has('m') || has('p'))
        .size_limit(LARGEST_BYTES)
        .build()
        .map_err(|error| fail(format!("Regex failure: {error}")))?;
    let regex = Rc::new(regex);
    if kept.len() >= KEPT {
        kept.remove(0);
    }
    kept.push((Rc::clone(pattern), letters.to_owned(), Rc::clone(&regex)));
    Ok(regex)
}

/// Counts the characters of a text up to growing places.
struct Counter<'t> {
    text: &'t str,
    bytes: usize,
    chars: usize,
}

impl Counter<'_> {
    /// The number of characters before `at`.
    fn up_to(&mut self, at: usize) -> usize {
        let (from, sign) = match at >= self.bytes {
            true => (self.bytes..at, true),
            false => (at..self.bytes, false),
        };
        let count = self.text.get(from).unwrap_or_default().chars().count();
        self.chars = match sign {
            true => self.chars + count,
            false => self.chars - count,
        };
        self.bytes = at;
        self.chars
    }
}

fn all(regex: &Regex, text: &str, flags: &Flags) -> Value {
    let names: Vec<Option<Rc<str>>> = regex
        .capture_names()
        .map(|name| name.map(Rc::from))
        .collect();
    let mut counter = Counter {
        text,
        bytes: 0,
        chars: 0,
    };
    let mut locations = regex.capture_locations();
    let mut found = Vec::new();
    let mut start = 0;
    while start <= text.len() {
        let next = regex.captures_read_at(&mut locations, text.as_bytes(), start);
        let Some(whole) = next.map(|whole| whole.range()) else {
            break;
        };
        // After an empty match the search goes on with the next character.
        start = match whole.is_empty() {
            true => {
                whole.end
                    + text
                        .get(whole.end..)
                        .and_then(|rest| rest.chars().next())
                        .map_or(1, char::len_utf8)
            }
            false => whole.end,
        };
        if whole.is_empty() && flags.skips_empty {
            continue;
        }
        found.push(one_match(&locations, &names, text, &mut counter));
        if !flags.is_global {
            break;
        }
    }
    found.into()
}

fn one_match(
    locations: &CaptureLocations,
    names: &[Option<Rc<str>>],
    text: &str,
    counter: &mut Counter,
) -> Value {
    let mut part = |at: usize| {
        let mut map = Map::default();
        let range = locations.get(at);
        let (offset, length, string) = match range {
            Some((from, upto)) => {
                let (offset, end) = (counter.up_to(from), counter.up_to(upto));
                let string = text.get(from..upto).unwrap_or_default();
                (Value::from(offset), end - offset, Value::from(string))
            }
            None => (Value::Int(-1), 0, Value::Null),
        };
        map.insert("offset".into(), offset);
        map.insert("length".into(), Value::from(length));
        map.insert("string".into(), string);
        map
    };
    let mut whole = part(0);
    let captures = names.iter().enumerate().skip(1).map(|(at, name)| {
        let mut capture = part(at);
        let name = name.clone().map_or(Value::Null, Value::Str);
        capture.insert("name".into(), name);
        Value::from(capture)
    });
    let captures: Vec<Value> = captures.collect();
    whole.insert("captures".into(), captures.into());
    whole.into()
}
