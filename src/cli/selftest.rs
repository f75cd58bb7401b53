//! `c47 selftest`: whether this binary works on this machine.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::selftest::{self, Environment};
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

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of its values and its JSON output.
pub(super) const DETAILS: Details = Details {
    command: "selftest",
    values: &[("--jq", Kind::Word)],
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
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let report = selftest::run(&Environment {
            temporary: temporary_directory(),
            now: Timestamp::now(),
            built: built(),
            trust: environment::trust(),
        });
        printer.print(&report)?;
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

/// The date of the sources if the packager set it (<https://reproducible-builds.org/specs/source-date-epoch/>),
/// else the date of the compiler, 2026-04-16. It is never the clock of the build, so that the same
/// sources give the same binary.
pub(super) fn built() -> Timestamp {
    const COMPILER: i64 = 1_776_297_600;
    let given = option_env!("SOURCE_DATE_EPOCH").and_then(|seconds| seconds.parse().ok());
    Timestamp(given.unwrap_or(COMPILER))
}
