//! The file with the lines that were used to explore a service, beside the tokens of the profile.

use std::path::PathBuf;

use super::context::Places;
use super::service::Service;
use super::store::Store;

const KIND: &str = "history";

/// The file, which may not exist.
///
/// # Errors
/// The reason why there is no directory.
pub(crate) fn history_file(service: &Service, places: &Places) -> Result<PathBuf, String> {
    let directory = match places {
        Places::In { state, .. } => state,
        Places::Nowhere(why) => return Err(why.clone()),
    };
    let url = service.url.to_string();
    Ok(Store::named(directory, &service.name, &[KIND, &url]).path(KIND))
}
