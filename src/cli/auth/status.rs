//! `c47 auth status`: user, expiry and file of each stored token, without the token.

use std::fmt;
use std::time::Duration;

use argh::{ArgsInfo, FromArgs};
use nanoserde::SerJson;

use crate::auth::{self, Places, Profile};
use crate::cli::environment;
use crate::cli::profile::{load, say_if_none, warn_of_faults};
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::{Details, Field, JsonOutput, Kind, Shape};
use crate::output::Printer;
use crate::quantity::{format_ago, format_duration};
use crate::timestamp::Timestamp;

/// Show the stored token of each profile. The token is not printed, and no request is sent. Exits 1
/// if the named profile has no valid token.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "status",
    help_triggers("-h", "--help"),
    example = "c47 auth status kitsu"
)]
pub(super) struct Status {
    /// name of the profile (default: all)
    #[argh(positional)]
    profile: Option<String>,

    /// print JSON, an array of objects.
    #[argh(switch)]
    json: bool,

    /// apply a jq filter to the JSON. Implies --json. Each result is one line of compact JSON.
    #[argh(option, arg_name = "filter")]
    jq: Option<String>,

    /// print strings without quotes and escapes, with --jq
    #[argh(switch, short = 'r')]
    raw_output: bool,
}

/// The kinds of the option values, and the JSON output.
pub(super) const DETAILS: Details = Details {
    command: "auth status",
    values: &[("profile", Kind::Profile), ("--jq", Kind::Word)],
    json: &[JsonOutput {
        when: "",
        shape: Shape::Array,
        fields: &[
            Field::string("profile", "name of the profile"),
            Field::string("url", "base URL; null if the profile is broken").or_null(),
            Field::string(
                "user",
                "user name; after an OpenID Connect login the person's",
            )
            .or_null(),
            Field::string("sub", "the person's identifier at the issuer").or_null(),
            Field::string("email", "the person's email").or_null(),
            Field::string(
                "state",
                "good, expired, none (no token stored), unneeded (the scheme uses no token) or broken (see why)",
            ),
            Field::string("expires", "when the token expires, RFC 3339").or_null(),
            Field::number(
                "expires_in_s",
                "seconds until it expires, negative if it has expired",
            )
            .or_null(),
            Field::boolean("can_renew", "whether a refresh token is stored"),
            Field::string("file", "file with the token").or_null(),
            Field::string("why", "error in the profile").or_null(),
        ],
    }],
};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
struct Report {
    profile: String,
    url: Option<String>,
    user: Option<String>,
    sub: Option<String>,
    email: Option<String>,
    state: State,
    expires: Option<String>,
    expires_in_s: Option<i64>,
    can_renew: bool,
    file: Option<String>,
    why: Option<String>,
}

/// The state of a profile's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Good,
    Expired,
    /// The scheme needs a token and none is stored.
    None,
    /// The scheme uses no token.
    Unneeded,
    /// The profile has an error.
    Broken,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Good => "good",
            State::Expired => "expired",
            State::None => "none",
            State::Unneeded => "unneeded",
            State::Broken => "broken",
        }
    }

    /// The exit code for a profile named on the command line.
    fn exit(self) -> Exit {
        match self {
            State::Good | State::Unneeded => Exit::Done,
            State::Expired | State::None => Exit::No,
            State::Broken => Exit::Usage,
        }
    }
}

impl SerJson for State {
    fn ser_json(&self, depth: usize, state: &mut nanoserde::SerJsonState) {
        self.name().ser_json(depth, state);
    }
}

impl Status {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let printer = Printer::from_options(self.json, self.jq.as_deref(), self.raw_output)?;
        let config = load()?;
        let places = environment::places();
        let mut exit = Exit::Done;
        let mut reports = Vec::new();
        match &self.profile {
            Some(name) => {
                warn_of_faults("c47 auth status", &config, Some(name));
                let report = report(&config.profile(name)?, &places)?;
                exit = report.state.exit();
                reports.push(report);
            }
            None => {
                for name in config.names() {
                    let found = config
                        .profile(name)
                        .and_then(|profile| report(&profile, &places));
                    reports.push(found.unwrap_or_else(|error| broken(name, &error)));
                }
            }
        }
        say_if_none("c47 auth status", &config, printer.format());
        printer.print(&List(reports))?;
        Ok(exit)
    }
}

fn report(profile: &Profile, places: &Places) -> Result<Report, Error> {
    let mut report = Report {
        profile: profile.name().to_owned(),
        url: Some(profile.service.url.to_string()),
        user: profile.service.user.clone(),
        sub: None,
        email: None,
        state: State::Unneeded,
        expires: None,
        expires_in_s: None,
        can_renew: false,
        file: None,
        why: None,
    };
    let stored = profile.scheme.stored(&profile.service, &environment::aws());
    let Some((service, plan)) = stored else {
        return Ok(report);
    };
    report.user = Some(plan.user.clone()).filter(|user| !user.is_empty());
    report.state = State::None;
    let Some(status) = auth::status(&service, &plan, places)? else {
        if auth::is_unshared(&service, &plan, places)? {
            report.state = State::Unneeded;
        }
        return Ok(report);
    };
    let Some(stored) = status.token else {
        return Ok(report);
    };
    let now = Timestamp::now();
    let has_expired = stored.expires.is_some_and(|end| end <= now);
    report.state = if has_expired {
        State::Expired
    } else {
        State::Good
    };
    report.expires = stored.expires.map(|end| end.to_string());
    report.expires_in_s = stored.expires.map(|end| end.0.saturating_sub(now.0));
    report.can_renew = plan.refresh.is_some() && stored.refresh_token.is_some();
    if let Some(identity) = stored.identity {
        report.user = Some(identity.name().to_owned());
        report.sub = Some(identity.sub);
        report.email = identity.email;
    }
    report.file = Some(status.file.display().to_string());
    Ok(report)
}

fn broken(name: &str, error: &Error) -> Report {
    Report {
        profile: name.to_owned(),
        url: None,
        user: None,
        sub: None,
        email: None,
        state: State::Broken,
        expires: None,
        expires_in_s: None,
        can_renew: false,
        file: None,
        why: Some(error.to_string()),
    }
}

#[derive(SerJson)]
#[nserde(transparent)]
struct List(Vec<Report>);

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for report in &self.0 {
            let mut parts = Vec::new();
            parts.extend(report.user.as_ref().map(|user| format!("as {user}")));
            if let (Some(end), Some(left)) = (&report.expires, report.expires_in_s) {
                let length = Duration::from_secs(left.unsigned_abs());
                parts.push(match left > 0 {
                    true => format!("expires in {} at {end}", format_duration(length)),
                    false => format!("{}, at {end}", format_ago(length)),
                });
            }
            parts.extend(report.file.as_ref().map(|file| format!("in {file}")));
            parts.extend(report.why.clone());
            let state = report.state.name();
            let line = format!("{:<16} {state:<9} {}", report.profile, parts.join(", "));
            writeln!(f, "{}", escape::one_line(line.trim_end()))?;
        }
        Ok(())
    }
}
