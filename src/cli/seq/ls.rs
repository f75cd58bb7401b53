//! `c47 seq ls`.

mod report;
mod row;
mod table;
mod template;

use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::escape::lines;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::seq::group::listing::Hidden;
use crate::seq::notation::Notation;
use crate::seq::select::{self, Depth, Files, Part, Rules};
use report::Report;
use row::Row;
use table::Table;
use template::Template;

/// List frame sequences with their range, files and missing frames. Files that are in no sequence
/// are listed with --all. The exit code is 1 when nothing is found, and with --missing when
/// a frame is missing.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "ls",
    help_triggers("-h", "--help"),
    example = "c47 seq ls --recursive /shots/sh010"
)]
pub(super) struct Ls {
    /// directories, patterns (shot.#.exr) or files, which stand for the sequence they are in. The
    /// default is the current directory.
    #[argh(positional)]
    path: Vec<String>,

    /// also list the directories below. Symlinks are not followed.
    #[argh(switch, short = 'R')]
    recursive: bool,

    /// also list single files, hidden files and hidden directories
    #[argh(switch, short = 'a')]
    all: bool,

    /// print only missing frames. The exit code is 1 if there are any.
    #[argh(switch)]
    missing: bool,

    /// also print the size of all files. This looks at each file, which takes longer.
    #[argh(switch)]
    size: bool,

    /// print a line like this for each, e.g. '{pattern} {range}'
    #[argh(option, arg_name = "template")]
    format: Option<String>,

    /// write frame numbers as a program does. NOTATION is '#' (the default), printf, houdini, nuke,
    /// katana or rv.
    #[argh(option, arg_name = "notation")]
    pad: Option<String>,

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
    command: "seq ls",
    values: &[
        ("path", Kind::File),
        ("--format", Kind::Word),
        ("--pad", Kind::choice(notations)),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::objects("sequences", "the sequences"),
            Field::string(
                "sequences[].pattern",
                "path with the place of the frame number",
            ),
            Field::string("sequences[].directory", "its directory"),
            Field::string("sequences[].prefix", "the name before the frame number"),
            Field::string("sequences[].suffix", "the name after the frame number"),
            Field::number(
                "sequences[].padding",
                "least number of characters of the frame number; null if it is mixed",
            )
            .or_null(),
            Field::number("sequences[].first", "the first frame; null without files").or_null(),
            Field::number("sequences[].last", "the last frame; null without files").or_null(),
            Field::number("sequences[].count", "how many files"),
            Field::string("sequences[].range", "the frames, such as 1-10,20-30x2"),
            Field::string("sequences[].missing", "the missing frames; empty if none"),
            Field::number("sequences[].missing_count", "how many frames are missing"),
            Field::number("sequences[].size", "bytes of all files, with --size").or_null(),
            Field::strings("files", "paths of files in no sequence, with --all"),
        ],
    }],
};

fn notations() -> Vec<String> {
    Notation::ALL.map(|(name, _)| name.to_owned()).to_vec()
}

/// What is printed.
struct Options {
    all: bool,
    missing: bool,
    size: bool,
    notation: Option<Notation>,
}

impl Ls {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        if self.format.is_some() && printer.format() == Format::Json {
            return Err(Error::usage("--format and --json given; use one"));
        }
        let template = self.format.as_deref().map(Template::parse).transpose()?;
        super::ensure_not_empty(self.path.iter())?;
        let mut paths: Vec<PathBuf> = self.path.iter().map(PathBuf::from).collect();
        if paths.is_empty() {
            paths.push(PathBuf::new());
        }
        let rules = Rules {
            files: Files::Whole,
            depth: if self.recursive {
                Depth::All
            } else {
                Depth::Given
            },
            hidden: if self.all {
                Hidden::Listed
            } else {
                Hidden::Skipped
            },
        };
        let names = Notation::ALL.into_iter();
        let notation = self.pad.as_deref().and_then(|pad| {
            let found = names.clone().find(|(name, _)| *name == pad);
            found.map(|(_, notation)| notation)
        });
        let options = Options {
            all: self.all,
            missing: self.missing,
            size: self.size || template.as_ref().is_some_and(Template::needs_size),
            notation,
        };
        let mut listed = Listed::default();
        select::each(&paths, rules, &mut |part| match part {
            Ok(part) => listed.add(part, &options, &printer, template.as_ref()),
            Err(error) if error.exit() == Exit::Usage => Err(error),
            Err(error) => {
                listed.fail(error);
                Ok(())
            }
        })?;
        if printer.format() == Format::Json && listed.found > 0 {
            printer.print(&listed.report)?;
        }
        listed.exit(&options, &self.path)
    }
}

