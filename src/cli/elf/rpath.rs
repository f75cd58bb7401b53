//! `c47 elf rpath`: the search path in an object, and which of its entries do not exist.

use std::fmt;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::settings::SystemOptions;
use super::{fail, files_of, nothing_in, shown, worst};
use crate::elf::linkage::SearchPath;
use crate::elf::rpath::{self, EntryTarget};
use crate::elf::search::LibraryCache;
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;

/// Show the RPATH or RUNPATH of programs and libraries. For each entry: the directory it resolves
/// to, which of the needed libraries are in it, and whether it is dead (the directory does not
/// exist). To change an RPATH, use patchelf.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "rpath",
    help_triggers("-h", "--help"),
    example = "c47 elf rpath /opt/app/lib/libplugin.so"
)]
pub(super) struct Rpath {
    /// programs, libraries, or ZIP archives (wheels). With --root, a path inside the root or below
    /// it.
    #[argh(positional)]
    file: Vec<String>,

    /// use another system's root directory. Paths and symlinks are resolved inside it.
    #[argh(option, arg_name = "dir")]
    root: Option<String>,

    /// print one JSON object per file, one per line
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
    command: "elf rpath",
    values: &[
        ("file", Kind::File),
        ("--root", Kind::Directory),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Lines,
        fields: &[
            Field::string("path", "path of the file"),
            Field::string("kind", "rpath or runpath").or_null(),
            Field::objects("entries", "the entries"),
            Field::string("entries[].entry", "the entry as written"),
            Field::string(
                "entries[].resolves_to",
                "directory it resolves to; null if it cannot be resolved",
            )
            .or_null(),
            Field::boolean("entries[].dead", "whether that directory does not exist"),
            Field::strings("entries[].libraries", "needed libraries found there"),
        ],
    }],
};

impl Rpath {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        if self.file.is_empty() {
            return Err(Error::usage_hint(
                "a file is missing",
                "c47 elf rpath FILE...",
            ));
        }
        let options = SystemOptions {
            root: self.root.as_deref(),
            library_path: None,
            preload: None,
            cpu: None,
        };
        let command = "c47 elf rpath";
        let settings = options.settings()?;
        let format = printer.format();
        let (inputs, mut exit) = files_of(format, command, &settings.root, &self.file);
        let mut library_cache = LibraryCache::with_archives(settings, inputs.archives.clone());
        let mut found = 0;
        for input in &inputs.list {
            match rpath::rpath(&mut library_cache, &input.path) {
                Ok(rpath) => {
                    found += 1;
                    printer.print(&Report::of(&rpath))?;
                }
                Err(fault) if input.should_skip(&fault) => {}
                Err(fault) => exit = worst(exit, fail(format, command, &input.path, fault)),
            }
        }
        if found == 0 && exit == Exit::Done {
            return Err(nothing_in(&self.file));
        }
        Ok(exit)
    }
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    path: String,
    /// `rpath`, `runpath`, or null.
    kind: Option<String>,
    entries: Vec<Entry>,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Entry {
    entry: String,
    resolves_to: Option<String>,
    dead: bool,
    libraries: Vec<String>,
}

impl Report {
    fn of(rpath: &rpath::Rpath) -> Report {
        let kind = match rpath.search_path {
            SearchPath::None => None,
            SearchPath::Rpath(_) => Some("rpath"),
            SearchPath::Runpath(_) => Some("runpath"),
        };
        let entries = rpath.entries.iter().map(|entry| Entry {
            entry: shown(&entry.raw),
            resolves_to: entry.expanded.as_ref().map(shown),
            dead: entry.target == EntryTarget::Missing,
            libraries: match &entry.target {
                EntryTarget::Directory(libraries) => libraries.iter().map(shown).collect(),
                EntryTarget::Missing => Vec::new(),
            },
        });
        Report {
            path: shown(&rpath.path),
            kind: kind.map(str::to_owned),
            entries: entries.collect(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = one_line(&self.path);
        let Some(kind) = &self.kind else {
            return writeln!(f, "{path}: no RPATH and no RUNPATH");
        };
        writeln!(f, "{path}: {}", kind.to_uppercase())?;
        for entry in &self.entries {
            let raw = if entry.entry.is_empty() {
                "(empty: the current directory)"
            } else {
                &entry.entry
            };
            write!(f, "  {}", one_line(raw))?;
            match &entry.resolves_to {
                Some(directory) if *directory != entry.entry => {
                    write!(f, " => {}", one_line(directory))?
                }
                _ => {}
            }
            match (entry.dead, entry.libraries.as_slice()) {
                (true, _) => writeln!(f, " (dead)")?,
                (false, []) => writeln!(f, " (none of the needed libraries)")?,
                (false, libraries) => writeln!(f, " ({})", one_line(&libraries.join(", ")))?,
            }
        }
        Ok(())
    }
}
