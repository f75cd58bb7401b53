//! Which keys a configuration has, and of what type. What is not among them is refused.

use super::key::{Key, Kind, REQUEST, words};
use super::value::{Entry, Place, Table, Value};
use crate::auth::scheme;
use crate::auth::service::Share;
use crate::nearest::nearest;
use crate::redact;
use crate::secret::Source;

const SHARES: [&str; Share::NAMES.len()] = words(&Share::NAMES);

/// The keys that every profile and preset has; each scheme adds its own.
const COMMON: &[Key] = &[
    ("url", Kind::Text),
    ("preset", Kind::Text),
    ("auth", Kind::Choice(&scheme::NAMES)),
    ("user", Kind::Text),
    ("headers", Kind::Texts),
    ("timeout", Kind::Duration),
    ("connect_timeout", Kind::Duration),
    ("retry", Kind::Integer),
    ("cacert", Kind::Text),
    ("cert", Kind::Text),
    ("cert_key", Kind::Text),
    ("proxy", Kind::Proxy),
    ("allow_plaintext", Kind::Bool),
    ("dead_token_statuses", Kind::Statuses),
    ("share", Kind::Choice(&SHARES)),
];

/// The keys of `[profile.NAME]` and `[preset.NAME]`.
pub(super) fn profile_keys() -> Vec<Key> {
    COMMON.iter().chain(scheme::keys()).copied().collect()
}

/// What is wrong, where, and what was perhaps meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub message: String,
    pub hint: Option<String>,
}

impl Wrong {
    /// Something wrong at a place.
    pub(super) fn at(place: &Place, why: impl std::fmt::Display) -> Wrong {
        Wrong {
            message: format!("{place}: {why}"),
            hint: None,
        }
    }
}

/// Checks a document's keys and types. Returns the place of the first literal secret in it.
///
/// # Errors
/// The first thing wrong.
pub(super) fn check(document: &Table) -> Result<Option<Place>, Wrong> {
    let mut literal = None;
    let keys = profile_keys();
    for (section, entry) in document {
        if !matches!(section.as_str(), "profile" | "preset") {
            return Err(unknown(section, entry, ["profile", "preset"]));
        }
        for (name, entry) in members(section, entry)? {
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            if !name.bytes().all(is_plain) || name.is_empty() || name.len() > 64 {
                return Err(Wrong::at(
                    &entry.place,
                    format!("'{name}' is no name: letters, digits, '_', '-' and '.'"),
                ));
            }
            check_table(name, entry, &keys, &mut literal)?;
        }
    }
    Ok(literal)
}

fn members<'a>(name: &str, entry: &'a Entry) -> Result<&'a Table, Wrong> {
    match &entry.value {
        Value::Table(table) => Ok(table),
        other => Err(Wrong::at(
            &entry.place,
            format!("'{name}' is a table, not {}", other.kind()),
        )),
    }
}

fn unknown<'a>(name: &str, entry: &Entry, known: impl IntoIterator<Item = &'a str>) -> Wrong {
    Wrong {
        message: format!("{}: there is no key '{name}'", entry.place),
        hint: nearest(name, known).map(|nearest| format!("did you mean '{nearest}'?")),
    }
}

fn check_table(
    name: &str,
    entry: &Entry,
    keys: &[Key],
    literal: &mut Option<Place>,
) -> Result<(), Wrong> {
    for (name, entry) in members(name, entry)? {
        let Some((_, kind)) = keys.iter().find(|(known, _)| known == name) else {
            return Err(unknown(name, entry, keys.iter().map(|(known, _)| *known)));
        };
        check_value(name, entry, *kind, literal)?;
    }
    Ok(())
}

