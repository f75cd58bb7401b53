//! The keys of a configuration file and their types. An unknown key is a fault.

use super::fault::{Fault, Owner, Wrong};
use super::key::{Key, Kind, PAGES, REQUEST, words};
use super::read::service_url;
use super::synonyms;
use super::value::{Entry, Place, Table, Value};
use crate::auth::scheme;
use crate::auth::service::Share;
use crate::nearest::nearest;
use crate::platform::Version;
use crate::redact;
use crate::secret::Source;
use crate::sort::Sortable;

const SHARES: [&str; Share::NAMES.len()] = words(&Share::NAMES);

/// The keys of every profile and preset. Each scheme adds its own.
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
    ("cert_key_password", Kind::Secret),
    ("proxy", Kind::Proxy),
    ("allow_plaintext", Kind::Bool),
    ("dead_token_statuses", Kind::Statuses),
    ("cookies", Kind::Bool),
    ("share", Kind::Choice(&SHARES)),
    ("pages", Kind::Pages),
];

/// The keys of `[profile.NAME]` and `[preset.NAME]`.
pub(super) fn profile_keys() -> Vec<Key> {
    COMMON.iter().chain(scheme::keys()).copied().collect()
}

/// The top-level keys.
const TOP: [&str; 3] = ["profile", "preset", REQUIRES];
const REQUIRES: &str = "requires_c47";

/// A document without its faults.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub profiles: Table,
    pub presets: Table,
    pub faults: Vec<Fault>,
    /// The place of the first literal secret.
    pub literal: Option<Place>,
}

/// Checks a document's keys and types. Faulty keys are removed and listed, so that the value of an
/// unknown key, which may be a secret, is never printed.
///
/// # Errors
/// If the file requires a newer c47.
pub(super) fn check(document: Table) -> Result<Checked, Wrong> {
    if let Some(entry) = document.get(REQUIRES) {
        ensure_new_enough(entry)?;
    }
    let mut checked = Checked::default();
    for (section, entry) in document {
        match section.as_str() {
            "profile" => checked.profiles = checked.section(entry, Owner::Profile, "profile"),
            "preset" => checked.presets = checked.section(entry, Owner::Preset, "preset"),
            REQUIRES => {}
            _ => checked.report(Owner::File, unknown(&section, &entry, TOP)),
        }
    }
    let place = |fault: &Fault| (fault.wrong.place.line, fault.wrong.place.column);
    checked.faults.order_by_key(place);
    Ok(checked)
}

/// Checks requires_c47. A file that uses new keys can set it for a clear error message.
fn ensure_new_enough(entry: &Entry) -> Result<(), Wrong> {
    let form = || {
        let what = format!("'{REQUIRES}' must be a version string such as \"0.2\"");
        Wrong::at(&entry.place, what)
    };
    let Value::Text(text) = &entry.value else {
        return Err(form());
    };
    let is_short = text.split('.').count() <= 3;
    let wanted = Version::parse(text).filter(|_| is_short).ok_or_else(form)?;
    let own = env!("CARGO_PKG_VERSION");
    let released = own.split(['-', '+']).next().unwrap_or(own);
    if Version::parse(released).is_some_and(|own| own >= wanted) {
        return Ok(());
    }
    let why = format!("this file requires c47 {wanted} or newer; this is c47 {own}");
    Err(Wrong::at(&entry.place, why).with_hint(Some(format!("install c47 {wanted} or newer"))))
}

impl Checked {
    fn report(&mut self, owner: Owner, wrong: Wrong) {
        self.faults.push(Fault { owner, wrong });
    }

    /// Checks the profiles or the presets.
    fn section(&mut self, entry: Entry, owner: fn(String) -> Owner, word: &str) -> Table {
        let mut valid = Table::new();
        let named = match members(word, &entry) {
            Ok(named) => named,
            Err(wrong) => {
                self.report(Owner::File, wrong);
                return valid;
            }
        };
        let keys = profile_keys();
        for (name, entry) in named {
            let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
            if !name.bytes().all(is_plain) || name.is_empty() || name.len() > 64 {
                let why = format!("invalid name '{name}'; use letters, digits, '_', '-' and '.'");
                self.report(Owner::File, Wrong::at(&entry.place, why));
                continue;
            }
            let owner = owner(name.clone());
            let table = match members(name, entry) {
                Ok(table) => self.table(table, &owner, &keys),
                Err(wrong) => {
                    self.report(owner, wrong);
                    Table::new()
                }
            };
            let entry = Entry {
                value: Value::Table(table),
                place: entry.place.clone(),
            };
            valid.insert(name.clone(), entry);
        }
        valid
    }

