//! What is stored of a profile's login: looked at, and revoked.

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

/// What is stored of a token.
pub(crate) struct Status {
    pub file: PathBuf,
    pub token: Option<StoredToken>,
}

/// Reads what is stored, and asks nobody; `None` when nothing ever is.
///
/// # Errors
/// When the cache cannot be trusted.
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

/// Where the token may be: in its place, and in that of a former version.
fn stores(profile: &Profile, plan: &TokenPlan, places: &Places) -> Result<Vec<Store>, Error> {
    let mut stores = Vec::new();
    // Looking must not make the directory.
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

/// Forgets the token, and revokes it where the service has a way to.
///
/// # Errors
/// When the cache cannot be trusted, or a file stays. A service that cannot be asked is an error
/// after the token is forgotten here.
pub(crate) fn logout(profile: &Profile, context: &Context) -> Result<LoggedOut, Error> {
    let Some(plan) = profile.scheme.token_plan() else {
        return Ok(LoggedOut::Nothing);
    };
    let status = status(profile, &context.places)?;
    let mut forgotten = Ok(());
    for store in stores(profile, plan, &context.places)? {
        for kind in ["token", "refused", "failed"] {
            let removed = store.remove(kind);
            forgotten = forgotten.and(removed.map_err(Error::file("remove", &store.path(kind))));
        }
        let path = store.path("token");
        let swept = store.sweep(Leftovers::All);
        let swept = swept.and(lease::remove_dead(&store));
        forgotten = forgotten.and(swept.map_err(Error::file("remove what is left of", &path)));
    }
    // What cannot be removed is of no use once it is revoked.
    let revoked = match status.and_then(|status| status.token) {
        None => Ok(LoggedOut::Nothing),
        Some(stored) => revoke(&profile.service, plan, &stored, context),
    };
    forgotten.and(revoked)
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
    let mut values = Values::new(&service.name, plan, context.deadline);
    values.given.insert("token", stored.token.clone());
    if let Some(refresh) = &stored.refresh_token {
        values.given.insert("refresh_token", refresh.clone());
    }
    let response = exchange::send(exchange, &mut values, &context.settings, context.deadline)?;
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
