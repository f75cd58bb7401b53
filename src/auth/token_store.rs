//! Finds the stored token of a service.

use std::path::Path;

use super::context::Places;
use super::error::Error;
use super::host;
use super::plan::TokenPlan;
use super::records::{StoredToken, TokenKey};
use super::service::{Service, Share};
use super::store::{Store, Unusable};

/// The key of the plan's token.
pub(super) fn key(service: &Service, plan: &TokenPlan) -> TokenKey {
    TokenKey {
        profile: service.name.clone(),
        origin: service.url.to_string(),
        user: plan.user.clone(),
        scheme: plan.kind.to_owned(),
    }
}

/// The directory for the plan's token. A token with a refresh token needs a permanent directory.
///
/// # Errors
/// The reason why there is no directory.
pub(super) fn place<'p>(plan: &TokenPlan, places: &'p Places) -> Result<&'p Path, &'p str> {
    match (places, &plan.refresh) {
        (Places::In { state, .. }, Some(_)) => Ok(state),
        (Places::In { cache, .. }, None) => Ok(cache),
        (Places::Nowhere(why), _) => Err(why),
    }
}

/// The store of the plan's token; `None` if it is not stored.
///
/// # Errors
/// As [`Store::open`].
pub(super) fn store(
    service: &Service,
    plan: &TokenPlan,
    places: &Places,
) -> Result<Option<Store>, Unusable> {
    match place(plan, places) {
        Ok(directory) => store_in(service, plan, directory),
        Err(_) if service.share == Share::None => Ok(None),
        Err(why) => Err(Unusable::Nowhere(why.to_owned())),
    }
}

/// The store in which an older version kept refresh tokens; `None` if it does not exist.
pub(super) fn legacy_store(service: &Service, plan: &TokenPlan, places: &Places) -> Option<Store> {
    let Places::In { cache, state } = places else {
        return None;
    };
    let is_separate = plan.refresh.is_some() && cache != state;
    // Reading must not create the directory.
    if !is_separate || std::fs::symlink_metadata(cache).is_err() {
        return None;
    }
    store_in(service, plan, cache).ok()?
}

fn store_in(
    service: &Service,
    plan: &TokenPlan,
    directory: &Path,
) -> Result<Option<Store>, Unusable> {
    let node = match service.share {
        Share::None => return Ok(None),
        Share::User => String::new(),
        Share::Node => host::host_name(),
    };
    let key = key(service, plan);
    let parts = [
        key.origin.as_str(),
        &key.user,
        &key.scheme,
        &plan.variant,
        &node,
    ];
    Store::open(directory, &service.name, &parts).map(Some)
}

/// The token in `store`, else one from an older version.
///
/// # Errors
/// If a file is not private to this user.
pub(super) fn load(
    service: &Service,
    plan: &TokenPlan,
    places: &Places,
    store: &Store,
) -> Result<Option<StoredToken>, Error> {
    let key = key(service, plan);
    match StoredToken::load(store, &key)? {
        Some(stored) => Ok(Some(stored)),
        None => match legacy_store(service, plan, places) {
            Some(legacy) => StoredToken::load(&legacy, &key),
            None => Ok(None),
        },
    }
}
