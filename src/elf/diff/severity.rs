//! How severe a change is.

/// What a change means for what uses A.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Severity {
    /// What others may need is gone.
    Break,
    /// B needs what a host may not have, or does what it may refuse.
    Warning,
    Note,
}

impl Severity {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Severity::Break => "break",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}
