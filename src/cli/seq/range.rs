//! `c47 seq range`.

use std::fmt;

use argh::{ArgsInfo, FromArgs};
use nanoserde::{SerJson, SerJsonState};

use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape, owned};
use crate::output::{self, Format, Printer};
use crate::seq::frame::Frame;
use crate::seq::range::{self, Keep, MOST_FRAMES, RangeError, Syntax};

/// Expand, compact, split and convert frame ranges. A range that fileseq, Deadline and Open Job
/// Description read differently is refused without --syntax. Exit code 1: no frames.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "range",
    help_triggers("-h", "--help"),
    example = "c47 seq range 1001-1100x2 --minus 1051-1060 --chunk 10"
)]
pub(super) struct Range {
    /// range, such as 1-10,20
    #[argh(positional)]
    range: String,

    /// syntax of the ranges: fileseq, deadline or openjd
    #[argh(option, arg_name = "name")]
    syntax: Option<String>,

    /// syntax of the output. Default: that of the range.
    #[argh(option, arg_name = "name")]
    to: Option<String>,

    /// keep only the frames that are also in this range
    #[argh(option, arg_name = "range")]
    and: Vec<String>,

    /// remove the frames of this range
    #[argh(option, arg_name = "range")]
    minus: Vec<String>,

    /// count steps from this frame. Default: the first frame of each range.
    #[argh(option, arg_name = "frame")]
    step_from: Option<String>,

    /// put the frames in ascending order
    #[argh(switch)]
    sort: bool,

    /// put the frames in the opposite order
    #[argh(switch)]
    reverse: bool,

    /// print a compact range. This is the default.
    #[argh(switch)]
    compact: bool,

    /// print each frame, one a line
    #[argh(switch)]
    expand: bool,

    /// text between frames, with --expand. Default: a line feed.
    #[argh(option, arg_name = "text")]
    separator: Option<String>,

    /// print the number of frames
    #[argh(switch)]
    count: bool,

    /// print ranges of at most this many frames, one a line
    #[argh(option, arg_name = "number")]
    chunk: Option<usize>,

    /// make each chunk a range without gaps, with --chunk
    #[argh(switch)]
    contiguous: bool,

    /// write numbers with at least this many digits
    #[argh(option, arg_name = "width")]
    pad: Option<u8>,

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

const SYNTAX: Kind = Kind::choice(|| owned(&Syntax::ALL.map(Syntax::name)));

/// The kinds of its values, and its JSON.
pub(super) const DETAILS: Details = Details {
    command: "seq range",
    values: &[
        ("range", Kind::Range),
        ("--syntax", SYNTAX),
        ("--to", SYNTAX),
        ("--and", Kind::Range),
        ("--minus", Kind::Range),
        ("--step-from", Kind::Form(|text| frame(text).map(drop))),
        ("--separator", Kind::Word),
        (
            "--chunk",
            Kind::Integer {
                least: 1,
                most: MOST_FRAMES as u64,
            },
        ),
        ("--pad", Kind::Integer { least: 0, most: 12 }),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::string("syntax", "syntax in which the range was read"),
            Field::string("to", "syntax in which it is written"),
            Field::number("count", "how many frames it has"),
            Field::number("first", "the first frame; null if there is none").or_null(),
            Field::number("last", "the last frame; null if there is none").or_null(),
            Field::string("range", "the compact range"),
            Field::numbers("frames", "the frames; null without --expand").or_null(),
            Field::objects("chunks", "the chunks; null without --chunk").or_null(),
            Field::string("chunks[].range", "the compact range"),
            Field::number("chunks[].count", "how many frames it has"),
        ],
    }],
};

fn frame(text: &str) -> Result<Frame, String> {
    Frame::parse(text).map_err(|error| error.to_string())
}

