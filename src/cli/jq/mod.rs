//! `c47 jq`: filters JSON, as jq 1.8 does.

mod arguments;

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use super::environment;
use crate::colour::Colour;
use crate::error::Error;
use crate::exit::Exit;
use crate::jq::options::{
    Argument, Ending, Input, Job, Layout as Spacing, Reading, Sinks, Writing, code,
};
use crate::jq::run;
use crate::outline::{Details, Group, Kind, Layout};
use crate::output;
pub(super) use arguments::rewritten;

/// Filter JSON with the language of jq.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "jq",
    help_triggers("-h", "--help"),
    example = "c47 jq '.shots[] | select(.frames > 100) | .name' shots.json
c47 http @kitsu/data/projects | c47 jq -r '.[].name'"
)]
pub(super) struct Jq {
    /// print strings without quotes
    #[argh(switch, short = 'r')]
    raw_output: bool,

    /// print strings without quotes, and no line feeds
    #[argh(switch, short = 'j')]
    join_output: bool,

    /// print strings without quotes, each with a NUL at its end
    #[argh(switch)]
    raw_output0: bool,

    /// print each output on one line
    #[argh(switch, short = 'c')]
    compact_output: bool,

    /// sort the members of objects by their keys
    #[argh(switch, short = 'S')]
    sort_keys: bool,

    /// escape all characters outside ASCII
    #[argh(switch, short = 'a')]
    ascii_output: bool,

    /// colour the output, also to a pipe or a file
    #[argh(switch, short = 'C')]
    color_output: bool,

    /// do not colour the output
    #[argh(switch, short = 'M')]
    monochrome_output: bool,

    /// indent with tabs
    #[argh(switch)]
    tab: bool,

    /// indent with 0 to 7 spaces (default: 2). With 0 each output is on one line
    #[argh(option)]
    indent: Option<usize>,

    /// run the filter once, with null, and read no input
    #[argh(switch, short = 'n')]
    null_input: bool,

    /// read each line of the input as a string
    #[argh(switch, short = 'R')]
    raw_input: bool,

    /// read all inputs into one array. With -R, into one string
    #[argh(switch, short = 's')]
    slurp: bool,

    /// read the inputs as streams of paths and scalars
    #[argh(switch)]
    stream: bool,

    /// print a record separator before each output (RFC 7464). It is ignored in the input
    #[argh(switch)]
    seq: bool,

    /// exit with 1 if the last output is false or null. Without an output the exit code is 4
    #[argh(switch, short = 'e')]
    exit_status: bool,

    /// read the filter from a file. All arguments are then input files
    #[argh(option, short = 'f')]
    from_file: Option<PathBuf>,

    /// set $NAME to a text: --arg NAME TEXT. Can be repeated
    #[argh(option)]
    arg: Vec<String>,

    /// set $NAME to JSON: --argjson NAME JSON. Can be repeated
    #[argh(option)]
    argjson: Vec<String>,

    /// set $NAME to an array of the JSON in a file. Can be repeated
    #[argh(option)]
    slurpfile: Vec<String>,

    /// set $NAME to a file's text: --rawfile NAME FILE. Can be repeated
    #[argh(option)]
    rawfile: Vec<String>,

    /// put further arguments into $ARGS.positional. They are then not files
    #[argh(option)]
    args: Vec<String>,

    /// put further arguments as JSON into $ARGS.positional
    #[argh(option)]
    jsonargs: Vec<String>,

    /// accepted for scripts: outputs never wait for more input
    #[argh(switch)]
    unbuffered: bool,

    /// the filter, then files, or - for stdin. Without a file, stdin is read unless it is a terminal
    #[argh(positional)]
    filter: Vec<String>,
}

/// The kinds of its values.
pub(super) const DETAILS: Details = Details {
    command: "jq",
    values: &[
        ("--indent", Kind::Integer { least: 0, most: 7 }),
        ("--from-file", Kind::File),
        ("--arg", Kind::Form(pair)),
        ("--argjson", Kind::Form(pair)),
        ("--slurpfile", Kind::Form(pair)),
        ("--rawfile", Kind::Form(pair)),
        ("--args", Kind::Word),
        ("--jsonargs", Kind::Word),
        ("filter", Kind::File),
    ],
    json: &[],
};

/// The layout of its help.
pub(super) const LAYOUTS: &[Layout] = &[Layout {
    command: "jq",
    usage: "[OPTIONS] FILTER [FILE…|-]",
    groups: &[
        Group {
            name: "Output",
            daily: &[
                "--raw-output",
                "--join-output",
                "--compact-output",
                "--sort-keys",
                "--tab",
                "--indent",
                "--exit-status",
            ],
            more: &[
                "--raw-output0",
                "--ascii-output",
                "--color-output",
                "--monochrome-output",
                "--seq",
                "--unbuffered",
            ],
        },
        Group {
            name: "Input",
            daily: &["--null-input", "--raw-input", "--slurp", "--stream"],
            more: &[],
        },
        Group {
            name: "Filter",
            daily: &[
                "--from-file",
                "--arg",
                "--argjson",
                "--slurpfile",
                "--rawfile",
                "--args",
                "--jsonargs",
            ],
            more: &[],
        },
    ],
}];

