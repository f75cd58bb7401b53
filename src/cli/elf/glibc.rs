//! `c47 elf glibc`: the versions an object needs, which symbols need them, and where it runs.

mod report;

use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use super::{complain, worst};
use crate::elf::reader::Fault;
use crate::elf::requirements::Requirements;
use crate::elf::walk;
use crate::error::Error;
use crate::exit::Exit;
use crate::nearest::nearest;
use crate::outline::{Accept, Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::platform::Target;
use report::Report;

/// Show the highest GLIBC, GLIBCXX and CXXABI that programs and libraries need, which symbols
/// need them, the C++ ABI and the CPU level; with --target whether they run there (exit 0 or 1)
/// and what is in the way, without it the oldest distribution and VFX Reference Platform year
/// that would do.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "glibc",
    help_triggers("-h", "--help"),
    example = "c47 elf glibc --target centos7 /opt/studio/plugins"
)]
pub(super) struct Glibc {
    /// files, or directories in which to look at every program and library
    #[argh(positional)]
    path: Vec<String>,

    /// where it is to run: centos7, rocky8, CY2024, host, 2.17 ...
    #[argh(option, arg_name = "name")]
    target: Option<String>,

    /// print an array of objects
    #[argh(switch)]
    json: bool,
}

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
    ],
    json: &[JsonOutput {
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
                "name of the symbol; null where the version itself is required",
            )
            .or_null(),
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
            Field::strings("verdict.in_the_way", "why it does not"),
            Field::strings("verdict.notes", "what to check there"),
        ],
    }],
};

impl Glibc {
    pub(super) fn run(self) -> Result<Exit, Error> {
        if self.path.is_empty() {
            return Err(Error::usage_hint(
                "a path is missing",
                "c47 elf glibc PATH...",
            ));
        }
        let target = self.target.as_deref().map(target_named).transpose()?;
        let (files, exit) = files_of(&self.path);
        let read = walk::in_parallel(&files, Vec::new, |buffer, file| {
            Requirements::of_file(&file.path, buffer)
        });
        let (objects, exit) = sort_out(&files, read, exit);
        let report = Report::of(&objects, target);
        let format = Format::from_switch(self.json);
        if objects.is_empty() && exit == Exit::Done {
            output::print(format, &report)?;
            output::say("c47 elf glibc: there is no program and no library (ELF)");
            return Ok(Exit::No);
        }
        // A file that could not be read has been complained of; there may be nothing else.
        if !objects.is_empty() || self.json {
            output::print(format, &report)?;
        }
        Ok(if report.all_run() { exit } else { Exit::No })
    }
}

fn target_named(name: &str) -> Result<Target, Error> {
    Target::parse(name).map_err(|unknown| {
        let names = Target::names();
        let typed = name.to_ascii_lowercase();
        let lower: Vec<String> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        let near = nearest(&typed, lower.iter().map(String::as_str));
        let meant = near.and_then(|near| names.iter().find(|name| name.eq_ignore_ascii_case(near)));
        let hint = match meant {
            Some(meant) => format!("did you mean '{meant}'? -h names the targets"),
            None => "-h names the targets".to_owned(),
        };
        Error::usage_hint(unknown.to_string(), hint)
    })
}

/// A file to look at, and whether it was named or met in a directory.
struct Candidate {
    path: PathBuf,
    named: bool,
}

fn files_of(paths: &[String]) -> (Vec<Candidate>, Exit) {
    let mut files = Vec::new();
    let mut exit = Exit::Done;
    for path in paths.iter().map(Path::new) {
        if !path.is_dir() {
            files.push(Candidate {
                path: path.to_owned(),
                named: true,
            });
            continue;
        }
        let found = walk::files(path);
        for (path, error) in found.unreadable {
            exit = worst(exit, complain("c47 elf glibc", &path, Fault::Io(error)));
        }
        let met = found
            .files
            .into_iter()
            .map(|path| Candidate { path, named: false });
        files.extend(met);
    }
    (files, exit)
}

/// The objects, and complaints about what should have been one: in a directory a file that is no
/// ELF file is none of our business.
fn sort_out(
    files: &[Candidate],
    read: Vec<Result<Requirements, Fault>>,
    exit: Exit,
) -> (Vec<Requirements>, Exit) {
    let mut exit = exit;
    let mut objects = Vec::new();
    for (file, result) in files.iter().zip(read) {
        match result {
            Ok(object) => objects.push(object),
            Err(Fault::NotElf(_) | Fault::NotRegular(_)) if !file.named => {}
            Err(fault) => exit = worst(exit, complain("c47 elf glibc", &file.path, fault)),
        }
    }
    (objects, exit)
}
