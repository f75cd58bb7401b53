//! `c47 elf ldd`: which libraries ld.so would load, by which rule, and which are missing.

mod chains;
pub(super) mod report;
pub(super) mod tree_text;

use argh::{ArgsInfo, FromArgs};

use super::settings::SystemOptions;
use super::{fail, files_of, nothing_in, worst};
use crate::elf::search::LibraryCache;
use crate::elf::tree::{self, Tree};
use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::platform::Level;
use chains::Chains;
use report::Report;
use tree_text::tree_text;

/// Show which libraries a binary would load, and from where. For each library it prints the rule
/// that found it: rpath, ld_library_path, runpath, cache, default, hwcaps, preload, path (the name
/// is a path), already loaded. Exits with 1 if a library or a version of one is missing. Neither
/// the file nor its interpreter is executed.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "ldd",
    help_triggers("-h", "--help"),
    example = "c47 elf ldd /usr/bin/git",
    example = "c47 elf ldd --root /mnt/centos7 --why libssl.so.10 /usr/bin/curl"
)]
pub(super) struct Ldd {
    /// programs, libraries, or ZIP archives (wheels). With --root, a path inside the root or below
    /// it.
    #[argh(positional)]
    file: Vec<String>,

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

    /// assume this CPU level: v1, v2, v3 or v4. It selects glibc-hwcaps directories. The default is
    /// the level of this machine.
    #[argh(option, arg_name = "level")]
    cpu: Option<String>,

    /// print the libraries as a tree
    #[argh(switch)]
    tree: bool,

    /// print only why this library is loaded. LIB is a SONAME, a family ('libtbb'), a file name, or
    /// the start of one. If several libraries match, the best matches are shown.
    #[argh(option, arg_name = "lib")]
    why: Option<String>,

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
    command: "elf ldd",
    values: &[
        ("file", Kind::File),
        ("--root", Kind::Directory),
        ("--library-path", Kind::Directory),
        ("--preload", Kind::File),
        (
            "--cpu",
            Kind::checked_choice(Level::short_names, |text| Level::named(text).map(drop)),
        ),
        ("--why", Kind::Word),
        ("--jq", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "",
            shape: Shape::Lines,
            fields: &[
                Field::string("path", "path of the file"),
                Field::string("interpreter", "its dynamic linker").or_null(),
                Field::objects("libraries", "the libraries it loads"),
                Field::string("libraries[].name", "name as needed"),
                Field::string("libraries[].path", "path of the file found"),
                Field::string(
                    "libraries[].found_by",
                    "rpath, ld_library_path, runpath, cache, default, hwcaps, preload, path or already loaded",
                ),
                Field::strings("libraries[].needed_by", "the files that need it"),
                Field::objects("missing", "the libraries that are not found"),
                Field::string("missing[].name", "name as needed"),
                Field::string("missing[].why", "why it is not loaded"),
                Field::strings("missing[].needed_by", "the files that need it"),
                Field::objects("version_errors", "versions not found in a library"),
                Field::string("version_errors[].library", "name of the library"),
                Field::string("version_errors[].path", "path of the library"),
                Field::string("version_errors[].version", "the version that is not found"),
                Field::string(
                    "version_errors[].needed_by",
                    "the file that requires the version",
                ),
            ],
        },
        JsonOutput {
            when: "With --json --why",
            shape: Shape::Lines,
            fields: &[
                Field::string("path", "path of the file"),
                Field::string("library", "the requested library"),
                Field::lists(
                    "chains",
                    "for each file that needs it, the paths from the file to the library",
                ),
            ],
        },
    ],
};

impl Ldd {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        if self.file.is_empty() {
            return Err(Error::usage_hint(
                "a file is missing",
                "c47 elf ldd FILE...",
            ));
        }
        if self.tree && (printer.format() == Format::Json || self.why.is_some()) {
            return Err(Error::usage(
                "--tree cannot be combined with --json, --jq or --why",
            ));
        }
        let options = SystemOptions {
            root: self.root.as_deref(),
            library_path: self.library_path.as_deref(),
            preload: self.preload.as_deref(),
            cpu: self.cpu.as_deref(),
        };
        let command = "c47 elf ldd";
        let settings = options.settings()?;
        let format = printer.format();
        let (inputs, mut exit) = files_of(format, command, &settings.root, &self.file);
        let mut library_cache = LibraryCache::with_archives(settings, inputs.archives.clone());
        let named = inputs.list.len() > 1;
        let mut found = 0;
        for input in &inputs.list {
            match tree::resolve(&mut library_cache, &input.path) {
                Ok(tree) => {
                    found += 1;
                    exit = worst(exit, self.show(&printer, &tree, named)?);
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

    fn show(&self, printer: &Printer, tree: &Tree, named: bool) -> Result<Exit, Error> {
        for warning in &tree.warnings {
            output::say(format_args!(
                "c47 elf ldd: {}: {}",
                tree.path.display(),
                one_line(warning)
            ));
        }
        if let Some(wanted) = &self.why {
            let report = Chains::of(tree, wanted);
            let exit = if report.chains.is_empty() {
                Exit::No
            } else {
                Exit::Done
            };
            printer.print(&report)?;
            return Ok(exit);
        }
        if self.tree {
            output::bytes(tree_text(tree).as_bytes())?;
        } else {
            printer.print(&Report::of(tree, named, printer.format()))?;
        }
        Ok(verdict(tree))
    }
}

fn verdict(tree: &Tree) -> Exit {
    if tree.missing.is_empty() && tree.version_errors.is_empty() {
        Exit::Done
    } else {
        Exit::No
    }
}
