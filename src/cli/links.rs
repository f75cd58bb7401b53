//! `c47 links`: a name of its own for each command.

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

    /// what stands before a command's name: c47- or nothing, --prefix= (default: c47-)
    #[argh(option, default = "String::from(\"c47-\")", from_str_fn(prefix))]
    prefix: String,

    /// make names that hide a tool of the system, and replace links to other programs
    #[argh(switch)]
    force: bool,

    /// remove the links to this c47
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
            "the links that exist now, or that were removed",
        )],
    }],
};

/// The links that are there now, or that were removed.
#[derive(SerJson)]
struct Report {
    links: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.links.iter().map(|link| escape::one_line(link));
        f.write_str(&lines.collect::<Vec<_>>().join("\n"))
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
                format!("{} is no directory", directory.display()),
                format!("mkdir -p {}", shell::quote_path(directory)),
            ));
        }
        atomic_file::ensure_directory(directory)?;
        let names = names(&self.prefix);
        let links = links::Links {
            program: &program,
            directory,
            names: &names,
        };
        let done = if self.remove {
            remove(&links)?
        } else {
            self.ensure_nothing_is_in_the_way(&links)?;
            make(&links)?
        };
        let report = Report {
            links: done.iter().map(|link| link.display().to_string()).collect(),
        };
        if self.json || !report.links.is_empty() {
            output::print(Format::from_switch(self.json), &report)?;
        }
        Ok(Exit::Done)
    }

    /// Names that would hide a tool of the system, and files that are no links of ours.
    fn ensure_nothing_is_in_the_way(&self, links: &links::Links) -> Result<(), Error> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let system = SYSTEM.iter().map(PathBuf::from);
        let directories: Vec<PathBuf> = system.chain(std::env::split_paths(&path)).collect();
        let mut hidden = Vec::new();
        for (name, (link, place)) in links.names.iter().zip(links.places()) {
            let link = link.display();
            match place {
                Place::Taken => {
                    return Err(Error::usage(format!("{link} is no link: nothing was made")));
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

fn remove(links: &links::Links) -> Result<Vec<PathBuf>, Error> {
    let mut removed = Vec::new();
    for (link, place) in links.places() {
        if place == Place::Ours {
            links.remove(&link)?;
            removed.push(link);
        }
    }
    Ok(removed)
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
