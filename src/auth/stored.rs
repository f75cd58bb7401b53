//! What is stored of a profile's login: looked at, and revoked.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::error::Error as AuthError;
use super::exchange;
use super::plan::TokenPlan;
use super::profile::Profile;
use super::records::StoredToken;
use super::service::Service;
use super::store::Unusable;
use super::tokens;
use super::values::Values;
use crate::error::Error;

/// What is stored of a token.
pub(crate) struct Status {
    pub file: PathBuf,
    pub token: Option<StoredToken>,
}

/// Reads what is stored, and asks nobody; `None` when nothing ever is.
///
/// # Errors
/// When the cache cannot be trusted.
pub(crate) fn status(profile: &Profile, cache: &Path) -> Result<Option<Status>, Error> {
    let Some(plan) = profile.scheme.token_plan() else {
        return Ok(None);
    };
    // Looking must not make the directory.
    if std::fs::symlink_metadata(cache).is_err() {
        return Ok(None);
    }
    match tokens::store(&profile.service, plan, cache) {
        Ok(Some(store)) => Ok(Some(Status {
            token: StoredToken::load(&store, &tokens::key(&profile.service, plan))?,
            file: store.path("token"),
        })),
        Ok(None) | Err(Unusable::Unwritable(_)) => Ok(None),
        Err(Unusable::Unsafe(error)) => Err(error.into()),
    }
}

/// What a logout did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoggedOut {
    /// Nothing was stored.
    Nothing,
    /// Forgotten here; the profile describes no way to revoke it.
    Forgotten,
    /// Revoked at the service, and forgotten here.
    Revoked,
}

/// Forgets the token, after revoking it where the service has a way to.
///
/// # Errors
/// When the cache cannot be trusted. A service that cannot be asked is an error after the token is
/// forgotten here.
pub(crate) fn logout(profile: &Profile, context: &Context) -> Result<LoggedOut, Error> {
    let Some(plan) = profile.scheme.token_plan() else {
        return Ok(LoggedOut::Nothing);
    };
    let Some(status) = status(profile, &context.cache)? else {
        return Ok(LoggedOut::Nothing);
    };
    let Ok(Some(store)) = tokens::store(&profile.service, plan, &context.cache) else {
        return Ok(LoggedOut::Nothing);
    };
    for kind in ["token", "refused", "failed"] {
        store.remove(kind);
    }
    match status.token {
        None => Ok(LoggedOut::Nothing),
        Some(stored) => revoke(&profile.service, plan, &stored, context),
    }
}

fn revoke(
    service: &Service,
    plan: &TokenPlan,
    stored: &StoredToken,
    context: &Context,
) -> Result<LoggedOut, Error> {
    let Some(exchange) = &plan.revoke else {
        return Ok(LoggedOut::Forgotten);
    };
    let mut values = Values::new(&service.name, plan);
    values.given.insert("token", stored.token.clone());
    if let Some(refresh) = &stored.refresh_token {
        values.given.insert("refresh_token", refresh.clone());
    }
    let response = exchange::ask(exchange, &mut values, &context.settings)?;
    match response.status {
        // A token that is no longer known needs no revoking.
        200..=299 | 401 | 422 => Ok(LoggedOut::Revoked),
        status => Err(Error::Auth(AuthError::Failed {
            profile: service.name.clone(),
            why: format!("forgotten here, but the service answered {status} to the logout"),
            hint: None,
        })),
    }
}