/// What has been listed so far.
#[derive(Default)]
struct Listed {
    /// For JSON, which is printed at the end.
    report: Report,
    /// Sequences and files, before the choice of `--missing`.
    found: usize,
    has_failed: bool,
    /// Of a directory that was read before anything was found.
    first_error: Option<Error>,
    is_missing: bool,
}

impl Listed {
    /// Reports what could not be read. If nothing is found, the first error is that of the command.
    fn fail(&mut self, error: Error) {
        match self.found == 0 && !self.has_failed {
            true => self.first_error = Some(error),
            false => output::complain("c47 seq ls", &error),
        }
        self.has_failed = true;
    }

    fn add(
        &mut self,
        part: Part,
        options: &Options,
        printer: &Printer,
        template: Option<&Template>,
    ) -> Result<(), Error> {
        let mut rows = Vec::new();
        for found in &part.sequences {
            let is_empty = found.sequence.numbers.is_empty() && found.requested.is_none();
            if is_empty {
                continue;
            }
            self.found += 1;
            let row = Row::of(found, options.notation, options.size);
            self.is_missing = self.is_missing || row.summary.missing_count > 0;
            if !options.missing || row.summary.missing_count > 0 {
                rows.push(row);
            }
        }
        let has_files = options.all && !options.missing;
        let files = part.file_names().filter(|_| has_files);
        let files = files.map(|name| part.directory.join(name));
        match (printer.format(), template) {
            (Format::Json, _) => {
                let before = self.report.files.len();
                self.report.sequences.extend(rows);
                self.report.files.extend(files);
                self.found += self.report.files.len() - before;
                Ok(())
            }
            (Format::Text, Some(template)) => {
                let mut out = Vec::new();
                rows.iter()
                    .for_each(|row| template.write_row(row, &mut out));
                for path in files {
                    self.found += 1;
                    template.write_file(&path, options.size, &mut out);
                }
                match output::stdout_is_terminal() {
                    true => output::stream(lines(&String::from_utf8_lossy(&out)).as_bytes()),
                    false => output::stream(&out),
                }
            }
            (Format::Text, None) => {
                let mut table = Table::new(output::stdout_is_terminal());
                for row in &rows {
                    match options.missing {
                        true => table.add_missing(row),
                        false => table.add(row),
                    }
                }
                for path in files {
                    self.found += 1;
                    table.add_file(&path, options.size);
                }
                output::stream(&table.text())
            }
        }
    }

    fn exit(self, options: &Options, paths: &[String]) -> Result<Exit, Error> {
        match self.first_error {
            Some(error) if self.found == 0 => return Err(error),
            Some(error) => output::complain("c47 seq ls", &error),
            None => {}
        }
        if self.is_missing && options.missing {
            return Ok(Exit::No);
        }
        if self.has_failed {
            return Ok(Exit::Failed);
        }
        if self.found > 0 {
            return Ok(Exit::Done);
        }
        let place = match paths {
            [] => ".".to_owned(),
            paths => paths.join(" "),
        };
        let nothing = Error::Nothing {
            place,
            what: "sequence",
        };
        let has_directory = paths.is_empty() || paths.iter().any(|path| Path::new(path).is_dir());
        Err(match has_directory && !options.all {
            true => nothing.with_hint("--all also lists single files"),
            false => nothing,
        })
    }
}
