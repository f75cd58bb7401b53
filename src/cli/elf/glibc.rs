//! `c47 elf glibc`: the versions an object needs, the symbols that need them, and where it runs.

mod entry;
mod report;
mod summary;

use std::path::PathBuf;

use argh::{ArgsInfo, FromArgs};

use super::{nothing_in, report_fault, report_faults, worst};
use crate::elf::demangle::Spelling;
use crate::elf::inputs::{self, Contents};
use crate::elf::reader::Fault;
use crate::elf::requirements::Requirements;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Accept, Details, Field, JsonOutput, Kind, Shape};
use crate::output::{Format, Printer};
use crate::platform::Target;
use entry::Detail;
use report::Report;

/// Show which glibc and libstdc++ a binary needs and where it runs. It prints the highest GLIBC,
/// GLIBCXX and CXXABI versions, the symbols that need them, the C++ ABI and the CPU level. With
/// --target it prints whether the files run there (exit code 0 or 1), and why not. Without it, it
/// prints the oldest distribution and VFX Reference Platform year they run on.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "glibc",
    help_triggers("-h", "--help"),
    example = "c47 elf glibc --target centos7 /opt/studio/plugins"
)]
pub(super) struct Glibc {
    /// files, or directories and ZIP archives (wheels), in which every program and library is
    /// checked.
    #[argh(positional)]
    path: Vec<String>,

    /// check for a system, e.g. centos7, CY2024, host or 2.17
    #[argh(option, arg_name = "name")]
    target: Option<String>,

    /// print only the totals and the verdict
    #[argh(switch)]
    summary: bool,

    /// print C++ names mangled, as they are in the file
    #[argh(switch)]
    no_demangle: bool,

    /// print a JSON array of objects, or one object with --summary
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// Its name in messages.
const COMMAND: &str = "c47 elf glibc";

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "elf glibc",
    values: &[
        ("path", Kind::File),
        (
            "--target",
            Kind::Choice {
                words: Target::names,
                accept: Accept::Anything,
            },
        ),
        ("--jq", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "",
            shape: Shape::Array,
            fields: &[
                Field::string("path", "path of the file"),
                Field::object("needs", "the newest version of each family it needs"),
                Field::string("needs.GLIBC", "of glibc").or_null(),
                Field::string("needs.GLIBCXX", "of libstdc++").or_null(),
                Field::string("needs.CXXABI", "of the C++ ABI library").or_null(),
                Field::objects("symbols", "the symbols that need these versions"),
                Field::string(
                    "symbols[].name",
                    "name of the symbol; null if the version itself is required",
                )
                .or_null(),
                Field::string("symbols[].demangled", "a C++ name demangled").or_null(),
                Field::string("symbols[].version", "version of the symbol"),
                Field::string("symbols[].library", "library it comes from"),
                Field::string("cxx11_abi", "C++ ABI it uses: old, new or mixed").or_null(),
                Field::string("isa", "x86-64 level it needs").or_null(),
                Field::strings("runs_on", "the oldest systems it runs on"),
                Field::object(
                    "verdict",
                    "whether it runs on the target; null without --target",
                )
                .or_null(),
                Field::string("verdict.target", "name of the target"),
                Field::boolean("verdict.runs", "whether it runs there"),
                Field::strings("verdict.in_the_way", "why it does not run"),
                Field::strings("verdict.notes", "what to check there"),
            ],
        },
        JsonOutput {
            when: "With --json --summary",
            shape: Shape::Object,
            fields: &[
                Field::number("objects", "how many programs and libraries were read"),
                Field::object(
                    "needs",
                    "the newest version of each family that any of them needs",
                ),
                Field::string("needs.GLIBC", "of glibc").or_null(),
                Field::string("needs.GLIBCXX", "of libstdc++").or_null(),
                Field::string("needs.CXXABI", "of the C++ ABI library").or_null(),
                Field::strings("runs_on", "the systems all of them run on"),
                Field::object(
                    "verdict",
                    "whether all run on the target; null without --target",
                )
                .or_null(),
                Field::string("verdict.target", "name of the target"),
                Field::boolean("verdict.runs", "whether all run there"),
                Field::number("verdict.refused", "how many do not run there"),
            ],
        },
    ],
};

impl Glibc {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        if self.path.is_empty() {
            return Err(Error::usage_hint(
                "a path is missing",
                "c47 elf glibc PATH...",
            ));
        }
        let target = self.target.as_deref().map(target_named).transpose()?;
        let Contents { read, faults } =
            inputs::read_all(&self.path, Vec::new, |buffer, path, object| {
                Requirements::of_object(path, object, buffer)
            });
        let exit = report_faults(Format::Text, COMMAND, faults);
        let (objects, exit) = collect_readable(read, exit);
        let detail = match (printer.format(), objects.as_slice()) {
            (_, _) if self.summary => Detail::Totals,
            (Format::Json, _) => Detail::Everything,
            (Format::Text, [_]) => Detail::Description,
            (Format::Text, _) => Detail::Totals,
        };
        let spelling = match printer.format() {
            Format::Text if !self.no_demangle => Spelling::Demangled,
            Format::Text | Format::Json => Spelling::Mangled,
        };
        let report = Report::of(&objects, target, detail, spelling);
        if objects.is_empty() && exit == Exit::Done {
            return Err(nothing_in(&self.path));
        }
        // Files that could not be read have been reported. There may be no other file.
        let has_any = !objects.is_empty() || printer.format() == Format::Json;
        if has_any && self.summary {
            printer.print(&report.summary())?;
        } else if has_any {
            printer.print(&report)?;
        }
        Ok(if report.all_run() { exit } else { Exit::No })
    }
}

/// The target with this name.
///
/// # Errors
/// A usage error when it is unknown.
pub(super) fn target_named(name: &str) -> Result<Target, Error> {
    Target::parse(name).map_err(|unknown| Error::usage_hint(unknown.to_string(), unknown.hint()))
}

/// The objects that could be read. The other files are reported.
fn collect_readable(
    read: Vec<(PathBuf, Result<Requirements, Fault>)>,
    exit: Exit,
) -> (Vec<Requirements>, Exit) {
    let mut exit = exit;
    let mut objects = Vec::new();
    for (path, result) in read {
        match result {
            Ok(object) => objects.push(object),
            Err(fault) => exit = worst(exit, report_fault(COMMAND, &path, fault)),
        }
    }
    (objects, exit)
}
