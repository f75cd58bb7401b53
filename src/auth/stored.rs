//! Reads and revokes the stored token of a profile.

use std::path::PathBuf;

use super::context::{Context, Places};
use super::error::Error as AuthError;
use super::exchange;
use super::lease;
use super::plan::TokenPlan;
use super::profile::Profile;
use super::records::StoredToken;
use super::service::Service;
use super::store::{Leftovers, Store, Unusable};
use super::token_store;
use super::values::Values;
use crate::error::Error;

/// The stored token and its file.
pub(crate) struct Status {
    pub file: PathBuf,
    pub token: Option<StoredToken>,
}

/// Reads the stored token without a request; `None` if the scheme stores none.
///
/// # Errors
/// If the cache is not private.
pub(crate) fn status(profile: &Profile, places: &Places) -> Result<Option<Status>, Error> {
    let Some(plan) = profile.scheme.token_plan() else {
        return Ok(None);
    };
    for store in stores(profile, plan, places)? {
        let token = StoredToken::load(&store, &token_store::key(&profile.service, plan))?;
        if token.is_some() {
            return Ok(Some(Status {
                token,
                file: store.path("token"),
            }));
        }
    }
    Ok(None)
}

/// The stores that may contain the token, including that of an older version.
fn stores(profile: &Profile, plan: &TokenPlan, places: &Places) -> Result<Vec<Store>, Error> {
    let mut stores = Vec::new();
    // Reading must not create the directory.
    if token_store::place(plan, places).is_ok_and(|place| std::fs::symlink_metadata(place).is_ok())
    {
        match token_store::store(&profile.service, plan, places) {
            Ok(store) => stores.extend(store),
            Err(Unusable::Unwritable(_) | Unusable::Nowhere(_)) => {}
            Err(Unusable::Unsafe(error)) => return Err(error.into()),
        }
    }
    stores.extend(token_store::legacy_store(&profile.service, plan, places));
    Ok(stores)
}

/// The result of a logout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoggedOut {
    /// No token was stored.
    Nothing,
    /// Deleted, but the profile does not define how to revoke it.
    Deleted,
    /// Revoked at the service and deleted.
    Revoked,
}

/// Deletes the token, and revokes it if the profile defines how.
///
/// # Errors
/// If the cache is not private, or a file cannot be removed. A failed revocation is an error after
/// the token was deleted.
pub(crate) fn logout(profile: &Profile, context: &Context) -> Result<LoggedOut, Error> {
    let Some(plan) = profile.scheme.token_plan() else {
        return Ok(LoggedOut::Nothing);
    };
    let status = status(profile, &context.places)?;
    let mut deleted = Ok(());
    for store in stores(profile, plan, &context.places)? {
        for kind in ["token", "refused", "failed"] {
            let removed = store.remove(kind);
            deleted = deleted.and(removed.map_err(Error::file("remove", &store.path(kind))));
        }
        let path = store.path("token");
        let swept = store.sweep(Leftovers::All);
        let swept = swept.and(lease::remove_dead(&store));
        deleted = deleted.and(swept.map_err(Error::file("remove the leftovers of", &path)));
    }
    // Revoke even if a file cannot be removed: the token is then useless.
    let revoked = match status.and_then(|status| status.token) {
        None => Ok(LoggedOut::Nothing),
        Some(stored) => revoke(&profile.service, plan, &stored, context),
    };
    deleted.and(revoked)
}

fn revoke(
    service: &Service,
    plan: &TokenPlan,
    stored: &StoredToken,
    context: &Context,
) -> Result<LoggedOut, Error> {
    let Some(exchange) = &plan.revoke else {
        return Ok(LoggedOut::Deleted);
    };
    let mut values = Values::new(&service.name, plan, context.deadline);
    values.given.insert("token", stored.token.clone());
    if let Some(refresh) = &stored.refresh_token {
        values.given.insert("refresh_token", refresh.clone());
    }
    values.also.clone_from(&stored.also);
    let response = exchange::send(exchange, &mut values, &context.settings, context.deadline)?;
    match response.status {
        // An unknown token does not need to be revoked.
        200..=299 | 401 | 422 => Ok(LoggedOut::Revoked),
        status => Err(Error::Auth(AuthError::Failed {
            profile: service.name.clone(),
            why: format!(
                "the token was deleted, but the service returned {status} for the logout request"
            ),
            hint: None,
        })),
    }
}
