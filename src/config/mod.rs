//! Profiles: the files read, merged key by key, checked.

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
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::auth::{Profile, presets};
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

/// What a file of profiles never reaches.
const MAX_BYTES: u64 = 1 << 20;

/// All that was configured, in the end.
pub(crate) struct Config {
    /// Where it was looked for, and whether there was a file.
    pub files: Vec<(PathBuf, Found)>,
    /// Why no file was looked for below the home directory.
    pub gap: Option<String>,
    /// What the user should know of files that were read, and which.
    pub warnings: Vec<(PathBuf, String)>,
    /// What is wrong in the files; each makes its own profile unusable.
    pub faults: Vec<Fault>,
    profiles: Table,
    /// Those of the files; the ones built in are read when a profile names them.
    presets: Table,
    variables: Variables,
}

/// Whether a configuration file was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Read,
    Missing,
    /// It was looked for without being named, and could not be read: why.
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
    /// Reads the files, later ones over earlier ones. `variables` gives what `${NAME}` is replaced
    /// by.
    ///
    /// # Errors
    /// A file that cannot be used at all: it is refused, it is not TOML, or it is for a newer c47.
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
                format!("{place}: a secret stands in a file that others can read"),
                format!("chmod 600 {}", shell::quote_path(path)),
            ));
        }
        value::merge(&mut self.profiles, checked.profiles);
        value::merge(&mut self.presets, checked.presets);
        self.faults.extend(checked.faults);
        Ok(())
    }

    /// The faults of a profile, those of its preset among them.
    fn own_faults(&self, name: &str) -> impl Iterator<Item = &Fault> {
        self.faults
            .iter()
            .filter(move |fault| self.owns(name, fault))
    }

    /// Checks that nothing is wrong with the keys of a profile and their types.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub(crate) fn ensure_sound(&self, name: &str) -> Result<(), Error> {
        match self.own_faults(name).next() {
            Some(fault) => Err(fault.wrong.clone().into()),
            None => Ok(()),
        }
    }

    /// The faults in presets and at the top of the files.
    pub(crate) fn faults_of_no_profile(&self) -> impl Iterator<Item = &Fault> {
        self.faults
            .iter()
            .filter(|fault| !matches!(fault.owner, Owner::Profile(_)))
    }

    /// The faults that are of no concern to a profile; without one, all.
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
                _ => false,
            },
            Owner::File => false,
        }
    }

    /// The profiles' names, in alphabetical order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// The presets' names, in alphabetical order.
    pub(crate) fn preset_names(&self) -> impl Iterator<Item = &str> {
        let built_in = presets::ALL.iter().map(|(name, _)| *name);
        let names = built_in.chain(self.presets.keys().map(String::as_str));
        names.collect::<BTreeSet<&str>>().into_iter()
    }

    /// The keys of a preset: those built in, under those of the files.
    ///
    /// # Errors
    /// When there is no such preset.
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
                    None => format!("the presets are {}", names.join(", ")),
                };
                let message = format!("{place}: there is no preset '{name}'");
                Err(Error::usage_hint(message, hint))
            }
        }
    }

    /// A profile's own keys over those of its preset.
    ///
    /// # Errors
    /// When there is no such profile, or no such preset.
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

    /// A profile, checked, its variables put in.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn profile(&self, name: &str) -> Result<Profile, Error> {
        self.ensure_sound(name)?;
        let table = self.table(name)?;
        let place = self.profiles.get(name).map(|entry| entry.place.clone());
        profile::build(name, &table, place.as_ref(), self.variables)
    }

    /// All that is wrong with a profile.
    pub(crate) fn problems(&self, name: &str) -> Vec<String> {
        let faults = self.own_faults(name).map(|fault| {
            let hint = fault.wrong.hint.iter().map(|hint| format!("; {hint}"));
            [fault.wrong.message()].into_iter().chain(hint).collect()
        });
        let faults: Vec<String> = faults.collect();
        match self.profile(name) {
            Err(error) if faults.is_empty() => vec![error.to_string()],
            Ok(_) | Err(_) => faults,
        }
    }

    /// The sound keys of a profile as they may be shown.
    ///
    /// # Errors
    /// When there is no such profile, or no such preset.
    pub(crate) fn shown(&self, name: &str) -> Result<Vec<Shown>, Error> {
        Ok(show::shown(&self.table(name)?))
    }

    fn no_such_profile(&self, name: &str) -> Error {
        let message = format!("there is no profile '{name}'");
        if let Some(near) = nearest(name, self.names()) {
            return Error::usage_hint(message, format!("did you mean '{near}'?"));
        }
        let names: Vec<&str> = self.names().collect();
        let known = match names.as_slice() {
            [] => "none is configured".to_owned(),
            [one] => format!("there is {one}"),
            names => format!("there are {}", names.join(", ")),
        };
        Error::usage_hint(message, format!("{known}; {}", self.searched()))
    }

    /// Where profiles were looked for, and why a file was not read.
    pub(crate) fn searched(&self) -> String {
        let files: Vec<String> = self
            .files
            .iter()
            .map(|(path, found)| format!("{} ({found})", path.display()))
            .collect();
        let gap = self.gap.iter().map(|gap| format!("; {gap}"));
        let gap: String = gap.collect();
        match files.is_empty() {
            true => format!("C47_CONFIG_PATH names no file{gap}"),
            false => format!("looked in {}{gap}", files.join(", ")),
        }
    }
}

/// A configuration file that was read.
struct ReadFile {
    text: String,
    mode: u32,
    warning: Option<String>,
}

/// What reading a candidate brought.
enum Reading {
    File(ReadFile),
    Not(Found),
}

/// Reads the file, where there is one.
fn read_file(candidate: &Candidate) -> Result<Reading, Error> {
    let path = &candidate.path;
    let fail = |why: String| Error::usage(format!("cannot read {}: {why}", path.display()));
    // Not waiting for a FIFO's other end.
    let opened = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if is_missing(&error) => return Ok(Reading::Not(Found::Missing)),
        // Nobody named it: what was configured elsewhere goes on working.
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

/// Also where a part of the path is a file, such as the home /dev/null.
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
    fn every_preset_makes_a_profile() {
        for (name, text) in presets::ALL {
            // The same rules as for a file of the user's.
            let document = format!(
                "[preset.{name}]\n{}",
                text.replace("\n[", &format!("\n[preset.{name}."))
            );
            let checked = schema::check(value::parse(name, &document).unwrap()).unwrap();
            assert_eq!(checked.faults, []);
            let mut config = Config::load(&Search::default(), no_variables).unwrap();
            let text = format!(
                "[profile.p]\npreset = '{name}'\nurl = 'https://a.lan/api'\nuser = 'u'\nclient_id = 'c'\n\
                 client_secret = 'env:S'\npassword = 'env:P'\ntoken = 'env:T'\nkey = 'env:K'\nservice_account = 'env:A'\n"
            );
            config.add("test", &text, None).unwrap();
            if let Err(error) = config.profile("p") {
                panic!("{name}: {error}");
            }
        }
    }

    #[test]
    fn a_files_preset_overrides_the_built_in_one_key_by_key() {
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
