//! `c47 rez`: packages for Rez.

mod check;
mod install;
mod package;

use std::fs::File;
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use crate::elf::requirements::Requirements;
use crate::elf::verdict;
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::io_error::reason;
use crate::outline::Details;
use crate::output;
use crate::rez::{self, Linkage, Package, Tool};
use crate::timestamp::Timestamp;

/// Install executables as Rez packages and check repositories.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "rez",
    help_triggers("-h", "--help"),
    example = "c47 rez install --repo /sw/packages
c47 rez check /sw/packages"
)]
pub(super) struct Rez {
    #[argh(subcommand)]
    command: Command,
}

/// What the subcommands declare in addition to their options.
pub(super) const DETAILS: &[Details] = &[install::DETAILS, package::DETAILS, check::DETAILS];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Install(install::Install),
    Package(package::PackageFile),
    Check(check::Check),
}

impl Rez {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Install(options) => options.run(),
            Command::Package(options) => options.run(),
            Command::Check(options) => options.run(),
        }
    }
}

/// The options of `install` and `package`.
struct PackageOptions {
    name: Option<String>,
    version: Option<String>,
    description: Option<String>,
    tools: Vec<PathBuf>,
}

/// A package and its tools.
struct PackagePlan {
    package: Package,
    tools: Vec<PlannedTool>,
}

struct PlannedTool {
    tool: Tool,
    linkage: Linkage,
}

impl PackageOptions {
    fn plan(self) -> Result<PackagePlan, Error> {
        if self.tools.is_empty() {
            self.plan_own()
        } else {
            self.plan_tools()
        }
    }

    /// The package of c47 itself.
    fn plan_own(self) -> Result<PackagePlan, Error> {
        let tool = PlannedTool {
            tool: Tool {
                name: "c47".into(),
                // The running program, even if its file has been replaced.
                source: PathBuf::from("/proc/self/exe"),
            },
            linkage: Linkage::Static,
        };
        let description = "One static binary for a visual-effects pipeline: authenticated HTTP \
            calls, JSON Web Tokens, ELF checks and Rez packages.";
        Ok(PackagePlan {
            package: Package {
                name: self.name.unwrap_or_else(|| "c47".into()),
                version: self
                    .version
                    .unwrap_or_else(|| env!("CARGO_PKG_VERSION").into()),
                description: self.description.unwrap_or_else(|| description.into()),
                authors: vec!["the c47 authors".into()],
                tools: vec!["c47".into()],
                timestamp: Timestamp::now(),
                smoke: "c47 selftest".into(),
            },
            tools: vec![tool],
        })
    }

    fn plan_tools(self) -> Result<PackagePlan, Error> {
        let missing = |option: &str| Error::usage(format!("--tool requires {option}"));
        let name = self.name.ok_or_else(|| missing("--name"))?;
        let version = self.version.ok_or_else(|| missing("--pkg-version"))?;
        let mut tools: Vec<PlannedTool> = Vec::new();
        for path in &self.tools {
            let tool = read_tool(path)?;
            if tools.iter().any(|other| other.tool.name == tool.tool.name) {
                return Err(Error::usage(format!(
                    "two tools are named {}",
                    tool.tool.name
                )));
            }
            tools.push(tool);
        }
        let names: Vec<String> = tools.iter().map(|tool| tool.tool.name.clone()).collect();
        let there: Vec<String> = names
            .iter()
            .map(|name| format!("test -x \"{{root}}/bin/{name}\""))
            .collect();
        Ok(PackagePlan {
            package: Package {
                description: self.description.unwrap_or_else(|| names.join(", ")),
                authors: Vec::new(),
                timestamp: Timestamp::now(),
                smoke: there.join(" && "),
                tools: names,
                name,
                version,
            },
            tools,
        })
    }
}

/// Reads a tool, which must be something that a node can run.
fn read_tool(path: &Path) -> Result<PlannedTool, Error> {
    let refuse = |why: String| Error::usage(format!("--tool {}: {why}", path.display()));
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    rez::ensure_tool_name(name).map_err(refuse)?;
    let file = File::open(path).map_err(|error| refuse(reason(&error)))?;
    let linkage = rez::linkage(&file).map_err(refuse)?;
    Ok(PlannedTool {
        tool: Tool {
            name: name.to_owned(),
            source: path.to_owned(),
        },
        linkage,
    })
}

impl PlannedTool {
    /// What the user should know about this tool.
    fn note(&self) -> Option<String> {
        let name = &self.tool.name;
        match self.linkage {
            Linkage::Static => None,
            Linkage::Dynamic => {
                let needs = Requirements::of_file(&self.tool.source, &mut Vec::new());
                let place = needs.ok().and_then(|needs| {
                    verdict::oldest(&verdict::runs_on(std::slice::from_ref(&needs)))
                });
                let source = self.tool.source.display();
                Some(match place {
                    Some(oldest) => format!(
                        "{name} is dynamically linked and needs {oldest} or newer; 'c47 elf glibc {source}' shows why"
                    ),
                    None => format!(
                        "{name} is dynamically linked and runs only where its libraries are installed; 'c47 elf glibc {source}' shows where"
                    ),
                })
            }
            Linkage::Script => Some(format!(
                "{name} is a script and runs only where its interpreter is installed"
            )),
            Linkage::OtherMachine => Some(format!("{name} is not built for x86-64")),
        }
    }
}

/// Prints notes on stderr.
fn print_notes(command: &str, notes: &[String]) {
    for note in notes {
        output::say(format_args!("{command}: {}", escape::one_line(note)));
    }
}

fn name(text: &str) -> Result<String, String> {
    rez::ensure_name(text).map(|()| text.to_owned())
}

fn version(text: &str) -> Result<String, String> {
    rez::ensure_version(text).map(|()| text.to_owned())
}
