//! `c47 elf info`: the properties of an ELF file.

mod summary;

use std::fmt;
use std::path::Path;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::{fail, files_of, nothing_in, shown, worst};
use crate::elf::info::{self, Kind as FileKind, Linked, Relro};
use crate::elf::linkage::SearchPath;
use crate::elf::parse::Class;
use crate::elf::root::Root;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{Format, Printer};
use summary::Summary;

/// Show the properties of an ELF file. It prints class, machine, type, linkage, interpreter,
/// SONAME, build-id, hardening (PIE, RELRO, NX, stack canary), and whether the file is stripped.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "info",
    help_triggers("-h", "--help"),
    example = "c47 elf info /usr/bin/git"
)]
pub(super) struct Info {
    /// ELF files, or ZIP archives (wheels), in which every ELF file is read.
    #[argh(positional)]
    file: Vec<String>,

    /// print only counts of files by property
    #[argh(switch)]
    summary: bool,

    /// print one JSON object per file, or one object with --summary
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
    command: "elf info",
    values: &[("file", Kind::File), ("--jq", Kind::Word)],
    json: &[
        JsonOutput {
            when: "",
            shape: Shape::Lines,
            fields: &[
                Field::string("path", "path of the file"),
                Field::number("class", "32 or 64"),
                Field::string("endian", "little or big"),
                Field::string("machine", "processor it is for"),
                Field::string("type", "kind of file"),
                Field::boolean("static", "whether it is statically linked"),
                Field::string("interpreter", "its dynamic linker").or_null(),
                Field::string("soname", "its SONAME").or_null(),
                Field::strings("needed", "libraries it needs"),
                Field::string("rpath", "its RPATH").or_null(),
                Field::string("runpath", "its RUNPATH").or_null(),
                Field::string("build_id", "its build id").or_null(),
                Field::string("isa", "x86-64 level it needs").or_null(),
                Field::boolean("pie", "whether it is position-independent"),
                Field::string("relro", "read-only relocations: full, partial or none"),
                Field::boolean("nx", "whether its stack is not executable"),
                Field::boolean("stack_canary", "whether it checks stack canaries"),
                Field::boolean("stripped", "whether it has no symbol table"),
                Field::boolean("debug_info", "whether it has debug information"),
            ],
        },
        JsonOutput {
            when: "With --json --summary",
            shape: Shape::Object,
            fields: &[
                Field::number("objects", "how many ELF files were read"),
                Field::objects("architectures", "the architectures"),
                Field::string("architectures[].name", "as in 64-bit x86-64"),
                Field::number("architectures[].objects", "how many files are for it"),
                Field::objects("types", "the kinds of files"),
                Field::string("types[].name", "as in shared library"),
                Field::number("types[].objects", "how many files are of it"),
                Field::number("nx", "how many have a stack that is not executable"),
                Field::number("stack_canary", "how many check stack canaries"),
                Field::number("relro_full", "how many have full read-only relocations"),
                Field::number("relro_partial", "how many have partial ones"),
                Field::number("stripped", "how many have no symbol table"),
                Field::number("debug_info", "how many have debug information"),
            ],
        },
    ],
};

impl Info {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        if self.file.is_empty() {
            return Err(Error::usage_hint(
                "a file is missing",
                "c47 elf info FILE...",
            ));
        }
        let command = "c47 elf info";
        // A summary is one report, so an error does not take the place of a file's report.
        let failures = if self.summary {
            Format::Text
        } else {
            printer.format()
        };
        let (inputs, mut exit) = files_of(failures, command, &Root::Host, &self.file);
        let mut found = 0;
        let mut reports = Vec::new();
        for input in &inputs.list {
            let file = input.path.as_path();
            match input
                .open()
                .and_then(|object| info::Info::of_object(&object))
            {
                Ok(info) => {
                    found += 1;
                    let report = Report::of(file, &info);
                    if self.summary {
                        reports.push(report);
                    } else {
                        printer.print(&report)?;
                    }
                }
                Err(fault) if input.should_skip(&fault) => {}
                Err(fault) => exit = worst(exit, fail(failures, command, file, fault)),
            }
        }
        if found == 0 && exit == Exit::Done {
            return Err(nothing_in(&self.file));
        }
        if self.summary {
            printer.print(&Summary::of(&reports))?;
        }
        Ok(exit)
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    path: String,
    class: u8,
    endian: String,
    machine: String,
    #[nserde(rename = "type")]
    kind: String,
    #[nserde(rename = "static")]
    is_static: bool,
    interpreter: Option<String>,
    soname: Option<String>,
    needed: Vec<String>,
    rpath: Option<String>,
    runpath: Option<String>,
    build_id: Option<String>,
    isa: Option<String>,
    pie: bool,
    relro: String,
    nx: bool,
    stack_canary: bool,
    stripped: bool,
    debug_info: bool,
}

