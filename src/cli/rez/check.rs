//! `c47 rez check`: finds faults in a repository.

use std::fmt;
use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::cli::environment;
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::quantity;
use crate::rez::check::{Checked, Kind as FindingKind, check};
use crate::rez::deep;
use crate::sort::Sortable;

/// Find faults in a Rez repository. It finds versions without package.py, package files with
/// syntax errors or of another package or version, requirements that no package satisfies,
/// dangling symlinks, wrong modes, and leftovers of interrupted installs. For each fault it prints
/// how to correct it. The exit code is 1 if there are any.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "check",
    help_triggers("-h", "--help"),
    example = "c47 rez check /sw/packages
c47 rez check /sw/packages --with /sw/base --deep",
    note = "Without --deep no Python runs, and values that only Python can compute, such as a computed requirement, are not checked."
)]
pub(super) struct Check {
    /// the repository to check
    #[argh(positional, arg_name = "dir")]
    repository: PathBuf,

    /// search requirements in another repository too. May be repeated. The default is those of
    /// REZ_PACKAGES_PATH.
    #[argh(option, arg_name = "dir")]
    with: Vec<PathBuf>,

    /// also load and resolve each package with rez. The program rez must be in PATH.
    #[argh(switch)]
    deep: bool,

    /// print the faults as JSON
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
    command: "rez check",
    values: &[
        ("dir", Kind::Directory),
        ("--with", Kind::Directory),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::string("repository", "path of the repository"),
            Field::number("packages", "how many packages it has"),
            Field::number("versions", "how many versions"),
            Field::objects("findings", "what is wrong"),
            Field::string(
                "findings[].kind",
                "files, syntax, identity (another package or version), requirement or rez (found by --deep)",
            ),
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
    kind: String,
    path: String,
    what: String,
    cure: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = escape::one_line;
        for finding in &self.findings {
            writeln!(f, "{}: {}", plain(&finding.path), plain(&finding.what))?;
            writeln!(f, "    fix: {}", plain(&finding.cure))?;
        }
        let count = match self.findings.len() {
            0 => "no faults found".to_owned(),
            count => format!("{} found", quantity::count(count, "fault")),
        };
        let packages = quantity::count(self.packages, "package");
        let versions = quantity::count(self.versions, "version");
        writeln!(f, "{packages}, {versions}: {count}")
    }
}

impl Check {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let others = self.others()?;
        let mut checked = check(&self.repository, others.as_deref())?;
        if self.deep {
            self.add_findings_of_rez(&mut checked)?;
        }
        let exit = if checked.findings.is_empty() {
            Exit::Done
        } else {
            Exit::No
        };
        let findings = checked.findings.into_iter().map(|finding| FindingReport {
            kind: finding.kind.name().to_owned(),
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
        printer.print(&report)?;
        Ok(exit)
    }

    /// The other repositories. `None` if only Rez can read one of them.
    fn others(&self) -> Result<Option<Vec<PathBuf>>, Error> {
        if let Some(missing) = self.with.iter().find(|path| !path.is_dir()) {
            let why = format!("--with {}: not a directory", missing.display());
            return Err(Error::usage(why));
        }
        match self.with.is_empty() {
            true => Ok(environment::rez_repositories()),
            false => Ok(Some(self.with.clone())),
        }
    }

    /// Adds the faults that Rez reports for packages without other faults.
    fn add_findings_of_rez(&self, checked: &mut Checked) -> Result<(), Error> {
        let known: Vec<PathBuf> = checked
            .findings
            .iter()
            .filter(|finding| finding.kind != FindingKind::Files)
            .filter_map(|finding| std::path::absolute(finding.path.parent()?).ok())
            .collect();
        let found = deep::findings(&self.repository, &self.with)?;
        let new = found
            .into_iter()
            .filter(|finding| !known.contains(&finding.path));
        checked.findings.extend(new);
        checked.findings.order_by(|a, b| a.path.cmp(&b.path));
        Ok(())
    }
}
