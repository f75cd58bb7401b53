//! `c47 selftest`: does this binary work on this node?

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;

/// Check that this binary works on this machine.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "selftest",
    help_triggers("-h", "--help"),
    example = "c47 selftest --json"
)]
pub struct Selftest {
    /// print the checks as JSON
    #[argh(switch)]
    json: bool,
}

impl Selftest {
    pub fn run(self) -> Result<Exit, Error> {
        let _ = self.json;
        Ok(Exit::Done)
    }
}
