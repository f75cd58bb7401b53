//! Downloads to a `.part` file, which is resumed after an interruption and renamed when complete.

use std::path::PathBuf;

use super::caller::Caller;
use super::content_range::{Range, number, unsatisfied_length};
use super::earlier;
use super::failure::Failure;
use super::file_name;
use super::head::Head;
use super::part::Header;
use super::partial::Partial;
use super::request::Request;
use super::response::Response;
use super::retry::Pause;
use super::validator::Validator;
use crate::crypto::digest::Sha256;
use crate::error::Error;
use crate::quantity::count;

pub(crate) use super::partial::Existing;
pub(crate) use super::wanted::{Download, Place, Start, present};

/// An event of a download, in addition to those of the observers.
pub(crate) enum Step<'a> {
    /// `have` of `whole` bytes are received under this name.
    Receiving {
        name: &'a std::path::Path,
        have: u64,
        whole: Option<u64>,
        /// Whether `--continue` can resume from here.
        resumable: bool,
    },
    /// The download restarts, for this reason.
    Restarting { why: &'static str },
}

/// The result of a download.
pub(crate) enum Outcome {
    Saved(PathBuf),
    /// The file already existed, with the right hash.
    Present(PathBuf),
    /// The status of the response is not 2xx, so nothing is saved.
    Refused {
        request: Box<Request>,
        answer: Box<Response>,
    },
}

/// Downloads the response to `request`.
///
/// # Errors
/// When there is no complete response, the file cannot be written, or the hash differs. The
/// received bytes stay in the `.part` file, except after a wrong hash.
pub(crate) fn download(
    wanted: &Download,
    request: &Request,
    caller: &mut Caller,
    report: &mut dyn FnMut(Step),
) -> Result<Outcome, Error> {
    let mut attempts = caller.attempts();
    let max = caller.settings().limits.body;
    let mut job = Job {
        wanted,
        request,
        part: match &wanted.place {
            Place::File(path) => Some(Partial::open(path, wanted.existing)?),
            // The server is not asked for the name, because a URL may be valid for only one
            // request.
            Place::In(directory) => match wanted.start {
                Start::New => None,
                Start::Continue => earlier::find_partial(directory, &request.url, wanted.existing)
                    .map(|path| Partial::open(&path, wanted.existing))
                    .transpose()?,
            },
        },
        requested: Requested::Start,
        digest: None,
    };
    if wanted.start == Start::Continue {
        job.prepare_resume(report);
    }
    loop {
        let mut sent = job.request_to_send();
        let mut answer = caller.call_within(&mut attempts, &mut sent)?;
        job.digest = None;
        match job.start(&answer.head, report)? {
            NextStep::NotOurs => {
                return Ok(Outcome::Refused {
                    request: Box::new(sent),
                    answer: Box::new(answer),
                });
            }
            NextStep::Present(path) => return Ok(Outcome::Present(path)),
            NextStep::AskAgain => continue,
            NextStep::Complete => {}
            NextStep::Body(expected) => match job.receive(&mut answer, &expected, max, report) {
                Ok(()) => {}
                Err(error) => match attempts.after_error(&request.method, &error) {
                    Some(pause) => {
                        job.pause(&pause, caller);
                        continue;
                    }
                    None => return Err(error),
                },
            },
        }
        return job.finish().map(Outcome::Saved);
    }
}

const CHANGED: &str = "the file on the server may have changed";

/// A running download.
struct Job<'a> {
    wanted: &'a Download,
    request: &'a Request,
    part: Option<Partial>,
    requested: Requested,
    /// The hash of the partial file, if one is required.
    digest: Option<Sha256>,
}

/// The requested part of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Requested {
    Start,
    /// The rest of the file with this validator.
    Rest(Validator),
}

/// What to do after the headers of a response.
enum NextStep {
    /// Stop: the status has nothing to save.
    NotOurs,
    /// Send the request again, with or without a range.
    AskAgain,
    /// Finish: all bytes are already received.
    Complete,
    /// Finish: the file exists under its name, with the right hash.
    Present(PathBuf),
    /// Receive the body.
    Body(Expected),
}

