//! A JSON value with `{field}`: `{"frame":{frame},"name":"shot {name}"}`. Outside a string the field
//! is a whole value, inside it is escaped.

use super::fields::Fields;
use super::pattern::is_name;
use crate::json::Text;

/// A JSON value with places for values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct JsonPattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    /// A whole value.
    Value(String),
    /// A part of a string.
    InString(String),
}

impl JsonPattern {
    /// # Errors
    /// When it is not JSON with any values in the places, or a place is in the name of a member.
    pub(super) fn parse(text: &str) -> Result<JsonPattern, String> {
        let pieces = pieces(text)?;
        ensure_no_names(&pieces)?;
        let pattern = JsonPattern(pieces);
        // Whatever the values are, the shape is that of this sample.
        pattern.with(|_| Ok(Text::null()), |_| Ok(String::new()))?;
        Ok(pattern)
    }

    /// The names of the fields, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value(name) | Piece::InString(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The JSON with these values.
    ///
    /// # Errors
    /// When a field is missing, or its value cannot stand in its place.
    pub(super) fn fill(&self, fields: &Fields) -> Result<Text, String> {
        let named = |name: &str, why: String| format!("field '{name}': {why}");
        self.with(
            |name| fields.get(name)?.json().map_err(|why| named(name, why)),
            |name| fields.get(name)?.text().map_err(|why| named(name, why)),
        )
    }

    fn with(
        &self,
        value: impl Fn(&str) -> Result<Text, String>,
        in_string: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Text, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Value(name) => text.push_str(value(name)?.as_str().trim()),
                Piece::InString(name) => {
                    let quoted = Text::string(&in_string(name)?);
                    let quoted = quoted.as_str();
                    text.push_str(quoted.get(1..quoted.len() - 1).unwrap_or(""));
                }
            }
        }
        Text::parse(text)
    }
}

/// The name of a field at the start of a text, and the text after it.
fn field(from: &str) -> Option<(&str, &str)> {
    let (name, after) = from.strip_prefix('{')?.split_once('}')?;
    let is_field = is_name(name) && !name.contains([':', ',', '[', ']', '\\']);
    is_field.then_some((name, after))
}

fn pieces(text: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut in_string = false;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((name, after)) = field(rest) {
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(match in_string {
                true => Piece::InString(name.to_owned()),
                false => Piece::Value(name.to_owned()),
            });
            rest = after;
            continue;
        }
        let mut taken = first.len_utf8();
        match first {
            '\\' if in_string => {
                let escaped = rest.chars().nth(1).ok_or("it ends in a string")?;
                taken += escaped.len_utf8();
            }
            '"' => in_string = !in_string,
            _ => {}
        }
        literal.push_str(rest.get(..taken).unwrap_or(""));
        rest = rest.get(taken..).unwrap_or("");
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

/// A string with a field may not be followed by a colon, which would make it a name; nor may a whole
/// value.
fn ensure_no_names(pieces: &[Piece]) -> Result<(), String> {
    for (number, piece) in pieces.iter().enumerate() {
        let name = match piece {
            Piece::InString(name) | Piece::Value(name) => name,
            Piece::Literal(_) => continue,
        };
        let mut inside = matches!(piece, Piece::InString(_));
        let later = pieces.iter().skip(number + 1);
        let literals =
            later.take_while(|piece| matches!(piece, Piece::Literal(_) | Piece::InString(_)));
        let after: String = literals
            .map(|piece| match piece {
                Piece::Literal(text) => text.as_str(),
                Piece::InString(_) | Piece::Value(_) => "",
            })
            .collect();
        let mut escaped = false;
        let next = after.chars().find(|&c| {
            if !inside {
                return !c.is_ascii_whitespace();
            }
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => inside = false,
                _ => {}
            }
            false
        });
        if next == Some(':') {
            return Err(format!(
                "the field '{{{name}}}' cannot be in the name of a member"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pattern: &str) -> Result<String, String> {
        let fields = Fields::of_json(br#"{"a":"x\"y","n":1.10,"l":[1,{"b":2}],"z":null}"#).unwrap();
        let filled = JsonPattern::parse(pattern)?.fill(&fields)?;
        Ok(filled.as_str().to_owned())
    }

    #[test]
    fn fields_are_values_or_parts_of_strings() {
        for (pattern, expected) in [
            ("{a}", r#""x\"y""#),
            ("{n}", "1.10"),
            ("{z}", "null"),
            (r#""{a}""#, r#""x\"y""#),
            (r#"{"k":{n},"l":{l}}"#, r#"{"k":1.10,"l":[1,{"b":2}]}"#),
            (r#"{"k":{"m":{n}}}"#, r#"{"k":{"m":1.10}}"#),
            (
                r#"["v {n}","{a}{n}", {l}]"#,
                r#"["v 1.10","x\"y1.10", [1,{"b":2}]]"#,
            ),
            (r#"{"\"{k}":"{}"}"#, r#"{"\"{k}":"{}"}"#),
            ("{}", "{}"),
            ("[]", "[]"),
        ] {
            match (filled(pattern), pattern.contains("{k}")) {
                (Err(why), true) => assert!(why.contains("name of a member"), "{why}"),
                (found, _) => assert_eq!(found.as_deref(), Ok(expected), "{pattern}"),
            }
        }
        for (wrong, why) in [
            ("", "EOF"),
            ("{a}{a}", "trailing"),
            ("1{n}", "trailing"),
            ("{n}1", "trailing"),
            (r#"{"k{a}":1}"#, "name of a member"),
            (r#"{"{a}x\"" : 1}"#, "name of a member"),
            (r#"{{a}:1}"#, "name of a member"),
            (r#"{"k":"{a}"#, "EOF"),
            (r#"{"k":"\"#, "ends in a string"),
        ] {
            let found = filled(wrong).unwrap_err();
            assert!(found.contains(why), "{wrong}: {found}");
        }
        assert_eq!(filled(r#""{l}""#).unwrap_err(), "field 'l': it is an array");
        assert_eq!(filled("{x}").unwrap_err(), "it has no field 'x'");
    }
}
