//! What is wrong with a frame. A leaf.

/// The kinds of problems, in the order of the report. Their words never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Missing,
    Unreadable,
    Empty,
    Truncated,
    Incomplete,
    Damaged,
    Format,
    Resolution,
    Channels,
    Type,
    Compression,
    DataWindow,
    Duplicate,
    Size,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// Unusual, possibly as intended.
    Warning,
    /// The file is whole, but not like the other frames.
    Differs,
    /// The file is not there or not whole.
    Broken,
}

impl Kind {
    /// All kinds, in the order of the report.
    pub(crate) const ALL: [Kind; 14] = [
        Kind::Missing,
        Kind::Unreadable,
        Kind::Empty,
        Kind::Truncated,
        Kind::Incomplete,
        Kind::Damaged,
        Kind::Format,
        Kind::Resolution,
        Kind::Channels,
        Kind::Type,
        Kind::Compression,
        Kind::DataWindow,
        Kind::Duplicate,
        Kind::Size,
    ];

    /// Its name in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Kind::Missing => "missing",
            Kind::Unreadable => "unreadable",
            Kind::Empty => "empty",
            Kind::Truncated => "truncated",
            Kind::Incomplete => "incomplete",
            Kind::Damaged => "damaged",
            Kind::Format => "format",
            Kind::Resolution => "resolution",
            Kind::Channels => "channels",
            Kind::Type => "type",
            Kind::Compression => "compression",
            Kind::DataWindow => "data_window",
            Kind::Duplicate => "duplicate",
            Kind::Size => "size",
        }
    }

    pub(crate) fn severity(self) -> Severity {
        match self {
            Kind::Missing
            | Kind::Unreadable
            | Kind::Empty
            | Kind::Truncated
            | Kind::Incomplete
            | Kind::Damaged => Severity::Broken,
            Kind::Format
            | Kind::Resolution
            | Kind::Channels
            | Kind::Type
            | Kind::Compression
            | Kind::DataWindow
            | Kind::Duplicate => Severity::Differs,
            Kind::Size => Severity::Warning,
        }
    }
}

impl Severity {
    /// Its name in reports.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Severity::Warning => "warning",
            Severity::Differs => "differs",
            Severity::Broken => "broken",
        }
    }
}

/// Why a file is not whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub kind: Kind,
    pub detail: String,
}

impl Fault {
    fn new(kind: Kind, detail: impl Into<String>) -> Fault {
        let detail = detail.into();
        Fault { kind, detail }
    }

    /// The file cannot be read.
    pub(crate) fn unreadable(detail: impl Into<String>) -> Fault {
        Fault::new(Kind::Unreadable, detail)
    }

    /// The file ends too early.
    pub(crate) fn truncated(detail: impl Into<String>) -> Fault {
        Fault::new(Kind::Truncated, detail)
    }

    /// The writer did not finish.
    pub(crate) fn incomplete(detail: impl Into<String>) -> Fault {
        Fault::new(Kind::Incomplete, detail)
    }

    /// The content is invalid.
    pub(crate) fn damaged(detail: impl Into<String>) -> Fault {
        Fault::new(Kind::Damaged, detail)
    }

    /// A file of 0 bytes.
    pub(crate) fn empty() -> Fault {
        Fault::new(Kind::Empty, "0 bytes")
    }
}
