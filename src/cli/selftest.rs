//! `c47 selftest`: does this binary work on this node?

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Shape};
use crate::output::{self, Format};
use crate::selftest::{self, Surroundings};
use crate::timestamp::Timestamp;

/// Check that this binary works on this machine.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "selftest",
    help_triggers("-h", "--help"),
    example = "c47 selftest
c47 selftest --json"
)]
pub(super) struct Selftest {
    /// print the checks as JSON
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "selftest",
    values: &[],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::boolean("ok", "whether no check failed"),
            Field::objects("checks", "the checks"),
            Field::string("checks[].name", "name of the check"),
            Field::string("checks[].status", "ok, warn or FAIL"),
            Field::string("checks[].detail", "what was found"),
            Field::number("checks[].milliseconds", "how long it took"),
        ],
    }],
};

impl Selftest {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let report = selftest::run(&Surroundings {
            temporary: temporary_directory(),
            now: Timestamp::now(),
            built: built(),
            trust: environment::trust(),
        });
        output::print(Format::from_switch(self.json), &report)?;
        Ok(if report.ok { Exit::Done } else { Exit::No })
    }
}

/// `TMPDIR`, else /tmp.
fn temporary_directory() -> PathBuf {
    match std::env::var_os("TMPDIR") {
        Some(directory) if !directory.is_empty() => directory.into(),
        _ => "/tmp".into(),
    }
}

/// The date of the sources where the packager gave it (<https://reproducible-builds.org/specs/source-date-epoch/>),
/// else that of the compiler they are built with, 2026-04-16: never the builder's clock, so that
/// the same sources give the same binary.
pub(super) fn built() -> Timestamp {
    const COMPILER: i64 = 1_776_297_600;
    let given = option_env!("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse().ok());
    Timestamp(given.unwrap_or(COMPILER))
}
