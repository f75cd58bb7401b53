//! Prints the results of a batch, its progress and its summary.

use std::path::Path;
use std::time::{Duration, Instant};

use nanoserde::SerJson;

use super::super::jq::Jq;
use super::super::status::Verbosity;
use crate::atomic_file;
use crate::batch::rate::Pace;
use crate::batch::record::Record;
use crate::batch::result_line;
use crate::batch::run::Event;
use crate::batch::summary::Summary;
use crate::batch::tally::Tally;
use crate::error::Error;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::quantity::{count, format_duration};
use crate::{escape, output};

/// The most requests that are listed by name on stderr.
const MOST_LISTED: usize = 20;
/// So many bytes of results are written at once at most.
const MAX_UNWRITTEN: usize = 64 << 10;
/// The time between two updates of the progress line.
const EVERY: Duration = Duration::from_millis(100);

/// Prints results as they come.
pub(super) struct Results {
    jq: Option<Jq>,
    level: Verbosity,
    /// The number of requests of this run.
    expected: u64,
    began: Instant,
    drawn: Instant,
    progress: Progress,
    is_stopping: bool,
    undecided: Vec<String>,
    undecided_count: usize,
    /// The worst exit code of a filter.
    worst: Exit,
    /// Lines that are not written yet.
    lines: String,
    /// Why stdout cannot be written. No more is sent then.
    failure: Option<Error>,
}

impl Results {
    pub(super) fn new(jq: Option<Jq>, level: Verbosity, expected: u64) -> Results {
        let now = Instant::now();
        Results {
            jq,
            level,
            expected,
            began: now,
            drawn: now,
            progress: Progress::default(),
            is_stopping: false,
            undecided: Vec::new(),
            undecided_count: 0,
            worst: Exit::Done,
            lines: String::new(),
            failure: None,
        }
    }

    /// Prints a result, at the next [`Results::flush`]. When no one reads them any more, the run is stopped.
    pub(super) fn print(&mut self, event: Event, pace: &Pace) {
        if let Event::Undecided(record) = &event {
            self.undecided_count += 1;
            if self.undecided.len() < MOST_LISTED {
                self.undecided.push(named(record));
            }
        }
        if output::reader_has_gone() || self.failure.is_some() {
            return;
        }
        let line = result_line::line(event);
        match &self.jq {
            None => {
                self.lines.push_str(&escape::json(&line));
                self.lines.push('\n');
            }
            Some(jq) => match jq.of_report(line.as_bytes()) {
                Ok(outputs) => self.lines.push_str(&jq.lines(&outputs)),
                Err(error) => {
                    self.progress.clear();
                    output::say(format_args!("c47 http: {error}"));
                    if error.exit().code() > self.worst.code() {
                        self.worst = error.exit();
                    }
                }
            },
        }
        if self.lines.len() >= MAX_UNWRITTEN {
            self.flush(pace);
        }
    }

    /// Writes the results that were printed since the last time.
    pub(super) fn flush(&mut self, pace: &Pace) {
        if self.lines.is_empty() {
            return;
        }
        self.progress.clear();
        self.failure = output::bytes(self.lines.as_bytes()).err();
        self.lines.clear();
        if output::reader_has_gone() || self.failure.is_some() {
            pace.stop();
        }
    }

    /// Reports that a signal has asked for an end; only once.
    pub(super) fn note_stop(&mut self) {
        if std::mem::replace(&mut self.is_stopping, true) {
            return;
        }
        self.progress.clear();
        output::say(
            "c47 http: stopping; requests in flight may finish within 5 s; Ctrl-C ends at once",
        );
    }

    /// Draws the progress line, if it is time for it.
    pub(super) fn draw(&mut self, tally: &Tally, pace: &Pace) {
        if self.level == Verbosity::Quiet || self.drawn.elapsed() < EVERY {
            return;
        }
        self.drawn = Instant::now();
        let text = progress(tally, pace.retrying(), self.expected, self.began.elapsed());
        self.progress.text(&text);
    }

    /// Reports the end of the run, and returns its exit code.
    ///
    /// # Errors
    /// When stdout or the summary could not be written.
    pub(super) fn finish(
        mut self,
        tally: &Tally,
        summary_file: Option<&Path>,
    ) -> Result<Exit, Error> {
        self.progress.clear();
        let summary = Summary::new(tally, self.began.elapsed());
        if self.undecided_count > 0 {
            self.list_undecided();
        }
        let unsent = self.expected.saturating_sub(ended(tally));
        if self.level == Verbosity::Normal {
            output::say(format_args!("c47 http: {summary}"));
            if unsent > 0 {
                output::say(format_args!(
                    "c47 http: stopped; {} not sent",
                    count(unsent, "request")
                ));
            }
        }
        if let Some(path) = summary_file {
            let text = format!("{}\n", summary.serialize_json());
            if !atomic_file::write_to_stream(path, text.as_bytes())? {
                atomic_file::write(path, text.as_bytes(), 0o666)?;
            }
        }
        if let Some(error) = self.failure {
            return Err(error);
        }
        let exit = tally.exit();
        match self.worst.code() > exit.code() {
            true => Ok(self.worst),
            false => Ok(exit),
        }
    }

    fn list_undecided(&self) {
        let number = self.undecided_count;
        output::say(format_args!(
            "c47 http: {} of an earlier run may have been processed, and not sent again:",
            count(number as u64, "request")
        ));
        for name in &self.undecided {
            output::say(format_args!("  {name}"));
        }
        if let Some(more @ 1..) = number.checked_sub(self.undecided.len()) {
            output::say(format_args!("  and {more} more"));
        }
        output::say(
            "hint: use --check to ask the service, or --idempotency-key if it supports that",
        );
    }
}

/// The requests that need nothing more.
fn ended(tally: &Tally) -> u64 {
    tally.done + tally.failed + tally.unknown + tally.skipped
}

fn named(record: &Record) -> String {
    let (line, method) = (record.line, record.method());
    let text = match &record.id {
        Some(id) => format!("line {line}: {method} ({id})"),
        None => format!("line {line}: {method}"),
    };
    escape::one_line(&text)
}

/// `412 of 5000  49.8/s  410 ok, 2 failed, 1 retrying  1m32s left`.
fn progress(tally: &Tally, retrying: usize, expected: u64, time: Duration) -> String {
    let sent = tally.done + tally.failed + tally.unknown;
    let rate = sent as f64 / time.as_secs_f64().max(0.001);
    let mut text = format!(
        "{} of {expected}  {rate:.1}/s  {} ok",
        ended(tally),
        tally.done
    );
    for (number, what) in [
        (tally.failed, "failed"),
        (tally.unknown, "unknown"),
        (retrying as u64, "retrying"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {number} {what}"));
        }
    }
    let left = expected.saturating_sub(ended(tally));
    if rate > 0.0 && left > 0 {
        let left = Duration::from_secs((left as f64 / rate).ceil() as u64);
        text.push_str(&format!("  {} left", format_duration(left)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_has_rate_results_and_time_left() {
        let tally = Tally {
            done: 90,
            failed: 10,
            skipped: 50,
            ..Tally::default()
        };
        assert_eq!(
            progress(&tally, 2, 1150, Duration::from_secs(2)),
            "150 of 1150  50.0/s  90 ok, 10 failed, 2 retrying  20s left"
        );
        let begin = progress(&Tally::default(), 0, 10, Duration::ZERO);
        assert_eq!(begin, "0 of 10  0.0/s  0 ok");
    }
}