struct Expected {
    /// The length of the whole file.
    whole: Option<u64>,
    /// The offset of the end of this response.
    end: Option<u64>,
}

impl Job<'_> {
    /// Requests the rest, if there is a partial file of the same version.
    fn prepare_resume(&mut self, report: &mut dyn FnMut(Step)) {
        let Some(part) = self.part.as_ref().filter(|part| part.length() > 0) else {
            return;
        };
        match part.validator() {
            Some(validator) if validator.is_of(&self.request.url) => {
                self.requested = Requested::Rest(validator);
            }
            Some(_) => report(Step::Restarting {
                why: "the partial file is from another URL",
            }),
            None => report(Step::Restarting {
                why: "the version of the partial file is unknown",
            }),
        }
    }

    fn request_to_send(&self) -> Request {
        let mut request = self.request.clone();
        if let (Requested::Rest(validator), Some(part)) = (&self.requested, &self.part) {
            let range = format!("bytes={}-", part.length());
            request.headers.push(Header::plain("range", range));
            let if_range = validator.if_range.clone();
            request.headers.push(Header::plain("if-range", if_range));
        }
        request
    }

    /// Prepares the partial file for this response.
    fn start(&mut self, head: &Head, report: &mut dyn FnMut(Step)) -> Result<NextStep, Error> {
        match (head.status, &self.requested) {
            (416, Requested::Rest(validator)) => {
                let have = self.part.as_ref().map_or(0, Partial::length);
                if unsatisfied_length(head).or(validator.length) == Some(have) {
                    return Ok(NextStep::Complete);
                }
                report(Step::Restarting {
                    why: "the partial file is longer than the file on the server",
                });
                self.requested = Requested::Start;
                Ok(NextStep::AskAgain)
            }
            (206, Requested::Rest(validator))
                if validator.contradicts(head) || self.has_other_name(head) =>
            {
                report(Step::Restarting { why: CHANGED });
                self.requested = Requested::Start;
                self.part = match &self.wanted.place {
                    Place::File(_) => self.part.take(),
                    Place::In(_) => None,
                };
                Ok(NextStep::AskAgain)
            }
            (206, Requested::Rest(validator)) => {
                let have = self.part.as_ref().map_or(0, Partial::length);
                let range = Range::of(head).filter(|range| range.start == have);
                let range = range.ok_or_else(|| Failure::Malformed {
                    why: format!("it is not the requested range from byte {have}"),
                })?;
                let is_other = |length| range.whole.is_some_and(|whole| whole != length);
                if validator.length.is_some_and(is_other) {
                    let why = "its range is of a file of another length".into();
                    return Err(Failure::Malformed { why }.into());
                }
                Ok(NextStep::Body(Expected {
                    whole: range.whole,
                    end: Some(range.end),
                }))
            }
            (206, Requested::Start) if !self.request.has_header("range") => {
                let why = "it is a part of the file, not the whole file".into();
                Err(Failure::Malformed { why }.into())
            }
            (200..=299, _) => self.start_whole(head, report),
            _ => Ok(NextStep::NotOurs),
        }
    }

    /// Whether the server chose a name that differs from the partial file's.
    fn has_other_name(&self, head: &Head) -> bool {
        match (
            &self.wanted.place,
            &self.part,
            file_name::of_disposition(head),
        ) {
            (Place::In(directory), Some(part), Some(name)) => directory.join(name) != part.target(),
            (Place::In(_) | Place::File(_), _, _) => false,
        }
    }

    fn start_whole(
        &mut self,
        head: &Head,
        report: &mut dyn FnMut(Step),
    ) -> Result<NextStep, Error> {
        // With chunks, Content-Length is ignored (RFC 9112 §6.3).
        let length = match head.header("transfer-encoding") {
            Some(_) => None,
            None => head.header("content-length").and_then(number),
        };
        let validator = match head.status {
            200 => Validator::of(head, &self.request.url, length),
            _ => None,
        };
        let named = match &self.wanted.place {
            Place::File(_) => None,
            Place::In(directory) => {
                Some(directory.join(file_name::of_answer(head, &self.request.url)))
            }
        };
        // The URL may now return a file with another name.
        let is_it = |part: &Partial| named.as_deref().is_none_or(|path| path == part.target());
        let part = match (self.part.take().filter(is_it), named) {
            (Some(part), _) => part,
            (None, None) => return Ok(NextStep::NotOurs),
            (None, Some(path)) => {
                let sha256 = self.wanted.sha256.as_deref();
                if sha256.is_some_and(|wanted| earlier::has_sha256(&path, wanted)) {
                    return Ok(NextStep::Present(path));
                }
                if self.wanted.existing == Existing::Keep && path.symlink_metadata().is_ok() {
                    // Not a usage error, because a request was sent.
                    let why = "it already exists; use --overwrite to replace it";
                    return Err(Error::malformed(path.display().to_string(), why));
                }
                let part = Partial::open(&path, self.wanted.existing)?;
                if self.wanted.start == Start::Continue && part.length() > 0 {
                    report(Step::Restarting { why: CHANGED });
                }
                part
            }
        };
        let part = self.part.insert(part);
        if matches!(self.requested, Requested::Rest(_)) && part.length() > 0 {
            report(Step::Restarting { why: CHANGED });
        }
        part.reset(validator.as_ref())?;
        self.requested = Requested::Start;
        Ok(NextStep::Body(Expected {
            whole: length,
            end: length,
        }))
    }

    fn receive(
        &mut self,
        answer: &mut Response,
        expected: &Expected,
        max: Option<u64>,
        report: &mut dyn FnMut(Step),
    ) -> Result<(), Error> {
        let Some(part) = &mut self.part else {
            return Ok(());
        };
        part.take_over()?;
        if self.wanted.sha256.is_some() {
            let digest = self.digest.insert(Sha256::new());
            part.digest(digest)?;
        }
        part.seek_end()?;
        let resumable = part.is_resumable();
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = answer.body.next(&mut buffer)?;
            if count == 0 {
                break;
            }
            let bytes = buffer.get(..count).unwrap_or_default();
            part.write(bytes)?;
            if let Some(digest) = &mut self.digest {
                digest.update(bytes);
            }
            if max.is_some_and(|max| part.length() > max) {
                let size = crate::quantity::format_size(max.unwrap_or_default());
                let why = format!("the file is larger than {size} (--max-body)");
                return Err(Failure::Malformed { why }.into());
            }
            report(Step::Receiving {
                name: part.target(),
                have: part.length(),
                whole: expected.whole,
                resumable,
            });
        }
        let is_short = |wanted: u64| part.length() != wanted;
        if expected.end.is_some_and(is_short) || expected.whole.is_some_and(is_short) {
            let wanted = expected.whole.or(expected.end).unwrap_or_default();
            let why = format!("{} of {} received", part.length(), count(wanted, "byte"));
            return Err(Failure::Truncated { why }.into());
        }
        Ok(())
    }

    /// Waits, then requests the rest, or the whole file if the version is unknown.
    fn pause(&mut self, pause: &Pause, caller: &mut Caller) {
        caller.rest(pause);
        let validator = self.part.as_ref().and_then(Partial::validator);
        self.requested = validator.map_or(Requested::Start, Requested::Rest);
    }

    fn finish(self) -> Result<PathBuf, Error> {
        let Some(mut part) = self.part else {
            return Err(Error::malformed("the download", "it has no name"));
        };
        if let Some(wanted) = &self.wanted.sha256 {
            let found = match self.digest {
                Some(digest) => digest,
                // The file was already complete.
                None => {
                    let mut digest = Sha256::new();
                    part.digest(&mut digest)?;
                    digest
                }
            };
            let found = found.finish();
            if found != *wanted {
                let name = part.target().display().to_string();
                part.discard();
                let why = format!("its SHA-256 is {found}, not {wanted}; the download was deleted");
                return Err(Error::malformed(name, why));
            }
        }
        part.commit()
    }
}
