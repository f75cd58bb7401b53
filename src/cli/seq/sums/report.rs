//! What `c47 seq sums` prints.

use std::fmt;
use std::path::{Path, PathBuf};

use nanoserde::SerJson;

use crate::error::Error;
use crate::escape::one_line;
use crate::exit::Exit;
use crate::output::{self, Format, Printer};
use crate::progress::Progress;
use crate::quantity::{count, format_size};
use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::check::Step;
use crate::seq::sums::finding::{Finding, State};

const COMMAND: &str = "c47 seq sums";
/// Lines that are printed together.
const MOST_WAITING_BYTES: usize = 64 << 10;

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct FindingReport {
    path: String,
    state: String,
    why: Option<String>,
}

impl From<&Finding> for FindingReport {
    fn from(finding: &Finding) -> FindingReport {
        FindingReport {
            path: finding.path.display().to_string(),
            state: finding.state.word().to_owned(),
            why: Some(finding.why.clone()).filter(|why| !why.is_empty()),
        }
    }
}

impl fmt::Display for FindingReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", one_line(&self.path), self.state)?;
        match &self.why {
            Some(why) => write!(f, ": {}", one_line(why)),
            None => Ok(()),
        }
    }
}

/// The checksum of a file, for `--json`.
#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Sum {
    path: String,
    algorithm: String,
    sum: String,
    size: u64,
}

impl Sum {
    pub(super) fn of(path: &Path, algorithm: Algorithm, sum: &[u8], size: u64) -> Sum {
        Sum {
            path: path.display().to_string(),
            algorithm: algorithm.name().to_owned(),
            sum: algorithm.text(sum),
            size,
        }
    }
}

#[derive(SerJson)]
struct ListReport {
    files: Vec<Sum>,
    findings: Vec<FindingReport>,
}

/// As text the lines of the list are printed as they come.
impl fmt::Display for ListReport {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

/// The list that is printed.
pub(super) struct Lines<'p> {
    printer: &'p Printer,
    /// The lines go to a file instead of stdout.
    is_in_file: bool,
    report: ListReport,
    waiting: Vec<u8>,
    progress: Progress,
    done: usize,
    all: usize,
}

impl Lines<'_> {
    pub(super) fn new(printer: &Printer, is_in_file: bool, all: usize) -> Lines<'_> {
        Lines {
            printer,
            is_in_file,
            report: ListReport {
                files: Vec::new(),
                findings: Vec::new(),
            },
            waiting: Vec::new(),
            progress: Progress::new(),
            done: 0,
            all,
        }
    }

    /// Adds a line with its line feed.
    pub(super) fn add(&mut self, line: &[u8], sum: impl FnOnce() -> Sum) -> Result<(), Error> {
        self.done += 1;
        match self.printer.format() {
            Format::Json => self.report.files.push(sum()),
            Format::Text if self.is_in_file => {}
            Format::Text => self.waiting.extend(line),
        }
        match self.waiting.len() > MOST_WAITING_BYTES {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Reports a file that has no checksum.
    pub(super) fn fail(&mut self, finding: Finding) {
        self.progress.clear();
        self.done += 1;
        let finding = FindingReport::from(&finding);
        output::say(format_args!("{COMMAND}: {finding}"));
        self.report.findings.push(finding);
    }

    pub(super) fn progress(&mut self, bytes: u64) -> Result<(), Error> {
        self.flush()?;
        let name = format!("{} of {}", self.done, count(self.all, "file"));
        self.progress.show(&name, bytes, None);
        Ok(())
    }

    /// Prints the lines so far: their bytes to a pipe or a file, escaped on a terminal.
    fn flush(&mut self) -> Result<(), Error> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.progress.clear();
        let lines = std::mem::take(&mut self.waiting);
        if !output::stdout_is_terminal() {
            return output::stream(&lines);
        }
        let text = String::from_utf8_lossy(&lines);
        let lines: Vec<String> = text.lines().map(one_line).collect();
        output::line(lines.join("\n"))
    }

    pub(super) fn finish(&mut self) -> Result<Exit, Error> {
        self.flush()?;
        self.progress.clear();
        if self.printer.format() == Format::Json {
            self.printer.print(&self.report)?;
        }
        Ok(match self.report.findings.is_empty() {
            true => Exit::Done,
            false => Exit::Failed,
        })
    }

    pub(super) fn say_nothing_written(&self) {
        output::say(format_args!(
            "{COMMAND}: the list was not written, because it would be incomplete"
        ));
    }
}

