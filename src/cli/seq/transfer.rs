//! What `c47 seq mv`, `cp`, `ln` and `rm` have in common.

use std::fmt;
use std::io::{self, BufRead, IsTerminal, Read};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nanoserde::SerJson;

use crate::error::Error;
use crate::exit::Exit;
use crate::interrupt::Graceful;
use crate::outline::{Field, JsonOutput, Shape};
use crate::output::{self, Printer};
use crate::progress::Progress as Line;
use crate::seq::frame::Frame;
use crate::seq::pattern::Pattern;
use crate::seq::transfer::{
    Effect, Elsewhere, Ending, Existing, LinkKind, Naming, Operation, Progress, Recovery, Renumber,
    Report, Request, Verify, Watch, hint, recover, run,
};
use crate::{escape, quantity};

/// The limit of `--jobs`.
const MOST_JOBS: usize = 64;
/// The time between two progress lines.
const EVERY: Duration = Duration::from_millis(100);
/// Limit for the answer to a question.
const MOST_ANSWER_BYTES: u64 = 100;

pub(super) const JSON: JsonOutput = JsonOutput {
    when: "",
    shape: Shape::Object,
    fields: &[
        Field::string("operation", "mv, cp, ln or rm"),
        Field::string(
            "state",
            "planned (with --dry-run), done, undone (with --undo), or stopped (by Ctrl-C)",
        ),
        Field::objects("files", "the files"),
        Field::string("files[].from", "old path"),
        Field::string("files[].to", "new path; null if the file is removed").or_null(),
        Field::number("count", "number of files"),
        Field::number("bytes", "bytes that were copied"),
    ],
};

/// The options of the four commands.
pub(super) struct Given {
    pub operation: Operation,
    pub paths: Vec<String>,
    pub offset: Option<Frame>,
    pub start: Option<Frame>,
    pub pad: Option<u8>,
    pub existing: Existing,
    pub verify: Verify,
    pub link: LinkKind,
    pub jobs: Option<usize>,
    pub yes: bool,
    pub dry_run: bool,
    pub finish: Option<PathBuf>,
    pub undo: Option<PathBuf>,
    pub force: bool,
    pub json: bool,
    pub jq: Option<String>,
    pub raw_output: bool,
}

pub(super) fn existing(overwrite: bool) -> Existing {
    match overwrite {
        true => Existing::Replace,
        false => Existing::Refuse,
    }
}

pub(super) fn verify(verify: bool) -> Verify {
    match verify {
        true => Verify::Checksum,
        false => Verify::No,
    }
}

/// Parses a frame number with an optional plus sign.
pub(super) fn frame(text: &str) -> Result<Frame, String> {
    let number = text.strip_prefix('+').unwrap_or(text);
    Frame::parse(number).map_err(|error| format!("'{}': {error}", escape::one_line(text)))
}

pub(super) fn frame_form(text: &str) -> Result<(), String> {
    frame(text).map(drop)
}

#[derive(SerJson)]
struct Printed {
    operation: String,
    state: String,
    files: Vec<File>,
    count: usize,
    bytes: u64,
    #[nserde(skip)]
    ending: Ending,
    /// What was done with the files, for people.
    #[nserde(skip)]
    past: &'static str,
}

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct File {
    from: String,
    to: Option<String>,
}

impl Printed {
    fn new(report: &Report) -> Printed {
        let text = |path: &Path| path.display().to_string();
        let files = report.files.iter().map(|(from, to)| File {
            from: text(from),
            to: to.as_deref().map(text),
        });
        Printed {
            operation: report.operation.word().to_owned(),
            state: state(report.ending).to_owned(),
            files: files.collect(),
            count: report.files.len(),
            bytes: report.bytes,
            ending: report.ending,
            past: report.operation.past(),
        }
    }
}

fn state(ending: Ending) -> &'static str {
    match ending {
        Ending::Planned => "planned",
        Ending::Done => "done",
        Ending::Undone => "undone",
        Ending::Stopped => "stopped",
    }
}

fn counted(files: usize) -> String {
    match files {
        1 => "1 file".to_owned(),
        count => format!("{count} files"),
    }
}

impl fmt::Display for Printed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = counted(self.count);
        match self.ending {
            Ending::Planned => self.files.iter().try_for_each(|file| {
                let from = escape::one_line(&file.from);
                match &file.to {
                    Some(to) => writeln!(f, "{from} -> {}", escape::one_line(to)),
                    None => writeln!(f, "{from}"),
                }
            }),
            Ending::Done if self.count == 0 => f.write_str("nothing to do"),
            Ending::Done => {
                write!(f, "{files} {}", self.past)?;
                match self.bytes {
                    0 => Ok(()),
                    bytes => write!(f, ", {}", quantity::format_size(bytes)),
                }
            }
            Ending::Undone => write!(f, "undone: {files} as before"),
            Ending::Stopped => Ok(()),
        }
    }
}

