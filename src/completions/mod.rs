//! Completion scripts, each with the whole table of commands in it: a key press starts no program,
//! but for a word that begins with `@`, when `c47 auth profiles` is asked for the profiles.

mod bash;
mod fish;
mod nushell;
mod zsh;

use crate::outline::{Command, first_sentence};

/// A shell that a script can be had for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    Nushell,
}

impl Shell {
    pub const ALL: [Shell; 4] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::Nushell];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::Nushell => "nushell",
        }
    }

    /// The shell of this name.
    pub fn named(name: &str) -> Option<Shell> {
        Shell::ALL.into_iter().find(|shell| shell.name() == name)
    }
}

/// The script that teaches `shell` the commands of `whole`, which is c47 itself.
pub fn script(shell: Shell, whole: &Command) -> String {
    match shell {
        Shell::Bash => bash::script(whole),
        Shell::Zsh => zsh::script(whole),
        Shell::Fish => fish::script(whole),
        Shell::Nushell => nushell::script(whole),
    }
}

/// What a secret's source begins with.
const SOURCES: [&str; 4] = ["env:", "file:", "command:", "prompt"];

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
