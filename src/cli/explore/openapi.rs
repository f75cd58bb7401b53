//! `--openapi`: reads the document from a file, from the service, or from elsewhere without credentials.

use std::path::Path;

use crate::cli::http::{Answer, Session};
use crate::error::Error;
use crate::explore::openapi::Api;
use crate::explore::service::Place;
use crate::http::body;
use crate::redact;

/// Reads the document of the option, if it is given.
///
/// # Errors
/// When it cannot be read, or is not an OpenAPI document.
pub(super) fn read(
    given: Option<&str>,
    place: &Place,
    session: &mut Session,
) -> Result<Option<Api>, Error> {
    let Some(given) = given else {
        return Ok(None);
    };
    let bytes = match given.contains("://") || given.starts_with('/') && !Path::new(given).exists()
    {
        false => of_file(given)?,
        true => of_url(given, place, session)?,
    };
    let api = Api::parse(&bytes, place.url());
    api.map(Some)
        .map_err(|why| Error::malformed(named(given), why))
}

/// The option with its value, whose password and query may be secrets.
fn named(given: &str) -> String {
    format!("--openapi {}", redact::url(given))
}

fn of_file(path: &str) -> Result<Vec<u8>, Error> {
    body::read_text(path).map(String::into_bytes)
}

/// A document of the service is read with its credentials.
fn of_url(given: &str, place: &Place, session: &mut Session) -> Result<Vec<u8>, Error> {
    let own = match given.starts_with('/') {
        true => Ok(given.to_owned()),
        false => place.path_of(given),
    };
    let answer: Answer = match own {
        Ok(path) => session.call(vec!["GET".to_owned(), place.word(&path)?])?,
        Err(_) => {
            let mut elsewhere = session.without_credentials();
            elsewhere.call(vec!["GET".to_owned(), given.to_owned()])?
        }
    };
    match answer.head.status {
        200..=299 => Ok(answer.body),
        _ => Err(Error::malformed(named(given), answer.line)),
    }
}
