//! `c47 seq sums`: checksum lists and ASC MHL histories.

mod report;

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use argh::{ArgsInfo, FromArgs};

use crate::atomic_file::{self, AtomicFile, Place};
use crate::descriptor;
use crate::error::Error;
use crate::exit::Exit;
use crate::host::calls;
use crate::interrupt;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::seq::sums::algorithm::Algorithm;
use crate::seq::sums::check::{self, MOST_LIST_BYTES, check};
use crate::seq::sums::inputs::Inputs;
use crate::seq::sums::list::{self, Form};
use crate::seq::sums::mhl;
use crate::seq::sums::readers::{self, Event, MOST_THREADS, Task, read_all};
use crate::timestamp::Timestamp;
use report::{Lines, Outcome, Sum};

/// Compute and check checksums. It prints a list as xxhsum and md5sum do, of all files in the paths.
/// With --check it checks the files in lists. With --mhl it writes or checks an ASC MHL 2.0
/// history. The exit code is 1 if a check finds anything.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "sums",
    help_triggers("-h", "--help"),
    example = "c47 seq sums sh010 -o sh010.xxh128
c47 seq sums --check sh010.xxh128
c47 seq sums --mhl /mnt/delivery
c47 seq sums --mhl --check /mnt/delivery"
)]
pub(super) struct Sums {
    /// directories, patterns (shot.#.exr) or files. - is stdin. With --check lists, with --mhl
    /// directories.
    #[argh(positional)]
    path: Vec<String>,

    /// check the files in lists, or in the history with --mhl
    #[argh(switch, short = 'c')]
    check: bool,

    /// write or check an ASC MHL 2.0 history. It is in the folder ascmhl.
    #[argh(switch)]
    mhl: bool,

    /// use this algorithm. NAME is c4, md5, sha1, sha256, sha512, xxh128, xxh3 or xxh64. The default is
    /// xxh128, with --mhl that of the last generation.
    #[argh(option, short = 'a', arg_name = "name")]
    algorithm: Option<String>,

    /// write the list to this file, if all files could be read
    #[argh(option, short = 'o', arg_name = "file")]
    output: Option<PathBuf>,

    /// write lines such as 'MD5 (name) = …'
    #[argh(switch)]
    tag: bool,

    /// read this number of files at a time. The default is the number of processors.
    #[argh(option, short = 'j', arg_name = "n")]
    jobs: Option<usize>,

    /// also print the files whose checksum is right
    #[argh(switch, short = 'v')]
    verbose: bool,

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
    command: "seq sums",
    values: &[
        ("path", Kind::File),
        ("--algorithm", Kind::choice(Algorithm::names)),
        ("--output", Kind::File),
        (
            "--jobs",
            Kind::Integer {
                least: 1,
                most: MOST_THREADS as u64,
            },
        ),
        ("--jq", Kind::Word),
    ],
    json: &[
        JsonOutput {
            when: "With --json and --check or --mhl",
            shape: Shape::Object,
            fields: &[
                Field::number("verified", "how many files have the recorded checksum"),
                Field::number(
                    "recorded",
                    "how many files --mhl has recorded for the first time",
                ),
                Field::number("bytes", "how many bytes were read"),
                Field::strings("generations", "the manifests that --mhl has written"),
                Field::objects("findings", "what was found"),
                Field::string("findings[].path", "the file"),
                Field::string("findings[].state", STATES),
                Field::string("findings[].why", "details").or_null(),
            ],
        },
        JsonOutput {
            when: "",
            shape: Shape::Object,
            fields: &[
                Field::objects("files", "the files, sorted by path"),
                Field::string("files[].path", "path of the file"),
                Field::string("files[].algorithm", "name of the algorithm"),
                Field::string("files[].sum", "the checksum"),
                Field::number("files[].size", "size in bytes"),
                Field::objects("findings", "what could not be read"),
                Field::string("findings[].path", "the file"),
                Field::string("findings[].state", "missing, unreadable or changed"),
                Field::string("findings[].why", "details").or_null(),
            ],
        },
    ],
};

