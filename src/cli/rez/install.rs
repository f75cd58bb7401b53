//! `c47 rez install`: installs a package atomically.

use std::fmt;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::{PackageOptions, name, print_notes, version};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::rez::{self, Existing, InstallRequest, Linkage, Tool};

/// Install c47 or other executables as a Rez package. Prints the path of the installed version.
/// The install is atomic: readers of the repository see the whole version or nothing, even if
/// c47 is killed.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "install",
    help_triggers("-h", "--help"),
    example = "c47 rez install --repo /sw/packages
c47 rez install --repo /sw/packages --name rg --pkg-version 14.1.1 --tool ./rg"
)]
pub(super) struct Install {
    /// install into this repository (required). It is usually a directory of REZ_PACKAGES_PATH.
    #[argh(option, arg_name = "dir")]
    repo: PathBuf,

    /// set the name of the package. The default is c47. Required with --tool.
    #[argh(option, from_str_fn(name))]
    name: Option<String>,

    /// set the version of the package. The default is that of c47. Required with --tool.
    #[argh(option, arg_name = "version", from_str_fn(version))]
    pkg_version: Option<String>,

    /// set the description that 'rez view' prints. The default describes c47, or
    /// lists the names of the tools.
    #[argh(option, arg_name = "text")]
    description: Option<String>,

    /// install this executable instead of c47. May be repeated.
    #[argh(option, arg_name = "file")]
    tool: Vec<PathBuf>,

    /// overwrite this version if it exists. Without this option that is an error.
    #[argh(switch)]
    overwrite: bool,

    /// print the path, the package and its tools as JSON
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
    command: "rez install",
    values: &[
        ("--repo", Kind::Directory),
        ("--name", Kind::Form(|text| name(text).map(drop))),
        ("--pkg-version", Kind::Form(|text| version(text).map(drop))),
        ("--description", Kind::Word),
        ("--tool", Kind::File),
        ("--jq", Kind::Word),
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
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let existing = if self.overwrite {
            Existing::Overwrite
        } else {
            Existing::Refuse
        };
        let options = PackageOptions {
            name: self.name,
            version: self.pkg_version,
            description: self.description,
            tools: self.tool,
        };
        let plan = options.plan()?;
        let tools: Vec<Tool> = plan.tools.iter().map(|tool| tool.tool.clone()).collect();
        let installed = rez::install(&InstallRequest {
            repository: &self.repo,
            package: &plan.package,
            tools: &tools,
            existing,
        })?;
        let mut notes: Vec<String> = plan.tools.iter().filter_map(|tool| tool.note()).collect();
        if let Some(marker) = &installed.hidden_by {
            notes.push(format!(
                "this version is hidden from Rez by {}",
                marker.display()
            ));
        }
        notes.extend(
            installed
                .not_removed
                .map(|why| format!("the old version was not removed: {why}")),
        );
        print_notes("c47 rez install", &notes);
        let tools = plan.tools.iter().map(|tool| ToolReport {
            name: tool.tool.name.clone(),
            linkage: word(&tool.linkage).to_owned(),
        });
        let report = Report {
            path: installed.path.display().to_string(),
            name: plan.package.name,
            version: plan.package.version,
            tools: tools.collect(),
            notes,
        };
        printer.print(&report)?;
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