impl Range {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        self.ensure_consistent()?;
        let (syntax, frames) = self.frames()?;
        let to = named(self.to.as_deref()).unwrap_or(syntax);
        match printer.format() {
            Format::Json => printer.print(&self.report(syntax, to, &frames)?)?,
            Format::Text if self.count => output::line(frames.len())?,
            Format::Text if self.expand => self.print_frames(&frames)?,
            Format::Text if frames.is_empty() => {}
            Format::Text => match self.chunk {
                Some(_) => self.print_chunks(&frames, to)?,
                None => output::line(self.written(&frames, to)?)?,
            },
        }
        Ok(match frames.is_empty() {
            true => Exit::No,
            false => Exit::Done,
        })
    }

    fn ensure_consistent(&self) -> Result<(), Error> {
        let forms = [
            ("--compact", self.compact),
            ("--expand", self.expand),
            ("--count", self.count),
            ("--chunk", self.chunk.is_some()),
        ];
        let mut given = forms.iter().filter(|(_, is_given)| *is_given);
        if let (Some((one, _)), Some((other, _))) = (given.next(), given.next()) {
            return Err(Error::usage(format!(
                "{one} and {other} exclude each other"
            )));
        }
        if self.contiguous && self.chunk.is_none() {
            return Err(Error::usage("--contiguous requires --chunk"));
        }
        if self.separator.is_some() && !self.expand {
            return Err(Error::usage("--separator requires --expand"));
        }
        Ok(())
    }

    /// The syntax in which the range was read, and the frames that are left of it.
    fn frames(&self) -> Result<(Syntax, Vec<Frame>), Error> {
        let origin = self.step_from.as_deref().map(frame).transpose();
        let origin = origin.map_err(|why| Error::usage(format!("--step-from: {why}")))?;
        let read = |range: &str| match named(self.syntax.as_deref()) {
            Some(syntax) => Ok((syntax, range::parse_from(range, syntax, origin)?)),
            None => range::parse_agreed(range, origin),
        };
        let (syntax, mut frames) = read(&self.range).map_err(|error| failure("", error))?;
        for (option, ranges, keep) in [
            ("--and: ", &self.and, Keep::Common),
            ("--minus: ", &self.minus, Keep::Others),
        ] {
            for range in ranges {
                let (_, other) = read(range).map_err(|error| failure(option, error))?;
                range::retain(&mut frames, other, keep);
            }
        }
        if self.sort {
            frames.sort_unstable();
        }
        if self.reverse {
            frames.reverse();
        }
        Ok((syntax, frames))
    }

    fn written(&self, frames: &[Frame], to: Syntax) -> Result<String, Error> {
        let text = range::write_padded(frames, to, self.pad.unwrap_or(0));
        text.map_err(|error| failure("", error))
    }

    fn chunks<'a>(&self, frames: &'a [Frame]) -> impl Iterator<Item = &'a [Frame]> {
        let most = self.chunk.unwrap_or(MOST_FRAMES);
        range::chunks(frames, most, range::Gaps::from_switch(self.contiguous))
    }

    fn print_chunks(&self, frames: &[Frame], to: Syntax) -> Result<(), Error> {
        let mut text = String::new();
        for chunk in self.chunks(frames) {
            text.push_str(&self.written(chunk, to)?);
            text.push('\n');
        }
        output::bytes(text.as_bytes())
    }

    fn print_frames(&self, frames: &[Frame]) -> Result<(), Error> {
        let separator = self.separator.as_deref().unwrap_or("\n");
        let width = self.pad.unwrap_or(0);
        let mut text = String::new();
        for (at, frame) in frames.iter().enumerate() {
            if at > 0 {
                text.push_str(separator);
            }
            range::push(&mut text, *frame, width);
            if text.len() > 1 << 16 {
                output::stream(text.as_bytes())?;
                text.clear();
            }
        }
        if !frames.is_empty() {
            text.push('\n');
        }
        output::bytes(text.as_bytes())
    }

    fn report(&self, syntax: Syntax, to: Syntax, frames: &[Frame]) -> Result<Report, Error> {
        let written = |frames: &[Frame]| match frames.is_empty() {
            true => Ok(String::new()),
            false => self.written(frames, to),
        };
        let chunks = self.chunks(frames).map(|chunk| {
            Ok(Chunk {
                range: written(chunk)?,
                count: chunk.len(),
            })
        });
        Ok(Report {
            syntax: syntax.name().to_owned(),
            to: to.name().to_owned(),
            count: frames.len(),
            first: frames.first().copied().map(Number),
            last: frames.last().copied().map(Number),
            range: written(frames)?,
            frames: self
                .expand
                .then(|| frames.iter().copied().map(Number).collect()),
            chunks: match self.chunk {
                Some(_) => Some(chunks.collect::<Result<_, Error>>()?),
                None => None,
            },
        })
    }
}

/// The syntax with this name. Names have been checked.
fn named(name: Option<&str>) -> Option<Syntax> {
    name.and_then(Syntax::from_name)
}

/// The error for a range that is wrong or cannot be written.
fn failure(option: &str, error: RangeError) -> Error {
    let message = format!("{option}{error}");
    let hint = match error {
        RangeError::Ambiguous { .. } => "choose one with --syntax",
        RangeError::Order(_) => "--sort gives up the order",
        RangeError::Subframe { .. } => "write subframes with --to fileseq",
        RangeError::TooLong
        | RangeError::TooManyFrames
        | RangeError::TooManyRepeats
        | RangeError::NoFrames
        | RangeError::Part { .. }
        | RangeError::Overlap { .. }
        | RangeError::NoSyntax(_) => return Error::usage(message),
    };
    Error::usage_hint(message, hint)
}

/// A range. Without frames it is empty text, `first` and `last` are null.
#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    syntax: String,
    to: String,
    count: usize,
    first: Option<Number>,
    last: Option<Number>,
    range: String,
    frames: Option<Vec<Number>>,
    chunks: Option<Vec<Chunk>>,
}

#[derive(SerJson)]
struct Chunk {
    range: String,
    count: usize,
}

/// A frame as a JSON number.
struct Number(Frame);

impl SerJson for Number {
    fn ser_json(&self, _depth: usize, state: &mut SerJsonState) {
        state.out.push_str(&self.0.to_string());
    }
}

/// Only printed as JSON.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.range)
    }
}