    /// The valid keys of a profile or preset.
    fn table(&mut self, table: &Table, owner: &Owner, keys: &[Key]) -> Table {
        let mut valid = Table::new();
        for (name, entry) in table {
            let result = check_key(name, entry, keys, &mut self.literal);
            match result.and_then(|()| check_url(name, entry)) {
                Ok(()) => {
                    valid.insert(name.clone(), entry.clone());
                }
                Err(wrong) => self.report(owner.clone(), wrong),
            }
        }
        valid
    }
}

fn members<'a>(name: &str, entry: &'a Entry) -> Result<&'a Table, Wrong> {
    match &entry.value {
        Value::Table(table) => Ok(table),
        other => Err(Wrong::at(
            &entry.place,
            format!("'{name}' must be a table, not {}", other.kind()),
        )),
    }
}

fn unknown<'a>(name: &str, entry: &Entry, known: impl IntoIterator<Item = &'a str>) -> Wrong {
    let known: Vec<&str> = known.into_iter().collect();
    let meant = synonyms::meant(name).filter(|key| known.contains(key));
    let meant = meant.or_else(|| nearest(name, known));
    Wrong::at(&entry.place, format!("unknown key '{name}'"))
        .with_hint(meant.map(|meant| format!("did you mean '{meant}'?")))
}

fn check_table(
    name: &str,
    entry: &Entry,
    keys: &[Key],
    literal: &mut Option<Place>,
) -> Result<(), Wrong> {
    for (name, entry) in members(name, entry)? {
        check_key(name, entry, keys, literal)?;
    }
    Ok(())
}

fn check_key(
    name: &str,
    entry: &Entry,
    keys: &[Key],
    literal: &mut Option<Place>,
) -> Result<(), Wrong> {
    match keys.iter().find(|(known, _)| *known == name) {
        Some((_, kind)) => check_value(name, entry, *kind, literal),
        None => Err(unknown(name, entry, keys.iter().map(|(known, _)| *known))),
    }
}

