//! `c47 seq ln`.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::transfer::{Given, JSON, frame, frame_form};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::seq::frame::Frame;
use crate::seq::transfer::{LinkKind, Operation};

/// Make hard links or symlinks to frames: all, or none if one fails.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "ln",
    help_triggers("-h", "--help"),
    example = "c47 seq ln -s shot.#.exr latest.#.exr"
)]
pub(super) struct Ln {
    /// patterns (shot.#.exr) or files, then a pattern or a directory as destination
    #[argh(positional)]
    path: Vec<String>,

    /// make symlinks with relative targets instead of hard links
    #[argh(switch, short = 's')]
    symbolic: bool,

    /// add this to each frame number: 100, -5
    #[argh(option, arg_name = "n", from_str_fn(frame))]
    offset: Option<Frame>,

    /// give the first frame this number. The others keep their distance.
    #[argh(option, arg_name = "n", from_str_fn(frame))]
    start: Option<Frame>,

    /// write frame numbers with at least this number of digits. By default those of the
    /// destination pattern; with # or a directory those of the source
    #[argh(option, arg_name = "digits")]
    pad: Option<u8>,

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
    command: "seq ln",
    values: &[
        ("path", Kind::File),
        ("--offset", Kind::Form(frame_form)),
        ("--start", Kind::Form(frame_form)),
        ("--pad", Kind::Integer { least: 1, most: 12 }),
        ("--finish", Kind::File),
        ("--undo", Kind::File),
        ("--jq", Kind::Word),
    ],
    json: &[JSON],
};

impl Ln {
    pub(super) fn run(self) -> Result<Exit, Error> {
        Given {
            paths: self.path,
            offset: self.offset,
            start: self.start,
            pad: self.pad,
            link: match self.symbolic {
                true => LinkKind::Symbolic,
                false => LinkKind::Hard,
            },
            dry_run: self.dry_run,
            finish: self.finish,
            undo: self.undo,
            force: self.force,
            json: self.json,
            jq: self.jq,
            raw_output: self.raw_output,
            ..Given::of(Operation::Link)
        }
        .run()
    }
}
