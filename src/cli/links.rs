//! `c47 links`: a symlink for each command.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::links::{self, Place};
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::quantity;
use crate::sort::Sortable;
use crate::{atomic_file, shell};

/// Directories with tools of the system, also if they are not in PATH.
const SYSTEM: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Create a symlink for each command. The symlink c47-http runs 'c47 http'. All links are created or
/// none; existing links are kept.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "links",
    help_triggers("-h", "--help"),
    example = "c47 links --dir ~/bin
c47 links --dir ~/bin --remove"
)]
pub(super) struct Links {
    /// create the links in this directory (default: that of c47)
    #[argh(option, arg_name = "dir")]
    dir: Option<PathBuf>,

    /// start the names with c47- or with nothing (default: c47-). With --remove the default is both.
    /// --prefix= is the empty prefix
    #[argh(option, from_str_fn(prefix))]
    prefix: Option<String>,

    /// hide tools of the system, and replace other links
    #[argh(switch)]
    force: bool,

    /// remove the links to this c47 instead. Only links with the name of a command are removed
    #[argh(switch)]
    remove: bool,

    /// print the links as JSON
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
    command: "links",
    values: &[
        ("--dir", Kind::Directory),
        ("--prefix", Kind::Form(|text| prefix(text).map(drop))),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[Field::strings(
            "links",
            "the links that exist now, or with --remove those that were removed",
        )],
    }],
};

/// The links that exist now, or that were removed.
#[derive(SerJson)]
struct Report {
    links: Vec<String>,
    /// The text before each link, for people.
    #[nserde(skip)]
    label: &'static str,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for link in &self.links {
            writeln!(f, "{}{}", self.label, escape::one_line(link))?;
        }
        Ok(())
    }
}

impl Links {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let program = std::env::current_exe().map_err(|source| Error::System {
            action: "find the path of this program",
            source,
        })?;
        let beside = program.parent().unwrap_or(Path::new("/"));
        let directory = self.dir.as_deref().unwrap_or(beside);
        if !directory.is_dir() {
            return Err(Error::usage_hint(
                format!("{} is not a directory", directory.display()),
                format!("mkdir -p {}", shell::quote_path(directory)),
            ));
        }
        atomic_file::ensure_directory(directory)?;
        let names = names(self.prefix.as_deref().unwrap_or("c47-"));
        let links = links::Links {
            program: &program,
            directory,
            names: &names,
        };
        let done = if self.remove {
            self.remove(&links)?
        } else {
            self.ensure_no_conflicts(&links)?;
            make(&links)?
        };
        let report = Report {
            links: done.iter().map(|link| link.display().to_string()).collect(),
            label: if self.remove { "removed " } else { "" },
        };
        let is_json = printer.format() == Format::Json;
        if is_json || !report.links.is_empty() {
            printer.print(&report)?;
        }
        if self.remove && !is_json {
            let count = match report.links.len() {
                0 => "no links".to_owned(),
                count => quantity::count(count, "link"),
            };
            let (directory, program) = (directory.display(), program.display());
            let text = format!("removed {count} to {program} in {directory}");
            output::say(format_args!("c47 links: {}", escape::one_line(&text)));
        }
        Ok(Exit::Done)
    }

    /// Removes the links to this program that have the name of a command, with the given prefix or
    /// with any.
    fn remove(&self, links: &links::Links) -> Result<Vec<PathBuf>, Error> {
        let commands = names("");
        let is_named_after_command = |name: &OsStr| {
            let name = name.as_encoded_bytes();
            commands
                .iter()
                .any(|command| name.ends_with(command.as_bytes()))
        };
        let is_one_of_names = |name: &OsStr| links.names.iter().any(|one| name == one.as_str());
        let found = match self.prefix {
            Some(_) => links.existing(is_one_of_names)?,
            None => links.existing(is_named_after_command)?,
        };
        // A link may point to another link, so all are found before the first is removed.
        for link in &found {
            links.remove(link)?;
        }
        Ok(found)
    }

    /// Checks that no link would hide a tool of the system or replace another file.
    fn ensure_no_conflicts(&self, links: &links::Links) -> Result<(), Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let system = SYSTEM.iter().map(PathBuf::from);
        let directories: Vec<PathBuf> = system.chain(std::env::split_paths(&path)).collect();
        let mut hidden = Vec::new();
        for (name, (link, place)) in links.names.iter().zip(links.places()) {
            let link = link.display();
            match place {
                Place::Taken => {
                    return Err(Error::usage(format!(
                        "{link} exists and is not a symlink; no links were created"
                    )));
                }
                Place::OtherLink if !self.force => {
                    return Err(Error::usage_hint(
                        format!("{link} is a symlink to another file; no links were created"),
                        "use --force to replace it",
                    ));
                }
                Place::Ours | Place::Free | Place::OtherLink => {}
            }
            hidden.extend(links::shadowed(name, &directories, links.directory));
        }
        if hidden.is_empty() || self.force {
            return Ok(());
        }
        hidden.order();
        hidden.dedup();
        let hidden: Vec<String> = hidden
            .iter()
            .map(|tool| tool.display().to_string())
            .collect();
        Err(Error::usage_hint(
            format!(
                "links would hide {}; no links were created",
                hidden.join(", ")
            ),
            "keep the prefix c47-, or use --force",
        ))
    }
}

fn names(prefix: &str) -> Vec<String> {
    let whole = super::whole();
    let commands = whole.commands.iter();
    commands
        .map(|command| format!("{prefix}{}", command.word()))
        .collect()
}

fn make(links: &links::Links) -> Result<Vec<PathBuf>, Error> {
    let mut all = Vec::new();
    for (link, place) in links.places() {
        if place != Place::Ours {
            links.make(&link)?;
        }
        all.push(link);
    }
    Ok(all)
}

/// c47 finds its command by the name of the link, so the prefix cannot be arbitrary.
fn prefix(text: &str) -> Result<String, String> {
    match text {
        "" | "c47-" => Ok(text.to_owned()),
        other => Err(format!(
            "'{other}' is not supported; use c47- or the empty prefix, so that c47 finds its command"
        )),
    }
}
