//! `c47 elf fits`: whether a plug-in can be loaded into an application.

mod describe;
mod report;
mod searches;

use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use super::glibc::target_named;
use super::ldd::tree_text::subtree_text;
use super::settings::SystemOptions;
use super::{fail, files_of, nothing_in, worst};
use crate::elf::fits::{Checker, Host, Options, Severity, Verdict, Visibility};
use crate::elf::search::LibraryCache;
use crate::elf::{fits, host};
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::outline::{Accept, Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::platform::{Level, Limits, Target};
use report::Report;
use searches::Searches;

/// Check whether a plug-in loads into an application. It builds the list of libraries that the
/// process would have, the application's first, and looks up every symbol that the plug-in refers
/// to, as dlopen does with RTLD_NOW. Exits with 0 if the plug-in fits, 1 if it does not, and 7 if
/// that cannot be determined. Nothing is executed or loaded.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "fits",
    help_triggers("-h", "--help"),
    example = "c47 elf fits mtoa.so --in /usr/autodesk/maya2025/bin/maya.bin",
    example = "c47 elf fits _core.abi3.so --in /usr/bin/python3.11"
)]
pub(super) struct Fits {
    /// plug-ins: libraries, or ZIP archives (wheels). Each is checked on its own.
    #[argh(positional)]
    plugin: Vec<String>,

    /// the application's program. It can also be a directory of its libraries, or /proc/PID/maps of
    /// a running one. For a Python, the rules for extension modules apply too.
    #[argh(option, long = "in", arg_name = "host")]
    host: Option<String>,

    /// a library or directory that the application opens before. Can be repeated; the order counts.
    #[argh(option, arg_name = "path")]
    also: Vec<String>,

    /// the application opens libraries with RTLD_GLOBAL. The default is RTLD_LOCAL.
    #[argh(switch)]
    global: bool,

    /// also check that it runs on this system, such as 'rocky8'. The plug-in and what it brings are
    /// checked. 'c47 help elf glibc' lists the targets.
    #[argh(option, arg_name = "name")]
    target: Option<String>,

    /// print how this symbol is searched for. It is a name in the file, or a C++ name such as
    /// 'tbb::task::spawn'.
    #[argh(option, arg_name = "symbol")]
    why: Option<String>,

    /// print the libraries that the plug-in brings as a tree
    #[argh(switch)]
    tree: bool,

    /// exit with 1 also for warnings
    #[argh(switch)]
    strict: bool,

    /// use another system's root directory. Paths, symlinks and ld.so.cache are resolved inside it.
    #[argh(option, arg_name = "dir")]
    root: Option<String>,

    /// use this LD_LIBRARY_PATH. The default is that of the environment, and none with --root. Pass
    /// '' for none.
    #[argh(option, arg_name = "path")]
    library_path: Option<String>,

    /// use this LD_PRELOAD. The default is as for --library-path.
    #[argh(option, arg_name = "path")]
    preload: Option<String>,

    /// assume this CPU level: v1, v2, v3 or v4. The default is the level of this machine.
    #[argh(option, arg_name = "level")]
    cpu: Option<String>,

    /// print one JSON object per plug-in, one per line
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
    command: "elf fits",
    values: &[
        ("plugin", Kind::File),
        ("--in", Kind::File),
        ("--also", Kind::File),
        (
            "--target",
            Kind::Choice {
                words: Target::names,
                accept: Accept::Anything,
            },
        ),
        ("--why", Kind::Word),
        ("--root", Kind::Directory),
        ("--library-path", Kind::Directory),
        ("--preload", Kind::File),
        (
            "--cpu",
            Kind::checked_choice(Level::short_names, |text| Level::named(text).map(drop)),
        ),
        ("--jq", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "",
            shape: Shape::Lines,
            fields: report::FIELDS,
        },
        JsonOutput {
            when: "With --json --why",
            shape: Shape::Lines,
            fields: &[
                Field::string("path", "path of the plug-in"),
                Field::string("host", "the application"),
                Field::string("symbol", "the requested symbol"),
                Field::objects("searches", "the references to it"),
                Field::string("searches[].object", "the file that refers to it"),
                Field::string("searches[].symbol", "name in the file"),
                Field::string("searches[].demangled", "C++ name").or_null(),
                Field::string("searches[].version", "required symbol version").or_null(),
                Field::boolean("searches[].weak", "whether it may be undefined"),
                Field::string("searches[].bound_to", "the library that provides it").or_null(),
                Field::objects(
                    "searches[].definitions",
                    "all definitions in the process, in the order of the search",
                ),
                Field::string("searches[].definitions[].library", "path of the library"),
                Field::string("searches[].definitions[].version", "its version").or_null(),
                Field::boolean(
                    "searches[].definitions[].default",
                    "whether it is the default version",
                ),
                Field::boolean("searches[].definitions[].weak", "whether it is weak"),
                Field::boolean(
                    "searches[].definitions[].in_reach",
                    "whether the library is searched for the plug-in",
                ),
            ],
        },
    ],
};

