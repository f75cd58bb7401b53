//! What a check found. A leaf.

use std::path::PathBuf;

/// Something to report about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub path: PathBuf,
    pub state: State,
    /// Details, on one line; empty if the state says it all.
    pub why: String,
}

/// How a file differs from what is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum State {
    /// The checksum differs.
    Failed,
    Missing,
    /// It cannot be read.
    Unreadable,
    /// It changed while it was read.
    Changed,
    /// It is not in the history.
    New,
    /// A line of a list, or a part of a history, cannot be used.
    Invalid,
    /// A symlink out of the directory, a FIFO or a device. It is not opened.
    Skipped,
}

impl State {
    pub(crate) const ALL: [State; 7] = [
        State::Failed,
        State::Missing,
        State::Unreadable,
        State::Changed,
        State::New,
        State::Invalid,
        State::Skipped,
    ];

    /// The word in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            State::Failed => "failed",
            State::Missing => "missing",
            State::Unreadable => "unreadable",
            State::Changed => "changed",
            State::New => "new",
            State::Invalid => "invalid",
            State::Skipped => "skipped",
        }
    }
}

impl Finding {
    pub(crate) fn new(path: impl Into<PathBuf>, state: State, why: impl Into<String>) -> Finding {
        Finding {
            path: path.into(),
            state,
            why: why.into(),
        }
    }
}
