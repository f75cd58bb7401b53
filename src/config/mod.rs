//! Configuration files with profiles: read, merged key by key, and checked.

mod expand;
mod fault;
/// The kinds of keys.
pub(crate) mod key;
mod profile;
/// The values of keys.
pub(crate) mod read;
mod schema;
mod show;
mod synonyms;
mod trust;
mod value;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::auth::{Profile, presets};
use crate::descriptor;
use crate::error::Error;
use crate::io_error::reason;
use crate::nearest::nearest;
use crate::shell;
use fault::Owner;
use value::{Entry, Place, Table, Value};

pub(crate) use expand::Variables;
pub(crate) use fault::Fault;
pub(crate) use show::Shown;
pub(crate) use trust::{Candidate, Named, Search};

/// The maximum size of a configuration file.
const MAX_BYTES: u64 = 1 << 20;

/// The merged configuration.
pub(crate) struct Config {
    /// The searched files, and whether each was found.
    pub files: Vec<(PathBuf, Found)>,
    /// Why the home directory was not searched.
    pub gap: Option<String>,
    /// Warnings about files.
    pub warnings: Vec<(PathBuf, String)>,
    /// Errors in the files. Each makes its own profile unusable.
    pub faults: Vec<Fault>,
    profiles: Table,
    /// The presets in the files. Built-in presets are read when a profile uses them.
    presets: Table,
    variables: Variables,
}

/// Whether a configuration file was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Read,
    Missing,
    /// A default file that cannot be read; holds the reason.
    Unreadable(String),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Read => f.write_str("read"),
            Found::Missing => f.write_str("not found"),
            Found::Unreadable(why) => write!(f, "not readable: {why}"),
        }
    }
}

impl Config {
    /// Reads the files. Later files override earlier ones. `variables` looks up `${NAME}`.
    ///
    /// # Errors
    /// If a file is unsafe, is not TOML, or requires a newer c47.
    pub(crate) fn load(search: &Search, variables: Variables) -> Result<Config, Error> {
        let mut config = Config {
            files: Vec::new(),
            gap: search.gap.clone(),
            warnings: Vec::new(),
            faults: Vec::new(),
            profiles: Table::new(),
            presets: Table::new(),
            variables,
        };
        for candidate in &search.candidates {
            let path = &candidate.path;
            let found = match read_file(candidate)? {
                Reading::File(read) => {
                    let warning = read.warning.map(|warning| (path.clone(), warning));
                    config.warnings.extend(warning);
                    let name = path.display().to_string();
                    config.add(&name, &read.text, Some((path, read.mode)))?;
                    Found::Read
                }
                Reading::Not(found) => found,
            };
            config.files.push((path.clone(), found));
        }
        Ok(config)
    }

    fn add(&mut self, name: &str, text: &str, file: Option<(&Path, u32)>) -> Result<(), Error> {
        let document = value::parse(name, text).map_err(Error::usage)?;
        let checked = schema::check(document)?;
        if let (Some(place), Some((path, mode))) = (checked.literal, file)
            && mode & 0o077 != 0
        {
            return Err(Error::usage_hint(
                format!("{place}: the file contains a secret and other users can read it"),
                format!("chmod 600 {}", shell::quote_path(path)),
            ));
        }
        value::merge(&mut self.profiles, checked.profiles);
        value::merge(&mut self.presets, checked.presets);
        self.faults.extend(checked.faults);
        Ok(())
    }

    /// The faults of a profile, including those of its preset.
    fn own_faults(&self, name: &str) -> impl Iterator<Item = &Fault> {
        self.faults
            .iter()
            .filter(move |fault| self.owns(name, fault))
    }

    /// Checks the keys of a profile and their types.
    ///
    /// # Errors
    /// The first fault.
    pub(crate) fn ensure_valid(&self, name: &str) -> Result<(), Error> {
        match self.own_faults(name).next() {
            Some(fault) => Err(fault.wrong.clone().into()),
            None => Ok(()),
        }
    }

    /// The faults in presets and at the top level.
    pub(crate) fn faults_of_no_profile(&self) -> impl Iterator<Item = &Fault> {
        self.faults
            .iter()
            .filter(|fault| !matches!(fault.owner, Owner::Profile(_)))
    }

