//! `c47 elf diff`: what changed between two builds of a library.

mod fields;
mod report;
mod text;

use std::path::Path;

use argh::{ArgsInfo, FromArgs};

use super::nothing_in;
use crate::elf::diff::{Diff, Library};
use crate::elf::inputs::Inputs;
use crate::elf::root::Root;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, JsonOutput, Kind, Shape};
use crate::output::{Format, Printer};
use report::Report;
use text::Listing;

/// Compare two builds of a library. It says whether B can replace A for what was linked with A:
/// exported symbols, versions, SONAME and sizes of data. Then it prints what else changed: what B
/// needs, its search path and flags. Exits with 1 if something that others may need is gone. Nothing
/// is executed.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "diff",
    help_triggers("-h", "--help"),
    example = "c47 elf diff /opt/tbb-12.5/libtbb.so.12 /opt/tbb-12.13/libtbb.so.12"
)]
pub(super) struct Compare {
    /// two ELF files, A and B: the build in use and the one to replace it. A member of a ZIP archive
    /// is 'a.whl!/directory/file'.
    #[argh(positional)]
    file: Vec<String>,

    /// print whole lists, and the symbols that only B needs
    #[argh(switch)]
    all: bool,

    /// print a JSON object
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
    command: "elf diff",
    values: &[("file", Kind::File), ("--jq", Kind::Word)],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: fields::FIELDS,
    }],
};

impl Compare {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let [a, b] = self.file.as_slice() else {
            return Err(Error::usage_hint(
                format!("two files are needed, not {}", self.file.len()),
                "c47 elf diff A B",
            ));
        };
        let (of_a, of_b) = (library(a)?, library(b)?);
        let diff = Diff::of(of_a, of_b);
        let listing = match self.all {
            true => Listing::All,
            false => Listing::Short,
        };
        printer.print(&match printer.format() {
            Format::Json => Report::of(&diff, a, b),
            Format::Text => Report::of_lines(text::lines(&diff, a, b, listing)),
        })?;
        Ok(match diff.can_replace() {
            true => Exit::Done,
            false => Exit::No,
        })
    }
}

/// The library that an argument names: a file, a member of an archive, or the only library of an
/// archive.
fn library(argument: &str) -> Result<Library, Error> {
    let path = Path::new(argument);
    if path.is_dir() {
        return Err(Error::malformed(argument, "a directory").with_hint("name a file in it"));
    }
    let mut inputs = Inputs::default();
    inputs.add_file(&Root::Host, path);
    if let Some((path, fault)) = inputs.faults.into_iter().next() {
        return Err(fault.at(&path));
    }
    let mut found = None;
    for input in &inputs.list {
        match input.open() {
            Ok(_) if found.is_some() => {
                let hint = format!("name one of them, such as {}", input.path.display());
                let why = "an archive with several ELF files";
                return Err(Error::malformed(argument, why).with_hint(hint));
            }
            Ok(object) => found = Some((input, object)),
            Err(fault) if input.should_skip(&fault) => {}
            Err(fault) => return Err(fault.at(&input.path)),
        }
    }
    match found {
        Some((input, object)) => {
            Library::of(&input.path, object).map_err(|fault| fault.at(&input.path))
        }
        None => Err(nothing_in(&[argument.to_owned()])),
    }
}
