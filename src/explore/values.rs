//! Values of earlier responses: `$last`, and those with a name. A value in a call stays a value: it never
//! changes what an item is, names a file, or leaves its place in the path.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::line::{Piece, Reference, Word};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::item;
use crate::http::url::form_encode;
use crate::jq::Filter;
use crate::json::Text;
use crate::nearest::nearest;

/// The name of the last result.
pub(crate) const LAST: &str = "last";

/// The most names.
const MAX_NAMES: usize = 200;

/// The most output of a filter of a value, and its time: nothing else is done meanwhile.
const MOST_BYTES: usize = 16 << 20;
const TIME: Duration = Duration::from_secs(5);

/// What a filter of a value is called in errors.
const FILTER: &str = "the filter in ${…}";

/// Values as JSON texts, by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values(BTreeMap<String, Arc<str>>);

impl Values {
    /// Sets a value.
    ///
    /// # Errors
    /// A usage error when there are too many names.
    pub(crate) fn set(&mut self, name: &str, json: Arc<str>) -> Result<(), Error> {
        if self.0.len() >= MAX_NAMES && !self.0.contains_key(name) {
            return Err(Error::usage(format!("more than {MAX_NAMES} named values")));
        }
        self.0.insert(name.to_owned(), json);
        Ok(())
    }

    /// Sets `$last`, and the name of a line.
    ///
    /// # Errors
    /// As [`Values::set`].
    pub(crate) fn set_result(&mut self, name: Option<&str>, json: Arc<str>) -> Result<(), Error> {
        if let Some(name) = name {
            self.set(name, json.clone())?;
        }
        self.set(LAST, json)
    }

    /// The names and values that a filter may use. Others would be read in vain.
    pub(crate) fn used_in(&self, filter: &str) -> (Vec<String>, Vec<Arc<str>>) {
        let used = self.0.iter().filter(|(name, _)| filter.contains(*name));
        used.map(|(name, value)| (name.clone(), value.clone()))
            .unzip()
    }

    /// The names without `$`, in alphabetical order.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The values, in the order of their names.
    pub(crate) fn all(&self) -> Vec<Arc<str>> {
        self.0.values().cloned().collect()
    }

    /// The value of a reference, as a JSON text.
    fn json(&self, reference: &Reference) -> Result<Arc<str>, Error> {
        let name = &reference.name;
        let value = self
            .0
            .get(name)
            .ok_or_else(|| unknown(name, &self.names()))?;
        let Some(filter) = &reference.filter else {
            return Ok(value.clone());
        };
        let whole = match filter.strip_prefix('|') {
            Some(filter) => filter.to_owned(),
            None if filter.starts_with('[') => format!(".{filter}"),
            None => filter.clone(),
        };
        let (names, values) = self.used_in(&whole);
        let filter = Filter::compile_with(FILTER, &whole, &names)?;
        let input = value.as_bytes().into();
        let run = move || filter.outputs_with(FILTER, input, &values, MOST_BYTES);
        let outputs = Deadline::after(Some(TIME)).wait_for(run);
        let outputs = outputs.map_err(|source| Error::System {
            action: "start a thread",
            source,
        })?;
        let outputs = outputs
            .ok_or_else(|| Error::usage(format!("{} takes too long", written(reference))))?;
        match outputs?.as_slice() {
            [one] => Ok(one.json().into()),
            many => Err(Error::usage(format!(
                "{} is {} values, not one",
                written(reference),
                many.len()
            ))),
        }
    }

    /// The content of a string, or the text of a number or boolean.
    fn text(&self, reference: &Reference) -> Result<String, Error> {
        let json = self.json(reference)?;
        let what = match json.trim_start().bytes().next() {
            Some(b'"') => {
                return serde_json::from_str(&json)
                    .map_err(|why| Error::malformed(written(reference), why));
            }
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'n') => "null",
            Some(_) | None => return Ok(json.trim().to_owned()),
        };
        Err(Error::usage_hint(
            format!("{} is {what}, not a text or number", written(reference)),
            "select one value, for example ${last[0].id}",
        ))
    }

    /// A URL or path with its values. A word that is only a value is a link, and is used as it is.
    /// Other values are percent-encoded.
    ///
    /// # Errors
    /// For an unknown name, or a value that is no part of a path.
    pub(crate) fn target(&self, word: &Word) -> Result<String, Error> {
        if let [Piece::Value(reference)] = word.pieces.as_slice() {
            return self.text(reference);
        }
        let mut out = String::new();
        for piece in &word.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Value(reference) => {
                    let text = self.text(reference)?;
                    // These would select another path.
                    if matches!(text.as_str(), "" | "." | "..") {
                        return Err(Error::usage(format!(
                            "{} is '{text}', which cannot be a part of a path",
                            written(reference)
                        )));
                    }
                    out.push_str(&form_encode(&text));
                }
            }
        }
        Ok(out)
    }

    /// An item with its values.
    ///
    /// # Errors
    /// For an unknown name, and a value that is not in the value of an item.
    pub(crate) fn item(&self, word: &Word) -> Result<String, Error> {
        if !word.has_values() {
            return Ok(word.written());
        }
        let (first, rest) = match word.pieces.as_slice() {
            [Piece::Text(first), rest @ ..] => (first.as_str(), rest),
            all => ("", all),
        };
        let Some((separator, begun)) = item::separator(first) else {
            return Err(Error::usage(format!(
                "'{}': a value can only be in the URL, or after the separator of an item",
                word.written()
            )));
        };
        if separator.ends_with('@') {
            return Err(Error::usage(format!(
                "'{}': the name of a file cannot come from a response",
                word.written()
            )));
        }
        let mut value = String::new();
        for piece in rest {
            match piece {
                Piece::Text(text) => value.push_str(text),
                Piece::Value(reference) if separator == ":=" => {
                    value.push_str(&self.json(reference)?);
                }
                Piece::Value(reference) => value.push_str(&self.text(reference)?),
            }
        }
        if !begun.is_empty() || separator == ":=" {
            return Ok(format!("{first}{value}"));
        }
        after_separator(first, separator, &value).ok_or_else(|| {
            Error::usage(format!(
                "'{}': the value cannot be in a header",
                word.written()
            ))
        })
    }
}

