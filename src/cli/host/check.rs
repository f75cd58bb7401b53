//! `c47 host check`: whether this node meets requirements. One line per check, exit 0 or 1.

use std::path::PathBuf;
use std::time::Duration;

use argh::{ArgsInfo, FromArgs};

use super::{login, parsed, request_status};
use crate::elf::root::Root;
use crate::error::Error;
use crate::exit::Exit;
use crate::host::check::{self, Amount, Checks, FreeRequirement};
use crate::host::libraries;
use crate::outline::{Accept, Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::platform::{Level, Target, Version};
use crate::quantity;
use crate::redact;

/// Check that this machine meets requirements, as a health check. Prints one line per check. The
/// exit code is 0 if all checks pass and 1 if one fails. A check whose value cannot be determined
/// fails.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "check",
    help_triggers("-h", "--help"),
    example = "c47 host check --target CY2024 --cpu v3 --free /tmp=10G",
    example = "c47 host check --url https://rez.example.com",
    example = "c47 host check --auth kitsu --within 5s"
)]
pub(super) struct Check {
    /// require at least this glibc, such as 2.28
    #[argh(option, arg_name = "version", from_str_fn(glibc))]
    glibc: Option<Version>,

    /// require the libraries and CPU of a target: CY2024. The glibc, libstdc++ and CPU level of this
    /// machine must be at least those of the target: a distribution, a year of the VFX Reference
    /// Platform, or a glibc version.
    #[argh(option, arg_name = "name")]
    target: Option<String>,

    /// require at least this CPU level: v1, v2, v3 or v4
    #[argh(option, arg_name = "level", from_str_fn(Level::named))]
    cpu: Option<Level>,

    /// require free space, such as /tmp=10G. It is the space free for a user on the file system of
    /// PATH. May be repeated.
    #[argh(option, arg_name = "path=size", from_str_fn(free))]
    free: Vec<FreeRequirement>,

    /// require free inodes, such as /tmp=10000. May be repeated.
    #[argh(option, arg_name = "path=count", from_str_fn(free_inodes))]
    free_inodes: Vec<FreeRequirement>,

    /// require a response from a service. Any status passes, if the certificate is valid and the
    /// clocks differ by less than a minute. May be repeated.
    #[argh(option)]
    url: Vec<String>,

    /// require that this machine can log in to a profile. Gets its credentials as a call does, stored or
    /// by a login, and calls its URL, or a path below as in kitsu/data/projects. Fails if the service
    /// rejects the credentials, responds with 5xx or has another time, or if the token cannot be
    /// stored. Never prompts. May be repeated.
    #[argh(option, arg_name = "profile")]
    auth: Vec<String>,

    /// set the time limit for each --auth. The default is 10s
    #[argh(option, arg_name = "duration")]
    within: Option<String>,

    /// print the checks as JSON
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "host check",
    values: &[
        ("--glibc", Kind::Form(|text| glibc(text).map(drop))),
        (
            "--target",
            Kind::Choice {
                words: Target::names,
                accept: Accept::Anything,
            },
        ),
        (
            "--cpu",
            Kind::checked_choice(Level::short_names, |text| Level::named(text).map(drop)),
        ),
        ("--free", Kind::Form(|text| free(text).map(drop))),
        (
            "--free-inodes",
            Kind::Form(|text| free_inodes(text).map(drop)),
        ),
        ("--url", Kind::Word),
        ("--auth", Kind::Profile),
        ("--within", Kind::Duration),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::boolean("ok", "whether every check passed"),
            Field::objects("checks", "the checks"),
            Field::string("checks[].name", "name of the check"),
            Field::boolean("checks[].ok", "whether it passed"),
            Field::string("checks[].detail", "what was found"),
            Field::string(
                "checks[].kind",
                "why --auth failed: a kind of error (c47 help), or clock, rejected, status; null for other checks",
            )
            .or_null(),
        ],
    }],
};

impl Check {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let target = match &self.target {
            None => None,
            Some(name) => Some(Target::parse(name).map_err(|unknown| {
                Error::usage_hint(format!("--target: {unknown}"), unknown.hint())
            })?),
        };
        let urls: Vec<_> = self
            .url
            .iter()
            .map(|url| parsed(url))
            .collect::<Result<_, _>>()?;
        let within = self.within()?;
        let mut checks = Vec::new();
        if self.glibc.is_some() || target.is_some() {
            let libraries = libraries::read(&Root::Host);
            checks.extend(self.glibc.map(|wanted| check::glibc(&libraries, wanted)));
            checks.extend(
                target.map(|target| check::target(&libraries, Level::of_this_machine(), target)),
            );
        }
        let cpu = self.cpu;
        checks.extend(cpu.map(|wanted| check::cpu(Level::of_this_machine(), wanted)));
        checks.extend(self.free.iter().chain(&self.free_inodes).map(check::free));
        checks.extend(
            urls.iter()
                .map(|url| check::service(&redact::url(&url.to_string()), request_status(url))),
        );
        for target in &self.auth {
            checks.push(login::check(target, within)?);
        }
        if checks.is_empty() {
            return Err(Error::usage_hint(
                "no check given",
                "use --glibc, --target, --cpu, --free, --free-inodes, --url or --auth",
            ));
        }
        let checks = Checks::new(checks);
        printer.print(&checks)?;
        Ok(if checks.ok { Exit::Done } else { Exit::No })
    }

    /// The time limit for a login.
    fn within(&self) -> Result<Duration, Error> {
        let Some(text) = &self.within else {
            return Ok(login::DEFAULT_LIMIT);
        };
        if self.auth.is_empty() {
            return Err(Error::usage("--within requires --auth PROFILE"));
        }
        let limit =
            quantity::duration(text).map_err(|why| Error::usage(format!("--within: {why}")))?;
        match limit.is_zero() {
            true => Err(Error::usage("--within must be longer than 0s")),
            false => Ok(limit),
        }
    }
}

fn glibc(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| format!("invalid version '{text}'; write 2.28"))
}

fn free(text: &str) -> Result<FreeRequirement, String> {
    let (path, size) = split(text, "/tmp=10G")?;
    let amount = Amount::Bytes(quantity::size(size)?);
    Ok(FreeRequirement { path, amount })
}

fn free_inodes(text: &str) -> Result<FreeRequirement, String> {
    let (path, count) = split(text, "/tmp=10000")?;
    let count = count
        .parse()
        .map_err(|_| format!("invalid number of inodes '{count}'"))?;
    let amount = Amount::Inodes(count);
    Ok(FreeRequirement { path, amount })
}

/// Splits at the last '=', because a path may contain '='.
fn split<'a>(text: &'a str, example: &str) -> Result<(PathBuf, &'a str), String> {
    match text.rsplit_once('=') {
        Some((path, amount)) if !path.is_empty() => Ok((path.into(), amount)),
        _ => Err(format!("invalid value '{text}'; write {example}")),
    }
}
