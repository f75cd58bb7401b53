//! Applies a filter to inputs and writes the outputs.

use std::rc::Rc;

use jaq_core::Exn;

use super::engine::{Halt, Host, NextInput};
use super::filter::{Filter, error_text};
use super::options::{Argument, Ending, Job, Layout, Sinks, Writing};
use super::value::{Indent, Map, Parsed, Reader, Style, Value, write};
use crate::error::Error;
use crate::escape;

/// Outputs are written when there are this many bytes of them.
pub(super) const FULL_BYTES: usize = 64 << 10;

/// The names of the variables of every filter, besides those of the job.
const OWN_VARIABLES: [&str; 2] = ["$ENV", "$ARGS"];

/// What has become of the inputs so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Status {
    /// Whether the last output counts as true; `None` without an output.
    pub last: Option<bool>,
    pub has_failed: bool,
}

/// How a filter has left off with an input.
#[derive(Debug)]
pub(super) enum Applied {
    Done,
    Halted(Halt),
}

/// A filter with what it needs to run.
pub(super) struct Runner {
    filter: Filter,
    pub host: Host,
    variables: Vec<Value>,
    writing: Writing,
    style: Style,
    pub complain: fn(&Error),
    /// Errors of the filter that have not been reported.
    pub failures: Vec<Error>,
    /// Outputs that have not been written.
    pub out: Vec<u8>,
    pub status: Status,
}

/// The names of the variables of a job.
pub(super) fn variable_names(job: &Job) -> Vec<String> {
    let own = OWN_VARIABLES.into_iter().map(str::to_owned);
    let named = job.named.iter().map(|(name, _)| format!("${name}"));
    own.chain(named).collect()
}

/// Their values.
fn variables(job: &Job, environment: &Value) -> Result<Vec<Value>, Error> {
    let mut named = Vec::with_capacity(job.named.len());
    for (name, argument) in &job.named {
        named.push((Rc::<str>::from(name.as_str()), argument_value(argument)?));
    }
    let positional: Result<Value, Error> = job.positional.iter().map(argument_value).collect();
    let mut arguments = Map::default();
    arguments.insert("positional".into(), positional?);
    let map: Map = named.iter().cloned().collect();
    arguments.insert("named".into(), map.into());
    let own = [environment.clone(), arguments.into()];
    Ok(own
        .into_iter()
        .chain(named.into_iter().map(|(_, value)| value))
        .collect())
}

fn argument_value(argument: &Argument) -> Result<Value, Error> {
    let (text, what) = match argument {
        Argument::Text(text) => return Ok(Value::from(text.as_str())),
        Argument::Json(text, what) => (text.as_bytes(), what),
        Argument::Texts(text, what) => (text.as_slice(), what),
    };
    let mut reader = Reader::default();
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        match reader.next(rest, true) {
            Parsed::Value(value, length) => {
                values.push(value);
                rest = rest.get(length..).unwrap_or_default();
            }
            Parsed::End | Parsed::More => break,
            Parsed::Malformed(why) => {
                return Err(Error::usage(format!(
                    "{what}: invalid JSON: {}",
                    why.message
                )));
            }
        }
    }
    match argument {
        Argument::Texts(..) => Ok(values.into()),
        Argument::Text(_) | Argument::Json(..) => match <[Value; 1]>::try_from(values) {
            Ok([value]) => Ok(value),
            Err(_) => Err(Error::usage(format!("{what}: not exactly one JSON text"))),
        },
    }
}

impl Runner {
    /// # Errors
    /// When an argument is not JSON.
    pub(super) fn new(
        filter: Filter,
        job: &Job,
        sinks: Sinks,
        next_input: NextInput,
    ) -> Result<Runner, Error> {
        let environment = job.environment.iter();
        let environment: Map = environment
            .map(|(name, value)| (name.as_str().into(), Value::from(value.as_str())))
            .collect();
        let environment = Value::from(environment);
        let host = Host {
            next_input: next_input.into(),
            environment: environment.clone(),
            say: sinks.say,
            ..Host::bare()
        };
        Ok(Runner {
            filter,
            host,
            variables: variables(job, &environment)?,
            writing: job.writing,
            style: style(&job.writing),
            complain: sinks.complain,
            failures: Vec::new(),
            out: Vec::new(),
            status: Status::default(),
        })
    }

    /// Applies the filter to a value. `flush` is called when there are many outputs.
    ///
    /// # Errors
    /// When `flush` fails.
    pub(super) fn apply(
        &mut self,
        value: Value,
        mut flush: impl FnMut(&mut Vec<u8>) -> Result<(), Error>,
    ) -> Result<Applied, Error> {
        let outputs = self.filter.run(&self.host, value, &self.variables);
        for output in outputs {
            match output {
                Ok(value) => {
                    self.status.last = Some(value.is_true());
                    render(&mut self.out, &value, &self.writing, &self.style);
                    if self.out.len() >= FULL_BYTES {
                        flush(&mut self.out)?;
                    }
                }
                Err(exception) => {
                    if let Some(halt) = self.host.halted.borrow_mut().take() {
                        return Ok(Applied::Halted(halt));
                    }
                    self.status.has_failed = true;
                    let failure = self.failure(exception);
                    self.failures.push(failure);
                    break;
                }
            }
        }
        Ok(Applied::Done)
    }

    fn failure(&self, exception: Exn<'_, Value>) -> Error {
        let message = match exception.get_err() {
            Ok(error) => error_text(error),
            Err(_) => "break".to_owned(),
        };
        let position = self.host.position.borrow();
        match (&position.file, position.last_line) {
            (_, 0) => Error::filter("filter", message),
            (Some(file), line) => Error::filter(format!("{file}:{line}"), message),
            (None, line) => Error::filter(format!("standard input:{line}"), message),
        }
    }
}

fn style(writing: &Writing) -> Style {
    Style {
        indent: match writing.layout {
            Layout::Compact | Layout::Spaces(0) => Indent::None,
            Layout::Spaces(width) => Indent::Spaces(width),
            Layout::Tabs => Indent::Tabs,
        },
        is_sorted: writing.is_sorted,
        is_ascii: writing.is_ascii,
        is_coloured: writing.is_coloured,
        is_terminal: writing.is_terminal,
    }
}

fn render(out: &mut Vec<u8>, value: &Value, writing: &Writing, style: &Style) {
    if writing.has_separators {
        out.push(0x1e);
    }
    match value {
        Value::Str(text) if writing.is_raw && !writing.is_ascii => match writing.is_terminal {
            true => out.extend_from_slice(escape::report(text).as_bytes()),
            false => out.extend_from_slice(text.as_bytes()),
        },
        value => write(out, value, style, 0),
    }
    match writing.ending {
        Ending::LineFeed => out.push(b'\n'),
        Ending::Nul => out.push(0),
        Ending::Nothing => {}
    }
}
