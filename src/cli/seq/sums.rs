//! `c47 seq sums`.

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};

/// Compute and check checksums.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "sums",
    help_triggers("-h", "--help"),
    example = "c47 seq sums shot.#.exr"
)]
pub(super) struct Sums {
    /// directories, patterns (shot.#.exr) or files
    #[argh(positional)]
    path: Vec<String>,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "seq sums",
    values: &[("path", Kind::File)],
    json: &[],
};

impl Sums {
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
