//! `c47 rez check`: what breaks a repository.

use std::fmt;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::quantity;
use crate::rez::check::check;

/// Find what breaks a Rez repository: versions without package.py, dead links, modes that keep
/// others out, what installs left behind. Each with its cure; the exit code is 1 if there is any.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "check",
    help_triggers("-h", "--help"),
    example = "c47 rez check /sw/packages"
)]
pub(super) struct Check {
    /// the repository
    #[argh(positional, arg_name = "dir")]
    repository: PathBuf,

    /// print what was found as JSON
    #[argh(switch)]
    json: bool,
}

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "rez check",
    values: &[("dir", Kind::Directory)],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::string("repository", "path of the repository"),
            Field::number("packages", "how many packages it has"),
            Field::number("versions", "how many versions"),
            Field::objects("findings", "what is wrong"),
            Field::string("findings[].path", "where"),
            Field::string("findings[].what", "what is wrong"),
            Field::string("findings[].cure", "how to correct it"),
        ],
    }],
};

#[derive(SerJson)]
struct Report {
    repository: String,
    packages: usize,
    versions: usize,
    findings: Vec<FindingReport>,
}

#[derive(SerJson)]
struct FindingReport {
    path: String,
    what: String,
    cure: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = escape::one_line;
        for finding in &self.findings {
            writeln!(f, "{}: {}", plain(&finding.path), plain(&finding.what))?;
            writeln!(f, "    cure: {}", plain(&finding.cure))?;
        }
        let count = match self.findings.len() {
            0 => "nothing wrong".to_owned(),
            count => format!("{count} to put right"),
        };
        let packages = quantity::count(self.packages, "package");
        let versions = quantity::count(self.versions, "version");
        writeln!(f, "{packages}, {versions}: {count}")
    }
}

impl Check {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let checked = check(&self.repository)?;
        let exit = if checked.findings.is_empty() {
            Exit::Done
        } else {
            Exit::No
        };
        let findings = checked.findings.into_iter().map(|finding| FindingReport {
            path: finding.path.display().to_string(),
            what: finding.what,
            cure: finding.cure,
        });
        let report = Report {
            repository: self.repository.display().to_string(),
            packages: checked.packages,
            versions: checked.versions,
            findings: findings.collect(),
        };
        output::print(Format::from_switch(self.json), &report)?;
        Ok(exit)
    }
}
