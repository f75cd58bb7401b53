//! `c47 auth token`: prints the token, for scripts.

use std::fmt;
use std::time::Duration;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use super::{context, no_token};
use crate::auth::{Issuer, Profile, TokenRequirement};
use crate::cli::profile::{named, warn};
use crate::error::Error;
use crate::exit::Exit;
use crate::http::credential::Credential;
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

    /// print the value of this request header, not the token. A service may need another
    /// value of the login in a header of its own, for example X-User-Id.
    #[argh(option, arg_name = "name")]
    header: Option<String>,

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
        ("--header", Kind::Word),
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
        if self.header.is_some() && printer.format() == Format::Json {
            return Err(Error::usage("--header cannot be used with --json"));
        }
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
        if let Some(name) = &self.header {
            return print_header(&profile, &issued.credential, name);
        }
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

/// Prints the value of a header that the credential sends.
fn print_header(profile: &Profile, credential: &Credential, name: &str) -> Result<Exit, Error> {
    match credential.header(name) {
        Some(value) => {
            output::bytes(&[value.expose(), b"\n"].concat())?;
            Ok(Exit::Done)
        }
        None => Err(Error::usage(format!(
            "profile {} sends no credentials in the header '{name}'",
            profile.name()
        ))),
    }
}