#[derive(SerJson)]
struct CheckReport {
    verified: usize,
    recorded: usize,
    bytes: u64,
    generations: Vec<String>,
    findings: Vec<FindingReport>,
}

/// As text the findings are printed as they come, and this is the last line.
impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files = count(self.verified, "file");
        write!(f, "{files} verified")?;
        if self.recorded > 0 {
            write!(f, ", {} recorded", self.recorded)?;
        }
        for state in State::ALL {
            let found = self.findings.iter().filter(|one| one.state == state.word());
            match found.count() {
                0 => {}
                number => write!(f, ", {number} {}", state.word())?,
            }
        }
        write!(f, ", {}", format_size(self.bytes))
    }
}

/// The result of a check.
pub(super) struct Outcome<'p> {
    printer: &'p Printer,
    /// Files whose checksum is right are printed too.
    is_verbose: bool,
    report: CheckReport,
    /// The bytes of the lists or histories before this one.
    earlier_bytes: u64,
    exit: Exit,
    progress: Progress,
}

impl Outcome<'_> {
    pub(super) fn new(printer: &Printer, is_verbose: bool) -> Outcome<'_> {
        Outcome {
            printer,
            is_verbose,
            report: CheckReport {
                verified: 0,
                recorded: 0,
                bytes: 0,
                generations: Vec::new(),
                findings: Vec::new(),
            },
            earlier_bytes: 0,
            exit: Exit::Done,
            progress: Progress::new(),
        }
    }

    pub(super) fn step(&mut self, step: Step) -> Result<(), Error> {
        match step {
            Step::Verified(path) => {
                self.report.verified += 1;
                self.name_if_verbose(path, "OK")
            }
            Step::Recorded(path) => {
                self.report.recorded += 1;
                self.name_if_verbose(path, "recorded")
            }
            Step::Found(finding) => {
                if finding.state != State::Skipped {
                    self.exit = Exit::No;
                }
                let finding = FindingReport::from(&finding);
                let line = finding.to_string();
                self.report.findings.push(finding);
                self.line(&line)
            }
            Step::Progress(bytes) => {
                self.report.bytes = self.earlier_bytes.saturating_add(bytes);
                let done = self.report.verified + self.report.recorded;
                let name = format!("{} done", count(done, "file"));
                self.progress.show(&name, self.report.bytes, None);
                Ok(())
            }
        }
    }

    fn name_if_verbose(&mut self, path: &Path, word: &str) -> Result<(), Error> {
        match self.is_verbose {
            true => self.line(&format!(
                "{}: {word}",
                one_line(&path.display().to_string())
            )),
            false => Ok(()),
        }
    }

    fn line(&mut self, line: &str) -> Result<(), Error> {
        if self.printer.format() == Format::Json {
            return Ok(());
        }
        self.progress.clear();
        output::line(line)
    }

    /// Reports the manifests that were written for a directory. None: a file could not be read.
    pub(super) fn add_generations(
        &mut self,
        root: &Path,
        written: &[PathBuf],
    ) -> Result<(), Error> {
        if written.is_empty() {
            self.progress.clear();
            self.exit = Exit::Failed;
            output::say(format_args!(
                "{COMMAND}: {}: no generation was written, because it would be incomplete",
                root.display()
            ));
        }
        self.earlier_bytes = self.report.bytes;
        for path in written {
            let path = path.display().to_string();
            self.line(&one_line(&path))?;
            self.report.generations.push(path);
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<Exit, Error> {
        self.progress.clear();
        self.printer.print(&self.report)?;
        Ok(self.exit)
    }
}
