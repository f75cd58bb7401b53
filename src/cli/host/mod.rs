//! `c47 host`: what this machine is and has, and what may break on it.

mod check;

use std::env;

use argh::{ArgsInfo, FromArgs};

use super::{environment, selftest};
use crate::elf::root::Root;
use crate::error::Error;
use crate::exit::Exit;
use crate::host::clock::{self, Compared};
use crate::host::{self, Environment, Surroundings};
use crate::http::request::Request;
use crate::http::url::Url;
use crate::http::{Caller, Settings};
use crate::output::{self, Format};
use crate::redact;
use crate::timestamp::Timestamp;

/// Show what this machine is and has: system, glibc and libstdc++ (read from their files), CPU,
/// memory, GPU, limits, mounts, CA bundle, DNS, proxies, clock, Rez context; and what may break on
/// it: libraries that shadow the system's, Python's variables, certificates, a full TMPDIR. What
/// cannot be found out is unknown (null in JSON) and no error. 'host check' answers yes or no.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "host",
    help_triggers("-h", "--help"),
    example = "c47 host --json",
    example = "c47 host check --target CY2024 --cpu v3 --free /tmp=10G"
)]
pub struct Host {
    /// compare the clock with the Date of this service's answer (default: with none)
    #[argh(option)]
    url: Option<String>,

    /// print one JSON object
    #[argh(switch)]
    json: bool,

    #[argh(subcommand)]
    command: Option<Command>,
}

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Check(check::Check),
}

impl Host {
    pub fn run(self) -> Result<Exit, Error> {
        if let Some(Command::Check(options)) = self.command {
            return options.run();
        }
        let compared = match &self.url {
            Some(url) => Some(compare(&parsed(url)?)),
            None => None,
        };
        let report = host::report(&surroundings(), compared);
        output::print(Format::from_switch(self.json), &report)?;
        Ok(Exit::Done)
    }
}

fn surroundings() -> Surroundings {
    Surroundings {
        root: Root::Host,
        environment: Environment(env::vars_os().collect()),
        directory: env::current_dir().ok(),
        now: Timestamp::now(),
        built: selftest::built(),
    }
}

fn parsed(url: &str) -> Result<Url, Error> {
    Url::parse(url).map_err(|why| Error::usage(format!("--url {}: {why}", redact::url(url))))
}

fn compare(url: &Url) -> Compared {
    let answer = ask(url).and_then(|(_, ahead)| ahead);
    let (ahead_s, why) = match answer {
        Ok(ahead) => (Some(ahead), None),
        Err(why) => (None, Some(why)),
    };
    Compared {
        url: redact::url(&url.to_string()),
        ahead_s,
        why,
    }
}

/// The status of a service's answer, and how far its clock is ahead of this machine's.
fn ask(url: &Url) -> Result<(u16, Result<i64, String>), String> {
    let mut settings: Settings = environment::settings();
    settings.limits.idle = settings.limits.idle.min(PATIENCE);
    settings.limits.whole = Some(PATIENCE);
    let mut request = Request::get(url.clone());
    let answer = Caller::new(settings)
        .call(&mut request)
        .map_err(|error| redact::url(&error.to_string()))?;
    let head = answer.head;
    // At once: what comes of the body takes time.
    Ok((
        head.status,
        clock::ahead_s(head.header("date"), Timestamp::now()),
    ))
}

/// A node that waits longer for a service is not well.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(20);
