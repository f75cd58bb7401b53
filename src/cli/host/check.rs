//! `c47 host check`: is this node fit for work? A line a check, exit 0 or 1.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::{ask, parsed};
use crate::elf::root::Root;
use crate::error::Error;
use crate::exit::Exit;
use crate::host::check::{self, Amount, Checks, Room};
use crate::host::libraries;
use crate::outline::{Accept, Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::platform::{Level, Target, Version};
use crate::quantity;
use crate::redact;

/// Check that this machine is fit for work, for a farm's health check: one line a check, exit 0 if
/// all hold, 1 if one does not. What cannot be found out does not hold.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "check",
    help_triggers("-h", "--help"),
    example = "c47 host check --target CY2024 --cpu v3 --free /tmp=10G --url https://rez.example.com"
)]
pub(super) struct Check {
    /// the glibc there must at least be, as 2.28
    #[argh(option, arg_name = "version", from_str_fn(glibc))]
    glibc: Option<Version>,

    /// what programs are built for: centos7, rocky8, CY2024, 2.17; glibc, libstdc++ and CPU must do
    #[argh(option, arg_name = "name")]
    target: Option<String>,

    /// the level the CPU must at least have: v1, v2, v3 or v4
    #[argh(option, arg_name = "level", from_str_fn(Level::named))]
    cpu: Option<Level>,

    /// what must be left for a user on a path's file system: /tmp=10G; may be repeated
    #[argh(option, arg_name = "path=size", from_str_fn(free))]
    free: Vec<Room>,

    /// how many inodes must be left there: /tmp=10000; may be repeated
    #[argh(option, arg_name = "path=count", from_str_fn(free_inodes))]
    free_inodes: Vec<Room>,

    /// a service that must answer, whatever it answers: reached, TLS holds, its clock is less than
    /// a minute off; may be repeated
    #[argh(option)]
    url: Vec<String>,

    /// print the checks as JSON
    #[argh(switch)]
    json: bool,
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
        ],
    }],
};

impl Check {
    pub(super) fn run(self) -> Result<Exit, Error> {
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
        checks.extend(self.free.iter().chain(&self.free_inodes).map(check::room));
        checks.extend(
            urls.iter()
                .map(|url| check::service(&redact::url(&url.to_string()), ask(url))),
        );
        if checks.is_empty() {
            return Err(Error::usage_hint(
                "nothing is to be checked",
                "--glibc, --target, --cpu, --free, --free-inodes or --url",
            ));
        }
        let checks = Checks::new(checks);
        output::print(Format::from_switch(self.json), &checks)?;
        Ok(if checks.ok { Exit::Done } else { Exit::No })
    }
}

fn glibc(text: &str) -> Result<Version, String> {
    Version::parse(text).ok_or_else(|| format!("'{text}' is no version: write 2.28"))
}

fn free(text: &str) -> Result<Room, String> {
    let (path, size) = split(text, "/tmp=10G")?;
    let amount = Amount::Bytes(quantity::size(size)?);
    Ok(Room { path, amount })
}

fn free_inodes(text: &str) -> Result<Room, String> {
    let (path, count) = split(text, "/tmp=10000")?;
    let count = count
        .parse()
        .map_err(|_| format!("'{count}' is no number of inodes"))?;
    let amount = Amount::Inodes(count);
    Ok(Room { path, amount })
}

/// A path may hold '=' itself: the last one counts.
fn split<'a>(text: &'a str, example: &str) -> Result<(PathBuf, &'a str), String> {
    match text.rsplit_once('=') {
        Some((path, amount)) if !path.is_empty() => Ok((path.into(), amount)),
        _ => Err(format!("'{text}': write {example}")),
    }
}
