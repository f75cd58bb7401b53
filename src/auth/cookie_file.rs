//! The file with the cookies of a profile, beside its tokens.

use std::path::{Path, PathBuf};

use super::context::Places;
use super::host;
use super::service::{Service, Share};
use super::store::{Store, Unusable, ensure_private};
use crate::error::Error;
use crate::http::cookies::file;

const KIND: &str = "cookies";

/// The file, which may not exist. `None` if the profile stores nothing.
///
/// # Errors
/// The reason why there is no directory.
pub(crate) fn cookie_file(service: &Service, places: &Places) -> Result<Option<PathBuf>, String> {
    let node = match service.share {
        Share::None => return Ok(None),
        Share::User => String::new(),
        Share::Node => host::host_name(),
    };
    let directory = match places {
        Places::In { state, .. } => state,
        Places::Nowhere(why) => return Err(why.clone()),
    };
    let origin = service.url.to_string();
    let user = service.user.as_deref().unwrap_or_default();
    let parts = [KIND, &origin, user, &node];
    Ok(Some(
        Store::named(directory, &service.name, &parts).path(KIND),
    ))
}

/// Creates the directory of such a file. Returns why that is not possible; then the cookies are kept in
/// memory.
///
/// # Errors
/// If other users can access it.
pub(crate) fn ensure_cookie_directory(file: &Path) -> Result<Option<String>, Error> {
    match ensure_private(crate::atomic_file::directory_of(file)) {
        Ok(()) => Ok(None),
        Err(Unusable::Unsafe(error)) => Err(error.into()),
        Err(Unusable::Unwritable(error)) => Ok(Some(crate::io_error::reason(&error))),
        Err(Unusable::Nowhere(why)) => Ok(Some(why)),
    }
}

/// Deletes the cookies of a profile. Returns whether there were some.
///
/// # Errors
/// If the file cannot be removed.
pub(crate) fn delete_cookies(service: &Service, places: &Places) -> Result<bool, Error> {
    match cookie_file(service, places) {
        Ok(Some(path)) => file::delete(&path),
        Ok(None) | Err(_) => Ok(false),
    }
}
