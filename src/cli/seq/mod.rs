//! `c47 seq`: frame sequences.

mod check;
mod cp;
mod ln;
mod ls;
mod mv;
mod range;
mod rm;
mod sums;
mod transfer;

use std::path::Path;

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::outline::Details;

/// List, check, copy, move and number frame sequences.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "seq",
    help_triggers("-h", "--help"),
    example = "c47 seq ls /shots/sh010"
)]
pub(super) struct Seq {
    #[argh(subcommand)]
    command: Command,
}

/// What the subcommands declare in addition to their options.
pub(super) const DETAILS: &[Details] = &[
    ls::DETAILS,
    range::DETAILS,
    check::DETAILS,
    mv::DETAILS,
    cp::DETAILS,
    ln::DETAILS,
    rm::DETAILS,
    sums::DETAILS,
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Ls(ls::Ls),
    Range(range::Range),
    Check(check::Check),
    Mv(mv::Mv),
    Cp(cp::Cp),
    Ln(ln::Ln),
    Rm(rm::Rm),
    Sums(sums::Sums),
}

impl Seq {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Ls(options) => options.run(),
            Command::Range(options) => options.run(),
            Command::Check(options) => options.run(),
            Command::Mv(options) => options.run(),
            Command::Cp(options) => options.run(),
            Command::Ln(options) => options.run(),
            Command::Rm(options) => options.run(),
            Command::Sums(options) => options.run(),
        }
    }
}

/// Checks that no path is empty, as that of a variable that is not set: it would stand for the current
/// directory.
fn ensure_not_empty(mut paths: impl Iterator<Item = impl AsRef<Path>>) -> Result<(), Error> {
    match paths.any(|path| path.as_ref().as_os_str().is_empty()) {
        false => Ok(()),
        true => Err(Error::usage_hint(
            "an argument is empty",
            "use . for the current directory",
        )),
    }
}