const STATES: &str = "failed, missing, unreadable, changed (while it was read), new (not in the \
                      history), invalid (a line, a name or a manifest) or skipped (a symlink or a device)";

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Compute,
    CheckLists,
    CreateHistory,
    CheckHistory,
}

impl Sums {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let mode = match (self.mhl, self.check) {
            (false, false) => Mode::Compute,
            (false, true) => Mode::CheckLists,
            (true, false) => Mode::CreateHistory,
            (true, true) => Mode::CheckHistory,
        };
        self.ensure_consistent(mode)?;
        interrupt::install();
        match mode {
            Mode::Compute => self.compute(&printer),
            Mode::CheckLists => self.check_lists(&printer),
            Mode::CreateHistory => self.create_history(&printer),
            Mode::CheckHistory => self.check_history(&printer),
        }
    }

    fn ensure_consistent(&self, mode: Mode) -> Result<(), Error> {
        let conflict = |option: &str, other: &str| {
            Err(Error::usage(format!("{option} has no effect with {other}")))
        };
        let other = match mode {
            Mode::Compute => None,
            Mode::CheckLists => Some("--check"),
            Mode::CreateHistory | Mode::CheckHistory => Some("--mhl"),
        };
        match other {
            Some(other) if self.output.is_some() => return conflict("--output", other),
            Some(other) if self.tag => return conflict("--tag", other),
            Some(_) | None => {}
        }
        if let (true, Some(algorithm)) = (self.mhl, self.algorithm()) {
            if !algorithm.is_in_mhl() {
                let name = algorithm.name();
                return Err(Error::usage(format!("ASC MHL does not have {name}")));
            }
            if mode == Mode::CheckHistory {
                return conflict("--algorithm", "--mhl --check");
            }
        }
        if self.path.is_empty() {
            let (what, usage) = match mode {
                Mode::Compute => ("a path", "c47 seq sums PATH..."),
                Mode::CheckLists => ("a list", "c47 seq sums --check FILE"),
                Mode::CreateHistory | Mode::CheckHistory => {
                    ("a directory", "c47 seq sums --mhl DIR")
                }
            };
            return Err(Error::usage_hint(format!("{what} is missing"), usage));
        }
        super::ensure_not_empty(self.path.iter())
    }

    fn algorithm(&self) -> Option<Algorithm> {
        self.algorithm.as_deref().and_then(Algorithm::named)
    }

    fn threads(&self) -> usize {
        self.jobs.unwrap_or_else(readers::default_threads)
    }

    fn compute(&self, printer: &Printer) -> Result<Exit, Error> {
        let algorithm = self.algorithm().unwrap_or(Algorithm::Xxh128);
        let mut inputs = Inputs::of(&self.path)?;
        if inputs.sources.is_empty() && inputs.findings.is_empty() {
            return Err(Error::Nothing {
                place: self.path.join(" "),
                what: "file",
            });
        }
        let mut file = match &self.output {
            Some(output) => Some(Target::create(output, &mut inputs)?),
            None => None,
        };
        let form = if self.tag { Form::Tagged } else { Form::Gnu };
        let task = |source| Task {
            source,
            algorithms: vec![algorithm],
        };
        let tasks: Vec<Task> = inputs.sources.into_iter().map(task).collect();
        let mut lines = Lines::new(printer, self.output.is_some(), tasks.len());
        for finding in inputs.findings {
            lines.fail(finding);
        }
        read_all(&tasks, self.threads(), &mut |event| {
            let (at, result) = match event {
                Event::Progress(bytes) => return lines.progress(bytes),
                Event::Done(at, result) => (at, result),
            };
            let Some(task) = tasks.get(at) else {
                return Ok(());
            };
            let path = task.source.path();
            let hashed = match result {
                Ok(hashed) => hashed,
                Err(fault) => {
                    lines.fail(fault.at(path));
                    return Ok(());
                }
            };
            let sum = hashed.sums.first().map(Vec::as_slice).unwrap_or_default();
            let mut line = list::line(form, algorithm, sum, path);
            line.push(b'\n');
            if let Some(file) = &mut file {
                file.write(&line)?;
            }
            lines.add(&line, || Sum::of(path, algorithm, sum, hashed.size))
        })?;
        let exit = lines.finish()?;
        match file {
            Some(file) if exit == Exit::Done => file.commit()?,
            Some(_) => lines.say_nothing_written(),
            None => {}
        }
        Ok(exit)
    }

    fn check_lists(&self, printer: &Printer) -> Result<Exit, Error> {
        let options = check::Options {
            preferred: self.algorithm(),
            threads: self.threads(),
        };
        let mut outcome = Outcome::new(printer, self.verbose);
        for path in self.path.iter().map(Path::new) {
            let text = read_list(path)?;
            check(&text, path, options, &mut |step| outcome.step(step))?;
        }
        outcome.finish()
    }

    fn create_history(&self, printer: &Printer) -> Result<Exit, Error> {
        let (_, host, _) = calls::kernel();
        let options = mhl::create::Options {
            algorithm: self.algorithm(),
            threads: self.threads(),
            now: Timestamp::now(),
            host: &host,
        };
        let mut outcome = Outcome::new(printer, self.verbose);
        for root in self.path.iter().map(Path::new) {
            let written = mhl::create::create(root, options, &mut |step| outcome.step(step))?;
            outcome.add_generations(root, &written)?;
        }
        outcome.finish()
    }

    fn check_history(&self, printer: &Printer) -> Result<Exit, Error> {
        let mut outcome = Outcome::new(printer, self.verbose);
        for root in self.path.iter().map(Path::new) {
            mhl::verify::verify(root, self.threads(), &mut |step| outcome.step(step))?;
        }
        outcome.finish()
    }
}

