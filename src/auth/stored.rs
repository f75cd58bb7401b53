//! Reads and revokes the stored token of a profile.

use std::path::PathBuf;

use super::context::{Context, Places};
use super::error::Error as AuthError;
use super::exchange;
use super::lease;
use super::plan::{Endpoint, Exchange, Revocation, Target, TokenPlan};
use super::profile::Profile;
use super::records::StoredToken;
use super::refusal;
use super::service::Service;
use super::store::{Leftovers, Store, Unusable};
use super::token_store;
use super::tokens::UNSHARED;
use super::values::Values;
use crate::error::Error;

/// The stored token and its file.
pub(crate) struct Status {
    pub file: PathBuf,
    pub token: Option<StoredToken>,
}

/// Reads the stored token without a request; `None` if none is stored.
///
/// # Errors
/// If the cache is not private.
pub(crate) fn status(
    service: &Service,
    plan: &TokenPlan,
    places: &Places,
) -> Result<Option<Status>, Error> {
    for store in stores(service, plan, places)? {
        let token = StoredToken::load(&store, &token_store::key(service, plan))?;
        if token.is_some() {
            return Ok(Some(Status {
                token,
                file: store.path("token"),
            }));
        }
    }
    Ok(None)
}

/// Whether the token is made for each process or request, and never stored.
///
/// # Errors
/// If the cache is not private.
pub(crate) fn is_unshared(
    service: &Service,
    plan: &TokenPlan,
    places: &Places,
) -> Result<bool, Error> {
    for store in stores(service, plan, places)? {
        if store.read(UNSHARED)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The stores that may contain the token, including that of an older version.
fn stores(service: &Service, plan: &TokenPlan, places: &Places) -> Result<Vec<Store>, Error> {
    let mut stores = Vec::new();
    // Reading must not create the directory.
    if token_store::place(plan, places).is_ok_and(|place| std::fs::symlink_metadata(place).is_ok())
    {
        match token_store::store(service, plan, places) {
            Ok(store) => stores.extend(store),
            Err(Unusable::Unwritable(_) | Unusable::Nowhere(_)) => {}
            Err(Unusable::Unsafe(error)) => return Err(error.into()),
        }
    }
    stores.extend(token_store::legacy_store(service, plan, places));
    Ok(stores)
}

/// The result of a logout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LoggedOut {
    /// No token was stored.
    Nothing,
    /// Deleted, but the profile does not define how to revoke it.
    Deleted,
    /// Deleted, but the issuer does not offer to revoke it.
    NotOffered,
    /// Revoked at the service and deleted.
    Revoked,
}

/// Deletes the token, and revokes it if the profile defines how.
///
/// # Errors
/// If the cache is not private, or a file cannot be removed. A failed revocation is an error after
/// the token was deleted.
pub(crate) fn logout(profile: &Profile, context: &Context) -> Result<LoggedOut, Error> {
    let Some((service, plan)) = profile.scheme.stored(&profile.service, &context.aws) else {
        return Ok(LoggedOut::Nothing);
    };
    let status = status(&service, &plan, &context.places)?;
    let mut deleted = Ok(());
    for store in stores(&service, &plan, &context.places)? {
        for kind in ["token", "refused", "failed", UNSHARED] {
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
        Some(stored) => revoke(&service, &plan, &stored, context),
    };
    deleted.and(revoked)
}

fn revoke(
    service: &Service,
    plan: &TokenPlan,
    stored: &StoredToken,
    context: &Context,
) -> Result<LoggedOut, Error> {
    let mut values = Values::new(&service.name, plan, context.deadline);
    if let Some(refresh) = &stored.refresh_token {
        values.given.insert("refresh_token", refresh.clone());
    }
    values.also.clone_from(&stored.also);
    let refresh = stored.refresh_token.as_ref();
    let tokens = refresh
        .map(|token| ("refresh_token", token))
        .into_iter()
        .chain([("access_token", &stored.token)]);
    match &plan.revoke {
        None => return Ok(LoggedOut::Deleted),
        Some(Revocation::Session(exchange)) => {
            values.given.insert("token", stored.token.clone());
            send_revocation(service, exchange, &mut values, context)?;
        }
        Some(Revocation::EachToken(exchange)) => {
            if exchange.target == Target::Discovered(Endpoint::Revocation) {
                let metadata = values.metadata(&context.settings)?;
                if metadata.endpoint(Endpoint::Revocation).is_none() {
                    return Ok(LoggedOut::NotOffered);
                }
            }
            let mut is_revoked = false;
            for (hint, token) in tokens {
                values.given.insert("token", token.clone());
                values.public.insert("token_type_hint", hint.to_owned());
                is_revoked |= send_revocation(service, exchange, &mut values, context)?;
            }
            if !is_revoked {
                return Ok(LoggedOut::NotOffered);
            }
        }
    }
    Ok(LoggedOut::Revoked)
}

/// Whether the service revoked the token; false if it cannot revoke tokens of this type.
fn send_revocation(
    service: &Service,
    exchange: &Exchange,
    values: &mut Values,
    context: &Context,
) -> Result<bool, Error> {
    let response = exchange::send(exchange, values, &context.settings, context.deadline)?;
    let code = response.json.as_ref().and_then(refusal::code);
    match response.status {
        200..=299 => Ok(true),
        // An unknown token does not need to be revoked.
        401 | 422 if code != Some("invalid_client") => Ok(true),
        // RFC 7009 §2.2.1: for example an access token that ends with its refresh token.
        400 if code == Some("unsupported_token_type") => Ok(false),
        status => Err(Error::Auth(AuthError::Failed {
            profile: service.name.clone(),
            why: format!(
                "the token was deleted, but the service returned {status} for the logout request"
            ),
            hint: None,
        })),
    }
}
