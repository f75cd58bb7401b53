//! `c47 seq mv`.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::transfer::{Given, JSON, existing, frame, frame_form, verify};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::seq::frame::Frame;
use crate::seq::transfer::Operation;

/// Rename, renumber or move frames: all, or none if one fails. Nothing is overwritten.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "mv",
    help_triggers("-h", "--help"),
    example = "c47 seq mv shot.#.exr comp.#.exr
c47 seq mv shot.1-100#.exr --offset 1000"
)]
pub(super) struct Mv {
    /// patterns (shot.#.exr) or files, then a pattern or a directory as destination. Without a destination frames
    /// are renumbered in place
    #[argh(positional)]
    path: Vec<String>,

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

    /// replace files that exist. They are kept aside until the end, so that --undo restores them
    #[argh(switch)]
    overwrite: bool,

    /// compare checksums after a copy to another file system
    #[argh(switch)]
    verify: bool,

    /// copy this number of files at the same time, at most 64. The default is the number of processors
    #[argh(option, arg_name = "n")]
    jobs: Option<usize>,

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
    command: "seq mv",
    values: &[
        ("path", Kind::File),
        ("--offset", Kind::Form(frame_form)),
        ("--start", Kind::Form(frame_form)),
        ("--pad", Kind::Integer { least: 1, most: 12 }),
        ("--jobs", Kind::Integer { least: 1, most: 64 }),
        ("--finish", Kind::File),
        ("--undo", Kind::File),
        ("--jq", Kind::Word),
    ],
    json: &[JSON],
};

impl Mv {
    pub(super) fn run(self) -> Result<Exit, Error> {
        Given {
            paths: self.path,
            offset: self.offset,
            start: self.start,
            pad: self.pad,
            existing: existing(self.overwrite),
            verify: verify(self.verify),
            jobs: self.jobs,
            dry_run: self.dry_run,
            finish: self.finish,
            undo: self.undo,
            force: self.force,
            json: self.json,
            jq: self.jq,
            raw_output: self.raw_output,
            ..Given::of(Operation::Move)
        }
        .run()
    }
}
