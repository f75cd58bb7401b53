//! Prints on stderr while a call runs: headers with `-v`, retries, refused redirects.

use std::cell::RefCell;
use std::rc::Rc;

use super::show;
use super::status::Verbosity;
use crate::error::Error;
use crate::http::observe::{Notice, Observer};
use crate::http::request::Request;
use crate::http::{ConnectionUse, Response};
use crate::progress::Progress;
use crate::redact::{self, Secrets};
use crate::{escape, output};

/// The progress line of a download, which is cleared before anything else is printed.
#[derive(Clone, Default)]
pub(super) struct ProgressLine(Rc<RefCell<Line>>);

#[derive(Default)]
struct Line {
    progress: Progress,
    has_begun: bool,
    /// A text that is drawn again after other output.
    status: Option<String>,
}

impl ProgressLine {
    /// Shows that `have` bytes of `whole` are received.
    pub(super) fn show(&self, name: &str, have: u64, whole: Option<u64>) {
        let mut line = self.0.borrow_mut();
        if !std::mem::replace(&mut line.has_begun, true) {
            line.progress.begin(have);
        }
        line.progress.show(name, have, whole);
    }

    /// Shows a text, also while requests are sent, until [`ProgressLine::end`].
    pub(super) fn status(&self, text: String) {
        self.0.borrow_mut().status = Some(text);
        self.redraw();
    }

    /// Draws the text again that was cleared.
    pub(super) fn redraw(&self) {
        let mut line = self.0.borrow_mut();
        let Line {
            progress, status, ..
        } = &mut *line;
        if let Some(text) = status {
            progress.text(text);
        }
    }

    /// Removes the line and its text.
    pub(super) fn end(&self) {
        self.clear();
        self.0.borrow_mut().status = None;
    }

    /// Clears the line; the next response starts a new one.
    pub(super) fn clear(&self) {
        let mut line = self.0.borrow_mut();
        line.progress.clear();
        line.has_begun = false;
    }
}

/// Prints the events of a call.
pub(super) struct CallReporter {
    pub verbose: bool,
    pub level: Verbosity,
    pub secrets: Secrets,
    pub progress: ProgressLine,
}

impl Observer for CallReporter {
    fn before(&mut self, request: &Request) -> Result<(), Error> {
        self.progress.clear();
        if self.verbose {
            show::request_headers(request, self.secrets);
        }
        self.progress.redraw();
        Ok(())
    }

    fn after(&mut self, _: &Request, answer: &Response) -> Result<(), Error> {
        if self.verbose {
            self.progress.clear();
            if answer.body.timing().connection == ConnectionUse::Reused {
                output::say("* connection reused");
            }
            show::response_headers(&answer.head, self.secrets);
        }
        Ok(())
    }

    fn notice(&mut self, notice: &Notice) {
        self.progress.clear();
        if self.level == Verbosity::Quiet {
            return;
        }
        match notice {
            Notice::Retrying(pause) => output::say(format_args!(
                "c47 http: {}",
                escape::one_line(&pause.to_string())
            )),
            Notice::RedirectRefused { to, why } => output::say(format_args!(
                "c47 http: redirect to {} not followed: {why}",
                escape::one_line(&redact::url(to))
            )),
        }
    }
}