/// The result for one plug-in.
enum Outcome {
    /// With `--why`.
    Searches(Searches),
    Result(Box<fits::Report>),
}

/// The name of the command in messages.
const COMMAND: &str = "c47 elf fits";

impl Fits {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let host_path = self.ensure_complete(&printer)?;
        let target = self.target.as_deref().map(target_named).transpose()?;
        let options = SystemOptions {
            root: self.root.as_deref(),
            library_path: self.library_path.as_deref(),
            preload: self.preload.as_deref(),
            cpu: self.cpu.as_deref(),
        };
        let settings = options.settings()?;
        let format = printer.format();
        let (inputs, mut exit) = files_of(format, COMMAND, &settings.root, &self.plugin);
        let mut library_cache = LibraryCache::with_archives(settings, inputs.archives.clone());
        let also: Vec<PathBuf> = self.also.iter().map(PathBuf::from).collect();
        let visibility = match self.global {
            true => Visibility::Global,
            false => Visibility::Local,
        };
        let host = Host::read(&mut library_cache, &host_path, &also, visibility)
            .map_err(|unreadable| unreadable.fault.at(&unreadable.path))?;
        for unreadable in &host.skipped {
            let path = unreadable.path.display().to_string();
            let why = unreadable.fault.to_string();
            output::say(format_args!(
                "{COMMAND}: {} of the application is ignored: {}",
                one_line(&path),
                one_line(&why)
            ));
        }
        let limits = target.map(|target| limits_of(target, &host));
        let mut checker = Checker::new(host, Options { target: limits });
        let mut found = 0;
        for input in &inputs.list {
            match self.examine(&mut checker, &host_path, &input.path) {
                Ok(outcome) => {
                    found += 1;
                    exit = worst(exit, self.show(&printer, &host_path, &outcome)?);
                }
                Err(unreadable) if input.should_skip(&unreadable.fault) => {}
                Err(unreadable) => {
                    exit = worst(
                        exit,
                        fail(format, COMMAND, &unreadable.path, unreadable.fault),
                    );
                }
            }
        }
        if found == 0 && exit == Exit::Done {
            return Err(nothing_in(&self.plugin));
        }
        Ok(exit)
    }

    /// Checks what must be given, and returns the host.
    fn ensure_complete(&self, printer: &Printer) -> Result<PathBuf, Error> {
        if self.plugin.is_empty() {
            return Err(Error::usage_hint(
                "a plug-in is missing",
                "c47 elf fits PLUGIN... --in HOST",
            ));
        }
        let Some(host) = &self.host else {
            return Err(Error::usage_hint(
                "the application is missing",
                "name its program: c47 elf fits PLUGIN... --in HOST",
            ));
        };
        if self.tree && (printer.format() == Format::Json || self.why.is_some()) {
            return Err(Error::usage(
                "--tree cannot be combined with --json, --jq or --why",
            ));
        }
        Ok(PathBuf::from(host))
    }

    /// Checks one plug-in.
    fn examine(
        &self,
        checker: &mut Checker,
        host: &Path,
        plugin: &Path,
    ) -> Result<Outcome, fits::Unreadable> {
        match &self.why {
            Some(symbol) => {
                let searches = checker.why(plugin, symbol)?;
                let searches = Searches::of(plugin, host, symbol, &searches);
                Ok(Outcome::Searches(searches))
            }
            None => Ok(Outcome::Result(Box::new(checker.check(plugin)?))),
        }
    }

    fn show(&self, printer: &Printer, host: &Path, outcome: &Outcome) -> Result<Exit, Error> {
        match outcome {
            Outcome::Searches(searches) => {
                printer.print(searches)?;
                Ok(match searches.is_empty() {
                    true => Exit::No,
                    false => Exit::Done,
                })
            }
            Outcome::Result(result) => {
                if self.tree {
                    let text = subtree_text(&result.tree, result.number, result.host_objects);
                    output::bytes(text.as_bytes())?;
                } else {
                    printer.print(&Report::of(result, host))?;
                }
                Ok(self.exit(result))
            }
        }
    }

    fn exit(&self, result: &fits::Report) -> Exit {
        let warns = |result: &fits::Report| {
            let mut findings = result.findings.iter();
            findings.any(|finding| finding.severity() == Severity::Warning)
        };
        match result.verdict {
            Verdict::Fits if self.strict && warns(result) => Exit::No,
            Verdict::Fits => Exit::Done,
            Verdict::DoesNotFit => Exit::No,
            Verdict::Unknown => Exit::Failed,
        }
    }
}

/// The limits of a target for the host's architecture.
fn limits_of(target: Target, application: &Host) -> Limits {
    let own = || host::limits(application.process.architecture());
    target.limits().unwrap_or_else(own)
}
