//! `--until` and `--while`: repeats a GET until a filter of its body is true or not true.

use std::time::{Duration, Instant};

use super::Http;
use super::format::Show;
use super::jq::{self, Jq};
use super::plan::Plan;
use super::print::Printer;
use super::reporter::ProgressLine;
use super::settings::duration;
use super::status::Verbosity;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::part::Header;
use crate::http::poll::{Standing, wait};
use crate::http::request::Request;
use crate::http::response::ResponseHead;
use crate::http::{Caller, Response};
use crate::jq::{Filter, Output};
use crate::json;
use crate::quantity::{count, format_duration};
use crate::{escape, output};

const DEFAULT_EVERY: Duration = Duration::from_secs(5);
/// A shorter interval would only load the server.
const LEAST_EVERY: Duration = Duration::from_millis(100);
/// The most characters of a value in a message.
const MOST_SHOWN: usize = 200;

/// The condition, and how often it is checked.
pub(super) struct Polling {
    filter: Filter,
    /// The text of the filter.
    text: String,
    wanted: Wanted,
    every: Duration,
}

/// When the series ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// `--until`: the filter is true.
    True,
    /// `--while`: the filter is not true.
    NotTrue,
}

impl Wanted {
    fn option(self) -> &'static str {
        match self {
            Wanted::True => "--until",
            Wanted::NotTrue => "--while",
        }
    }
}

/// A response with a value.
struct Held {
    head: ResponseHead,
    body: Vec<u8>,
    /// The last output of the filter.
    value: Option<Output>,
}

impl Polling {
    /// Reads the options.
    ///
    /// # Errors
    /// A usage error names the option.
    pub(super) fn of(options: &Http, plan: &Plan) -> Result<Option<Polling>, Error> {
        let (text, wanted) = match (&options.until, &options.while_) {
            (None, None) if options.every.is_some() => {
                return Err(Error::usage("--every requires --until or --while"));
            }
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(Error::usage("--until and --while cannot be used together"));
            }
            (Some(text), None) => (text, Wanted::True),
            (None, Some(text)) => (text, Wanted::NotTrue),
        };
        let option = wanted.option();
        ensure_printable(option, options, &plan.show)?;
        if plan.request.method != "GET" {
            return Err(Error::usage(format!(
                "{option} requires the method GET, which has no effect on the server"
            )));
        }
        let every = duration("--every", options.every.as_deref())?.unwrap_or(DEFAULT_EVERY);
        if every < LEAST_EVERY {
            return Err(Error::usage("--every must be at least 100ms"));
        }
        Ok(Some(Polling {
            filter: Filter::compile(option, text)?,
            text: text.clone(),
            wanted,
            every,
        }))
    }

    /// Repeats the request until the condition is met, and prints the last response.
    ///
    /// # Errors
    /// When the time ends before, or a response is not received or not JSON.
    pub(super) fn run(
        &self,
        first: &Request,
        caller: &mut Caller,
        printer: &Printer,
        progress: &ProgressLine,
    ) -> Result<Exit, Error> {
        let began = Instant::now();
        let limit = caller.settings().limits.whole;
        let mut held: Option<Held> = None;
        let mut etag: Option<String> = None;
        let mut checks: u64 = 0;
        loop {
            let mut request = conditional(first, etag.as_deref());
            let result = match checks {
                0 => caller.call(&mut request),
                _ => caller.call_again(&mut request),
            };
            checks += 1;
            let mut answer = match result {
                Err(error) if is_end(&error, printer.deadline) => {
                    progress.end();
                    return Err(self.out_of_time(limit, held.as_ref(), printer.jq.as_ref()));
                }
                result => result?,
            };
            match Standing::of(&answer.head, etag.is_some()) {
                Standing::Value => {
                    // A redirect may lead to another document each time, and an item may set its own.
                    let is_usable = request.url == first.url && !first.has_header("if-none-match");
                    let found = self.read(&mut answer, printer.in_memory)?;
                    etag = found
                        .head
                        .header("etag")
                        .filter(|_| is_usable)
                        .map(str::to_owned);
                    if self.is_met(&found) {
                        progress.end();
                        return printer.print_held(&found.head, &found.body);
                    }
                    held = Some(found);
                }
                Standing::Unchanged => {}
                Standing::Temporary => note_temporary(&answer, progress, printer.level),
                Standing::Final => {
                    progress.end();
                    return printer.print(&request, &mut answer);
                }
            }
            let wait = wait(self.every, &answer.head, printer.deadline.left());
            drop(answer); // also closes the connection
            let Some(wait) = wait else {
                progress.end();
                return Err(self.out_of_time(limit, held.as_ref(), printer.jq.as_ref()));
            };
            if printer.level == Verbosity::Normal {
                progress.status(self.status(checks, began, held.as_ref()));
            }
            std::thread::sleep(wait);
        }
    }

    fn read(&self, answer: &mut Response, in_memory: u64) -> Result<Held, Error> {
        let body = answer.body.read_all(in_memory)?;
        let option = self.wanted.option();
        let mut outputs = jq::of_body(
            option,
            &|body| self.filter.outputs(option, body),
            &answer.head,
            &body,
        )?;
        Ok(Held {
            head: answer.head.clone(),
            body,
            value: outputs.pop(),
        })
    }

    fn is_met(&self, held: &Held) -> bool {
        let is_true = held.value.as_ref().is_some_and(Output::is_true);
        is_true == (self.wanted == Wanted::True)
    }

    /// The text of the progress line.
    fn status(&self, checks: u64, began: Instant, held: Option<&Held>) -> String {
        let value = held.and_then(|held| held.value.as_ref());
        let value = value.map_or("no value", Output::json);
        format!(
            "{}, {}: {} {} is {}",
            match began.elapsed().as_secs() {
                0 => "0s".to_owned(),
                seconds => format_duration(Duration::from_secs(seconds)),
            },
            count(checks, "check"),
            self.wanted.option(),
            self.text,
            value
        )
    }

    fn out_of_time(&self, limit: Option<Duration>, held: Option<&Held>, jq: Option<&Jq>) -> Error {
        let within = limit.map_or_else(String::new, |limit| {
            format!(" within the {} of --timeout", format_duration(limit))
        });
        let what = match self.wanted {
            Wanted::True => "is not true",
            Wanted::NotTrue => "is still true",
        };
        let last = match held {
            None => "there was no value".to_owned(),
            Some(held) => format!("the last value: {}", shortened(&shown(held, jq))),
        };
        Error::OutOfTime(format!(
            "{} {} {what}{within}; {last}",
            self.wanted.option(),
            self.text
        ))
    }
}

