//! `c47 seq check`: which frames are missing, not whole, or different.

mod report;
mod text;

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;

use argh::{ArgsInfo, FromArgs};

use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape, owned};
use crate::output::{self, Printer};
use crate::progress::Progress;
use crate::seq::check::expect::Expected;
use crate::seq::check::fields::{self, Condition, Sort};
use crate::seq::check::{self, Group, Options};
use crate::seq::group::listing::Hidden;
use crate::seq::image::Depth;
use crate::seq::range::{self, Syntax};
use crate::seq::select::{self, Files, Rules};
use report::{Report, Selection};

/// Limit for the files that are read at the same time.
const MOST_JOBS: u64 = 64;

/// Check whether the frames of sequences are whole and alike. It finds missing frames, empty and
/// truncated files, EXR files with missing or misplaced chunks, and files whose resolution,
/// channels, compression or data window differs from that of most others. The exit code is 1 if
/// there are any.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "check",
    help_triggers("-h", "--help"),
    example = "c47 seq check /shots/sh010/comp
c47 seq check shot.#.exr --expect frames=1001-1100,width=2048,height=858
c47 seq check shot.#.exr --rerender deadline"
)]
pub(super) struct Check {
    /// directories, patterns (shot.#.exr) or files
    #[argh(positional)]
    path: Vec<PathBuf>,

    /// also decode the pixels, as far as the compression is known
    #[argh(switch)]
    deep: bool,

    /// read only headers, offset tables and two chunks
    #[argh(switch)]
    quick: bool,

    /// require these values. An example is width=2048,channels=RGBA,frames=1001-1100.
    #[argh(option, arg_name = "values")]
    expect: Option<String>,

    /// count a warning, such as an unusual size, as a problem
    #[argh(switch)]
    strict: bool,

    /// list all files with the values of their headers
    #[argh(switch)]
    all: bool,

    /// report only on files such as 'width<2048'. Implies --all. May be
    /// repeated: all must be fulfilled.
    #[argh(option, arg_name = "condition", long = "where")]
    conditions: Vec<String>,

    /// list the files by a field. -size is the reverse order. Implies --all.
    #[argh(option, arg_name = "field")]
    sort: Option<String>,

    /// print only the frames with problems. SYNTAX is fileseq, deadline or openjd.
    #[argh(option, arg_name = "syntax")]
    rerender: Option<String>,

    /// how many files are read at the same time. The default is the number of processors.
    #[argh(option, arg_name = "number")]
    jobs: Option<usize>,

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
    command: "seq check",
    values: &[
        ("path", Kind::File),
        (
            "--expect",
            Kind::Form(|text| Expected::parse(text).map(drop)),
        ),
        (
            "--where",
            Kind::Form(|text| Condition::parse(text).map(drop)),
        ),
        (
            "--sort",
            Kind::checked_choice(fields::names, |text| Sort::parse(text).map(drop)),
        ),
        (
            "--rerender",
            Kind::choice(|| owned(&Syntax::ALL.map(Syntax::name))),
        ),
        (
            "--jobs",
            Kind::Integer {
                least: 1,
                most: MOST_JOBS,
            },
        ),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::objects("sequences", "the sequences and single files"),
            Field::string(
                "sequences[].pattern",
                "path with the place of the frame number",
            ),
            Field::string(
                "sequences[].range",
                "the frames that have a file; null for a single file",
            )
            .or_null(),
            Field::string("sequences[].state", "whole, warning, differs or broken"),
            Field::number("sequences[].checked", "how many files were checked"),
            Field::number(
                "sequences[].broken",
                "how many frames are missing or not whole",
            ),
            Field::number("sequences[].differing", "how many other frames differ"),
            Field::number(
                "sequences[].not_decoded",
                "how many files have a compression that is not known",
            ),
            Field::number(
                "sequences[].unlisted",
                "how many missing frames are not listed, after the first million",
            ),
            Field::object("sequences[].family", "the values of most files"),
            Field::string("sequences[].family.format", "exr, dpx, png, jpeg or tiff").or_null(),
            Field::string("sequences[].family.resolution", "WIDTHxHEIGHT").or_null(),
            Field::string("sequences[].family.channels", "such as RGBA").or_null(),
            Field::string(
                "sequences[].family.type",
                "type of the samples, such as half",
            )
            .or_null(),
            Field::string("sequences[].family.compression", "compression").or_null(),
            Field::string(
                "sequences[].family.data_window",
                "left, top, right and bottom; null if they vary",
            )
            .or_null(),
            Field::number("sequences[].family.size", "median of the sizes in bytes").or_null(),
            Field::objects("sequences[].problems", "what is wrong"),
            Field::string("sequences[].problems[].kind", "kind of the problem"),
            Field::string("sequences[].problems[].state", "broken, differs or warning"),
            Field::number("sequences[].problems[].frame", "the frame").or_null(),
            Field::string(
                "sequences[].problems[].file",
                "path of the file; null if it is missing",
            )
            .or_null(),
            Field::string("sequences[].problems[].detail", "what is wrong"),
            Field::boolean(
                "sequences[].problems[].being_written",
                "whether a broken file was changed in the last 10 seconds",
            ),
            Field::objects("sequences[].files", "all files; empty without --all"),
            Field::string("sequences[].files[].file", "path of the file"),
            Field::number("sequences[].files[].frame", "the frame").or_null(),
            Field::number("sequences[].files[].size", "size in bytes").or_null(),
            Field::string(
                "sequences[].files[].format",
                "its format; null if it is another one",
            )
            .or_null(),
            Field::number(
                "sequences[].files[].width",
                "resolution; of EXR files that of the display window",
            )
            .or_null(),
            Field::number("sequences[].files[].height", "resolution").or_null(),
            Field::string("sequences[].files[].channels", "channels").or_null(),
            Field::string("sequences[].files[].type", "type of the samples").or_null(),
            Field::string("sequences[].files[].compression", "compression").or_null(),
            Field::string(
                "sequences[].files[].data_window",
                "left, top, right and bottom",
            )
            .or_null(),
            Field::string(
                "sequences[].files[].state",
                "whole, warning, differs or broken",
            ),
            Field::strings("sequences[].files[].kinds", "the kinds of its problems"),
            Field::boolean(
                "sequences[].files[].decoded",
                "whether all pixels were decoded; null without --deep",
            )
            .or_null(),
        ],
    }],
};

