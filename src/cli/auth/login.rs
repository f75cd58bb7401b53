//! `c47 auth login`: a new token, whatever is kept.

use argh::{ArgsInfo, FromArgs};

use super::{show_code, surroundings, warn};
use crate::auth::{self, Surroundings, Want};
use crate::cli::http::profile::load;
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output;

/// Log in anew, asking for what the profile's sources say `prompt`, and keep the token.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "login",
    help_triggers("-h", "--help"),
    example = "c47 auth login kitsu"
)]
pub struct Login {
    /// the profile
    #[argh(positional)]
    profile: String,
}

/// The kinds of its values.
pub const DETAILS: Details = Details {
    command: "auth login",
    values: &[("profile", Kind::Profile)],
    json: &[],
};

impl Login {
    pub fn run(self) -> Result<Exit, Error> {
        let profile = load()?.profile(&self.profile)?;
        let surroundings = Surroundings {
            tell: Some(&show_code),
            ..surroundings(&profile)?
        };
        let want = Want {
            anew: true,
            ..Want::default()
        };
        let issued = auth::issue(&profile, &want, &surroundings)?;
        warn(&issued.warnings);
        let name = &profile.name;
        match (auth::is_renewable(&profile.scheme), issued.expires) {
            (false, _) => output::say(format_args!(
                "c47 auth: {name} needs no login, its credentials are at hand"
            )),
            (true, Some(end)) => {
                output::say(format_args!("c47 auth: logged in to {name}, until {end}"));
            }
            (true, None) => output::say(format_args!("c47 auth: logged in to {name}")),
        }
        Ok(Exit::Done)
    }
}
