//! Reads a profile's values by name and type, with variables expanded.

use std::time::Duration;

use super::expand::{Variables, expand};
use super::value::{Entry, Place, Table, Value};
use crate::auth::secret_ref::SecretRef;
use crate::auth::template::Template;
use crate::error::Error;
use crate::http::credential::ensure_settable_header;
use crate::http::url::Url;
use crate::jwt::claim::Claim;
use crate::quantity;
use crate::secret::{KeySource, Source, split_words};

/// A table of the configuration and its name in messages.
pub(crate) struct Reader<'a> {
    pub table: &'a Table,
    /// "profile kitsu".
    pub what: String,
    pub place: Option<&'a Place>,
    /// Looks up `${NAME}`.
    pub variables: Variables,
}

impl<'a> Reader<'a> {
    /// The error for an invalid key.
    pub(crate) fn wrong(&self, key: &str, why: impl std::fmt::Display) -> Error {
        match self.table.get(key).map(|entry| &entry.place).or(self.place) {
            Some(place) => Error::usage(format!("{place}: {}: {key}: {why}", self.what)),
            None => Error::usage(format!("{}: {key}: {why}", self.what)),
        }
    }

    /// The error for a missing key.
    pub(crate) fn missing(&self, key: &str, why: &str) -> Error {
        let what = format!("{}: missing '{key}'{why}", self.what);
        match self.place {
            Some(place) => Error::usage(format!("{place}: {what}")),
            None => Error::usage(what),
        }
    }

    fn get<T>(
        &self,
        key: &str,
        read: impl FnOnce(&Value) -> Option<Result<T, String>>,
    ) -> Result<Option<T>, Error> {
        match self.table.get(key).and_then(|entry| read(&entry.value)) {
            None => Ok(None),
            Some(Ok(value)) => Ok(Some(value)),
            Some(Err(why)) => Err(self.wrong(key, why)),
        }
    }

    /// A string, expanded.
    pub(crate) fn text(&self, key: &str) -> Result<Option<String>, Error> {
        self.get(key, |value| match value {
            Value::Text(text) => Some(expand(text, self.variables).and_then(ensure_one_line)),
            Value::Integer(_)
            | Value::Bool(_)
            | Value::Other(_)
            | Value::List(_)
            | Value::Table(_) => None,
        })
    }

    /// A string that may have several lines, expanded.
    pub(crate) fn lines(&self, key: &str) -> Result<Option<String>, Error> {
        self.get(key, |value| match value {
            Value::Text(text) => Some(expand(text, self.variables)),
            Value::Integer(_)
            | Value::Bool(_)
            | Value::Other(_)
            | Value::List(_)
            | Value::Table(_) => None,
        })
    }

    /// A command line, split into words without a shell, or the list of its words.
    pub(crate) fn words(&self, key: &str) -> Result<Option<Vec<String>>, Error> {
        let words = self.get(key, |value| match value {
            Value::Text(text) => {
                let text = expand(text, self.variables);
                Some(text.and_then(|text| Ok(split_words(&text)?)))
            }
            Value::List(words) => {
                let texts = words.iter().filter_map(|word| match word {
                    Value::Text(text) => Some(expand(text, self.variables)),
                    Value::Integer(_)
                    | Value::Bool(_)
                    | Value::Other(_)
                    | Value::List(_)
                    | Value::Table(_) => None,
                });
                Some(texts.collect())
            }
            Value::Integer(_) | Value::Bool(_) | Value::Other(_) | Value::Table(_) => None,
        })?;
        match words {
            Some(words) if words.is_empty() => Err(self.wrong(key, "no program given")),
            words => Ok(words),
        }
    }

    /// A required string.
    pub(crate) fn need(&self, key: &str) -> Result<String, Error> {
        self.text(key)?.ok_or_else(|| self.missing(key, ""))
    }

    /// The value of one of the names in a table.
    pub(crate) fn choice<T: Copy>(
        &self,
        key: &str,
        table: &[(&'static str, T)],
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        match table.iter().find(|(word, _)| *word == text) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let words: Vec<&str> = table.iter().map(|(word, _)| *word).collect();
                Err(self.wrong(key, format!("must be one of {}", words.join(", "))))
            }
        }
    }

    /// A secret.
    pub(crate) fn secret(&self, key: &str) -> Result<Option<SecretRef>, Error> {
        self.get(key, |value| match value {
            Value::Text(text) => {
                Some(expand(text, self.variables).map(|text| SecretRef::parse(&text)))
            }
            Value::Integer(_)
            | Value::Bool(_)
            | Value::Other(_)
            | Value::List(_)
            | Value::Table(_) => None,
        })
    }

    /// A cryptographic key: a secret, or the path of an existing file.
    pub(crate) fn key(&self, key: &str) -> Result<Option<SecretRef>, Error> {
        self.get(key, |value| match value {
            Value::Text(text) => {
                Some(expand(text, self.variables).map(|text| SecretRef::parse_key(&text)))
            }
            Value::Integer(_)
            | Value::Bool(_)
            | Value::Other(_)
            | Value::List(_)
            | Value::Table(_) => None,
        })
    }

    /// A required secret.
    pub(crate) fn need_secret(&self, key: &str) -> Result<SecretRef, Error> {
        self.secret(key)?.ok_or_else(|| self.missing(key, ""))
    }