fn check_value(
    name: &str,
    entry: &Entry,
    kind: Kind,
    literal: &mut Option<Place>,
) -> Result<(), Wrong> {
    let wanted = |what: &str| {
        Err(Wrong::at(
            &entry.place,
            format!("'{name}' takes {what}, not {}", entry.value.kind()),
        ))
    };
    match (kind, &entry.value) {
        (Kind::Text, Value::Text(_))
        | (Kind::Integer, Value::Integer(0..))
        | (Kind::Duration, Value::Text(_) | Value::Integer(_) | Value::Other(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Json, Value::Table(_)) => Ok(()),
        (Kind::Secret | Kind::Key | Kind::Proxy, Value::Text(text)) => {
            if secret_of(kind, text).is_some_and(is_literal) {
                literal.get_or_insert_with(|| entry.place.clone());
            }
            Ok(())
        }
        (Kind::Choice(choices), Value::Text(text)) if choices.contains(&text.as_str()) => Ok(()),
        (Kind::Choice(choices), Value::Text(text)) => Err(Wrong {
            message: format!("{}: '{name}' is one of {}", entry.place, choices.join(", ")),
            hint: nearest(text, choices.iter().copied())
                .map(|nearest| format!("did you mean '{nearest}'?")),
        }),
        (Kind::Statuses, Value::List(statuses)) => check_statuses(name, statuses, &entry.place),
        (Kind::Texts | Kind::Secrets, Value::Table(table)) => {
            for (name, entry) in table {
                // A secret header is a secret whatever table it stands in.
                let is_secret = kind == Kind::Secrets || redact::is_secret_header(name);
                match &entry.value {
                    Value::Text(text) if is_secret && is_masked(text) && is_literal(text) => {
                        literal.get_or_insert_with(|| entry.place.clone());
                    }
                    Value::Text(_) => {}
                    other => {
                        return Err(Wrong::at(
                            &entry.place,
                            format!("'{name}' takes a string, not {}", other.kind()),
                        ));
                    }
                }
            }
            Ok(())
        }
        (Kind::Request, Value::Table(_)) => check_table(name, entry, REQUEST, literal),
        (Kind::Text | Kind::Secret | Kind::Key | Kind::Proxy | Kind::Choice(_), _) => {
            wanted("a string")
        }
        (Kind::Integer, _) => wanted("a whole number that is not negative"),
        (Kind::Duration, _) => wanted("a duration, as '30s' or 30"),
        (Kind::Bool, _) => wanted("true or false"),
        (Kind::Statuses, _) => wanted("a list of statuses"),
        (Kind::Texts | Kind::Secrets | Kind::Json | Kind::Request, _) => wanted("a table"),
    }
}

fn check_statuses(name: &str, statuses: &[Value], place: &Place) -> Result<(), Wrong> {
    let is_status = |status: &Value| matches!(status, Value::Integer(400..=599));
    match statuses.iter().all(is_status) {
        true => Ok(()),
        false => Err(Wrong::at(
            place,
            format!("'{name}' takes statuses from 400 to 599"),
        )),
    }
}

/// The part of a value that would be a secret.
fn secret_of(kind: Kind, text: &str) -> Option<&str> {
    match kind {
        Kind::Proxy => password_of(text),
        // The path of a key.
        Kind::Key => Source::parse_key(text).is_err().then_some(text),
        _ => Some(text),
    }
}

/// The password in a proxy's address.
fn password_of(proxy: &str) -> Option<&str> {
    let (user_info, _) = proxy.rsplit_once('@')?;
    let user_info = user_info
        .split_once("://")
        .map_or(user_info, |(_, rest)| rest);
    let (_, password) = user_info.split_once(':')?;
    (!password.is_empty()).then_some(password)
}

/// Whether this is a secret itself rather than its source.
fn is_literal(text: &str) -> bool {
    // An environment variable may stand for the whole of it, and then it is not in the file.
    let names_variable = text.starts_with("${") && text.ends_with('}') && !text.contains(":-");
    !names_variable && Source::parse(text).is_err()
}

/// Whether a template holds more of a secret than its name: anything but placeholders and a
/// scheme's word.
pub(super) fn is_masked(text: &str) -> bool {
    let mut rest = text;
    for scheme in ["Bearer ", "Basic ", "Token "] {
        rest = rest.strip_prefix(scheme).unwrap_or(rest);
    }
    let inner = rest
        .strip_prefix("${")
        .or_else(|| rest.strip_prefix('{'))
        .and_then(|rest| rest.strip_suffix('}'));
    let is_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'?');
    !inner.is_some_and(|name| name.bytes().all(is_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::value::parse;

    fn checked(text: &str) -> Result<bool, String> {
        check(&parse("f", text).unwrap())
            .map(|literal| literal.is_some())
            .map_err(|wrong| format!("{} ({})", wrong.message, wrong.hint.unwrap_or_default()))
    }

    #[test]
    fn what_is_refused_names_its_place() {
        for (text, why) in [
            (
                "profil = 1",
                "f:1:1: there is no key 'profil' (did you mean 'profile'?)",
            ),
            (
                "[profile.a]\nurll = ''",
                "f:2:1: there is no key 'urll' (did you mean 'url'?)",
            ),
            (
                "[profile.a]\n\n  pasword=''",
                "f:3:3: there is no key 'pasword' (did you mean 'password'?)",
            ),
            (
                "[profile.a]\nurl = 1",
                "f:2:1: 'url' takes a string, not a whole number ()",
            ),
            (
                "[profile.a]\nlogin = {pth=''}",
                "f:2:10: there is no key 'pth' ()",
            ),
            (
                "[profile]\na = 1",
                "f:2:1: 'a' is a table, not a whole number ()",
            ),
            (
                "[profile.a]\nshare='nodes'",
                "f:2:1: 'share' is one of user, node, none (did you mean 'node'?)",
            ),
            (
                "[profile.a]\ndead_token_statuses=[200]",
                "f:2:1: 'dead_token_statuses' takes statuses from 400 to 599 ()",
            ),
        ] {
            assert_eq!(checked(text).unwrap_err(), why);
        }
        assert!(checked("[profile.'a b']").is_err());
    }

    #[test]
    fn literal_secrets_are_found() {
        for (text, literal) in [
            ("password = 'hunter2'", true),
            ("password = 'env:P'", false),
            ("password = '${P}'", false),
            ("password = '${P:-hunter2}'", true),
            ("secrets = {a = 'x'}", true),
            ("headers = {X-Api-Key = 'x'}", true),
            ("headers = {X-Api-Key = 'file:/x', X-Site = 'a'}", false),
            ("login = {json = {password = '{password}'}}", false),
            ("login = {json = {password = 'hunter2'}}", true),
            ("proxy = 'http://me:hunter2@p'", true),
            ("proxy = 'me:hunter2@p:3128'", true),
            ("proxy = 'http://p:3128'", false),
            ("proxy = 'http://me@p:3128'", false),
            ("proxy = 'http://me:${P}@p:3128'", false),
        ] {
            assert_eq!(
                checked(&format!("[profile.a]\n{text}")),
                Ok(literal),
                "{text}"
            );
        }
    }
}
