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

/// Whether curl has an option of this name, with its dashes. `--no-NAME` of a switch is one too.
pub(crate) fn is_option(name: &str) -> bool {
    let positive = name.strip_prefix("--no-").map(|name| format!("--{name}"));
    let mut letters = name.strip_prefix('-').unwrap_or_default().chars();
    let letter = letters.next().filter(|_| letters.next().is_none());
    options::find_long(name).is_some()
        || positive.is_some_and(|positive| options::find_long(&positive).is_some())
        || letter.is_some_and(|letter| options::find_short(letter).is_some())
}

/// The longest command that is accepted.
pub(crate) const MAX_LENGTH: u64 = 1 << 20;

#[cfg(test)]
pub(crate) use options::handled;
