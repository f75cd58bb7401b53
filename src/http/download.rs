//! Downloads: into a `.part` file beside the one they become, gone on with where they were cut.

use std::path::PathBuf;

use super::answer::Answer;
use super::begun;
use super::caller::Caller;
use super::content_range::{Range, number, unsatisfied_length};
use super::failure::Failure;
use super::file_name;
use super::head::Head;
use super::partial::Partial;
use super::request::{Header, Request};
use super::retry::Pause;
use super::validator::Validator;
use crate::crypto::digest::Sha256;
use crate::error::Error;
use crate::quantity::count;

pub(crate) use super::partial::Existing;
pub(crate) use super::wanted::{Download, Place, Start, present};

/// What happens on the way, beside what the caller's observers are told.
pub(crate) enum Step<'a> {
    /// So much is there, of so much; under this name.
    Receiving {
        name: &'a std::path::Path,
        have: u64,
        whole: Option<u64>,
        /// Whether `--continue` can go on from here.
        resumable: bool,
    },
    /// It cannot go on where it was cut: why.
    Anew { why: &'static str },
}

/// How it ended.
pub(crate) enum Outcome {
    Saved(PathBuf),
    /// It was there already, with the right hash.
    Present(PathBuf),
    /// The response to this request is none to keep: its status is not 2xx.
    Refused {
        request: Box<Request>,
        answer: Box<Answer>,
    },
}

