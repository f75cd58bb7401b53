//! `c47 auth exec`: runs a command with a token in its environment.

use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::process::CommandExt;
use std::process::Command;

use argh::{ArgsInfo, FromArgs};

use super::{context, no_token};
use crate::auth::{Issuer, TokenRequirement};
use crate::cli::profile::{named, warn};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::process_limits;

/// Run a command with the profile's token in its environment. The command replaces the c47
/// process: it receives signals directly, and its exit code is returned.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "exec",
    help_triggers("-h", "--help"),
    example = "c47 auth exec kitsu --env KITSU_TOKEN -- python3 publish.py"
)]
pub(super) struct Exec {
    /// name of the profile
    #[argh(positional)]
    profile: String,

    /// command to run and its arguments, after --
    #[argh(positional, arg_name = "command")]
    command: Vec<String>,

    /// set this variable to the token. The default is C47_TOKEN.
    #[argh(option, arg_name = "name")]
    env: Option<String>,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "auth exec",
    values: &[
        ("profile", Kind::Profile),
        ("command", Kind::Word),
        ("--env", Kind::Word),
    ],
    json: &[],
};

impl Exec {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let variable = self.env.as_deref().unwrap_or("C47_TOKEN");
        if variable.is_empty() || variable.contains(['=', '\0']) {
            return Err(Error::usage("--env: invalid variable name"));
        }
        let Some((program, arguments)) = self.command.split_first() else {
            return Err(Error::usage_hint(
                "no command given",
                "write c47 auth exec PROFILE -- COMMAND …",
            ));
        };
        let profile = named("c47 auth exec", &self.profile)?;
        let issued = Issuer::of(&profile, context(&profile)).issue(&TokenRequirement::default())?;
        warn("c47 auth", &issued.warnings);
        let Some(token) = issued.token else {
            return Err(no_token(&profile));
        };
        let error = process_limits::restore_limits_for(&mut Command::new(program))
            .args(arguments)
            .env(
                variable,
                std::ffi::OsString::from_vec(token.expose().to_vec()),
            )
            .exec();
        if error.kind() == io::ErrorKind::NotFound {
            return Err(Error::NoSuchProgram {
                name: program.clone(),
            });
        }
        Err(Error::file("run", std::path::Path::new(program))(error))
    }
}
