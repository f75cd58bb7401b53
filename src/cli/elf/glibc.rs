//! `c47 elf glibc`: the versions an object needs, which symbols need them, and where it runs.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};
use nanoserde::{SerJson, SerJsonState};

use super::{complain, shown, worst};
use crate::elf::host;
use crate::elf::parse::Architecture;
use crate::elf::reader::Fault;
use crate::elf::requirements::{Linking, Requirements};
use crate::elf::verdict::{self, Verdict, because};
use crate::elf::versions::{FAMILIES, Family};
use crate::elf::walk;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::nearest::nearest;
use crate::outline::{Accept, Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format};
use crate::platform::{Limits, Target, Version};

/// Show the highest GLIBC, GLIBCXX and CXXABI that programs and libraries need, which symbols
/// need them, the C++ ABI and the CPU level; with --target whether they run there (exit 0 or 1)
/// and what is in the way, without it the oldest distribution and VFX Reference Platform year
/// that would do.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "glibc",
    help_triggers("-h", "--help"),
    example = "c47 elf glibc --target centos7 /opt/studio/plugins",
    note = "Targets: centos7 rhel7 rocky8 alma8 rhel8 ... rocky10, ubuntu18.04 ... ubuntu24.04, debian10 ... debian13,
amazon2 amazon2023, leap15.5 leap15.6, CY2015 ... CY2027, host, or a glibc version such as 2.17."
)]
pub struct Glibc {
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
pub const DETAILS: Details = Details {
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
    pub fn run(self) -> Result<Exit, Error> {
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

struct Report {
    objects: Vec<Entry>,
    target: Option<Target>,
    /// Of all objects together.
    runs_on: Vec<Target>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Entry {
    path: String,
    needs: Needs,
    symbols: Vec<Symbol>,
    cxx11_abi: Option<String>,
    isa: Option<String>,
    runs_on: Vec<String>,
    verdict: Option<Judged>,
    #[nserde(skip)]
    text: EntryText,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(non_snake_case)] // the families' own names
struct Needs {
    GLIBC: Option<String>,
    GLIBCXX: Option<String>,
    CXXABI: Option<String>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Symbol {
    /// `None` where the label itself is wanted, by no symbol.
    name: Option<String>,
    version: String,
    library: String,
}

#[derive(SerJson)]
struct Judged {
    target: String,
    runs: bool,
    in_the_way: Vec<String>,
    /// What is no obstacle everywhere: a CPU better than the distribution asks for.
    notes: Vec<String>,
}

/// What people are told beyond the JSON.
#[derive(Default)]
struct EntryText {
    /// A family's highest version, and why.
    needs: Vec<(Family, String, String)>,
    odd: Vec<String>,
    is_static: bool,
    oldest: Option<String>,
}

impl Report {
    fn of(objects: &[Requirements], target: Option<Target>) -> Report {
        let mut hosts = Hosts::default();
        let limits = target.and_then(Target::limits);
        let entries = objects.iter().map(|object| {
            let judged =
                target.map(|target| Judged::of(object, target, limits.as_ref(), &mut hosts));
            Entry::of(object, judged)
        });
        let entries = entries.collect();
        Report {
            objects: entries,
            target,
            runs_on: verdict::runs_on(objects),
        }
    }

    fn all_run(&self) -> bool {
        self.objects
            .iter()
            .all(|entry| entry.verdict.as_ref().is_none_or(|judged| judged.runs))
    }
}

impl SerJson for Report {
    fn ser_json(&self, depth: usize, state: &mut SerJsonState) {
        self.objects.ser_json(depth, state);
    }
}

/// What this host offers, read once for each architecture.
#[derive(Default)]
struct Hosts(HashMap<Architecture, Limits>);

impl Hosts {
    fn limits(&mut self, architecture: Architecture) -> &Limits {
        self.0
            .entry(architecture)
            .or_insert_with(|| host::limits(architecture))
    }
}

impl Judged {
    fn of(
        object: &Requirements,
        target: Target,
        limits: Option<&Limits>,
        hosts: &mut Hosts,
    ) -> Judged {
        let verdict = match limits {
            Some(limits) => verdict::judge(object, limits),
            None => host::judge(object, hosts.limits(object.architecture)),
        };
        let in_the_way = match verdict {
            Verdict::Runs => Vec::new(),
            Verdict::InTheWay(reasons) => reasons,
        };
        let note = match (target, object.isa) {
            (Target::Distribution(row), Some(isa)) if isa > row.cpu => Some(format!(
                "needs an {isa} CPU; {} runs on {} too",
                row.name, row.cpu
            )),
            _ => None,
        };
        Judged {
            target: target.id(),
            runs: in_the_way.is_empty(),
            in_the_way,
            notes: note.into_iter().collect(),
        }
    }
}

impl Entry {
    fn of(object: &Requirements, verdict: Option<Judged>) -> Entry {
        let highest = |family| Some(object.of(family)?.highest?.to_string());
        let mut text = EntryText {
            is_static: object.linking == Linking::Static,
            ..EntryText::default()
        };
        let mut symbols = Vec::new();
        for required in &object.required {
            let why = because(&required.symbols, &required.label, &required.library);
            if let Some(highest) = required.highest {
                text.needs.push((required.family, highest.to_string(), why));
                if required.symbols.is_empty() {
                    symbols.push(Symbol {
                        name: None,
                        version: required.label.clone(),
                        library: required.library.clone(),
                    });
                }
            }
            for odd in &required.odd {
                let why = because(&odd.symbols, &odd.label, &required.library);
                text.odd.push(format!("{} {why}", odd.label));
            }
            let odd = required.odd.iter().flat_map(|odd| &odd.symbols);
            symbols.extend(required.symbols.iter().chain(odd).map(|symbol| Symbol {
                name: Some(symbol.name.clone()),
                version: symbol.version.clone(),
                library: symbol.library.clone(),
            }));
        }
        let runs_on = verdict::runs_on(std::slice::from_ref(object));
        text.oldest = verdict::oldest(&runs_on);
        Entry {
            path: shown(&object.path),
            needs: Needs {
                GLIBC: highest(Family::Glibc),
                GLIBCXX: highest(Family::Glibcxx),
                CXXABI: highest(Family::Cxxabi),
            },
            symbols,
            cxx11_abi: object.cxx_abi.name().map(str::to_owned),
            isa: object.isa.map(|level| level.name().to_owned()),
            runs_on: runs_on.into_iter().map(Target::id).collect(),
            verdict,
            text,
        }
    }

    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", one_line(&self.path))?;
        for (family, version, why) in &self.text.needs {
            writeln!(
                f,
                "  {:<16} {}",
                format!("{family}_{version}"),
                one_line(why)
            )?;
        }
        for odd in &self.text.odd {
            writeln!(f, "  {}", one_line(odd))?;
        }
        if self.text.is_static {
            writeln!(f, "  static, needs no library")?;
        } else if self.text.needs.is_empty() && self.text.odd.is_empty() {
            writeln!(f, "  needs no version of glibc or libstdc++")?;
        }
        if let Some(abi) = &self.cxx11_abi {
            writeln!(f, "  {:<16} {abi}", "C++ ABI")?;
        }
        if let Some(isa) = &self.isa {
            writeln!(f, "  {:<16} {isa}", "CPU")?;
        }
        if self.verdict.is_none() {
            let oldest = self
                .text
                .oldest
                .as_deref()
                .unwrap_or("no distribution known here");
            writeln!(f, "  {:<16} {oldest}", "runs on")?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.target, self.objects.as_slice()) {
            (Some(target), objects) => verdicts(f, target, objects),
            (None, [one]) => one.describe(f),
            (None, objects) => self.table(f, objects),
        }
    }
}

/// What is in the way, a line each; then how many of how many.
fn verdicts(f: &mut fmt::Formatter<'_>, target: Target, objects: &[Entry]) -> fmt::Result {
    let place = match target {
        Target::Host => "this host".to_owned(),
        target => target
            .limits()
            .map_or_else(|| target.id(), |limits| limits.name),
    };
    let mut refused = 0;
    for entry in objects {
        let Some(judged) = &entry.verdict else {
            continue;
        };
        refused += usize::from(!judged.runs);
        for reason in &judged.in_the_way {
            writeln!(f, "{} {}", one_line(&entry.path), one_line(reason))?;
        }
    }
    let noted = |entry: &&Entry| {
        entry
            .verdict
            .as_ref()
            .is_some_and(|one| !one.notes.is_empty())
    };
    for entry in objects.iter().filter(noted).take(10) {
        for note in entry.verdict.iter().flat_map(|judged| &judged.notes) {
            writeln!(f, "note: {} {}", one_line(&entry.path), one_line(note))?;
        }
    }
    match (refused, objects) {
        (0, [one]) => writeln!(f, "{} runs on {place}", one_line(&one.path)),
        (_, [_]) => Ok(()),
        (0, all) => writeln!(f, "all {} run on {place}", all.len()),
        (refused, all) => writeln!(f, "{refused} of {} do not run on {place}", all.len()),
    }
}

impl Report {
    /// A line for each object, then what all of them together need.
    fn table(&self, f: &mut fmt::Formatter<'_>, objects: &[Entry]) -> fmt::Result {
        writeln!(
            f,
            "{:<8} {:<8} {:<8} {:<6} path",
            "GLIBC", "GLIBCXX", "CXXABI", "ABI"
        )?;
        for entry in objects {
            let shown = |version: &Option<String>| version.clone().unwrap_or_else(|| "-".into());
            let (glibc, glibcxx, cxxabi) = (
                shown(&entry.needs.GLIBC),
                shown(&entry.needs.GLIBCXX),
                shown(&entry.needs.CXXABI),
            );
            let abi = entry.cxx11_abi.as_deref().unwrap_or("-");
            let path = one_line(&entry.path);
            write!(f, "{glibc:<8} {glibcxx:<8} {cxxabi:<8} {abi:<6} {path}")?;
            if let Some(isa) = &entry.isa {
                write!(f, " ({isa})")?;
            }
            for odd in &entry.text.odd {
                write!(f, " {}", one_line(odd))?;
            }
            writeln!(f)?;
        }
        writeln!(f)?;
        for family in FAMILIES {
            let of_family = objects.iter().filter_map(|entry| {
                let (_, version, why) = entry.text.needs.iter().find(|need| need.0 == family)?;
                Some((Version::parse(version)?, why, &entry.path))
            });
            if let Some((version, why, path)) = of_family.max_by_key(|one| one.0) {
                let path = one_line(path);
                writeln!(f, "{family}_{version} at most: {path} {}", one_line(why))?;
            }
        }
        match verdict::oldest(&self.runs_on) {
            Some(oldest) => writeln!(f, "all {} run on {oldest}", objects.len()),
            None => writeln!(f, "no distribution known here runs all {}", objects.len()),
        }
    }
}
