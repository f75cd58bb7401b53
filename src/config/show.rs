//! The merged configuration for display: each key with its place, each secret as its source.

use super::key::{Key, Kind, PAGES, REQUEST};
use super::schema;
use super::value::{Place, Table, Value};
use crate::auth::secret_ref::SecretRef;
use crate::json::Text;
use crate::redact;

/// A key as it is written in `[profile.NAME]`.
pub(crate) struct Shown {
    /// For example `login.json.email`.
    pub key: String,
    pub value: Text,
    pub place: Place,
}

/// All keys of a profile, including those of its preset.
pub(super) fn shown(table: &Table) -> Vec<Shown> {
    let mut all = Vec::new();
    walk("", table, &schema::profile_keys(), &mut all);
    all
}

fn walk(prefix: &str, table: &Table, keys: &[Key], all: &mut Vec<Shown>) {
    for (name, entry) in table {
        let key = format!("{prefix}{}", toml_key(name));
        let kind = keys
            .iter()
            .find(|(known, _)| known == name)
            .map_or(Kind::Text, |(_, kind)| *kind);
        let below = format!("{key}.");
        match (kind, &entry.value) {
            (Kind::Request, Value::Table(inner)) => walk(&below, inner, REQUEST, all),
            (Kind::Pages, Value::Table(inner)) => walk(&below, inner, PAGES, all),
            (Kind::Texts | Kind::Secrets, Value::Table(inner)) => {
                for (name, entry) in inner {
                    let is_secret = kind == Kind::Secrets || redact::is_secret_header(name);
                    all.push(Shown {
                        key: format!("{below}{}", toml_key(name)),
                        value: without_secrets(&entry.value, is_secret.then_some(SecretRef::parse)),
                        place: entry.place.clone(),
                    });
                }
            }
            (Kind::Json | Kind::Members, Value::Table(inner)) => walk(&below, inner, &[], all),
            (Kind::Proxy, Value::Text(proxy)) => all.push(Shown {
                key,
                value: Text::string(&redact::proxy(proxy)),
                place: entry.place.clone(),
            }),
            (kind, value) => all.push(Shown {
                key,
                value: without_secrets(value, secret_parser(kind)),
                place: entry.place.clone(),
            }),
        }
    }
}

/// Reads a secret or its source.
type Parser = fn(&str) -> SecretRef;

fn secret_parser(kind: Kind) -> Option<Parser> {
    match kind {
        Kind::Secret => Some(SecretRef::parse),
        Kind::Key => Some(SecretRef::parse_key),
        Kind::Text
        | Kind::Choice(_)
        | Kind::Proxy
        | Kind::Words
        | Kind::Integer
        | Kind::Duration
        | Kind::Bool
        | Kind::Statuses
        | Kind::Texts
        | Kind::Members
        | Kind::Secrets
        | Kind::Json
        | Kind::Request
        | Kind::Pages => None,
    }
}

fn without_secrets(value: &Value, secret: Option<Parser>) -> Text {
    let mut text = |text: &str| {
        Ok(match secret {
            None => redact::url(text),
            Some(parse) => match parse(text) {
                SecretRef::Source(source) => source.to_string(),
                SecretRef::Literal(_) if text.contains('{') && !schema::is_masked(text) => {
                    text.to_owned()
                }
                SecretRef::Literal(_) => redact::MASK.to_owned(),
            },
        })
    };
    value.to_json(&mut text).unwrap_or_else(|_| match value {
        Value::Other(text) => Text::string(text),
        Value::Text(_) | Value::Integer(_) | Value::Bool(_) | Value::List(_) | Value::Table(_) => {
            Text::null()
        }
    })
}

/// A TOML key, quoted if necessary.
fn toml_key(name: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => Text::string(name).to_string(),
    }
}