/// Where `-o` writes.
enum Target {
    File(AtomicFile),
    /// A device or a FIFO, written at the end.
    Stream(PathBuf, Vec<u8>),
}

impl Target {
    /// Starts to write it before a file is read, so that a full or read-only disk is found early.
    fn create(output: &Path, inputs: &mut Inputs) -> Result<Target, Error> {
        inputs.leave_out(output);
        Ok(match Place::of(output)? {
            Place::Stream(_) => Target::Stream(output.to_owned(), Vec::new()),
            Place::File(_) => Target::File(AtomicFile::create(output, 0o666)?),
        })
    }

    fn write(&mut self, line: &[u8]) -> Result<(), Error> {
        match self {
            Target::File(file) => {
                let written = file.write_all(line);
                written.map_err(Error::file("write", file.target()))
            }
            Target::Stream(_, text) => {
                text.extend(line);
                Ok(())
            }
        }
    }

    fn commit(self) -> Result<(), Error> {
        match self {
            Target::File(file) => file.commit(),
            Target::Stream(path, text) => atomic_file::write_to_stream(&path, &text).map(drop),
        }
    }
}

/// A list of at most 1 GiB, or stdin.
fn read_list(path: &Path) -> Result<Vec<u8>, Error> {
    let fail = |error: io::Error| Error::file("read", path)(error);
    if path.is_dir() {
        let error = fail(io::ErrorKind::IsADirectory.into());
        return Err(error.with_hint("--check reads a list; --mhl --check reads a history"));
    }
    let input: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(descriptor::stdin().map_err(fail)?),
        false => Box::new(File::open(path).map_err(fail)?),
    };
    let mut text = Vec::new();
    let mut input = input.take(MOST_LIST_BYTES + 1);
    input.read_to_end(&mut text).map_err(fail)?;
    match u64::try_from(text.len()) {
        Ok(length) if length <= MOST_LIST_BYTES => Ok(text),
        Ok(_) | Err(_) => {
            let what = path.display().to_string();
            Err(Error::malformed(what, "it is larger than 1 GiB"))
        }
    }
}
