//! Loads profiles, and builds the settings and context for their credentials.

use super::environment;
use crate::auth::scheme::Lifetime;
use crate::auth::{Context, Places, Profile};
use crate::config::{Config, Fault, Found};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::output::Format;
use crate::{escape, output};

/// Loads all profiles.
///
/// # Errors
/// If a configuration file cannot be used at all.
pub(super) fn load() -> Result<Config, Error> {
    Config::load(&environment::configuration_files(), environment::variable)
}

/// The profile that a command uses. Errors in other profiles are warnings.
///
/// # Errors
/// If it does not exist or has an error.
pub(super) fn named(command: &str, name: &str) -> Result<Profile, Error> {
    let config = load()?;
    warn_of_faults(command, &config, Some(name));
    config.profile(name)
}

/// Warns of errors in other profiles and of files that cannot be read.
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
        warnings.push(format!("{more} more; run 'c47 config check' to list all"));
    }
    for warning in warnings {
        output::say(format_args!(
            "{command}: warning: {}",
            escape::one_line(&warning)
        ));
    }
}

/// The settings for requests to the profile's service, without command-line options.
pub(super) fn settings(profile: &Profile) -> Settings {
    environment::settings().with(&profile.overlay)
}

/// The context for issuing a profile's credentials without a person.
pub(super) fn context(profile: &Profile, settings: Settings) -> Context<'static> {
    context_for(profile.scheme.lifetime(), settings)
}

/// The context for issuing credentials of this lifetime. Only cached ones need a directory.
pub(super) fn context_for(lifetime: Lifetime, settings: Settings) -> Context<'static> {
    Context {
        places: match lifetime {
            Lifetime::Cached => environment::places(),
            Lifetime::Lasting | Lifetime::OneRequest => Places::Nowhere("nothing is cached".into()),
        },
        aws: environment::aws(),
        deadline: Deadline::default(),
        settings,
        netrc: environment::netrc(),
        person: None,
    }
}

/// Prints a message if a list of profiles is empty, unless the output is JSON.
pub(super) fn say_if_none(command: &str, config: &Config, format: Format) {
    if format == Format::Text && config.names().next().is_none() {
        let searched = escape::one_line(&config.searched());
        output::say(format_args!(
            "{command}: no profiles configured: {searched}\nhint: run 'c47 config init' to write an example file"
        ));
    }
}

/// Prints the warnings from issuing a credential.
pub(super) fn warn(command: &str, warnings: &[String]) {
    for warning in warnings {
        output::say(format_args!("{command}: {}", escape::one_line(warning)));
    }
}
