//! `c47 auth login`: gets a new token even if one is stored.

use argh::{ArgsInfo, FromArgs};

use super::{browser, context, show};
use crate::auth::scheme::Lifetime;
use crate::auth::{self, Context, Issuer, Person, Profile, Storage, TokenRequirement};
use crate::cli::environment;
use crate::cli::profile::{named, warn};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::output;

/// Log in and store the token. Replaces a stored token. Prompts for each secret with the source `prompt`.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "login",
    help_triggers("-h", "--help"),
    example = "c47 auth login kitsu"
)]
pub(super) struct Login {
    /// name of the profile
    #[argh(positional)]
    profile: String,

    /// open no browser. Shows a code for another device, or the page's URL. Without a display and over
    /// ssh no browser is opened in any case.
    #[argh(switch)]
    no_browser: bool,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "auth login",
    values: &[("profile", Kind::Profile)],
    json: &[],
};

impl Login {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let profile = named("c47 auth login", &self.profile)?;
        let context = Context {
            person: Some(Person {
                show: &show,
                open: browser::opener().filter(|_| !self.no_browser),
            }),
            // No time limit: a person types the password or code.
            deadline: Deadline::default(),
            ..context(&profile)
        };
        let want = TokenRequirement {
            login: auth::Login::Always,
            ..TokenRequirement::default()
        };
        let issued = Issuer::of(&profile, context).issue(&want)?;
        warn("c47 auth", &issued.warnings);
        let name = profile.name();
        if issued.storage == Storage::Failed {
            output::say(format_args!(
                "c47 auth: logged in to {name}, but the token could not be stored"
            ));
            return Ok(Exit::Failed);
        }
        match (profile.scheme.lifetime(), issued.expires) {
            (Lifetime::Lasting | Lifetime::OneRequest, _) => output::say(format_args!(
                "c47 auth: {name} needs no login: its credentials come from the profile"
            )),
            (Lifetime::Cached, Some(end)) => {
                let who = who(&profile)?;
                output::say(format_args!(
                    "c47 auth: logged in to {name}{who}; the token expires {end}"
                ));
            }
            (Lifetime::Cached, None) => {
                let who = who(&profile)?;
                output::say(format_args!("c47 auth: logged in to {name}{who}"));
            }
        }
        Ok(Exit::Done)
    }
}

/// " as NAME", if an ID token has the name.
fn who(profile: &Profile) -> Result<String, Error> {
    let stored = profile.scheme.stored(&profile.service, &environment::aws());
    let Some((service, plan)) = stored else {
        return Ok(String::new());
    };
    let status = auth::status(&service, &plan, &environment::places())?;
    let identity = status
        .and_then(|status| status.token)
        .and_then(|token| token.identity);
    Ok(identity.map_or(String::new(), |identity| {
        format!(" as {}", escape::one_line(identity.name()))
    }))
}
