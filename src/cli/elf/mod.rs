//! `c47 elf`: checks where a binary runs and what it loads.

mod diff;
mod dupes;
mod fits;
mod glibc;
mod info;
mod ldd;
mod rpath;
mod settings;

use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use crate::elf::inputs::Inputs;
use crate::elf::reader::Fault;
use crate::elf::root::Root;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::Details;
use crate::output::{self, Format};

/// Check which systems a binary runs on and what it loads. Only files are read; nothing is
/// executed.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "elf",
    help_triggers("-h", "--help"),
    example = "c47 elf glibc --target centos7 plugin.so"
)]
pub(super) struct Elf {
    #[argh(subcommand)]
    command: Command,
}

/// What the subcommands declare in addition to their options.
pub(super) const DETAILS: &[Details] = &[
    glibc::DETAILS,
    ldd::DETAILS,
    fits::DETAILS,
    dupes::DETAILS,
    diff::DETAILS,
    rpath::DETAILS,
    info::DETAILS,
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Glibc(glibc::Glibc),
    Ldd(ldd::Ldd),
    Fits(fits::Fits),
    Dupes(dupes::Dupes),
    Diff(diff::Compare),
    Rpath(rpath::Rpath),
    Info(info::Info),
}

impl Elf {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Glibc(options) => options.run(),
            Command::Ldd(options) => options.run(),
            Command::Fits(options) => options.run(),
            Command::Dupes(options) => options.run(),
            Command::Diff(options) => options.run(),
            Command::Rpath(options) => options.run(),
            Command::Info(options) => options.run(),
        }
    }
}

/// The exit code for several files: "no" ranks above "could not be read", which ranks above "yes".
fn worst(a: Exit, b: Exit) -> Exit {
    let rank = |exit: Exit| match exit {
        Exit::Done => 0,
        Exit::Failed => 1,
        Exit::No
        | Exit::Usage
        | Exit::Redirection
        | Exit::ClientError
        | Exit::ServerError
        | Exit::TooManyRedirects
        | Exit::TimedOut
        | Exit::NoCredentials
        | Exit::Bug
        | Exit::NoSuchCommand
        | Exit::Interrupted
        | Exit::Terminated => 2,
    };
    if rank(b) > rank(a) { b } else { a }
}

/// Reports directories and archives that could not be read. Their readable files are still checked.
fn report_faults(format: Format, command: &str, faults: Vec<(PathBuf, Fault)>) -> Exit {
    let faults = faults.into_iter();
    let exits = faults.map(|(path, fault)| fail(format, command, &path, fault));
    exits.fold(Exit::Done, worst)
}

/// All files and archive members that the arguments name. What cannot be read is reported.
fn files_of(format: Format, command: &str, root: &Root, paths: &[String]) -> (Inputs, Exit) {
    let mut inputs = Inputs::default();
    for path in paths {
        inputs.add_file(root, Path::new(path));
    }
    let exit = report_faults(format, command, std::mem::take(&mut inputs.faults));
    (inputs, exit)
}

/// Reports on stderr why a file could not be read. The other files are still processed.
fn report_fault(command: &str, path: &Path, fault: Fault) -> Exit {
    fail(Format::Text, command, path, fault)
}

/// The same for output with one report per file: the error takes the place of the report.
fn fail(format: Format, command: &str, path: &Path, fault: Fault) -> Exit {
    let error = fault.at(path);
    output::fail(format, command, &error);
    error.exit()
}

/// The error when none of these paths leads to an ELF file.
fn nothing_in(paths: &[String]) -> Error {
    Error::Nothing {
        place: paths.join(" "),
        what: "program or library (ELF)",
    }
}

/// A path as text for a report.
fn shown(path: impl AsRef<Path>) -> String {
    path.as_ref().display().to_string()
}
