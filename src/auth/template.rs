//! Strings with `{name}` placeholders for login requests. Secrets are inserted just before sending.

use zeroize::Zeroizing;

use super::secret_ref::SecretRef;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::secret::{Secret, Source};

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Value {
        name: String,
        optional: bool,
    },
    /// The whole string is the source of a secret.
    Secret(SecretRef),
}

/// A string with `{name}` for a required value and `{name?}` for an optional one. A member is
/// omitted if its optional value is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    /// Reads a string. Braces around anything other than a name are literal.
    pub(crate) fn parse(text: &str) -> Template {
        if let Ok(source) = Source::parse(text) {
            return Template(vec![Piece::Secret(SecretRef::Source(source))]);
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            plain.push_str(before);
            let placeholder = after.split_once('}').and_then(|(inner, tail)| {
                let (name, optional) = match inner.strip_suffix('?') {
                    Some(name) => (name, true),
                    None => (inner, false),
                };
                let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
                (!name.is_empty() && name.bytes().all(is_name)).then_some((name, optional, tail))
            });
            match placeholder {
                Some((name, optional, tail)) => {
                    if !plain.is_empty() {
                        pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    }
                    pieces.push(Piece::Value {
                        name: name.to_owned(),
                        optional,
                    });
                    rest = tail;
                }
                None => {
                    plain.push('{');
                    rest = after;
                }
            }
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Template(pieces)
    }

    /// The names in it, and whether each is optional.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value { name, optional } => Some((name.as_str(), *optional)),
            Piece::Text(_) | Piece::Secret(_) => None,
        })
    }

    /// Whether it contains no source of a secret.
    pub(crate) fn is_plain(&self) -> bool {
        !self.0.iter().any(|piece| matches!(piece, Piece::Secret(_)))
    }

    /// The source, if the whole string is one.
    pub(crate) fn source(&self) -> Option<&Source> {
        match self.0.as_slice() {
            [Piece::Secret(SecretRef::Source(source))] => Some(source),
            _ => None,
        }
    }

    /// Inserts the values; `None` if an optional value is missing. Sources are read before the
    /// deadline.
    ///
    /// # Errors
    /// If `value` fails, or a required value is missing.
    pub(crate) fn fill(
        &self,
        value: &mut dyn FnMut(&str) -> Result<Option<Secret>, Error>,
        deadline: Deadline,
    ) -> Result<Option<Secret>, Error> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => bytes.extend_from_slice(text.as_bytes()),
                Piece::Secret(secret) => {
                    bytes.extend_from_slice(secret.read_text("Secret", deadline)?.expose())
                }
                Piece::Value { name, optional } => match value(name)? {
                    Some(secret) => bytes.extend_from_slice(secret.expose()),
                    None if *optional => return Ok(None),
                    None => return Err(Error::usage(format!("no value for {{{name}}}"))),
                },
            }
        }
        Ok(Some(Secret::new(bytes.to_vec())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> Result<Option<String>, Error> {
        let mut value = |name: &str| Ok((name == "a").then(|| Secret::new(b"x".to_vec())));
        let filled = Template::parse(text).fill(&mut value, Deadline::default())?;
        Ok(filled.map(|secret| secret.expose_text().unwrap().to_owned()))
    }

    #[test]
    fn placeholders_are_replaced() {
        assert_eq!(filled("Bearer {a}!").unwrap().unwrap(), "Bearer x!");
        assert_eq!(filled(r#"{"b": {a}}{"#).unwrap().unwrap(), r#"{"b": x}{"#);
        assert_eq!(filled("{b?}").unwrap(), None);
        assert!(filled("{b}").is_err());
    }
}
