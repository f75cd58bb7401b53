//! Profiles for every command that uses them: loaded, and what their credentials are issued with.

use super::environment;
use crate::auth::scheme::Lifetime;
use crate::auth::{Context, Places, Profile};
use crate::config::{Config, Fault, Found};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::output::Format;
use crate::{escape, output};

/// All profiles.
///
/// # Errors
/// A configuration file that cannot be used at all.
pub(super) fn load() -> Result<Config, Error> {
    Config::load(&environment::configuration_files(), environment::variable)
}

/// The profile that a command uses. What is wrong with others is a warning.
///
/// # Errors
/// What is wrong with it, or that there is none.
pub(super) fn named(command: &str, name: &str) -> Result<Profile, Error> {
    let config = load()?;
    warn_of_faults(command, &config, Some(name));
    config.profile(name)
}

/// Warns of what is wrong in the configuration and concerns other profiles than this one, and of
/// files that could not be read.
pub(super) fn warn_of_faults(command: &str, config: &Config, profile: Option<&str>) {
    const MOST: usize = 5;
    let unreadable = config.files.iter().filter_map(|(path, found)| match found {
        Found::Unreadable(_) => Some(format!("{}: {found}", path.display())),
        Found::Read | Found::Missing => None,
    });
    let faults = config.other_faults(profile).map(Fault::to_string);
    let mut warnings: Vec<String> = unreadable.chain(faults).collect();
    let more = warnings.len().saturating_sub(MOST);
    if more > 0 {
        warnings.truncate(MOST);
        warnings.push(format!("and {more} more: 'c47 config check' lists them"));
    }
    for warning in warnings {
        output::say(format_args!(
            "{command}: warning: {}",
            escape::one_line(&warning)
        ));
    }
}

/// How the profile's service is called where no call of the user's has options of its own.
pub(super) fn settings(profile: &Profile) -> Settings {
    environment::settings().with(&profile.overlay)
}

/// What the credentials of a profile are issued with, when nobody is there to log in.
pub(super) fn context(profile: &Profile, settings: Settings) -> Context<'static> {
    let mut context = without_cache(settings);
    if profile.scheme.lifetime() == Lifetime::Cached {
        context.places = environment::places();
    }
    context
}

/// What credentials are issued with that are never cached.
pub(super) fn without_cache(settings: Settings) -> Context<'static> {
    Context {
        places: Places::Nowhere("nothing is cached".into()),
        deadline: Deadline::default(),
        settings,
        netrc: environment::netrc(),
        show_code: None,
    }
}

/// Says that a list of profiles is empty, where people would see nothing at all.
pub(super) fn say_if_none(command: &str, config: &Config, format: Format) {
    if format == Format::Text && config.names().next().is_none() {
        let searched = escape::one_line(&config.searched());
        output::say(format_args!(
            "{command}: there are no profiles: {searched}\nhint: c47 config init writes an example"
        ));
    }
}

/// Prints what could not be done while a credential was issued.
pub(super) fn warn(command: &str, warnings: &[String]) {
    for warning in warnings {
        output::say(format_args!("{command}: {}", escape::one_line(warning)));
    }
}
