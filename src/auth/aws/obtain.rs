//! Gets keys from their origin. A role is assumed with the keys of its base.

use super::answer::Obtained;
use super::keys::Keys;
use super::origin::Origin;
use super::{container, metadata, process, queue_role, sso, sts};
use crate::auth::error::Error as AuthError;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;

/// Gets the keys. `profile` is the name for messages.
///
/// # Errors
/// If a service refuses or does not respond, or there are no credentials.
pub(crate) fn obtain(
    origin: &Origin,
    profile: &str,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Keys, Error> {
    let obtained = match origin {
        Origin::Static(keys) => return Ok(keys.clone()),
        Origin::Process(words) => return process::keys(words, deadline),
        Origin::Role(role) => {
            let base = obtain(&role.base, profile, settings, deadline)?;
            sts::assume_role(role, base, settings, deadline)
        }
        Origin::WebIdentity(identity) => sts::web_identity(identity, settings, deadline),
        Origin::Sso(sso) => sso::keys(sso, profile, settings, deadline),
        Origin::Container(container) => container::keys(container, profile, settings, deadline),
        Origin::Metadata(metadata) => metadata::keys(metadata, profile, settings, deadline),
        Origin::QueueRole(role) => {
            let base = obtain(&role.base, profile, settings, deadline)?;
            queue_role::keys(role, base, settings, deadline)
        }
    };
    match obtained? {
        Obtained::Keys(keys) => Ok(keys),
        Obtained::Refused(refusal) => Err(refusal.into_error(profile)),
        Obtained::Unusable(why) => Err(Error::Auth(AuthError::Failed {
            profile: profile.to_owned(),
            why: format!("the response is not valid: {why}"),
            hint: None,
        })),
    }
}
