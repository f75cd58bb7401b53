//! Completion scripts. Each contains the whole table of commands, so that a key press starts no
//! program, except `c47 auth profiles` for a word that starts with `@`.

mod bash;
mod fish;
mod nushell;
mod zsh;

use crate::outline::{Command, Kind, Stage, first_sentence, owned};
use crate::secret::Source;

/// A shell with a completion script.
#[derive(Debug)]
pub(crate) struct Shell {
    pub name: &'static str,
    /// Makes the script for c47 with its commands.
    pub script: fn(&Command) -> String,
}

/// All supported shells, in the order of the help.
pub(crate) const SHELLS: [Shell; 4] = [
    Shell {
        name: "bash",
        script: bash::script,
    },
    Shell {
        name: "zsh",
        script: zsh::script,
    },
    Shell {
        name: "fish",
        script: fish::script,
    },
    Shell {
        name: "nushell",
        script: nushell::script,
    },
];

impl Shell {
    /// The names of all shells.
    pub(crate) fn names() -> Vec<String> {
        SHELLS.map(|shell| shell.name.to_owned()).to_vec()
    }

    /// The shell of this name.
    pub(crate) fn named(name: &str) -> Option<&'static Shell> {
        SHELLS.iter().find(|shell| shell.name == name)
    }
}

/// What completion offers for a value.
enum Offer {
    Nothing,
    Files,
    Directories,
    Profiles,
    Commands,
    Words(Vec<String>),
    /// The next part of a value, from the last stage that matches. A part that is continued gets no
    /// space, and after `file:` files are offered.
    Staged(Vec<Stage>),
    /// A word of an HTTP request: these methods for the first word, profiles after `@` (without a
    /// space), and files after an `@` in an item.
    RequestWord(Vec<String>),
}

fn offer(kind: &Kind) -> Offer {
    match kind {
        Kind::Word
        | Kind::Form(_)
        | Kind::Range
        | Kind::Duration
        | Kind::Size
        | Kind::Integer { .. } => Offer::Nothing,
        Kind::File => Offer::Files,
        Kind::Directory => Offer::Directories,
        Kind::Profile => Offer::Profiles,
        Kind::Command => Offer::Commands,
        Kind::Source | Kind::Key => Offer::Staged(vec![Stage {
            after: String::new(),
            words: owned(&Source::PREFIXES),
            files: matches!(kind, Kind::Key),
        }]),
        Kind::Choice { words, .. } => Offer::Words(words()),
        // Later stages are longer, so they are tried first.
        Kind::Staged(stages) => Offer::Staged(stages().into_iter().rev().collect()),
        Kind::RequestWord(methods) => Offer::RequestWord(methods()),
    }
}

/// A mark in the words of a stage: files are offered if no word matches.
const FILES: &str = "FILES";

/// The words of a stage, with the mark for files.
fn stage_words(stage: &Stage) -> Vec<&str> {
    let words = stage.words.iter().map(String::as_str);
    words.chain(stage.files.then_some(FILES)).collect()
}

/// The first clause of a help text, to show next to a candidate.
fn summary(about: &str) -> String {
    let text = first_sentence(about);
    let ends = ["; ", " (default", ": "];
    let end = ends.iter().filter_map(|end| text.find(end)).min();
    text.get(..end.unwrap_or(text.len()))
        .unwrap_or(&text)
        .to_owned()
}

/// The words of `command` without the name of the program: `jwt sign`.
fn words(command: &Command) -> String {
    command.path.get(1..).unwrap_or_default().join(" ")
}

/// The names of the subcommands.
fn below(command: &Command) -> Vec<&str> {
    command.commands.iter().map(Command::word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_is_the_first_clause() {
        assert_eq!(summary("port to listen on; default 0"), "port to listen on");
        assert_eq!(summary("time, e.g. 30s (default: 10s)"), "time, e.g. 30s");
        assert_eq!(summary(""), "");
    }
}
