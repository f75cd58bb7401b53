//! `c47 seq rm`.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::transfer::{Given, JSON};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};

use crate::seq::transfer::Operation;

/// Remove frames. Asks first if a pattern has no range.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "rm",
    help_triggers("-h", "--help"),
    example = "c47 seq rm shot.1-100#.exr"
)]
pub(super) struct Rm {
    /// patterns, such as shot.1-100#.exr
    #[argh(positional)]
    path: Vec<String>,

    /// do not ask. Required for a pattern without a range when there is no terminal
    #[argh(switch, short = 'y')]
    yes: bool,

    /// print what would be done, and do nothing
    #[argh(switch)]
    dry_run: bool,

    /// finish a run that was cut short. PATH is its hidden directory, or where that is.
    #[argh(option, arg_name = "path")]
    finish: Option<PathBuf>,

    /// undo a run that was cut short. Every file is as before.
    #[argh(option, arg_name = "path")]
    undo: Option<PathBuf>,

    /// finish or undo also runs of other machines. The same for runs from before a reboot.
    #[argh(switch)]
    force: bool,

    /// print JSON, an object
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
    command: "seq rm",
    values: &[
        ("path", Kind::File),
        ("--finish", Kind::File),
        ("--undo", Kind::File),
        ("--jq", Kind::Word),
    ],
    json: &[JSON],
};

impl Rm {
    pub(super) fn run(self) -> Result<Exit, Error> {
        Given {
            paths: self.path,
            yes: self.yes,
            dry_run: self.dry_run,
            finish: self.finish,
            undo: self.undo,
            force: self.force,
            json: self.json,
            jq: self.jq,
            raw_output: self.raw_output,
            ..Given::of(Operation::Remove)
        }
        .run()
    }
}
