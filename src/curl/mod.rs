//! Reads a pasted curl command: shell words first, then options. Nothing is run and no variable is
//! expanded. A variable becomes the source of a secret; other shell syntax is refused.

mod command;
mod meaning;
mod options;
mod quoting;
mod word;

pub(crate) use command::{Command, Given};
pub(crate) use meaning::Meaning;
pub(crate) use word::Word;

/// The longest command that is accepted.
pub(crate) const MAX_LENGTH: u64 = 1 << 20;

#[cfg(test)]
pub(crate) use options::handled;
