//! JSON texts. Foreign JSON is checked and then kept unchanged: the order of keys, escapes, and the
//! text of every number (`1.10`, `1e400`, thirty digits).

mod compact;
mod layout;
mod members;

use std::fmt;

use nanoserde::{SerJson, SerJsonState};

pub(crate) use compact::compact;
pub(crate) use layout::layout;
pub(crate) use layout::token_length;
pub(crate) use members::{elements, ensure_sound, ensure_unique_members, members, object};

/// A valid JSON text (RFC 8259), nested at most 128 deep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Checks `text`.
    ///
    /// # Errors
    /// The reason, with line and column.
    pub fn parse(text: impl Into<String>) -> Result<Text, String> {
        let text = text.into();
        check(&text)?;
        Ok(Text(text))
    }

    /// Checks bytes, which must be UTF-8.
    ///
    /// # Errors
    /// As [`Text::parse`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Text, String> {
        let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
        Text::parse(text)
    }

    /// A JSON string.
    pub fn string(content: &str) -> Text {
        Text(content.serialize_json())
    }

    /// `null`.
    pub fn null() -> Text {
        Text("null".into())
    }

    /// A JSON number.
    pub fn integer(number: i64) -> Text {
        Text(number.to_string())
    }

    /// An object with these members, in this order.
    pub fn object<'a>(members: impl IntoIterator<Item = (&'a str, &'a Text)>) -> Text {
        let mut text = String::from("{");
        for (name, value) in members {
            if text.len() > 1 {
                text.push(',');
            }
            text.push_str(&name.serialize_json());
            text.push(':');
            text.push_str(&value.0);
        }
        text.push('}');
        Text(text)
    }

    /// An array of these.
    pub fn array<'a>(elements: impl IntoIterator<Item = &'a Text>) -> Text {
        let elements: Vec<&str> = elements.into_iter().map(Text::as_str).collect();
        Text(format!("[{}]", elements.join(",")))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text without white space between its tokens.
    pub fn compacted(&self) -> Text {
        Text(compact(&self.0))
    }

    /// Deserializes it.
    ///
    /// # Errors
    /// When the type does not match.
    pub fn read<T: serde::de::DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_str(&self.0).map_err(|error| error.to_string())
    }
}

/// The deepest accepted nesting, so that recursion over a text is safe.
const MAX_DEPTH: usize = 128;

/// The check of [`Text::parse`]. serde_json limits the depth of values that it builds, but not of
/// skipped ones, so the depth is counted here.
pub(crate) fn check(text: &str) -> Result<(), String> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| error.to_string())?;
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("nested more than {MAX_DEPTH} deep"));
        }
    }
    Ok(())
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In a report the text is unchanged.
impl SerJson for Text {
    fn ser_json(&self, _depth: usize, state: &mut SerJsonState) {
        state.out.push_str(self.0.trim());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_json_is_refused() {
        for wrong in [
            "",
            "{",
            "{\"a\":1,}",
            "01",
            "1.",
            "nul",
            "{} x",
            "\"\n\"",
            "\u{feff}{}",
            "NaN",
        ] {
            assert!(Text::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Text::parse("[".repeat(100_000)).is_err());
        let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Text::parse(nested(128)).is_ok());
        assert!(Text::parse(nested(129)).is_err());
        assert!(Text::parse(format!("[\"{}\\\"[\"]", "[".repeat(500))).is_ok());
        assert!(Text::from_bytes(b"\"\xff\"").is_err());
    }

    #[test]
    fn text_is_unchanged_in_a_report() {
        #[derive(SerJson)]
        #[nserde(serialize_none_as_null)]
        struct Report {
            body: Text,
            absent: Option<Text>,
        }
        let body = Text::parse(" {\"b\":1.10,\"a\":1e400} \n").unwrap();
        let report = Report { body, absent: None };
        assert_eq!(
            report.serialize_json(),
            r#"{"body":{"b":1.10,"a":1e400},"absent":null}"#
        );
    }

    #[test]
    fn texts_are_built_from_values() {
        let value = Text::string("a\"\u{7}\n\u{2028}é");
        assert_eq!(value.read::<String>().unwrap(), "a\"\u{7}\n\u{2028}é");
        let object = Text::object([
            ("a", &value),
            ("b", &Text::array([&Text::integer(-1), &value])),
        ]);
        assert!(Text::parse(object.as_str()).is_ok());
    }
}