/// Downloads what `request` asks for.
///
/// # Errors
/// When there is no answer, or not a whole one; when the file cannot be written, or its hash is
/// another. What has come stays in the `.part` file, but for a wrong hash.
pub(crate) fn download(
    wanted: &Download,
    request: &Request,
    caller: &mut Caller,
    tell: &mut dyn FnMut(Step),
) -> Result<Outcome, Error> {
    let mut attempts = caller.attempts();
    let max = caller.settings().limits.body;
    let mut job = Job {
        wanted,
        request,
        part: match &wanted.place {
            Place::File(path) => Some(Partial::open(path, wanted.existing)?),
            // Its name is asked of no server: that would use up a URL that is good for one request.
            Place::In(directory) => match wanted.start {
                Start::Anew => None,
                Start::Continue => begun::begun(directory, &request.url, wanted.existing)
                    .map(|path| Partial::open(&path, wanted.existing))
                    .transpose()?,
            },
        },
        from: From::Start,
        digest: None,
    };
    if wanted.start == Start::Continue {
        job.look_for_rest(tell);
    }
    loop {
        let mut sent = job.request_to_send();
        let mut answer = caller.call_within(&mut attempts, &mut sent)?;
        job.digest = None;
        match job.begin(&answer.head, tell)? {
            Begun::NotOurs => {
                return Ok(Outcome::Refused {
                    request: Box::new(sent),
                    answer: Box::new(answer),
                });
            }
            Begun::Present(path) => return Ok(Outcome::Present(path)),
            Begun::AskAgain => continue,
            Begun::Complete => {}
            Begun::Body(expected) => match job.receive(&mut answer, &expected, max, tell) {
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

const CHANGED: &str = "the file is not surely the one that was begun";

/// A download on its way.
struct Job<'a> {
    wanted: &'a Download,
    request: &'a Request,
    part: Option<Partial>,
    from: From,
    /// Of what is in the part, where a hash is wanted.
    digest: Option<Sha256>,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum From {
    Start,
    /// The rest of what has this validator.
    Rest(Validator),
}

/// What the head of an answer means for the file.
enum Begun {
    /// Another status: nothing to keep.
    NotOurs,
    /// The same request with, or without, a range.
    AskAgain,
    /// All of it has come already.
    Complete,
    /// The file is there, under its own name and with the wanted hash.
    Present(PathBuf),
    /// A body follows.
    Body(Expected),
}

struct Expected {
    /// The length of the whole file.
    whole: Option<u64>,
    /// Where this answer ends.
    end: Option<u64>,
}

impl Job<'_> {
    /// Asks for the rest, where there is a beginning of the same file.
    fn look_for_rest(&mut self, tell: &mut dyn FnMut(Step)) {
        let Some(part) = self.part.as_ref().filter(|part| part.length() > 0) else {
            return;
        };
        match part.validator() {
            Some(validator) if validator.is_of(&self.request.url) => {
                self.from = From::Rest(validator);
            }
            Some(_) => tell(Step::Anew {
                why: "what is there is of another URL",
            }),
            None => tell(Step::Anew {
                why: "nothing says of which version it is the beginning",
            }),
        }
    }

    fn request_to_send(&self) -> Request {
        let mut request = self.request.clone();
        if let (From::Rest(validator), Some(part)) = (&self.from, &self.part) {
            let range = format!("bytes={}-", part.length());
            request.headers.push(Header::plain("range", range));
            let if_range = validator.if_range.clone();
            request.headers.push(Header::plain("if-range", if_range));
        }
        request
    }

    /// Makes the part ready for what this head announces.
    fn begin(&mut self, head: &Head, tell: &mut dyn FnMut(Step)) -> Result<Begun, Error> {
        match (head.status, &self.from) {
            (416, From::Rest(validator)) => {
                let have = self.part.as_ref().map_or(0, Partial::length);
                if unsatisfied_length(head).or(validator.length) == Some(have) {
                    return Ok(Begun::Complete);
                }
                tell(Step::Anew {
                    why: "what is there is longer than the file",
                });
                self.from = From::Start;
                Ok(Begun::AskAgain)
            }
            (206, From::Rest(validator))
                if validator.contradicts(head) || self.has_other_name(head) =>
            {
                tell(Step::Anew { why: CHANGED });
                self.from = From::Start;
                self.part = match &self.wanted.place {
                    Place::File(_) => self.part.take(),
                    Place::In(_) => None,
                };
                Ok(Begun::AskAgain)
            }
            (206, From::Rest(validator)) => {
                let have = self.part.as_ref().map_or(0, Partial::length);
                let range = Range::of(head).filter(|range| range.start == have);
                let range = range.ok_or_else(|| Failure::Malformed {
                    why: format!("it is not the part from byte {have} on that was asked for"),
                })?;
                let is_other = |length| range.whole.is_some_and(|whole| whole != length);
                if validator.length.is_some_and(is_other) {
                    let why = "it is a part of a file of another length".into();
                    return Err(Failure::Malformed { why }.into());
                }
                Ok(Begun::Body(Expected {
                    whole: range.whole,
                    end: Some(range.end),
                }))
            }
            (206, From::Start) if !self.request.has_header("range") => {
                let why = "it is a part of the file, and the whole was asked for".into();
                Err(Failure::Malformed { why }.into())
            }
            (200..=299, _) => self.begin_whole(head, tell),
            _ => Ok(Begun::NotOurs),
        }
    }

    /// Whether the server chooses the name, and it is not that of the part.
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

    fn begin_whole(&mut self, head: &Head, tell: &mut dyn FnMut(Step)) -> Result<Begun, Error> {
        // With chunks a length is to be ignored (RFC 9112 §6.3).
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
        // The URL may have come to give a file of another name.
        let is_it = |part: &Partial| named.as_deref().is_none_or(|path| path == part.target());
        let part = match (self.part.take().filter(is_it), named) {
            (Some(part), _) => part,
            (None, None) => return Ok(Begun::NotOurs),
            (None, Some(path)) => {
                let sha256 = self.wanted.sha256.as_deref();
                if sha256.is_some_and(|wanted| begun::has_sha256(&path, wanted)) {
                    return Ok(Begun::Present(path));
                }
                if self.wanted.existing == Existing::Keep && path.symlink_metadata().is_ok() {
                    // Not a usage error: something was sent.
                    let why = "it exists already; --overwrite replaces it";
                    return Err(Error::malformed(path.display().to_string(), why));
                }
                let part = Partial::open(&path, self.wanted.existing)?;
                if self.wanted.start == Start::Continue && part.length() > 0 {
                    tell(Step::Anew { why: CHANGED });
                }
                part
            }
        };
        let part = self.part.insert(part);
        if matches!(self.from, From::Rest(_)) && part.length() > 0 {
            tell(Step::Anew { why: CHANGED });
        }
        part.begin(validator.as_ref())?;
        self.from = From::Start;
        Ok(Begun::Body(Expected {
            whole: length,
            end: length,
        }))
    }

    fn receive(
        &mut self,
        answer: &mut Answer,
        expected: &Expected,
        max: Option<u64>,
        tell: &mut dyn FnMut(Step),
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
                let size = crate::quantity::say_size(max.unwrap_or_default());
                let why = format!("the file is larger than {size} (--max-body)");
                return Err(Failure::Malformed { why }.into());
            }
            tell(Step::Receiving {
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

    /// Waits, then asks for the rest, or for all of it where no version is known.
    fn pause(&mut self, pause: &Pause, caller: &mut Caller) {
        caller.rest(pause);
        let validator = self.part.as_ref().and_then(Partial::validator);
        self.from = validator.map_or(From::Start, From::Rest);
    }

    fn finish(self) -> Result<PathBuf, Error> {
        let Some(mut part) = self.part else {
            return Err(Error::malformed("the download", "it has no name"));
        };
        if let Some(wanted) = &self.wanted.sha256 {
            let found = match self.digest {
                Some(digest) => digest,
                // It was complete already.
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
                let why = format!("its SHA-256 is {found}, not {wanted}; nothing was kept");
                return Err(Error::malformed(name, why));
            }
        }
        part.commit()
    }
}
