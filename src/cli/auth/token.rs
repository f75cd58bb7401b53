//! `c47 auth token`: prints the token, for scripts.

use std::fmt;
use std::time::Duration;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::{context, no_token};
use crate::auth::{Issuer, TokenRequirement};
use crate::cli::profile::{named, warn};
use crate::error::Error;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::{self, Format, Printer};
use crate::quantity;
use crate::timestamp::Timestamp;

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

    /// print the token and its expiry as JSON
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of the option values.
pub(super) const DETAILS: Details = Details {
    command: "auth token",
    values: &[
        ("profile", Kind::Profile),
        ("--min-ttl", Kind::Duration),
        ("--jq", Kind::Word),
    ],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Object,
        fields: &[
            Field::string("profile", "name of the profile"),
            Field::string("token", "the token, not masked"),
            Field::string("expires", "when it expires, RFC 3339").or_null(),
            Field::number("expires_in_s", "seconds until it expires").or_null(),
        ],
    }],
};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    profile: String,
    token: String,
    expires: Option<String>,
    expires_in_s: Option<i64>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.token)
    }
}

impl Token {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
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
            return Err(no_token(&profile));
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
        match printer.format() {
            // A token from a file can have any bytes.
            Format::Text => output::bytes(&[token.expose(), b"\n"].concat())?,
            Format::Json => printer.print(&Report {
                profile: profile.name().to_owned(),
                token: String::from_utf8_lossy(token.expose()).into_owned(),
                expires: issued.expires.map(|end| end.to_string()),
                expires_in_s: left,
            })?,
        }
        Ok(Exit::Done)
    }
}
