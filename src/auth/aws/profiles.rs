//! The profiles in `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::environment::Environment;
use super::ini::{self, Section};
use crate::descriptor;
use crate::error::Error;
use crate::io_error::reason;

/// The merged files.
#[derive(Debug, Default)]
pub(super) struct Profiles {
    /// Keys of the credentials file override those of the config file.
    profiles: BTreeMap<String, Section>,
    sso_sessions: BTreeMap<String, Section>,
    services: BTreeMap<String, Section>,
    /// The files, for messages.
    pub paths: Vec<PathBuf>,
}

impl Profiles {
    /// Reads both files. A missing one is empty.
    ///
    /// # Errors
    /// Names the file that cannot be read, and the invalid line.
    pub(super) fn load(environment: &Environment) -> Result<Profiles, Error> {
        let path = |variable: &str, default: &str| match environment.text(variable) {
            Some(path) => Some(environment.expand(path)),
            None => environment.below_home(default),
        };
        let mut all = Profiles::default();
        if let Some(path) = path("AWS_CONFIG_FILE", ".aws/config") {
            for (name, section) in read(&path)? {
                match name.split_once(' ') {
                    None if name == "default" => all.add(name, section),
                    Some(("profile", name)) => all.add(name.to_owned(), section),
                    Some(("sso-session", name)) => {
                        all.sso_sessions.insert(name.to_owned(), section);
                    }
                    Some(("services", name)) => {
                        all.services.insert(name.to_owned(), section);
                    }
                    None | Some(_) => {}
                }
            }
            all.paths.push(path);
        }
        if let Some(path) = path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials") {
            for (name, section) in read(&path)? {
                all.add(name, section);
            }
            all.paths.push(path);
        }
        Ok(all)
    }

    fn add(&mut self, name: String, section: Section) {
        self.profiles.entry(name).or_default().extend(section);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Section> {
        self.profiles.get(name)
    }

    pub(super) fn sso_session(&self, name: &str) -> Option<&Section> {
        self.sso_sessions.get(name)
    }

    /// The endpoint that a profile sets for a service.
    pub(super) fn endpoint_url(&self, profile: &str, service: &str) -> Option<String> {
        let profile = self.get(profile)?;
        let services = profile
            .get("services")
            .and_then(|name| self.services.get(name));
        let own = services.and_then(|section| section.get(&format!("{service}.endpoint_url")));
        own.or_else(|| profile.get("endpoint_url")).cloned()
    }

    /// The files, for a message.
    pub(super) fn shown_paths(&self) -> String {
        let paths: Vec<String> = self
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        paths.join(" and ")
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, Section>, Error> {
    let fail = |why: String| Error::malformed(path.display().to_string(), why);
    let file = match descriptor::open_at_once(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(Error::file("read", path)(error)),
    };
    if !file.metadata().is_ok_and(|found| found.is_file()) {
        return Err(fail("it is not a file".into()));
    }
    let mut bytes = zeroize::Zeroizing::new(Vec::new());
    file.take(ini::MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| fail(reason(&error)))?;
    if bytes.len() as u64 > ini::MAX_BYTES {
        return Err(fail("it is larger than 1 MiB".into()));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| fail("it is not UTF-8 text".into()))?;
    ini::parse(text).map_err(fail)
}

/// The error for a profile of AWS.
pub(super) fn wrong(name: &str, why: impl std::fmt::Display) -> Error {
    Error::usage(format!("AWS profile '{name}': {why}"))
}
