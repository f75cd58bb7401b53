//! `c47 completions`: what a shell needs to complete c47's commands.

use argh::{ArgsInfo, FromArgs};

use crate::completions::{Shell, script};
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

/// Print the completion script of a shell: commands, options, their values, files, and @profiles.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "completions",
    help_triggers("-h", "--help"),
    example = "c47 completions bash > ~/.local/share/bash-completion/completions/c47
c47 completions zsh > ~/.zfunc/_c47
c47 completions fish > ~/.config/fish/completions/c47.fish
c47 completions nushell > ~/.config/nushell/c47-completions.nu"
)]
pub struct Completions {
    /// one of bash, zsh, fish, nushell
    #[argh(positional, from_str_fn(shell))]
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<Exit, Error> {
        output::bytes(script(self.shell, &super::whole()).as_bytes())?;
        Ok(Exit::Done)
    }
}

fn shell(name: &str) -> Result<Shell, String> {
    Shell::named(name).ok_or_else(|| {
        let names = Shell::ALL.map(Shell::name).join(", ");
        format!("no script for '{name}': one of {names}")
    })
}
