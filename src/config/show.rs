//! The configuration as it may be shown: merged, with its places, a secret as its source.

use super::key::{Key, Kind, REQUEST};
use super::schema;
use super::value::{Place, Table, Value};
use crate::auth::secret_ref::SecretRef;
use crate::json::Text;
use crate::redact;

/// A key, as one would write it below `[profile.NAME]`.
pub(crate) struct Shown {
    /// `login.json.email`
    pub key: String,
    pub value: Text,
    pub place: Place,
}

/// All keys of a profile, those of its preset among them.
pub(super) fn shown(table: &Table) -> Vec<Shown> {
    let mut all = Vec::new();
    walk("", table, &schema::profile_keys(), &mut all);
    all
}

fn walk(prefix: &str, table: &Table, keys: &[Key], all: &mut Vec<Shown>) {
    for (name, entry) in table {
        let key = format!("{prefix}{}", bare(name));
        let kind = keys
            .iter()
            .find(|(known, _)| known == name)
            .map_or(Kind::Text, |(_, kind)| *kind);
        let below = format!("{key}.");
        match (kind, &entry.value) {
            (Kind::Request, Value::Table(inner)) => walk(&below, inner, REQUEST, all),
            (Kind::Texts | Kind::Secrets, Value::Table(inner)) => {
                for (name, entry) in inner {
                    let is_secret = kind == Kind::Secrets || redact::is_secret_header(name);
                    all.push(Shown {
                        key: format!("{below}{}", bare(name)),
                        value: safe(&entry.value, is_secret.then_some(SecretRef::parse)),
                        place: entry.place.clone(),
                    });
                }
            }
            (Kind::Json, Value::Table(inner)) => walk(&below, inner, &[], all),
            (Kind::Proxy, Value::Text(proxy)) => all.push(Shown {
                key,
                value: Text::string(&redact::proxy(proxy)),
                place: entry.place.clone(),
            }),
            (kind, value) => all.push(Shown {
                key,
                value: safe(value, secret_parser(kind)),
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
        _ => None,
    }
}

fn safe(value: &Value, secret: Option<Parser>) -> Text {
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
        _ => Text::null(),
    })
}

/// A key as TOML has it: in quotes where it is not bare.
fn bare(name: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    match !name.is_empty() && name.bytes().all(is_bare) {
        true => name.to_owned(),
        false => Text::string(name).to_string(),
    }
}
