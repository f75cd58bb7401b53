//! The settings of `ldd`, `dupes` and `rpath` from the command line and the environment.

use std::env;
use std::ffi::OsString;
use std::path::Path;

use crate::elf::root::Root;
use crate::elf::search::Settings;
use crate::elf::system::Cpu;
use crate::error::Error;
use crate::platform::Level;

/// The options that select the system, as given on the command line.
pub(super) struct SystemOptions<'a> {
    pub root: Option<&'a str>,
    pub library_path: Option<&'a str>,
    pub preload: Option<&'a str>,
    pub cpu: Option<&'a str>,
}

impl SystemOptions<'_> {
    /// The environment of this system is used for this system only, not for another root.
    ///
    /// # Errors
    /// When the root is not a directory or the CPU level is unknown.
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
