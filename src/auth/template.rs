//! A string with `{name}` in it: what a login sends, with its secrets put in at the last moment.

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
    /// The whole string was a secret's source.
    Secret(SecretRef),
}

/// A string with `{name}` for a value that must be there, and `{name?}` for one that may be: a
/// member whose value is not there is left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

impl Template {
    /// Reads a string; braces around anything but a name stand for themselves.
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

    /// The names it needs, and whether each may be absent.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Value { name, optional } => Some((name.as_str(), *optional)),
            Piece::Text(_) | Piece::Secret(_) => None,
        })
    }

    /// Whether it holds no secret's source.
    pub(crate) fn is_plain(&self) -> bool {
        !self.0.iter().any(|piece| matches!(piece, Piece::Secret(_)))
    }

    /// The source that is the whole of it, where it is one.
    pub(crate) fn source(&self) -> Option<&Source> {
        match self.0.as_slice() {
            [Piece::Secret(SecretRef::Source(source))] => Some(source),
            _ => None,
        }
    }

    /// Puts the values in, those of sources before the deadline; `None` when an optional one is
    /// absent.
    ///
    /// # Errors
    /// Those of `value`; a value that must be there and is not.
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
                    None => return Err(Error::usage(format!("there is no value for {{{name}}}"))),
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
    fn values_are_put_in() {
        assert_eq!(filled("Bearer {a}!").unwrap().unwrap(), "Bearer x!");
        assert_eq!(filled(r#"{"b": {a}}{"#).unwrap().unwrap(), r#"{"b": x}{"#);
        assert_eq!(filled("{b?}").unwrap(), None);
        assert!(filled("{b}").is_err());
    }
}
