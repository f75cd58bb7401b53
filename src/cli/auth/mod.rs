//! `c47 auth`: logs in to the services of profiles.

mod browser;
mod exec;
mod login;
mod logout;
mod profiles;
mod status;
mod token;

use argh::{ArgsInfo, FromArgs};

use super::profile;
use crate::auth::context::Prompt;
use crate::auth::{Context, Profile};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape;
use crate::exit::Exit;
use crate::outline::Details;
use crate::output;

/// Log in to services and manage stored tokens. Exits 9 if a login is refused.
#[derive(FromArgs, ArgsInfo)]
#[argh(
    subcommand,
    name = "auth",
    help_triggers("-h", "--help"),
    example = "c47 auth login kitsu"
)]
pub(super) struct Auth {
    #[argh(subcommand)]
    command: Command,
}

/// The details of the subcommands.
pub(super) const DETAILS: &[Details] = &[
    login::DETAILS,
    token::DETAILS,
    status::DETAILS,
    logout::DETAILS,
    exec::DETAILS,
    profiles::DETAILS,
];

#[derive(FromArgs, ArgsInfo)]
#[argh(subcommand)]
enum Command {
    Login(login::Login),
    Token(token::Token),
    Status(status::Status),
    Logout(logout::Logout),
    Exec(exec::Exec),
    Profiles(profiles::Profiles),
}

impl Auth {
    pub(super) fn run(self) -> Result<Exit, Error> {
        match self.command {
            Command::Login(options) => options.run(),
            Command::Token(options) => options.run(),
            Command::Status(options) => options.run(),
            Command::Logout(options) => options.run(),
            Command::Exec(options) => options.run(),
            Command::Profiles(options) => options.run(),
        }
    }
}

/// The context for issuing credentials without a person. The profile's timeout limits all of it.
fn context(profile: &Profile) -> Context<'static> {
    let settings = profile::settings(profile);
    Context {
        deadline: Deadline::after(settings.limits.whole),
        ..profile::context(profile, settings)
    }
}

/// The error of a profile without a token.
fn no_token(profile: &Profile) -> Error {
    Error::usage(format!(
        "profile {} has no token: its auth scheme signs each request, or uses a password or no credentials",
        profile.name()
    ))
}

/// Prints what a person must do to log in.
fn show(prompt: &Prompt) {
    match prompt {
        Prompt::Code(code) => {
            output::say(format_args!(
                "Open {} and enter the code {}",
                escape::one_line(&code.page),
                escape::one_line(&code.code)
            ));
            if let Some(complete) = &code.complete {
                output::say(format_args!("or open {}", escape::one_line(complete)));
            }
        }
        Prompt::Opened(url) => output::say(format_args!(
            "Log in with the browser. If it does not open the page, open {}",
            escape::one_line(url)
        )),
        Prompt::Paste(url) => output::say(format_args!(
            "Open {}\nand log in. The browser then cannot open a page at 127.0.0.1: copy the URL of that page \
             and paste it here.",
            escape::one_line(url)
        )),
    }
}