impl Given {
    pub(super) fn of(operation: Operation) -> Given {
        Given {
            operation,
            paths: Vec::new(),
            offset: None,
            start: None,
            pad: None,
            existing: Existing::Refuse,
            verify: Verify::No,
            link: LinkKind::Hard,
            jobs: None,
            yes: false,
            dry_run: false,
            finish: None,
            undo: None,
            force: false,
            json: false,
            jq: None,
            raw_output: false,
        }
    }

    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        // Before anything is moved.
        output::ensure_stdout_is_writable()?;
        let recovery = self.recovery()?;
        let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let jobs = self.jobs.unwrap_or_else(processors).clamp(1, MOST_JOBS);
        if let Some((path, recovery)) = recovery {
            let elsewhere = match self.force {
                true => Elsewhere::Force,
                false => Elsewhere::Refuse,
            };
            return watched(&printer, self.operation, &mut |watch| {
                recover(path, recovery, elsewhere, jobs, watch)
            });
        }
        let (sources, target) = self.places()?;
        let renumber = match (self.offset, self.start) {
            (None, None) => Renumber::Keep,
            (Some(by), None) => Renumber::Offset(by),
            (None, Some(start)) => Renumber::Start(start),
            (Some(_), Some(_)) => {
                return Err(Error::usage("--offset and --start exclude each other"));
            }
        };
        let mut request = Request {
            operation: self.operation,
            naming: Naming {
                sources,
                target,
                renumber,
                pad: self.pad,
            },
            verify: self.verify,
            existing: self.existing,
            link: self.link,
            jobs,
            effect: Effect::Plan,
        };
        if !self.dry_run {
            if self.must_ask(sources) && !confirmed(&request)? {
                return Ok(Exit::No);
            }
            request.effect = Effect::Do;
        }
        watched(&printer, self.operation, &mut |watch| run(&request, watch))
    }

    /// The run to finish or to undo.
    fn recovery(&self) -> Result<Option<(&Path, Recovery)>, Error> {
        let recovery = match (&self.finish, &self.undo) {
            (None, None) => None,
            (Some(path), None) => Some((path.as_path(), Recovery::Finish)),
            (None, Some(path)) => Some((path.as_path(), Recovery::Undo)),
            (Some(_), Some(_)) => {
                return Err(Error::usage("--finish and --undo exclude each other"));
            }
        };
        let is_other = !self.paths.is_empty() || self.dry_run || self.offset.is_some();
        match &recovery {
            Some(_) if is_other || self.start.is_some() || self.pad.is_some() => {
                Err(Error::usage_hint(
                    "--finish and --undo take no other arguments",
                    "the journal of the run has its files",
                ))
            }
            None if self.force => Err(Error::usage("--force requires --finish or --undo")),
            Some(_) | None => Ok(recovery),
        }
    }

    /// The sources, and the destination if there is one.
    fn places(&self) -> Result<(&[String], Option<&str>), Error> {
        super::ensure_not_empty(self.paths.iter())?;
        let is_renumbered = self.offset.is_some() || self.start.is_some() || self.pad.is_some();
        match (self.operation, self.paths.as_slice()) {
            (_, []) => Err(Error::usage_hint(
                "no files given",
                "name a pattern such as shot.#.exr",
            )),
            (Operation::Remove, paths) => Ok((paths, None)),
            (_, paths @ [_]) if is_renumbered => Ok((paths, None)),
            (_, [_]) => Err(Error::usage_hint(
                "the destination is missing",
                "name a directory or a pattern, or renumber with --offset, --start or --pad",
            )),
            (_, [sources @ .., target]) => Ok((sources, Some(target))),
        }
    }

    /// Whether frames would be removed that nobody has listed.
    fn must_ask(&self, sources: &[String]) -> bool {
        let has_no_range = |source: &String| {
            Pattern::parse(Path::new(source)).is_none_or(|pattern| pattern.range.is_none())
        };
        self.operation == Operation::Remove && !self.yes && sources.iter().any(has_no_range)
    }
}

/// Asks on the terminal before files are removed.
fn confirmed(request: &Request) -> Result<bool, Error> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || !output::stderr_is_terminal() {
        return Err(Error::usage_hint(
            "a pattern without a range removes all frames",
            "use --yes, or select the frames with a range, such as shot.1-100#.exr",
        ));
    }
    let planned = run(request, &mut |_| true)?;
    let count = counted(planned.files.len());
    let first = planned
        .files
        .first()
        .map(|(path, _)| path.display().to_string());
    let first = escape::one_line(&first.unwrap_or_default());
    output::raw_message(format!("remove {count}, the first is {first}? [y/N] ").as_bytes());
    let mut answer = String::new();
    let read = stdin.lock().take(MOST_ANSWER_BYTES).read_line(&mut answer);
    read.map_err(|source| Error::System {
        action: "read the answer",
        source,
    })?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}

/// A run that reports how far it is.
type Work<'w> = &'w mut dyn FnMut(Watch) -> Result<Report, Error>;

/// Carries out `work` with a progress line. The first Ctrl-C stops between two steps.
fn watched(printer: &Printer, operation: Operation, work: Work) -> Result<Exit, Error> {
    let graceful = Graceful::new();
    let mut line = Line::new();
    let mut drawn = Instant::now();
    let mut watch = |progress: Progress| {
        if drawn.elapsed() > EVERY {
            drawn = Instant::now();
            let Progress { files, of, bytes } = progress;
            let size = match bytes {
                0 => String::new(),
                bytes => format!(", {}", quantity::format_size(bytes)),
            };
            line.text(&format!("{} {files} of {of} files{size}", operation.past()));
        }
        !graceful.is_asked()
    };
    let report = work(&mut watch)?;
    line.clear();
    for note in &report.notes {
        output::say(format_args!(
            "c47 seq {}: {}",
            operation.word(),
            escape::one_line(note)
        ));
    }
    printer.print(&Printed::new(&report))?;
    if let Some(stage) = &report.stage {
        let error = Error::usage("interrupted").with_hint(hint(report.operation, stage));
        output::complain(&format!("c47 seq {}", operation.word()), &error);
        graceful.end();
    }
    Ok(Exit::Done)
}
