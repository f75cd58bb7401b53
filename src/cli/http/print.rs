//! Prints or saves a response as the options request.

use super::format::Show;
use super::jq::Jq;
use super::sink::Sink;
use super::status::{self, Verbosity};
use super::{report, show};
use crate::auth;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::exit::Exit;
use crate::http::Response;
use crate::http::credential::Credential;
use crate::http::request::Request;
use crate::http::response::ResponseHead;
use crate::redact::Secrets;
use crate::{escape, output};

/// How responses are printed.
pub(super) struct Printer {
    pub show: Show,
    pub jq: Option<Jq>,
    pub level: Verbosity,
    pub secrets: Secrets,
    /// The largest body held in memory.
    pub in_memory: u64,
    pub deadline: Deadline,
    /// The statuses that mean an expired token.
    pub dead_token_statuses: Vec<u16>,
}

impl Printer {
    /// Reports a status outside 2xx, and prints the response.
    ///
    /// # Errors
    /// When the body is incomplete, cannot be filtered, or cannot be written.
    pub(super) fn print(&self, request: &Request, answer: &mut Response) -> Result<Exit, Error> {
        self.report_status(request, answer);
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
            (Show::File(_) | Show::Body, Some(_)) if exit == Exit::Done => {
                let body = answer.body.read_all(self.in_memory)?;
                return self.print_held(&answer.head, &body);
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

    /// Prints a body that was read before.
    ///
    /// # Errors
    /// When it cannot be filtered or written.
    pub(super) fn print_held(&self, head: &ResponseHead, body: &[u8]) -> Result<Exit, Error> {
        match (&self.jq, &self.show) {
            (Some(jq), _) => {
                let outputs = jq.of_body(head, body)?;
                let mut sink = Sink::open(&self.show, self.deadline)?;
                jq.write(&outputs, &mut sink)?;
                sink.finish(self.level)?;
            }
            (None, Show::File(path)) => {
                let mut sink = Sink::file(path, self.deadline)?;
                sink.write(body)?;
                sink.finish(self.level)?;
            }
            (
                None,
                Show::Body
                | Show::Stream
                | Show::Headers
                | Show::Parts(_)
                | Show::Download(_)
                | Show::Json,
            ) => show::held_body(show::COMMAND, body)?,
        }
        Ok(Exit::from_status(head.status))
    }

    /// Reports a status outside 2xx and its consequence.
    pub(super) fn report_status(&self, request: &Request, answer: &Response) {
        if self.level == Verbosity::Normal {
            let status = answer.head.status;
            match &request.credential {
                Credential::None => {}
                Credential::Signed(_) if matches!(status, 400 | 401 | 403) => {
                    warn_about_clock_skew(answer, "signatures");
                }
                Credential::Signed(_) => {}
                Credential::Header { .. }
                | Credential::Query(_)
                | Credential::Several { .. }
                | Credential::Digest { .. } => {
                    if self.dead_token_statuses.contains(&status) {
                        warn_about_clock_skew(answer, "tokens");
                    }
                }
            }
        }
        let consequence = match &self.show {
            Show::File(path) => {
                let path = escape::one_line(&path.display().to_string());
                format!("; {path} not written")
            }
            Show::Body
            | Show::Stream
            | Show::Headers
            | Show::Parts(_)
            | Show::Download(_)
            | Show::Json => String::new(),
        };
        let proxy = answer.proxy.as_ref();
        status::report(request, &answer.head, proxy, self.level, &consequence);
    }
}

fn warn_about_clock_skew(answer: &Response, what: &str) {
    let ahead = answer.head.header("date").and_then(auth::seconds_ahead);
    if let Some(skew) = auth::skew(ahead) {
        output::say(format_args!(
            "c47 http: {skew}: {what} may appear expired or not yet valid"
        ));
    }
}
