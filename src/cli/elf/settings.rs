//! What `ldd`, `dupes` and `rpath` take from the command line and the environment.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use crate::elf::root::Root;
use crate::elf::search::Settings;
use crate::elf::system::Cpu;
use crate::error::Error;
use crate::platform::Level;

/// The options that say in which system to look, as they were given.
pub(super) struct Given<'a> {
    pub root: Option<&'a str>,
    pub library_path: Option<&'a str>,
    pub preload: Option<&'a str>,
    pub cpu: Option<&'a str>,
}

impl Given<'_> {
    /// Settings from them. This system's environment counts for this system only.
    ///
    /// # Errors
    /// When the root is no directory or the CPU no level.
    pub(super) fn settings(&self) -> Result<Settings, Error> {
        let root = match self.root {
            Some(directory) => Root::under(Path::new(directory))?,
            None => Root::Host,
        };
        let or_environment = |given: Option<&str>, name: &str| match (given, self.root) {
            (Some(given), _) => OsString::from(given),
            (None, None) => env::var_os(name).unwrap_or_default(),
            (None, Some(_)) => OsString::new(),
        };
        let mut cpu = Cpu::of_this_machine();
        if let Some(name) = self.cpu {
            cpu.level = Level::named(name).map_err(|why| Error::usage(format!("--cpu: {why}")))?;
        }
        Ok(Settings {
            library_path: or_environment(self.library_path, "LD_LIBRARY_PATH"),
            preload: or_environment(self.preload, "LD_PRELOAD"),
            root,
            cpu,
        })
    }
}
