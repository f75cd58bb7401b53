//! Profiles for every command that uses them: loaded, and what their credentials are issued with.

use super::environment;
use crate::auth::scheme::Lifetime;
use crate::auth::{Context, Places, Profile};
use crate::config::Config;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::output::Format;
use crate::{escape, output};

/// All profiles.
///
/// # Errors
/// The first thing wrong in the configuration files.
pub(super) fn load() -> Result<Config, Error> {
    Config::load(&environment::configuration_files(), environment::variable)
}

/// How the profile's service is called where no call of the user's has options of its own.
pub(super) fn settings(profile: &Profile) -> Settings {
    environment::settings().with(&profile.overlay)
}

/// What the credentials of a profile are issued with, when nobody is there to log in.
///
/// # Errors
/// When a token would be cached and there is no place for it.
pub(super) fn context(profile: &Profile, settings: Settings) -> Result<Context<'static>, Error> {
    let mut context = without_cache(settings);
    if profile.scheme.lifetime() == Lifetime::Cached {
        context.places = environment::places()?;
    }
    Ok(context)
}

/// What credentials are issued with that are never cached.
pub(super) fn without_cache(settings: Settings) -> Context<'static> {
    Context {
        places: Places::default(),
        deadline: Deadline::default(),
        settings,
        netrc: environment::netrc(),
        show_code: None,
    }
}

/// Says that a list of profiles is empty, where people would see nothing at all.
pub(super) fn say_if_none(command: &str, config: &Config, format: Format) {
    if format == Format::Text && config.names().next().is_none() {
        let files = escape::one_line(&config.looked_in());
        output::say(format_args!(
            "{command}: there are no profiles: looked in {files}\nhint: c47 config init writes an example"
        ));
    }
}

/// Prints what could not be done while a credential was issued.
pub(super) fn warn(command: &str, warnings: &[String]) {
    for warning in warnings {
        output::say(format_args!("{command}: {}", escape::one_line(warning)));
    }
}