fn check_value(
    name: &str,
    entry: &Entry,
    kind: Kind,
    literal: &mut Option<Place>,
) -> Result<(), Wrong> {
    let wanted = |what: &str| {
        let why = format!("'{name}' must be {what}, not {}", entry.value.kind());
        // Other tools may use this name for a different key.
        let meant = synonyms::meant(name).map(|key| format!("did you mean '{key}'?"));
        Err(Wrong::at(&entry.place, why).with_hint(meant))
    };
    match (kind, &entry.value) {
        (Kind::Text, Value::Text(_))
        | (Kind::Integer, Value::Integer(0..))
        | (Kind::Duration, Value::Text(_) | Value::Integer(_) | Value::Other(_))
        | (Kind::Bool, Value::Bool(_))
        | (Kind::Words, Value::Text(_))
        | (Kind::Json, Value::Table(_)) => Ok(()),
        (Kind::Secret | Kind::Key | Kind::Proxy, Value::Text(text)) => {
            if secret_of(kind, text).is_some_and(is_literal) {
                literal.get_or_insert_with(|| entry.place.clone());
            }
            Ok(())
        }
        (Kind::Choice(choices), Value::Text(text)) if choices.contains(&text.as_str()) => Ok(()),
        (Kind::Choice(choices), Value::Text(text)) => {
            let why = format!("'{name}' must be one of {}", choices.join(", "));
            let meant = nearest(text, choices.iter().copied());
            let hint = meant.map(|meant| format!("did you mean '{meant}'?"));
            Err(Wrong::at(&entry.place, why).with_hint(hint))
        }
        (Kind::Words, Value::List(words)) if are_texts(words) => Ok(()),
        (Kind::Statuses, Value::List(statuses)) => check_statuses(name, statuses, &entry.place),
        (Kind::Texts | Kind::Members | Kind::Secrets, Value::Table(table)) => {
            for (name, entry) in table {
                // A secret header is secret in every table.
                let is_secret = kind == Kind::Secrets
                    || (kind == Kind::Texts && redact::is_secret_header(name));
                match &entry.value {
                    Value::Text(text) if is_secret && is_masked(text) && is_literal(text) => {
                        literal.get_or_insert_with(|| entry.place.clone());
                    }
                    Value::Text(_) => {}
                    other => {
                        return Err(Wrong::at(
                            &entry.place,
                            format!("'{name}' must be a string, not {}", other.kind()),
                        ));
                    }
                }
            }
            Ok(())
        }
        (Kind::Request, Value::Table(_)) => check_table(name, entry, REQUEST, literal),
        (Kind::Pages, Value::Table(_)) => check_table(name, entry, PAGES, literal),
        (Kind::Text | Kind::Secret | Kind::Key | Kind::Proxy | Kind::Choice(_), _) => {
            wanted("a string")
        }
        (Kind::Words, _) => wanted("a string or a list of strings"),
        (Kind::Integer, _) => wanted("a non-negative integer"),
        (Kind::Duration, _) => wanted("a duration such as '30s' or 30"),
        (Kind::Bool, _) => wanted("true or false"),
        (Kind::Statuses, _) => wanted("a list of statuses"),
        (
            Kind::Texts | Kind::Members | Kind::Secrets | Kind::Json | Kind::Request | Kind::Pages,
            _,
        ) => wanted("a table"),
    }
}

fn are_texts(values: &[Value]) -> bool {
    values.iter().all(|value| matches!(value, Value::Text(_)))
}

fn check_statuses(name: &str, statuses: &[Value], place: &Place) -> Result<(), Wrong> {
    let is_status = |status: &Value| matches!(status, Value::Integer(400..=599));
    match statuses.iter().all(is_status) {
        true => Ok(()),
        false => Err(Wrong::at(
            place,
            format!("'{name}' must contain statuses from 400 to 599"),
        )),
    }
}

/// Checks a profile's URL, unless it contains a variable.
fn check_url(name: &str, entry: &Entry) -> Result<(), Wrong> {
    match &entry.value {
        Value::Text(text) if name == "url" && !text.contains("${") => service_url(text)
            .map(drop)
            .map_err(|why| Wrong::at(&entry.place, format!("'url': {why}"))),
        _ => Ok(()),
    }
}

/// The part of a value that may be a secret.
fn secret_of(kind: Kind, text: &str) -> Option<&str> {
    match kind {
        Kind::Proxy => password_of(text),
        // The path of a key file is not a secret.
        Kind::Key => Source::parse_key(text).is_err().then_some(text),
        _ => Some(text),
    }
}

/// The password in a proxy URL.
fn password_of(proxy: &str) -> Option<&str> {
    let (user_info, _) = proxy.rsplit_once('@')?;
    let user_info = user_info
        .split_once("://")
        .map_or(user_info, |(_, rest)| rest);
    let (_, password) = user_info.split_once(':')?;
    (!password.is_empty()).then_some(password)
}

/// Whether this is a literal secret, not a source.
fn is_literal(text: &str) -> bool {
    // If the whole value is a variable, the secret is not in the file.
    let names_variable = text.starts_with("${") && text.ends_with('}') && !text.contains(":-");
    !names_variable && Source::parse(text).is_err()
}