    /// The faults that do not affect a profile; without a profile, all faults.
    pub(crate) fn other_faults(&self, name: Option<&str>) -> impl Iterator<Item = &Fault> {
        let is_own = move |fault: &Fault| name.is_some_and(|name| self.owns(name, fault));
        self.faults.iter().filter(move |fault| !is_own(fault))
    }

    fn owns(&self, name: &str, fault: &Fault) -> bool {
        match &fault.owner {
            Owner::Profile(owner) => owner == name,
            Owner::Preset(owner) => match self.profiles.get(name).map(|entry| &entry.value) {
                Some(Value::Table(table)) => matches!(
                    table.get("preset").map(|entry| &entry.value),
                    Some(Value::Text(preset)) if preset == owner
                ),
                Some(
                    Value::Text(_)
                    | Value::Integer(_)
                    | Value::Bool(_)
                    | Value::Other(_)
                    | Value::List(_),
                )
                | None => false,
            },
            Owner::File => false,
        }
    }

    /// The names of the profiles, sorted.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// The names of the presets, sorted.
    pub(crate) fn preset_names(&self) -> impl Iterator<Item = &str> {
        let built_in = presets::ALL.iter().map(|(name, _)| *name);
        let names = built_in.chain(self.presets.keys().map(String::as_str));
        names.collect::<BTreeSet<&str>>().into_iter()
    }

    /// The keys of a preset. A preset in the files overrides the built-in one, key by key.
    ///
    /// # Errors
    /// If it does not exist.
    fn preset(&self, name: &str, place: &Place) -> Result<Table, Error> {
        let own = match self.presets.get(name).map(|entry| &entry.value) {
            Some(Value::Table(own)) => Some(own.clone()),
            _ => None,
        };
        let built_in = match presets::text(name) {
            Some(text) => {
                let file = format!("built in: {name}");
                Some(value::parse(&file, text).map_err(Error::usage)?)
            }
            None => None,
        };
        match (built_in, own) {
            (Some(mut table), Some(own)) => {
                value::merge(&mut table, own);
                Ok(table)
            }
            (Some(table), None) | (None, Some(table)) => Ok(table),
            (None, None) => {
                let names: Vec<&str> = self.preset_names().collect();
                let hint = match nearest(name, names.iter().copied()) {
                    Some(near) => format!("did you mean '{near}'?"),
                    None => format!("available presets: {}", names.join(", ")),
                };
                let message = format!("{place}: preset '{name}' not found");
                Err(Error::usage_hint(message, hint))
            }
        }
    }

    /// The keys of a profile, merged over those of its preset.
    ///
    /// # Errors
    /// If the profile or its preset does not exist.
    fn table(&self, name: &str) -> Result<Table, Error> {
        let own = match self.profiles.get(name).map(|entry| &entry.value) {
            Some(Value::Table(own)) => own,
            _ => return Err(self.no_such_profile(name)),
        };
        let mut table = match own.get("preset") {
            Some(Entry {
                value: Value::Text(preset),
                place,
            }) => self.preset(preset, place)?,
            _ => Table::new(),
        };
        value::merge(&mut table, own.clone());
        Ok(table)
    }

    /// A checked profile with its variables expanded.
    ///
    /// # Errors
    /// The first error and its place.
    pub(crate) fn profile(&self, name: &str) -> Result<Profile, Error> {
        self.ensure_valid(name)?;
        let table = self.table(name)?;
        let place = self.profiles.get(name).map(|entry| entry.place.clone());
        profile::build(name, &table, place.as_ref(), self.variables)
    }

    /// All errors in a profile.
    pub(crate) fn problems(&self, name: &str) -> Vec<String> {
        let faults = self.own_faults(name).map(|fault| {
            let hint = fault.wrong.hint.iter().map(|hint| format!("; {hint}"));
            [fault.wrong.message()].into_iter().chain(hint).collect()
        });
        let faults: Vec<String> = faults.collect();
        let profile = self.profile(name);
        match profile.and_then(|profile| profile.pages.ensure_filters()) {
            Err(error) if faults.is_empty() => vec![error.to_string()],
            Ok(_) | Err(_) => faults,
        }
    }

    /// The valid keys of a profile for display.
    ///
    /// # Errors
    /// If the profile or its preset does not exist.
    pub(crate) fn shown(&self, name: &str) -> Result<Vec<Shown>, Error> {
        Ok(show::shown(&self.table(name)?))
    }

