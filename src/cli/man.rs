//! `c47 man`: the manual pages as roff.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::atomic_file;
use crate::error::Error;
use crate::exit::Exit;
use crate::help::{Edition, as_roff, page, page_name};
use crate::nearest::nearest;
use crate::outline::Command;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::version::{self, Version};

/// Print a manual page as roff, or write all of them.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "man",
    help_triggers("-h", "--help"),
    example = "c47 man rez install | man -l -
c47 man --all ~/.local/share/man/man1"
)]
pub(super) struct Man {
    /// words of the command (default: c47 itself)
    #[argh(positional, arg_name = "c47-command")]
    command: Vec<String>,

    /// write all pages to this directory. It is created if it does not exist
    #[argh(option, arg_name = "dir")]
    all: Option<PathBuf>,

    /// print the paths of the pages as JSON, with --all
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
    command: "man",
    values: &[
        ("c47-command", Kind::Command),
        ("--all", Kind::Directory),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "With --all --json",
        shape: Shape::Object,
        fields: &[Field::strings("pages", "paths of the pages")],
    }],
};

/// The written pages.
#[derive(SerJson)]
struct Report {
    pages: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pages.join("\n"))
    }
}

impl Man {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let whole = super::whole();
        match &self.all {
            Some(_) if !self.command.is_empty() => Err(Error::usage(
                "--all takes no command: it writes the pages of all commands",
            )),
            Some(directory) => {
                let report = write_all(&whole, directory)?;
                printer.print(&report)?;
                Ok(Exit::Done)
            }
            None if printer.format() == Format::Json => {
                Err(Error::usage("--json and --jq require --all"))
            }
            None => {
                let command = find(&whole, &self.command)?;
                output::bytes(as_roff(&page(command, &whole), &edition()).as_bytes())?;
                Ok(Exit::Done)
            }
        }
    }
}

fn edition() -> Edition {
    Edition {
        version: Version::own().version,
        date: version::date(),
    }
}

fn find<'a>(whole: &'a Command, words: &[String]) -> Result<&'a Command, Error> {
    let mut command = whole;
    for word in words {
        let next = command.find(std::slice::from_ref(word));
        command = next.ok_or_else(|| {
            let names = command.commands.iter().map(Command::word);
            Error::NoSuchCommand {
                name: word.clone(),
                nearest: nearest(word, names).map(str::to_owned),
                within: command.path.get(1..).unwrap_or_default().to_vec(),
            }
        })?;
    }
    Ok(command)
}

fn write_all(whole: &Command, directory: &Path) -> Result<Report, Error> {
    atomic_file::ensure_directory(directory)?;
    fs::create_dir_all(directory).map_err(Error::file("create", directory))?;
    let mut pages = Vec::new();
    for command in whole.all() {
        let path = directory.join(format!("{}.1", page_name(command)));
        let text = as_roff(&page(command, whole), &edition());
        atomic_file::write(&path, text.as_bytes(), 0o666)?;
        pages.push(path.display().to_string());
    }
    Ok(Report { pages })
}
