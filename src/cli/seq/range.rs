//! `c47 seq range`.

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};

/// Calculate with frame ranges.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "range",
    help_triggers("-h", "--help"),
    example = "c47 seq range shot.#.exr"
)]
pub(super) struct Range {
    /// directories, patterns (shot.#.exr) or files
    #[argh(positional)]
    path: Vec<String>,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "seq range",
    values: &[("path", Kind::File)],
    json: &[],
};

impl Range {
    pub(super) fn run(self) -> Result<Exit, Error> {
        for path in &self.path {
            let pattern = crate::seq::pattern::Pattern::parse(std::path::Path::new(path));
            if let Some(pattern) = pattern {
                let sequence = crate::seq::select::matching(&pattern)?;
                for number in &sequence.numbers {
                    crate::output::line(sequence.path(number).display())?;
                }
            }
        }
        Ok(Exit::Done)
    }
}