impl Check {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let options = self.options()?;
        let selection = self.selection()?;
        let syntax = self.rerender.as_deref().map(syntax_named).transpose()?;
        if self.path.is_empty() {
            return Err(Error::usage_hint(
                "a path is missing",
                "c47 seq check PATH...",
            ));
        }
        super::ensure_not_empty(self.path.iter())?;
        let rules = Rules {
            files: Files::Given,
            depth: select::Depth::Given,
            hidden: Hidden::Skipped,
        };
        let selected = select::arguments(&self.path, rules)?;
        let mut errors = selected.errors;
        let sequences = selected.sequences.into_iter().map(Group::Sequence);
        let files = selected.files.into_iter().map(Group::File);
        let groups: Vec<Group> = sequences.chain(files).collect();
        if groups.iter().all(is_empty) {
            // The last error takes the place of the report.
            let last = errors.pop().unwrap_or_else(|| nothing_in(&self.path));
            report_errors(&errors);
            return Err(last);
        }
        report_errors(&errors);
        let exit = errors.first().map_or(Exit::Done, Error::exit);
        let reports = check_with_progress(groups, &options);
        let report = Report::of(reports, &selection);
        match syntax {
            Some(syntax) => print_frames(&report, syntax)?,
            None => printer.print(&report)?,
        }
        Ok(if report.has_problems() {
            Exit::No
        } else {
            exit
        })
    }

    fn options(&self) -> Result<Options, Error> {
        let usage = |option: &str| {
            let option = option.to_owned();
            move |why| Error::usage(format!("{option}: {why}"))
        };
        let depth = match (self.deep, self.quick) {
            (true, true) => return Err(Error::usage("--deep and --quick exclude each other")),
            (true, false) => Depth::Deep,
            (false, true) => Depth::Quick,
            (false, false) => Depth::Headers,
        };
        let processors = || thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let expected = self.expect.as_deref().map(Expected::parse).transpose();
        Ok(Options {
            depth,
            jobs: self.jobs.unwrap_or_else(processors).min(MOST_JOBS as usize),
            expected: expected.map_err(usage("--expect"))?.unwrap_or_default(),
        })
    }

    fn selection(&self) -> Result<Selection, Error> {
        let conditions = self.conditions.iter().map(|text| Condition::parse(text));
        let conditions: Result<Vec<Condition>, String> = conditions.collect();
        let sort = self.sort.as_deref().map(Sort::parse).transpose();
        Ok(Selection {
            conditions: conditions.map_err(|why| Error::usage(format!("--where: {why}")))?,
            sort: sort.map_err(|why| Error::usage(format!("--sort: {why}")))?,
            lists_files: self.all || !self.conditions.is_empty() || self.sort.is_some(),
            is_strict: self.strict,
        })
    }
}

fn syntax_named(name: &str) -> Result<Syntax, Error> {
    Syntax::from_name(name)
        .ok_or_else(|| Error::usage(format!("--rerender: unknown syntax {name}")))
}

/// Reports what could not be read. The other files are still checked.
fn report_errors(errors: &[Error]) {
    for error in errors {
        output::complain("c47 seq check", error);
    }
}

/// The error when there is no file.
fn nothing_in(paths: &[PathBuf]) -> Error {
    let paths: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    Error::Nothing {
        place: paths.join(" "),
        what: "file",
    }
}

/// Whether there is no file, and none was asked for.
fn is_empty(group: &Group) -> bool {
    match group {
        Group::Sequence(found) => found.sequence.numbers.is_empty() && found.requested.is_none(),
        Group::File(_) => false,
    }
}

fn check_with_progress(groups: Vec<Group>, options: &Options) -> Vec<check::Report> {
    let progress = Mutex::new((Progress::new(), 0_usize));
    check::check(groups, options, &|count| {
        // A thread that panics has already ended the process.
        if let Ok(mut progress) = progress.lock() {
            progress.1 += 1;
            let done = progress.1;
            if done.is_multiple_of(16) {
                progress.0.text(&format!("{done} of {count} files checked"));
            }
        }
    })
}

/// Prints the frames with problems. If there is more than one sequence, each line begins with the
/// pattern.
fn print_frames(report: &Report, syntax: Syntax) -> Result<(), Error> {
    for (pattern, frames) in report.failed_frames() {
        let text = range::write(&frames, syntax);
        let text = text.map_err(|error| Error::usage(format!("--rerender: {error}")))?;
        match report.sequences.len() {
            1 => output::line(text)?,
            _ => output::line(format_args!("{pattern}\t{text}"))?,
        }
    }
    Ok(())
}
