//! What became of a request.

use std::path::PathBuf;
use std::time::Duration;

use super::journal::{Entry, State};
use crate::error::Error;
use crate::exit::Exit;

/// What became of a request.
#[derive(Debug)]
pub(crate) struct Finished {
    pub number: u64,
    pub line: u64,
    pub id: Option<String>,
    /// How often it was sent; 0 if it was not.
    pub attempts: u32,
    /// With retries, without waits for the shared rate.
    pub time: Duration,
    pub outcome: Outcome,
    /// Why the journal does not have it. The run ends.
    pub unrecorded: Option<Error>,
}

/// The outcome of a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A whole response.
    Answered {
        status: u16,
        body: Vec<u8>,
        /// The file with the body, if it was written to one.
        saved: Option<PathBuf>,
    },
    /// The request was certainly not processed.
    Failed(Error),
    /// It may have been processed, but there is no whole response.
    Unknown(Error),
    /// It was not sent, because the run was stopped.
    Stopped,
}

impl Outcome {
    /// The state in the journal; `None` if it was not sent.
    pub(super) fn state(&self) -> Option<State> {
        match self {
            Outcome::Answered {
                status: 200..300, ..
            } => Some(State::Done),
            // From a gateway, which does not know whether the service processed the request.
            Outcome::Answered {
                status: 502 | 504, ..
            }
            | Outcome::Unknown(_) => Some(State::Unknown),
            Outcome::Answered { .. } | Outcome::Failed(_) => Some(State::Failed),
            Outcome::Stopped => None,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Outcome::Answered { status, .. } => Some(*status),
            Outcome::Failed(_) | Outcome::Unknown(_) | Outcome::Stopped => None,
        }
    }
}

impl Finished {
    /// What the journal says about it; `None` if it was not sent.
    pub(super) fn entry(&self) -> Option<Entry> {
        let (number, status) = (self.number, self.outcome.status());
        match self.outcome.state()? {
            State::Done => Some(Entry::Done {
                number,
                status: status.unwrap_or_default(),
            }),
            State::Failed => Some(Entry::Failed { number, status }),
            State::Unknown => Some(Entry::Unknown { number }),
            State::New => None,
        }
    }

    /// The state as a word, as in the journal.
    pub(crate) fn state(&self) -> &'static str {
        match self.outcome.state() {
            Some(State::Done) => "done",
            Some(State::Failed) => "failed",
            Some(State::Unknown) => "unknown",
            Some(State::New) | None => "stopped",
        }
    }

    /// The exit code for this request alone.
    pub(crate) fn exit(&self) -> Exit {
        match &self.outcome {
            Outcome::Answered { status, .. } => Exit::from_status(*status),
            Outcome::Failed(error) | Outcome::Unknown(error) => error.exit(),
            Outcome::Stopped => Exit::Done,
        }
    }
}