impl Report {
    fn architecture(&self) -> String {
        format!("{}-bit {}", self.class, self.machine)
    }

    fn of(path: &Path, info: &info::Info) -> Report {
        let (rpath, runpath) = match &info.search_path {
            SearchPath::None => (None, None),
            SearchPath::Rpath(path) => (Some(shown(path)), None),
            SearchPath::Runpath(path) => (None, Some(shown(path))),
        };
        let kind = match info.kind {
            FileKind::Program => "program".into(),
            FileKind::PositionIndependentProgram => "position-independent program".into(),
            FileKind::Library => "shared library".into(),
            FileKind::ObjectFile => "object file".into(),
            FileKind::CoreDump => "core dump".into(),
            FileKind::Other(number) => format!("type {number}"),
        };
        Report {
            path: shown(path),
            class: match info.architecture.class {
                Class::Bits32 => 32,
                Class::Bits64 => 64,
            },
            endian: if info.architecture.big_endian {
                "big"
            } else {
                "little"
            }
            .into(),
            machine: info::machine_name(info.architecture.machine),
            kind,
            is_static: info.linked == Linked::Statically,
            interpreter: info.interpreter.as_ref().map(shown),
            soname: info.soname.as_ref().map(shown),
            needed: info.needed.iter().map(shown).collect(),
            rpath,
            runpath,
            build_id: info.notes.build_id.clone(),
            isa: info.notes.isa.map(|level| level.name().into()),
            pie: info.kind == FileKind::PositionIndependentProgram,
            relro: match info.relro {
                Relro::None => "none",
                Relro::Partial => "partial",
                Relro::Full => "full",
            }
            .into(),
            nx: info.no_exec_stack,
            stack_canary: info.stack_canary,
            stripped: info.stripped,
            debug_info: info.debug_info,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let yes = |is: bool| if is { "yes" } else { "no" };
        writeln!(f, "{}", one_line(&self.path))?;
        let (class, machine) = (self.class, &self.machine);
        writeln!(
            f,
            "  {:<13} {class}-bit {machine}, {} endian",
            "architecture", self.endian
        )?;
        writeln!(f, "  {:<13} {}", "type", self.kind)?;
        let linked = if self.is_static {
            "statically"
        } else {
            "dynamically"
        };
        writeln!(f, "  {:<13} {linked}", "linked")?;
        let optional = [
            ("interpreter", &self.interpreter),
            ("SONAME", &self.soname),
            ("RPATH", &self.rpath),
            ("RUNPATH", &self.runpath),
            ("build-id", &self.build_id),
            ("CPU", &self.isa),
        ];
        for (name, value) in optional {
            if let Some(value) = value {
                writeln!(f, "  {name:<13} {}", one_line(value))?;
            }
        }
        if !self.needed.is_empty() {
            writeln!(f, "  {:<13} {}", "needed", one_line(&self.needed.join(" ")))?;
        }
        writeln!(
            f,
            "  {:<13} PIE {}, RELRO {}, NX {}, stack canary {}",
            "hardening",
            yes(self.pie),
            self.relro,
            yes(self.nx),
            yes(self.stack_canary)
        )?;
        let debug = if self.debug_info {
            ", with debug information"
        } else {
            ""
        };
        writeln!(f, "  {:<13} {}{debug}", "stripped", yes(self.stripped))
    }
}
