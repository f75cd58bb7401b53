//! `c47 seq`: frame sequences.

mod check;
mod ls;
mod mv;
mod range;
mod sums;

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::outline::Details;

/// List, check, copy and move frame sequences, and calculate with frame ranges.
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
    sums::DETAILS,
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Ls(ls::Ls),
    Range(range::Range),
    Check(check::Check),
    Mv(mv::Mv),
    Sums(sums::Sums),
}

impl Seq {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Ls(options) => options.run(),
            Command::Range(options) => options.run(),
            Command::Check(options) => options.run(),
            Command::Mv(options) => options.run(),
            Command::Sums(options) => options.run(),
        }
    }
}