/// Checks `NAME=VALUE`.
fn pair(text: &str) -> Result<(), String> {
    split_pair(text).map(drop)
}

fn split_pair(text: &str) -> Result<(&str, &str), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "a name and a value are needed: NAME VALUE".to_owned())?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    match is_name && !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) {
        true => Ok((name, value)),
        false => Err(format!("'{name}' is not a name of a variable")),
    }
}

impl Jq {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let sinks = Sinks {
            out: output::stream,
            say: output::raw_message,
            complain: |error| output::fail(output::Format::Text, "c47 jq", error),
        };
        let job = match self.job() {
            Ok(job) => job,
            Err(error) => {
                (sinks.complain)(&error);
                std::process::exit(code::USAGE);
            }
        };
        match run(job, sinks)? {
            code::DONE => Ok(Exit::Done),
            // jq's exit codes, which mean something else in other commands.
            code => std::process::exit(code),
        }
    }

    fn job(self) -> Result<Job, Error> {
        let _ = self.unbuffered; // nothing to do
        let named = self.named()?;
        let reading = self.reading();
        let writing = self.writing()?;
        let mut words = self.filter.into_iter();
        let filter = match &self.from_file {
            Some(path) => read_text(path)?,
            None => words.next().ok_or_else(|| {
                Error::usage_hint("a filter is missing", "'.' prints the input as it is")
            })?,
        };
        let files: Vec<Input> = words.map(input).collect();
        let inputs = match files.as_slice() {
            [] if io::stdin().is_terminal() && !reading.is_null => {
                return Err(Error::usage_hint(
                    "no input: stdin is a terminal",
                    "name a file, use a pipe, or give -n to read no input",
                ));
            }
            [] => vec![Input::Stdin],
            [..] => files,
        };
        let texts = self.args.into_iter().map(Argument::Text);
        let json = self.jsonargs.into_iter();
        let json = json.map(|text| Argument::Json(text, "--jsonargs".into()));
        Ok(Job {
            filter,
            inputs,
            reading,
            writing,
            named,
            positional: texts.chain(json).collect(),
            environment: environment::all(),
            has_exit_status: self.exit_status,
        })
    }

    fn reading(&self) -> Reading {
        Reading {
            is_null: self.null_input,
            is_raw: self.raw_input,
            is_slurped: self.slurp,
            is_streamed: self.stream,
        }
    }

    fn writing(&self) -> Result<Writing, Error> {
        let layout = match (self.compact_output, self.tab, self.indent) {
            (_, true, Some(_)) => {
                return Err(Error::usage("--tab and --indent exclude each other"));
            }
            (true, ..) => Spacing::Compact,
            (false, true, None) => Spacing::Tabs,
            (false, false, width) => Spacing::Spaces(width.unwrap_or(2)),
        };
        let ending = match (self.raw_output0, self.join_output) {
            (true, _) => Ending::Nul,
            (false, true) => Ending::Nothing,
            (false, false) => Ending::LineFeed,
        };
        let is_coloured = self.color_output || output::stdout_colour() == Colour::Always;
        Ok(Writing {
            layout,
            is_raw: self.raw_output || self.join_output || self.raw_output0,
            ending,
            has_separators: self.seq,
            is_sorted: self.sort_keys,
            is_ascii: self.ascii_output,
            is_coloured: is_coloured && !self.monochrome_output,
            is_terminal: output::stdout_is_terminal(),
        })
    }

    /// The variables of the options.
    fn named(&self) -> Result<Vec<(String, Argument)>, Error> {
        let mut named: Vec<(String, Argument)> = Vec::new();
        let mut add = |option: &str, values: &[String], read: Read| -> Result<(), Error> {
            for text in values {
                let (name, value) =
                    split_pair(text).map_err(|why| Error::usage(format!("{option}: {why}")))?;
                // The first of several with the same name counts.
                if !named.iter().any(|(own, _)| own == name) {
                    named.push((name.to_owned(), read(value, &format!("{option} {name}"))?));
                }
            }
            Ok(())
        };
        add("--arg", &self.arg, |value, _| {
            Ok(Argument::Text(value.to_owned()))
        })?;
        add("--argjson", &self.argjson, |value, what| {
            Ok(Argument::Json(value.to_owned(), what.to_owned()))
        })?;
        add("--slurpfile", &self.slurpfile, |value, what| {
            let path = Path::new(value);
            let bytes = fs::read(path).map_err(Error::file("read", path))?;
            Ok(Argument::Texts(bytes, what.to_owned()))
        })?;
        add("--rawfile", &self.rawfile, |value, _| {
            Ok(Argument::Text(read_text(Path::new(value))?))
        })?;
        Ok(named)
    }
}

/// Reads the value of an option; the second text names the option.
type Read = fn(&str, &str) -> Result<Argument, Error>;

fn input(word: String) -> Input {
    match word.as_str() {
        "-" => Input::Stdin,
        _ => Input::File(word.into()),
    }
}

fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = fs::read(path).map_err(Error::file("read", path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
