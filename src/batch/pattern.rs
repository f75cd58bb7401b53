//! A text with `{field}`. `{{` and `}}` are braces.

use super::fields::Fields;

/// Literal texts and fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Field(String),
}

/// Whether a text can be the name of a field.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.contains(['{', '}', '"'])
        && !text.chars().any(char::is_control)
}

impl Pattern {
    /// # Errors
    /// When a brace neither begins the name of a field nor is doubled.
    pub(super) fn parse(text: &str) -> Result<Pattern, String> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            literal.push_str(before);
            if from.starts_with("{{") || from.starts_with("}}") {
                literal.push_str(from.get(..1).unwrap_or(""));
                rest = from.get(2..).unwrap_or("");
                continue;
            }
            let name = from.strip_prefix('{').and_then(|from| from.split_once('}'));
            let Some((name, after)) = name.filter(|(name, _)| is_name(name)) else {
                return Err(format!(
                    "'{text}' has a brace without the name of a field; write {{{{ or }}}} for a brace"
                ));
            };
            if !literal.is_empty() {
                pieces.push(Piece::Literal(std::mem::take(&mut literal)));
            }
            pieces.push(Piece::Field(name.to_owned()));
            rest = after;
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Ok(Pattern(pieces))
    }

    /// The names of the fields, in order.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(name) => Some(name.as_str()),
            Piece::Literal(_) => None,
        })
    }

    /// The literal texts.
    pub(super) fn literal(&self) -> String {
        let texts = self.0.iter().map(|piece| match piece {
            Piece::Literal(text) => text.as_str(),
            Piece::Field(_) => "",
        });
        texts.collect()
    }

    /// The text with these values, each encoded.
    ///
    /// # Errors
    /// When a field is missing, or is not a text.
    pub(super) fn fill(
        &self,
        fields: &Fields,
        encode: impl Fn(&str) -> String,
    ) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Field(name) => {
                    let value = fields.get(name)?.text();
                    let value = value.map_err(|why| format!("field '{name}': {why}"))?;
                    text.push_str(&encode(&value));
                }
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(pattern: &str) -> Result<String, String> {
        let fields = Fields::of_json(br#"{"a":"x","b c":2,"n":null}"#).unwrap();
        Pattern::parse(pattern)?.fill(&fields, |text| format!("<{text}>"))
    }

    #[test]
    fn fields_and_braces() {
        for (pattern, expected) in [
            ("", ""),
            ("plain", "plain"),
            ("{a}", "<x>"),
            ("1{a}2{b c}3", "1<x>2<2>3"),
            ("{{a}}", "{a}"),
            ("{{{a}}}", "{<x>}"),
            ("}}{{", "}{"),
        ] {
            assert_eq!(filled(pattern).as_deref(), Ok(expected), "{pattern}");
        }
        for wrong in [
            "{", "}", "{}", "{a", "a}", "{a{b}", "{ a}", "{a\"}", "{a\n}", "{{a}", "{a}}",
        ] {
            assert!(Pattern::parse(wrong).is_err(), "{wrong}");
        }
        assert_eq!(filled("{x}").unwrap_err(), "it has no field 'x'");
        assert_eq!(filled("{n}").unwrap_err(), "field 'n': it is null");
    }
}