/// An item whose whole value comes from a response. `None` if it cannot be written.
fn after_separator(first: &str, separator: &str, value: &str) -> Option<String> {
    // A file is read only if the user writes the @.
    if value.trim_start_matches('\\').starts_with('@') {
        return Some(format!("{first}\\{value}"));
    }
    let name = first.strip_suffix(separator)?;
    match (separator, value.starts_with('=')) {
        // `a=` and `=b` would be `a==b`.
        ("=", true) => Some(format!("{name}:={}", Text::string(value).as_str())),
        (":", true) => None,
        // Without a value it would remove the header.
        (":", false) if value.is_empty() => Some(format!("{name};")),
        _ => Some(format!("{first}{value}")),
    }
}

fn written(reference: &Reference) -> String {
    let word = Word {
        pieces: vec![Piece::Value(reference.clone())],
        ..Word::default()
    };
    word.written()
}

fn unknown(name: &str, names: &[String]) -> Error {
    let message = format!("there is no value ${name}");
    match nearest(name, names.iter().map(String::as_str)) {
        Some(near) => Error::usage_hint(message, format!("did you mean ${near}?")),
        None => Error::usage_hint(message, "set it before: $name = GET /path | FILTER"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::Line;
    use super::*;
    use crate::http::item::{Item, Value};

    fn values() -> Values {
        let mut values = Values::default();
        for (name, json) in [
            (LAST, r#"[{"id":"a/b c","n":1.50}]"#),
            ("id", "\"sh010\""),
            ("n", "47"),
            ("up", "\"..\""),
            ("file", "\"@/etc/passwd\""),
            ("slash", "\"\\\\@x\""),
            ("equal", "\"=x\""),
            ("none", "null"),
            ("empty", "\"\""),
        ] {
            values.set(name, json.into()).unwrap();
        }
        values
    }

    #[test]
    fn filter_gets_only_the_values_that_it_uses() {
        let (names, used) = values().used_in(".[0] + ($last | .a)");
        assert_eq!((names, used.len()), (vec!["last".to_owned()], 1));
    }

    fn word(text: &str) -> Word {
        Line::parse(text).unwrap().words.remove(0)
    }

    fn target(text: &str) -> Result<String, String> {
        values()
            .target(&word(text))
            .map_err(|error| error.to_string())
    }

    fn item(text: &str) -> Result<Item, String> {
        let item = values()
            .item(&word(text))
            .map_err(|error| error.to_string())?;
        Item::parse(&item)
    }

    #[test]
    fn value_stays_in_its_part_of_the_path() {
        assert_eq!(
            target("/data/$id/$n?a=$id"),
            Ok("/data/sh010/47?a=sh010".into())
        );
        for wrong in [
            "/data/$up",
            "/data/$none",
            "/data/$empty",
            "/data/$last",
            "/data/$nobody",
        ] {
            assert!(target(wrong).is_err(), "{wrong}");
        }
        assert_eq!(target("$id"), Ok("sh010".into()));
    }

    #[cfg(feature = "jq")]
    #[test]
    fn filter_selects_a_part_of_a_value() {
        assert_eq!(target("/x/${last[0].id}"), Ok("/x/a%2Fb%20c".into()));
        assert_eq!(target("/x/${last|length}"), Ok("/x/1".into()));
        assert!(target("/x/${last[]|.id,.n}").is_err());
        assert_eq!(values().item(&word("a:=${last[0].n}")).unwrap(), "a:=1.50");
    }

    #[test]
    fn value_never_changes_what_an_item_is() {
        let field = |name: &str, value: &str| {
            Ok(Item::Field {
                name: name.into(),
                value: Value::Literal(value.into()),
            })
        };
        assert_eq!(item("name=$id"), field("name", "sh010"));
        assert_eq!(item("name=x$file"), field("name", "x@/etc/passwd"));
        assert_eq!(item("name=$file"), field("name", "@/etc/passwd"));
        assert_eq!(item("name=$slash"), field("name", "\\@x"));
        assert_eq!(item("name=$empty$file"), field("name", "@/etc/passwd"));
        let text = |json: &str| Value::Literal(json.into());
        let json = |json: &str| {
            Ok(Item::Json {
                name: "a".into(),
                value: text(json),
            })
        };
        assert_eq!(item("a=$equal"), json("\"=x\""));
        assert_eq!(item("a:=$id"), json("\"sh010\""));
        assert_eq!(item("a:=[$n,$none]"), json("[47,null]"));
        let query = Item::Query {
            name: "a".into(),
            value: text("@/etc/passwd"),
        };
        assert_eq!(item("a==$file"), Ok(query));
        let header = Item::Header {
            name: "X".into(),
            value: text("@/etc/passwd"),
        };
        assert_eq!(item("X:$file"), Ok(header));
        for wrong in [
            "$id=1", "X:$equal", "a@$id", "a=@$id", "a:=@$id", "$id", "a=$none",
        ] {
            assert!(item(wrong).is_err(), "{wrong}");
        }
    }
}
