//! `c47 auth profiles`: lists the profiles.

use std::fmt;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::cli::profile::{load, say_if_none, warn_of_faults};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;

/// List the configured profiles.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "profiles",
    help_triggers("-h", "--help"),
    example = "c47 auth profiles --json"
)]
pub(super) struct Profiles {
    /// print JSON, an array of objects.
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of the option values, and the JSON output.
pub(super) const DETAILS: Details = Details {
    command: "auth profiles",
    values: &[("--jq", Kind::Word)],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Array,
        fields: &[
            Field::string("name", "name of the profile"),
            Field::string("url", "base URL").or_null(),
            Field::string("scheme", "authentication scheme (the key auth)").or_null(),
            Field::string("preset", "preset").or_null(),
        ],
    }],
};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    name: String,
    url: Option<String>,
    scheme: Option<String>,
    preset: Option<String>,
}

impl Profiles {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let config = load()?;
        warn_of_faults("c47 auth profiles", &config, None);
        let mut reports = Vec::new();
        for name in config.names() {
            let keys = config.shown(name)?;
            let text = |key: &str| {
                let found = keys.iter().find(|shown| shown.key == key)?;
                found.value.read::<String>().ok()
            };
            reports.push(Report {
                name: name.to_owned(),
                url: text("url"),
                scheme: text("auth"),
                preset: text("preset"),
            });
        }
        say_if_none("c47 auth profiles", &config, printer.format());
        printer.print(&List(reports))?;
        Ok(Exit::Done)
    }
}

#[derive(SerJson)]
#[nserde(transparent)]
struct List(Vec<Report>);

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in &self.0 {
            let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".into());
            writeln!(
                f,
                "{:<16} {:<20} {}",
                report.name,
                word(&report.scheme),
                escape::one_line(&word(&report.url))
            )?;
        }
        Ok(())
    }
}
