//! `c47 config show`: the profiles as they are used.

use std::fmt;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::cli::profile::{load, say_if_none, warn_of_faults};
use crate::error::Error;
use crate::exit::Exit;
use crate::json::Text;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;

/// Show all profiles, merged with their presets. A secret is shown as its source.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "show",
    help_triggers("-h", "--help"),
    example = "c47 config show kitsu --origin"
)]
pub(super) struct Show {
    /// name of the profile (default: all)
    #[argh(positional)]
    profile: Option<String>,

    /// show the file and line of each key.
    #[argh(switch)]
    origin: bool,

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

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "config show",
    values: &[("profile", Kind::Profile), ("--jq", Kind::Word)],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Array,
        fields: &[
            Field::string("profile", "name of the profile"),
            Field::string("key", "name of the key"),
            Field::any("value", "value; for a secret its source"),
            Field::string("origin", "file, line and column, or the preset"),
        ],
    }],
};

#[derive(SerJson)]
struct KeyReport {
    profile: String,
    key: String,
    value: Text,
    origin: String,
}

impl Show {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let config = load()?;
        warn_of_faults("c47 config show", &config, self.profile.as_deref());
        let names: Vec<&str> = match &self.profile {
            Some(name) => vec![name],
            None => config.names().collect(),
        };
        let mut keys = Vec::new();
        for name in names {
            if self.profile.is_some() {
                config.ensure_valid(name)?;
            }
            for shown in config.shown(name)? {
                keys.push(KeyReport {
                    profile: name.to_owned(),
                    key: shown.key,
                    value: shown.value,
                    origin: shown.place.to_string(),
                });
            }
        }
        let report = ShowReport {
            keys,
            origin: self.origin,
        };
        say_if_none("c47 config show", &config, printer.format());
        printer.print(&report)?;
        Ok(Exit::Done)
    }
}

struct ShowReport {
    keys: Vec<KeyReport>,
    origin: bool,
}

impl SerJson for ShowReport {
    fn ser_json(&self, depth: usize, state: &mut nanoserde::SerJsonState) {
        self.keys.ser_json(depth, state);
    }
}

impl fmt::Display for ShowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut profile = "";
        for key in &self.keys {
            if key.profile != profile {
                let gap = if profile.is_empty() { "" } else { "\n" };
                writeln!(f, "{gap}[profile.{}]", key.profile)?;
                profile = &key.profile;
            }
            let line = format!("{} = {}", key.key, key.value);
            match self.origin {
                true => writeln!(f, "{line:<48} # {}", key.origin)?,
                false => writeln!(f, "{line}")?,
            }
        }
        Ok(())
    }
}
