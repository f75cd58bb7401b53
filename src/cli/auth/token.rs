//! `c47 auth token`: prints the token, for scripts.

use std::time::Duration;

use argh::{ArgsInfo, FromArgs};

use super::context;
use crate::auth::{Issuer, TokenRequirement};
use crate::cli::profile::{named, warn};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Kind};
use crate::timestamp::Timestamp;
use crate::{output, quantity};

/// Print the profile's token. Logs in first if no valid token is stored.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "token",
    help_triggers("-h", "--help"),
    example = "c47 auth token kitsu --min-ttl 5m"
)]
pub(super) struct Token {
    /// name of the profile
    #[argh(positional)]
    profile: String,

    /// require a token valid for at least this long. Gets a new one otherwise. The default is a
    /// tenth of its lifetime, at most 3m.
    #[argh(option, arg_name = "duration")]
    min_ttl: Option<String>,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "auth token",
    values: &[("profile", Kind::Profile), ("--min-ttl", Kind::Duration)],
    json: &[],
};

impl Token {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let min_ttl = match &self.min_ttl {
            Some(text) => {
                quantity::duration(text).map_err(|why| Error::usage(format!("--min-ttl: {why}")))?
            }
            None => Duration::ZERO,
        };
        let profile = named("c47 auth token", &self.profile)?;
        let want = TokenRequirement {
            min_ttl,
            ..TokenRequirement::default()
        };
        let issued = Issuer::of(&profile, context(&profile)).issue(&want)?;
        warn("c47 auth", &issued.warnings);
        let Some(token) = issued.token else {
            return Err(Error::usage(format!(
                "profile {} has no token: its auth scheme uses a password or no credentials",
                profile.name()
            )));
        };
        let left = issued.expires.map(|end| end.0 - Timestamp::now().0);
        let is_short =
            |left: &i64| Duration::from_secs(u64::try_from(*left).unwrap_or(0)) < min_ttl;
        if let Some(left) = left.filter(is_short) {
            output::say(format_args!(
                "c47 auth token: warning: {}: the new token is valid for only {left}s",
                profile.name()
            ));
        }
        output::bytes(&[token.expose(), b"\n"].concat())?;
        Ok(Exit::Done)
    }
}
