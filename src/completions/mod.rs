//! Completion scripts, each with the whole table of commands in it: a key press starts no program,
//! but for a word that begins with `@`, when `c47 auth profiles` is asked for the profiles.

mod bash;
mod fish;
mod nushell;
mod zsh;

use crate::outline::{Command, Kind, Stage, first_sentence, owned};
use crate::secret::Source;

/// A shell that a script can be had for.
#[derive(Debug)]
pub(crate) struct Shell {
    pub name: &'static str,
    /// The script that teaches it the commands of this one, which is c47 itself.
    pub script: fn(&Command) -> String,
}

/// All shells, in the order of the help.
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

/// What is offered for a value.
enum Offer {
    Nothing,
    Files,
    Directories,
    Profiles,
    Commands,
    Words(Vec<String>),
    /// Parts of a value, the last stage whose beginning matches. No space goes behind a part that
    /// is continued, and after `file:` files are offered.
    Staged(Vec<Stage>),
    /// A word of an HTTP request: these methods for the first; profiles after `@`, without a space
    /// behind; files after an `@` within an item.
    RequestWord(Vec<String>),
}

fn offer(kind: &Kind) -> Offer {
    match kind {
        Kind::Word | Kind::Form(_) | Kind::Duration | Kind::Size | Kind::Integer { .. } => {
            Offer::Nothing
        }
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
        // Later stages are longer: they are tried first.
        Kind::Staged(stages) => Offer::Staged(stages().into_iter().rev().collect()),
        Kind::RequestWord(methods) => Offer::RequestWord(methods()),
    }
}

/// Among the words of a stage in a script: files are offered where no word begins as typed.
const FILES: &str = "FILES";

/// The words of a stage, with the mark for files.
fn stage_words(stage: &Stage) -> Vec<&str> {
    let words = stage.words.iter().map(String::as_str);
    words.chain(stage.files.then_some(FILES)).collect()
}

/// The part of a help text that fits beside a candidate: its first clause.
fn summary(about: &str) -> String {
    let text = first_sentence(about);
    let ends = ["; ", " (default", ": "];
    let end = ends.iter().filter_map(|end| text.find(end)).min();
    text.get(..end.unwrap_or(text.len()))
        .unwrap_or(&text)
        .to_owned()
}

/// The words that lead to `command`, without the program's name: `jwt sign`.
fn words(command: &Command) -> String {
    command.path.get(1..).unwrap_or_default().join(" ")
}

/// The names of the commands right below.
fn below(command: &Command) -> Vec<&str> {
    command.commands.iter().map(Command::word).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_the_first_clause() {
        assert_eq!(summary("port to listen on; default 0"), "port to listen on");
        assert_eq!(summary("time, e.g. 30s (default: 10s)"), "time, e.g. 30s");
        assert_eq!(summary(""), "");
    }
}
