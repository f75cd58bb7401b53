//! `c47 explore`: tries a service out, on the terminal or with calls that are given.

mod evaluate;
#[cfg(feature = "tui")]
mod filters;
#[cfg(feature = "tui")]
mod mailbox;
mod openapi;
#[cfg(feature = "tui")]
mod screen;
#[cfg(feature = "tui")]
mod worker;

use argh::{ArgsInfo, FromArgs};

use super::http::SessionOptions;
use super::profile::named;
use crate::auth::Profile;
use crate::error::Error;
use crate::exit::Exit;
use crate::explore::service::Place;
use crate::http::arguments::at_profile;
use crate::outline::{Details, Kind};
use crate::output::Strings;

/// Try a service out: make calls, and use their results in the next ones.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "explore",
    help_triggers("-h", "--help"),
    example = "c47 explore @kitsu --eval 'GET /data/projects | .[0].id'",
    example = "c47 explore @kitsu --eval '$p = GET /shots | .[0].id' --eval 'GET /shots/$p'"
)]
pub(super) struct Explore {
    /// the service: @PROFILE, or a URL. Every call is below it
    #[argh(positional, arg_name = "service")]
    service: String,

    /// make this call and print its response. The line is '[$NAME =] [METHOD] PATH [ITEM…] [| FILTER]'. The
    /// result is $last in the next calls, and also $NAME. With $NAME it is not printed. May be repeated
    #[argh(option, arg_name = "line")]
    eval: Vec<String>,

    /// use the paths of an OpenAPI document: a file, or a URL. A path that does not exist is then reported
    /// with the nearest one, and the screen completes paths and parameters. By default the screen reads
    /// /openapi.json or /swagger.json of the service
    #[argh(option, arg_name = "file")]
    openapi: Option<String>,

    /// allow calls that change data. These are all methods except GET, HEAD, OPTIONS and TRACE, and a POST of
    /// a GraphQL query
    #[argh(switch)]
    yes: bool,

    /// print strings of a filter without quotes
    #[argh(switch, short = 'r')]
    raw_output: bool,

    /// send credentials from a source, such as bearer=SOURCE. The schemes are those of c47 http.
    #[argh(option, arg_name = "scheme=source")]
    auth: Option<String>,

    /// allow credentials over plain http to another machine
    #[argh(switch)]
    allow_plaintext: bool,

    /// limit the time of each call, e.g. 2.5s. A bare number is in seconds
    #[argh(option, arg_name = "duration")]
    timeout: Option<String>,

    /// trust only the roots in a PEM file, or from a source
    #[argh(option, arg_name = "file")]
    cacert: Option<String>,
}

/// What its values are.
pub(super) const DETAILS: Details = Details {
    command: "explore",
    values: &[
        ("service", Kind::Word),
        ("--eval", Kind::Word),
        ("--openapi", Kind::File),
        ("--auth", Kind::Staged(crate::auth::scheme::option_stages)),
        ("--timeout", Kind::Duration),
        ("--cacert", Kind::File),
    ],
    json: &[],
};

/// The name of the command in messages.
const COMMAND: &str = "c47 explore";

impl Explore {
    pub(super) fn run(self) -> Result<Exit, Error> {
        let (place, profile) = place_of(&self.service, |name| named(COMMAND, name))?;
        match self.eval.is_empty() {
            true => self.interactive(place, profile),
            false => evaluate::run(&self, &place, profile),
        }
    }

    #[cfg(feature = "tui")]
    fn interactive(&self, place: Place, profile: Option<Profile>) -> Result<Exit, Error> {
        screen::run(self, place, profile)
    }

    #[cfg(not(feature = "tui"))]
    fn interactive(&self, _: Place, _: Option<Profile>) -> Result<Exit, Error> {
        Err(Error::usage_hint(
            "this build of c47 has no screen: it lacks the cargo feature tui, which is on by default",
            "use --eval 'GET /path | FILTER' for each call, or c47 http for a single one",
        ))
    }

    fn session_options(&self) -> SessionOptions {
        SessionOptions {
            auth: self.auth.clone(),
            timeout: self.timeout.clone(),
            allow_plaintext: self.allow_plaintext,
            cacert: self.cacert.clone(),
        }
    }

    fn strings(&self) -> Strings {
        Strings::from_switch(self.raw_output)
    }
}

/// The service that the user named, and its profile, which `profile` reads.
fn place_of(
    service: &str,
    profile: impl FnOnce(&str) -> Result<Profile, Error>,
) -> Result<(Place, Option<Profile>), Error> {
    let Some((name, path)) = at_profile(service) else {
        return Ok((Place::of_url(service)?, None));
    };
    if !path.is_empty() && path != "/" {
        return Err(Error::usage_hint(
            format!("'{service}' is more than the name of a profile"),
            format!("use @{name}, and the path in the calls"),
        ));
    }
    let profile = profile(name)?;
    let place = Place::Profile {
        name: name.to_owned(),
        url: profile.service.url.clone(),
    };
    Ok((place, Some(profile)))
}
