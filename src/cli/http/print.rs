//! Prints or saves a response as the options request.

use super::jq::Jq;
use super::plan::Show;
use super::sink::Sink;
use super::status::{self, Verbosity};
use super::{report, show};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::http::Response;
use crate::http::request::Request;
use crate::redact::Secrets;

/// How responses are printed.
pub(super) struct Printer {
    pub show: Show,
    pub jq: Option<Jq>,
    pub level: Verbosity,
    pub secrets: Secrets,
    /// The largest body held in memory.
    pub in_memory: u64,
    pub deadline: Deadline,
}

impl Printer {
    /// Reports a status outside 2xx, and prints the response.
    ///
    /// # Errors
    /// When the body is incomplete, cannot be filtered, or cannot be written.
    pub(super) fn print(&self, request: &Request, answer: &mut Response) -> Result<Exit, Error> {
        self.report_status(request, answer, "");
        let exit = Exit::from_status(answer.head.status);
        match (&self.show, &self.jq) {
            (Show::Json, None) => {
                let write = &mut report::piece;
                report::write(request, answer, self.in_memory, self.secrets, write)?;
            }
            (Show::Json, Some(jq)) => {
                let mut report = Vec::new();
                let mut write = |text: &str| {
                    report.extend_from_slice(text.as_bytes());
                    Ok(())
                };
                report::write(request, answer, self.in_memory, self.secrets, &mut write)?;
                jq.write(&jq.of_report(&report)?, &mut Sink::Stdout)?;
            }
            (Show::Stream, _) => show::stream(answer)?,
            (Show::Parts(parts), _) => {
                show::parts(request, answer, parts, self.in_memory, self.secrets)?;
            }
            (Show::Headers, _) => show::headers_only(&answer.head)?,
            (Show::File(_) | Show::Body, Some(jq)) if exit == Exit::Done => {
                let body = answer.body.read_all(self.in_memory)?;
                let outputs = jq.of_body(&answer.head, &body)?;
                let mut sink = Sink::open(&self.show, self.deadline)?;
                jq.write(&outputs, &mut sink)?;
                sink.finish(self.level)?;
            }
            (Show::File(path), None) if exit == Exit::Done => {
                let mut sink = Sink::file(path, self.deadline)?;
                show::copy(answer, &mut |bytes| sink.write(bytes))?;
                sink.finish(self.level)?;
            }
            (Show::File(_) | Show::Body | Show::Download(_), _) => {
                show::body(answer, self.in_memory)?;
            }
        }
        Ok(exit)
    }

    /// Reports a status outside 2xx and its consequence.
    pub(super) fn report_status(&self, request: &Request, answer: &Response, consequence: &str) {
        let consequence = match &self.show {
            Show::File(path) => {
                let path = escape::one_line(&path.display().to_string());
                format!("; {path} not written{consequence}")
            }
            Show::Body
            | Show::Stream
            | Show::Headers
            | Show::Parts(_)
            | Show::Download(_)
            | Show::Json => consequence.to_owned(),
        };
        let proxy = answer.proxy.as_ref();
        status::report(request, &answer.head, proxy, self.level, &consequence);
    }
}