    /// A duration: a string, or a number of seconds.
    pub(crate) fn duration(&self, key: &str) -> Result<Option<Duration>, Error> {
        self.get(key, |value| {
            let text = match value {
                Value::Text(text) => expand(text, self.variables),
                Value::Integer(seconds) => Ok(seconds.to_string()),
                Value::Other(number) => Ok(number.clone()),
                Value::Bool(_) | Value::List(_) | Value::Table(_) => return None,
            };
            Some(text.and_then(|text| quantity::duration(&text)))
        })
    }

    /// A TLS key or certificate: a path or source.
    pub(crate) fn key_file(&self, key: &str) -> Result<Option<KeySource>, Error> {
        let text = self.text(key)?;
        Ok(text.map(|text| Source::parse_public(&text).into()))
    }

    pub(crate) fn integer(&self, key: &str) -> Result<Option<u32>, Error> {
        self.get(key, |value| match value {
            Value::Integer(number) => {
                Some(u32::try_from(*number).map_err(|_| "the number is too large".to_owned()))
            }
            Value::Text(_)
            | Value::Bool(_)
            | Value::Other(_)
            | Value::List(_)
            | Value::Table(_) => None,
        })
    }

    pub(crate) fn switch(&self, key: &str) -> bool {
        matches!(
            self.table.get(key),
            Some(Entry {
                value: Value::Bool(true),
                ..
            })
        )
    }

    pub(crate) fn statuses(&self, key: &str) -> Option<Vec<u16>> {
        match self.table.get(key).map(|entry| &entry.value) {
            Some(Value::List(statuses)) => Some(
                statuses
                    .iter()
                    .filter_map(|status| match status {
                        Value::Integer(number) => u16::try_from(*number).ok(),
                        Value::Text(_)
                        | Value::Bool(_)
                        | Value::Other(_)
                        | Value::List(_)
                        | Value::Table(_) => None,
                    })
                    .collect(),
            ),
            _ => None,
        }
    }

    /// The claims of a token: a table with `{user}` and `{client_id}` in its strings.
    pub(crate) fn claims(&self, key: &str) -> Result<Vec<Claim>, Error> {
        let Some(Entry {
            value: Value::Table(table),
            ..
        }) = self.table.get(key)
        else {
            return Ok(Vec::new());
        };
        let (user, client) = (self.text("user")?, self.text("client_id")?);
        let mut text = |text: &str| {
            let mut text = expand(text, self.variables)?;
            for (name, value) in [("{user}", &user), ("{client_id}", &client)] {
                if text.contains(name) {
                    let value = value
                        .as_deref()
                        .ok_or_else(|| format!("no value for {name}"))?;
                    text = text.replace(name, value);
                }
            }
            Ok(text)
        };
        let mut claims = Vec::new();
        for (name, entry) in table {
            let value = entry
                .value
                .to_json(&mut text)
                .map_err(|why| self.wrong(key, format!("{name}: {why}")))?;
            claims.push(Claim::new(name, value));
        }
        Ok(claims)
    }

    /// The table at `key`.
    pub(crate) fn below(&self, key: &str) -> Option<Reader<'a>> {
        match self.table.get(key) {
            Some(Entry {
                value: Value::Table(table),
                place,
            }) => Some(Reader {
                table,
                what: format!("{}: {key}", self.what),
                place: Some(place),
                variables: self.variables,
            }),
            _ => None,
        }
    }

    /// The URL of a service, without user, password and query.
    pub(crate) fn url(&self, key: &str, base: Option<&Url>) -> Result<Option<Url>, Error> {
        let Some(text) = self.text(key)? else {
            return Ok(None);
        };
        let url = match base {
            Some(base) if !text.contains("://") => {
                let prefix = base.path.trim_end_matches('/');
                base.join(&format!("{prefix}/{}", text.trim_start_matches('/')))
                    .and_then(|url| ensure_bare(url, &text))
            }
            _ => service_url(&text),
        };
        url.map(Some).map_err(|why| self.wrong(key, why))
    }

    /// A table of strings, as templates.
    pub(crate) fn templates(&self, key: &str) -> Result<Vec<(String, Template)>, Error> {
        let Some(table) = self.below(key) else {
            return Ok(Vec::new());
        };
        let mut templates = Vec::new();
        for name in table.table.keys() {
            if let Some(text) = table.text(name)? {
                templates.push((name.clone(), Template::parse(&text)));
            }
        }
        Ok(templates)
    }

    /// A table of headers, as templates.
    pub(crate) fn headers(&self, key: &str) -> Result<Vec<(String, Template)>, Error> {
        let headers = self.templates(key)?;
        for (name, _) in &headers {
            ensure_settable_header(name).map_err(|why| self.wrong(key, why))?;
        }
        Ok(headers)
    }
}

/// Reads the URL of a service.
///
/// # Errors
/// If it is invalid, or has a user, a password, a query or a fragment.
pub(crate) fn service_url(text: &str) -> Result<Url, String> {
    Url::parse(text).and_then(|url| ensure_bare(url, text))
}

fn ensure_bare(url: Url, text: &str) -> Result<Url, String> {
    if url.user_info.is_some() {
        return Err("it must not contain a user or password".into());
    }
    if url.query.is_some() || text.contains('#') {
        return Err("it must not contain a query or fragment".into());
    }
    Ok(url)
}

fn ensure_one_line(text: String) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("it contains a control character".into());
    }
    Ok(text)
}
