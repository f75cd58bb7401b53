//! `c47 completions`: completion scripts for shells.

use argh::{ArgsInfo, FromArgs};

use crate::completions::Shell;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output;

/// Print a shell completion script. It completes commands, options, their values, files and
/// @profiles.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "completions",
    help_triggers("-h", "--help"),
    example = "c47 completions bash > ~/.local/share/bash-completion/completions/c47
c47 completions zsh > ~/.zfunc/_c47
c47 completions fish > ~/.config/fish/completions/c47.fish"
)]
pub(super) struct Completions {
    /// shell to print the script for: bash, zsh, fish or nushell
    #[argh(positional, from_str_fn(shell))]
    shell: &'static Shell,
}

/// The kinds of its values.
pub(super) const DETAILS: Details = Details {
    command: "completions",
    values: &[(
        "shell",
        Kind::checked_choice(Shell::names, |name| shell(name).map(drop)),
    )],
    json: &[],
};

impl Completions {
    pub(super) fn run(self) -> Result<Exit, Error> {
        output::bytes((self.shell.script)(&super::whole()).as_bytes())?;
        Ok(Exit::Done)
    }
}

fn shell(name: &str) -> Result<&'static Shell, String> {
    Shell::named(name).ok_or_else(|| {
        let names = Shell::names().join(", ");
        format!("'{name}' is not supported; use one of {names}")
    })
}