    fn no_such_profile(&self, name: &str) -> Error {
        let message = format!("profile '{name}' not found");
        if let Some(near) = nearest(name, self.names()) {
            return Error::usage_hint(message, format!("did you mean '{near}'?"));
        }
        let names: Vec<&str> = self.names().collect();
        let known = match names.as_slice() {
            [] => "no profiles configured".to_owned(),
            [one] => format!("available profile: {one}"),
            names => format!("available profiles: {}", names.join(", ")),
        };
        Error::usage_hint(message, format!("{known}; {}", self.searched()))
    }

    /// The searched files, and why one was not read.
    pub(crate) fn searched(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|(path, found)| format!("{} ({found})", path.display()))
            .collect();
        let gap = self.gap.iter().map(|gap| format!("; {gap}"));
        let gap: String = gap.collect();
        match files.is_empty() {
            true => format!("C47_CONFIG_PATH contains no file{gap}"),
            false => format!("searched {}{gap}", files.join(", ")),
        }
    }
}

/// The content of a configuration file.
struct ReadFile {
    text: String,
    mode: u32,
    warning: Option<String>,
}

/// The result of reading a candidate.
enum Reading {
    File(ReadFile),
    Not(Found),
}

/// Reads the file, if it exists.
fn read_file(candidate: &Candidate) -> Result<Reading, Error> {
    let path = &candidate.path;
    let fail = |why: String| Error::usage(format!("cannot read {}: {why}", path.display()));
    let file = match descriptor::open_at_once(path) {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(Reading::Not(Found::Missing)),
        // An unreadable default file does not disable the other files.
        Err(error) if candidate.named != Named::Explicitly => {
            return Ok(Reading::Not(Found::Unreadable(reason(&error))));
        }
        Err(error) => return Err(fail(reason(&error))),
    };
    let metadata = file.metadata().map_err(|error| fail(reason(&error)))?;
    if !metadata.is_file() {
        return Err(fail("it is not a regular file".into()));
    }
    let warning = trust::ensure(candidate, &metadata)?;
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(length) if length as u64 > MAX_BYTES => Err(fail("it is larger than 1 MiB".into())),
        Ok(_) => Ok(Reading::File(ReadFile {
            text,
            mode: metadata.mode(),
            warning,
        })),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(fail("it is not UTF-8 text".into()))
        }
        Err(error) => Err(fail(reason(&error))),
    }
}

/// Also if a parent is not a directory, for example with the home directory /dev/null.
fn is_missing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn no_variables(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn every_preset_is_a_valid_profile() {
        for (name, text) in presets::ALL {
            // The same rules as for a file of the user.
            let document = format!(
                "[preset.{name}]\n{}",
                text.replace("\n[", &format!("\n[preset.{name}."))
            );
            let checked = schema::check(value::parse(name, &document).unwrap()).unwrap();
            assert_eq!(checked.faults, []);
            let mut config = Config::load(&Search::default(), no_variables).unwrap();
            let text = format!(
                "[profile.p]\npreset = '{name}'\nurl = 'https://a.lan/api'\nuser = 'u'\nclient_id = 'c'\n\
                 client_secret = 'env:S'\npassword = 'env:P'\ntoken = 'env:T'\nkey = 'env:K'\nservice_account = 'env:A'\n\
                 domain = 'a.lan'\nrealm = 'r'\n"
            );
            config.add("test", &text, None).unwrap();
            assert_eq!(config.problems("p"), [""; 0], "{name}");
        }
    }

    #[test]
    fn preset_in_file_overrides_built_in_preset_key_by_key() {
        let mut config = Config::load(&Search::default(), no_variables).unwrap();
        let text = "[preset.ayon-key]\nname = 'X-Own'\n[preset.own]\nauth = 'none'\n[profile.p]\npreset = 'ayon-key'\nurl = 'https://a.lan'\ntoken = 'env:T'";
        config.add("test", text, None).unwrap();
        let keys = config.shown("p").unwrap();
        let of = |key: &str| {
            keys.iter()
                .find(|shown| shown.key == key)
                .unwrap()
                .value
                .to_string()
        };
        assert_eq!(
            (of("name"), of("auth")),
            ("\"X-Own\"".into(), "\"header\"".into())
        );
        assert!(config.preset_names().any(|name| name == "own"));
        assert!(config.preset_names().any(|name| name == "kitsu"));
    }
}