/// The value in a message: the outputs of `--jq`, or the body.
fn shown(held: &Held, jq: Option<&Jq>) -> String {
    let outputs = jq.and_then(|jq| jq.of_body(&held.head, &held.body).ok());
    match outputs {
        Some(outputs) => {
            let texts: Vec<&str> = outputs.iter().map(Output::json).collect();
            texts.join(" ")
        }
        None => json::compact(&String::from_utf8_lossy(&held.body)),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// The request, with the ETag of the last value unless the user has set another one.
fn conditional(first: &Request, etag: Option<&str>) -> Request {
    let mut request = first.clone();
    if let Some(etag) = etag {
        request.headers.push(Header::plain("if-none-match", etag));
    }
    request
}

/// Whether the time for the whole series is over.
fn is_end(error: &Error, deadline: Deadline) -> bool {
    error.exit() == Exit::TimedOut && deadline.is_over()
}

fn note_temporary(answer: &Response, progress: &ProgressLine, level: Verbosity) {
    if level == Verbosity::Normal {
        progress.clear();
        output::say(format_args!(
            "c47 http: {}; the request is repeated",
            escape::one_line(&answer.head.status_and_reason())
        ));
    }
}

fn ensure_printable(option: &str, options: &Http, show: &Show) -> Result<(), Error> {
    let other = match show.option() {
        None if options.timing => Some("--timing"),
        None if options.paginate => Some("--paginate"),
        other => other,
    };
    match other {
        Some(other) => Err(Error::usage(format!(
            "{option} and {other} cannot be used together"
        ))),
        None => Ok(()),
    }
}
