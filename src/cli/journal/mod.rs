//! `c47 journal`: what the journals of `c47 http --batch` say.

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use crate::batch::journal::Journal;
use crate::batch::journal_report::{JSON, JournalReport};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output::Printer;

/// Show what the journals of c47 http --batch say.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "journal",
    help_triggers("-h", "--help"),
    example = "c47 journal show shots.journal"
)]
pub(super) struct JournalCommand {
    #[argh(subcommand)]
    command: Command,
}

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Show(Show),
    Merge(Merge),
}

/// Show what a journal says. Exits 1 if a request failed, or may have been processed.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "show",
    help_triggers("-h", "--help"),
    example = "c47 journal show shots.journal"
)]
struct Show {
    /// the journal
    #[argh(positional)]
    journal: PathBuf,

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

/// Join the journals of all shards, and show what they say. Exits 1 if a request failed or may have
/// been processed, or a shard has no journal.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "merge",
    help_triggers("-h", "--help"),
    example = "c47 journal merge shots.*.journal"
)]
struct Merge {
    /// the journals
    #[argh(positional)]
    journal: Vec<PathBuf>,

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

/// The kinds of the option values, and the JSON output.
pub(super) const DETAILS: &[Details] = &[
    Details {
        command: "journal show",
        values: &[("journal", Kind::File), ("--jq", Kind::Word)],
        json: &[JSON],
    },
    Details {
        command: "journal merge",
        values: &[("journal", Kind::File), ("--jq", Kind::Word)],
        json: &[JSON],
    },
];

impl JournalCommand {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Show(options) => {
                let printer =
                    Printer::from_options(options.json, options.jq.as_deref(), options.raw_output)?;
                report(&printer, &[options.journal])
            }
            Command::Merge(options) => {
                let printer =
                    Printer::from_options(options.json, options.jq.as_deref(), options.raw_output)?;
                report(&printer, &options.journal)
            }
        }
    }
}

fn report(printer: &Printer, journals: &[PathBuf]) -> Result<Exit, Error> {
    let read = |path: &PathBuf| Ok((path.display().to_string(), Journal::read(path)?));
    let journals = journals
        .iter()
        .map(read)
        .collect::<Result<Vec<_>, Error>>()?;
    let report = JournalReport::of(&journals)?;
    printer.print(&report)?;
    Ok(report.exit())
}