/// Whether a template contains a literal secret: anything other than a placeholder after a scheme
/// name.
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
        let checked = check(parse("f", text).unwrap());
        let describe = |wrong: &Wrong| {
            let hint = wrong.hint.clone().unwrap_or_default();
            format!("{} ({hint})", wrong.message())
        };
        let checked = checked.map_err(|wrong| describe(&wrong))?;
        match checked.faults.first() {
            Some(fault) => Err(describe(&fault.wrong)),
            None => Ok(checked.literal.is_some()),
        }
    }

    #[test]
    fn key_names_of_other_tools_get_a_hint() {
        for (word, key) in [
            ("username", "user"),
            ("login", "user"),
            ("pass", "password"),
            ("secret", "password"),
            ("base_url", "url"),
            ("host", "url"),
            ("API-Key", "token"),
        ] {
            let why = checked(&format!("[profile.a]\n{word} = 'x'")).unwrap_err();
            assert!(why.ends_with(&format!("(did you mean '{key}'?)")), "{why}");
        }
    }

    #[test]
    fn file_can_require_a_version() {
        for version in ["0.0.9", "0.1", env!("CARGO_PKG_VERSION")] {
            assert_eq!(checked(&format!("requires_c47 = '{version}'")), Ok(false));
        }
        let why = checked("new = 1\nrequires_c47 = '99.1'").unwrap_err();
        assert!(
            why.starts_with("f:2:1: this file requires c47 99.1 or newer"),
            "{why}"
        );
        for wrong in ["0.2", "'x'", "'>=0.2'", "''", "'1.2.3.4'"] {
            let why = checked(&format!("requires_c47 = {wrong}")).unwrap_err();
            assert!(why.contains("must be a version"), "{wrong}: {why}");
        }
    }

    #[test]
    fn faulty_keys_are_reported_and_removed() {
        let text = "new = 1\n[profile.a]\nurll = 'x'\nurl = 1\nuser = 'u'\n[profile.b]\nurl = 'ftp://x'\n\
                    [preset.c]\nx = 1\n[profile]\n'd e' = {}\nf = 1";
        let checked = check(parse("f", text).unwrap()).unwrap();
        let faults: Vec<String> = checked.faults.iter().map(Fault::to_string).collect();
        assert_eq!(
            faults,
            [
                "f:1:1: unknown key 'new'",
                "profile a: f:3:1: unknown key 'urll'; did you mean 'url'?",
                "profile a: f:4:1: 'url' must be a string, not an integer",
                "profile b: f:7:1: 'url': unsupported scheme 'ftp'; use http or https",
                "preset c: f:9:1: unknown key 'x'",
                "f:11:1: invalid name 'd e'; use letters, digits, '_', '-' and '.'",
                "profile f: f:12:1: 'f' must be a table, not an integer",
            ]
        );
        let names: Vec<&String> = checked.profiles.keys().collect();
        assert_eq!(names, ["a", "b", "f"]);
        let Value::Table(a) = &checked.profiles["a"].value else {
            panic!("a table")
        };
        assert_eq!(a.keys().collect::<Vec<_>>(), ["user"]);
    }

    #[test]
    fn errors_name_the_place() {
        for (text, why) in [
            (
                "profil = 1",
                "f:1:1: unknown key 'profil' (did you mean 'profile'?)",
            ),
            (
                "[profile.a]\nurll = ''",
                "f:2:1: unknown key 'urll' (did you mean 'url'?)",
            ),
            (
                "[profile.a]\n\n  pasword=''",
                "f:3:3: unknown key 'pasword' (did you mean 'password'?)",
            ),
            (
                "[profile.a]\nurl = 1",
                "f:2:1: 'url' must be a string, not an integer ()",
            ),
            (
                "[profile.a]\nlogin = {pth=''}",
                "f:2:10: unknown key 'pth' ()",
            ),
            (
                "[profile]\na = 1",
                "f:2:1: 'a' must be a table, not an integer ()",
            ),
            (
                "[profile.a]\nshare='nodes'",
                "f:2:1: 'share' must be one of user, node, none (did you mean 'node'?)",
            ),
            (
                "[profile.a]\nhelper=['a', 1]",
                "f:2:1: 'helper' must be a string or a list of strings, not a list ()",
            ),
            (
                "[profile.a]\ndead_token_statuses=[200]",
                "f:2:1: 'dead_token_statuses' must contain statuses from 400 to 599 ()",
            ),
        ] {
            assert_eq!(checked(text).unwrap_err(), why);
        }
        assert!(checked("[profile.'a b']").is_err());
    }

    #[test]
    fn literal_secrets_are_detected() {
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
