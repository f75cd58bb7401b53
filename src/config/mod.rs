//! Profiles: the files read, merged key by key, checked.

mod expand;
mod profile;
mod read;
mod schema;
mod show;
mod value;

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::auth::Profile;
use crate::error::Error;
use crate::io_error::reason;
use crate::nearest::nearest;
use value::{Entry, Table, Value};

pub use show::Shown;

/// The presets, in a profile's own words.
const PRESETS: &str = include_str!("../auth/presets.toml");
/// What a file of profiles never reaches.
const MAX_BYTES: u64 = 1 << 20;

/// All that was configured, in the end.
pub struct Config {
    /// Where it was looked for, and whether there was a file.
    pub files: Vec<(PathBuf, Found)>,
    profiles: Table,
    presets: Table,
}

/// Whether a configuration file was there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    Read,
    Missing,
}

/// The files that count, in order: later ones override.
pub fn paths() -> Vec<PathBuf> {
    let variable = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    if let Some(list) = variable("C47_CONFIG_PATH") {
        return env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty())
            .collect();
    }
    let mut paths = vec![PathBuf::from("/etc/c47/config.toml")];
    let home = variable("HOME").map(|home| Path::new(&home).join(".config"));
    // A relative path is none (XDG Base Directory Specification).
    let base = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or(home);
    paths.extend(base.map(|base| base.join("c47/config.toml")));
    paths
}

/// Where tokens are kept.
///
/// # Errors
/// When neither a variable nor a home says it.
pub fn cache_directory() -> Result<PathBuf, Error> {
    let variable = |name: &str| {
        env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    variable("C47_CACHE_DIR")
        .or_else(|| variable("XDG_RUNTIME_DIR").map(|base| base.join("c47")))
        .or_else(|| variable("HOME").map(|home| home.join(".cache/c47")))
        .ok_or_else(|| {
            Error::usage_hint(
                "there is no place to keep a token: HOME is not set",
                "set C47_CACHE_DIR",
            )
        })
}

impl Config {
    /// Reads the files.
    ///
    /// # Errors
    /// The first thing wrong, with file, line and column.
    pub fn load(paths: &[PathBuf]) -> Result<Config, Error> {
        let mut config = Config {
            files: Vec::new(),
            profiles: Table::new(),
            presets: Table::new(),
        };
        config.add("built in", PRESETS, None)?;
        for path in paths {
            let found = match read_file(path)? {
                Some((text, mode)) => {
                    config.add(&path.display().to_string(), &text, Some((path, mode)))?;
                    Found::Read
                }
                None => Found::Missing,
            };
            config.files.push((path.clone(), found));
        }
        Ok(config)
    }

    fn add(&mut self, name: &str, text: &str, file: Option<(&Path, u32)>) -> Result<(), Error> {
        let document = value::parse(name, text).map_err(Error::usage)?;
        let literal = schema::check(&document).map_err(|wrong| Error::Usage {
            message: wrong.message,
            hint: wrong.hint,
        })?;
        if let (Some(place), Some((path, mode))) = (literal, file)
            && mode & 0o077 != 0
        {
            return Err(Error::usage_hint(
                format!("{place}: a secret stands in a file that others can read"),
                format!("chmod 600 {}", path.display()),
            ));
        }
        for (section, entry) in document {
            if let Value::Table(table) = entry.value {
                let into = match section.as_str() {
                    "preset" => &mut self.presets,
                    _ => &mut self.profiles,
                };
                value::merge(into, table);
            }
        }
        Ok(())
    }

    /// The profiles' names, in alphabetical order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// The presets' names, in alphabetical order.
    pub fn preset_names(&self) -> impl Iterator<Item = &str> {
        self.presets.keys().map(String::as_str)
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
            }) => match self.presets.get(preset).map(|entry| &entry.value) {
                Some(Value::Table(preset)) => preset.clone(),
                _ => {
                    let near = nearest(preset, self.preset_names());
                    let names: Vec<&str> = self.preset_names().collect();
                    return Err(Error::usage_hint(
                        format!("{place}: there is no preset '{preset}'"),
                        match near {
                            Some(near) => format!("did you mean '{near}'?"),
                            None => format!("the presets are {}", names.join(", ")),
                        },
                    ));
                }
            },
            _ => Table::new(),
        };
        value::merge(&mut table, own.clone());
        Ok(table)
    }

    /// A profile, checked, its variables put in.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn profile(&self, name: &str) -> Result<Profile, Error> {
        let table = self.table(name)?;
        let place = self.profiles.get(name).map(|entry| entry.place.clone());
        profile::build(name, &table, place.as_ref())
    }

    /// The keys of a profile as they may be shown.
    ///
    /// # Errors
    /// When there is no such profile, or no such preset.
    pub fn shown(&self, name: &str) -> Result<Vec<Shown>, Error> {
        Ok(show::shown(&self.table(name)?))
    }

    fn no_such_profile(&self, name: &str) -> Error {
        let message = format!("there is no profile '{name}'");
        if let Some(near) = nearest(name, self.names()) {
            return Error::usage_hint(message, format!("did you mean '{near}'?"));
        }
        let names: Vec<&str> = self.names().collect();
        let files: Vec<String> = self
            .files
            .iter()
            .map(|(path, found)| match found {
                Found::Read => path.display().to_string(),
                Found::Missing => format!("{} (not there)", path.display()),
            })
            .collect();
        let hint = match names.as_slice() {
            [] => format!("none is configured: looked in {}", files.join(", ")),
            names => format!("there are {}", names.join(", ")),
        };
        Error::usage_hint(message, hint)
    }
}

/// The file's text and mode; `None` when it is not there.
fn read_file(path: &Path) -> Result<Option<(String, u32)>, Error> {
    let fail = |why: String| Error::usage(format!("cannot read {}: {why}", path.display()));
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fail(reason(&error))),
    };
    let metadata = file.metadata().map_err(|error| fail(reason(&error)))?;
    if !metadata.is_file() {
        return Err(fail("it is not a regular file".into()));
    }
    let mut text = String::new();
    let read = file.take(MAX_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(length) if length as u64 > MAX_BYTES => Err(fail("it is larger than 1 MiB".into())),
        Ok(_) => Ok(Some((text, metadata.mode()))),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(fail("it is not UTF-8 text".into()))
        }
        Err(error) => Err(fail(reason(&error))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_presets_are_sound() {
        let config = Config::load(&[]).unwrap();
        let names: Vec<&str> = config.preset_names().collect();
        assert_eq!(
            names,
            [
                "ayon",
                "ayon-key",
                "deadline",
                "ftrack",
                "github-app",
                "google",
                "kitsu",
                "opencue",
                "shotgrid",
                "tractor"
            ]
        );
        for name in names {
            let mut config = Config::load(&[]).unwrap();
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
}
