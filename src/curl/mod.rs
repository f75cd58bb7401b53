//! curl's command line: a pasted command as words of a shell, and as options of curl. Nothing is
//! run and no variable is expanded: what a shell would compute is a source of a secret, or refused.

mod command;
mod meaning;
mod options;
mod quoting;
mod word;

pub(crate) use command::{Command, Given};
pub(crate) use meaning::Meaning;
pub(crate) use word::Word;

/// The longest command that is read.
pub(crate) const MAX_LENGTH: u64 = 1 << 20;

#[cfg(test)]
pub(crate) use options::handled;
