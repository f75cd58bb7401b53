//! `c47 links`: a name of its own for each command.

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
use crate::output::{self, Format};
use crate::quantity;
use crate::{atomic_file, shell};

/// Where a node's own tools are, whatever PATH says.
const SYSTEM: [&str; 6] = [
    "/usr/local/sbin",
    "/usr/local/bin",
    "/usr/sbin",
    "/usr/bin",
    "/sbin",
    "/bin",
];

/// Make a link for each command: called as c47-http, c47 is 'c47 http'. All of them are made, or
/// none; links that are there already are left as they are.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "links",
    help_triggers("-h", "--help"),
    example = "c47 links --dir ~/bin
c47 links --dir ~/bin --remove"
)]
pub(super) struct Links {
    /// where to make them (default: beside c47)
    #[argh(option, arg_name = "dir")]
    dir: Option<PathBuf>,

    /// what comes before a command's name: c47- or nothing, --prefix= (default: c47-; with
    /// --remove any)
    #[argh(option, from_str_fn(prefix))]
    prefix: Option<String>,

    /// make names that hide a tool of the system, and replace links to other programs
    #[argh(switch)]
    force: bool,

    /// remove the links to this c47 that are named after a command
    #[argh(switch)]
    remove: bool,

    /// print the links as JSON
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "links",
    values: &[
        ("--dir", Kind::Directory),
        ("--prefix", Kind::Form(|text| prefix(text).map(drop))),
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
    /// What comes before each link in text.
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
        let program = std::env::current_exe().map_err(|source| Error::System {
            action: "tell where this program is",
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
            self.ensure_nothing_is_in_the_way(&links)?;
            make(&links)?
        };
        let report = Report {
            links: done.iter().map(|link| link.display().to_string()).collect(),
            label: if self.remove { "removed " } else { "" },
        };
        if self.json || !report.links.is_empty() {
            output::print(Format::from_switch(self.json), &report)?;
        }
        if self.remove && !self.json {
            let count = match report.links.len() {
                0 => "no link".to_owned(),
                count => quantity::count(count, "link"),
            };
            let (directory, program) = (directory.display(), program.display());
            let text = format!("removed {count} to {program} in {directory}");
            output::say(format_args!("c47 links: {}", escape::one_line(&text)));
        }
        Ok(Exit::Done)
    }

    /// Removes the links to this program that are named after a command, with the prefix given or
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
        // A link may lead to another one: all were found before the first is removed.
        for link in &found {
            links.remove(link)?;
        }
        Ok(found)
    }

    /// Refuses names that would hide a tool of the system, and files that are not our links.
    fn ensure_nothing_is_in_the_way(&self, links: &links::Links) -> Result<(), Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let system = SYSTEM.iter().map(PathBuf::from);
        let directories: Vec<PathBuf> = system.chain(std::env::split_paths(&path)).collect();
        let mut hidden = Vec::new();
        for (name, (link, place)) in links.names.iter().zip(links.places()) {
            let link = link.display();
            match place {
                Place::Taken => {
                    return Err(Error::usage(format!(
                        "{link} is not a link: nothing was made"
                    )));
                }
                Place::OtherLink if !self.force => {
                    return Err(Error::usage_hint(
                        format!("{link} is a link to something else: nothing was made"),
                        "--force replaces it",
                    ));
                }
                Place::Ours | Place::Free | Place::OtherLink => {}
            }
            hidden.extend(links::shadowed(name, &directories, links.directory));
        }
        if hidden.is_empty() || self.force {
            return Ok(());
        }
        hidden.sort();
        hidden.dedup();
        let hidden: Vec<String> = hidden
            .iter()
            .map(|tool| tool.display().to_string())
            .collect();
        Err(Error::usage_hint(
            format!("links would hide {}: nothing was made", hidden.join(", ")),
            "leave the prefix c47- as it is, or --force",
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

/// A link is known by its name: with another prefix it would be c47 itself.
fn prefix(text: &str) -> Result<String, String> {
    match text {
        "" | "c47-" => Ok(text.to_owned()),
        other => Err(format!(
            "called by a name with '{other}' before it c47 would not know the command: it is c47- or empty"
        )),
    }
}
