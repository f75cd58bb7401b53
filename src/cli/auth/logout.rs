//! `c47 auth logout`: revokes and deletes stored tokens.

use argh::{ArgsInfo, FromArgs};

use super::context;
use crate::auth::{self, LoggedOut};
use crate::cli::environment;
use crate::cli::profile::{load, warn_of_faults};
use crate::config::Config;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output;

/// Revoke and delete the stored token. The token is revoked if the profile has revoke_url or a
/// [logout] request, or its issuer revokes tokens.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "logout",
    help_triggers("-h", "--help"),
    example = "c47 auth logout kitsu"
)]
pub(super) struct Logout {
    /// name of the profile
    #[argh(positional)]
    profile: Option<String>,

    /// log out of every profile.
    #[argh(switch)]
    all: bool,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "auth logout",
    values: &[("profile", Kind::Profile)],
    json: &[],
};

impl Logout {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let config = load()?;
        match (&self.profile, self.all) {
            (Some(name), false) => {
                warn_of_faults("c47 auth logout", &config, Some(name));
                log_out(&config, name)?;
            }
            (None, true) => return all(&config),
            _ => return Err(Error::usage("give one profile or --all")),
        }
        Ok(Exit::Done)
    }
}

fn log_out(config: &Config, name: &str) -> Result<(), Error> {
    let profile = config.profile(name)?;
    let context = context(&profile);
    let cookies = auth::delete_cookies(&profile.service, &environment::places());
    let did = match auth::logout(&profile, &context)? {
        LoggedOut::Nothing => "no token stored",
        LoggedOut::Deleted => {
            "token deleted, not revoked: the profile has no revoke_url or [logout]"
        }
        LoggedOut::NotOffered => "token deleted, not revoked: the issuer does not revoke tokens",
        LoggedOut::Revoked => "token revoked and deleted",
    };
    let also = match cookies? {
        true => "; cookies deleted",
        false => "",
    };
    output::say(format_args!("c47 auth: {name}: {did}{also}"));
    Ok(())
}

/// Logs out of every profile. A failure does not stop the others.
fn all(config: &Config) -> Result<Exit, Error> {
    let mut exit = Exit::Done;
    for name in config.names() {
        if let Err(error) = log_out(config, name) {
            output::complain("c47 auth logout", &error);
            exit = error.exit();
        }
    }
    Ok(exit)
}
