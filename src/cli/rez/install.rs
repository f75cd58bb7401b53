//! `c47 rez install`: a package, in one step.

use std::fmt;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::{Wanted, name, say_notes, version};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::rez::{self, Existing, Linkage, Order, Tool};

/// Install c47 itself, or the executables given, as a Rez package, and print where it is. Readers
/// of the repository see all of it or nothing, also when this is killed.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "install",
    help_triggers("-h", "--help"),
    example = "c47 rez install --repo /sw/packages
c47 rez install --repo /sw/packages --name ripgrep --pkg-version 14.1.1 --tool ./rg"
)]
pub(super) struct Install {
    /// the repository, a directory of $REZ_PACKAGES_PATH
    #[argh(option, arg_name = "dir")]
    repo: PathBuf,

    /// name of the package (default: c47; with --tool there is none)
    #[argh(option, from_str_fn(name))]
    name: Option<String>,

    /// version of the package (default: that of c47; with --tool there is none)
    #[argh(option, arg_name = "version", from_str_fn(version))]
    pkg_version: Option<String>,

    /// what 'rez view' says of it (default: what c47 is, or the tools' names)
    #[argh(option, arg_name = "text")]
    description: Option<String>,

    /// an executable to install instead of c47; may be repeated
    #[argh(option, arg_name = "file")]
    tool: Vec<PathBuf>,

    /// replace this version if it is there; without it that is refused
    #[argh(switch)]
    overwrite: bool,

    /// print the path, the package and its tools as JSON
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "rez install",
    values: &[
        ("--repo", Kind::Directory),
        ("--name", Kind::Form(|text| name(text).map(drop))),
        ("--pkg-version", Kind::Form(|text| version(text).map(drop))),
        ("--description", Kind::Word),
        ("--tool", Kind::File),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::string("path", "directory of the installed version"),
            Field::string("name", "name of the package"),
            Field::string("version", "its version"),
            Field::objects("tools", "the installed tools"),
            Field::string("tools[].name", "name of the tool"),
            Field::string(
                "tools[].linkage",
                "static, dynamic, script or other-machine",
            ),
            Field::strings("notes", "what to know about the tools"),
        ],
    }],
};

#[derive(SerJson)]
struct Report {
    path: String,
    name: String,
    version: String,
    tools: Vec<ToolReport>,
    notes: Vec<String>,
}

#[derive(SerJson)]
struct ToolReport {
    name: String,
    /// `static`, `dynamic`, `script` or `other-machine`.
    linkage: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape::one_line(&self.path))
    }
}

impl Install {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let format = Format::from_switch(self.json);
        let existing = if self.overwrite {
            Existing::Overwrite
        } else {
            Existing::Refuse
        };
        let wanted = Wanted {
            name: self.name,
            version: self.pkg_version,
            description: self.description,
            tools: self.tool,
        };
        let filled = wanted.fill()?;
        let tools: Vec<Tool> = filled.tools.iter().map(|tool| tool.tool.clone()).collect();
        let installed = rez::install(&Order {
            repository: &self.repo,
            package: &filled.package,
            tools: &tools,
            existing,
        })?;
        let mut notes: Vec<String> = filled.tools.iter().filter_map(|tool| tool.note()).collect();
        if let Some(marker) = &installed.hidden_by {
            notes.push(format!(
                "Rez does not see it: {} hides it",
                marker.display()
            ));
        }
        notes.extend(
            installed
                .left
                .map(|why| format!("the old version stays: {why}")),
        );
        say_notes("c47 rez install", &notes);
        let tools = filled.tools.iter().map(|tool| ToolReport {
            name: tool.tool.name.clone(),
            linkage: word(&tool.linkage).to_owned(),
        });
        let report = Report {
            path: installed.path.display().to_string(),
            name: filled.package.name,
            version: filled.package.version,
            tools: tools.collect(),
            notes,
        };
        output::print(format, &report)?;
        Ok(Exit::Done)
    }
}

fn word(linkage: &Linkage) -> &'static str {
    match linkage {
        Linkage::Static => "static",
        Linkage::Dynamic => "dynamic",
        Linkage::Script => "script",
        Linkage::OtherMachine => "other-machine",
    }
}
