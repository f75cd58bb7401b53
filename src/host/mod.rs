//! The properties of a machine, and what may break on it. Everything is read from files below a
//! given root directory and from a given environment. A value that cannot be read is unknown, not
//! an error.

pub(crate) mod background;
pub(crate) mod calls;
pub(crate) mod certificates;
pub(crate) mod check;
pub(crate) mod clock;
pub(crate) mod cpu;
pub(crate) mod diff;
pub(crate) mod files;
pub(crate) mod gpu;
pub(crate) mod hazards;
pub(crate) mod libraries;
pub(crate) mod limits;
pub(crate) mod memory;
pub(crate) mod mounts;
pub(crate) mod network;
pub(crate) mod rez;
mod shadows;
mod show;
pub(crate) mod system;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use nanoserde::SerJson;

use crate::elf::root::Root;
use crate::timestamp::Timestamp;

/// The machine, environment and time of a report.
#[derive(Clone, Debug)]
pub(crate) struct Surroundings {
    pub root: Root,
    pub environment: Environment,
    /// The working directory, if it still exists.
    pub directory: Option<PathBuf>,
    pub now: Timestamp,
    /// When this binary was built. A clock before that time is wrong.
    pub built: Timestamp,
}

/// Environment variables.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment(pub BTreeMap<OsString, OsString>);

impl Environment {
    /// A variable. An empty one counts as not set.
    pub(crate) fn get(&self, name: &str) -> Option<&OsString> {
        let value = self.0.get(std::ffi::OsStr::new(name));
        value.filter(|value| !value.is_empty())
    }

    /// A variable as text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        Some(self.get(name)?.to_string_lossy().into_owned())
    }

    pub(crate) fn path(&self, name: &str) -> Option<PathBuf> {
        self.get(name).map(PathBuf::from)
    }

    /// The directory for temporary files.
    pub(crate) fn temporary(&self) -> PathBuf {
        self.path("TMPDIR").unwrap_or_else(|| "/tmp".into())
    }
}

/// The whole report; null is unknown.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    pub system: system::System,
    pub libraries: libraries::Libraries,
    pub cpu: cpu::Cpu,
    pub memory: memory::Memory,
    pub gpu: gpu::Gpu,
    pub limits: Vec<limits::Limit>,
    pub mounts: Vec<mounts::Mount>,
    /// Null also if the file system of the bundle does not respond.
    pub certificates: Option<certificates::Certificates>,
    pub network: network::Network,
    pub clock: clock::Clock,
    /// The Rez context; null if there is none.
    pub rez: Option<rez::Context>,
    pub hazards: Vec<hazards::Hazard>,
}

/// Makes the report. `compared` is the comparison with a service, if there is one.
pub(crate) fn report(surroundings: &Surroundings, compared: Option<clock::Compared>) -> Report {
    let root = &surroundings.root;
    let environment = &surroundings.environment;
    // What may hang is started first, so that the waiting times do not add up.
    let certificates = background::start_long({
        let (root, environment, now) = (root.clone(), environment.clone(), surroundings.now);
        move || certificates::read(&root, &environment, now)
    });
    let shadows = background::start_long({
        let given = surroundings.clone();
        move || shadows::find(&given)
    });
    let mut report = Report {
        system: system::read(root),
        libraries: libraries::read(root),
        cpu: cpu::read(root),
        memory: memory::read(root),
        gpu: gpu::read(root),
        limits: limits::read(),
        mounts: mounts::read(surroundings),
        certificates: certificates.wait().ok(),
        network: network::read(root, environment),
        clock: clock::read(surroundings, compared),
        rez: rez::read(environment),
        hazards: Vec::new(),
    };
    report.hazards = hazards::find(surroundings, &report, shadows.wait().ok());
    report
}
