//! `--openapi`: reads the document from a file, from the service, or from elsewhere without credentials.

use std::path::Path;

use crate::cli::environment;
use crate::cli::http::Session;
use crate::error::Error;
use crate::explore::openapi::{Api, MAX_BYTES};
use crate::explore::service::Place;
use crate::http::request::Request;
use crate::http::url::Url;
use crate::http::{Caller, body};

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
        .map_err(|why| Error::malformed(format!("--openapi {given}"), why))
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
    if let Ok(path) = own {
        let answer = session.call(vec!["GET".to_owned(), place.word(&path)?])?;
        return match answer.head.status {
            200..=299 => Ok(answer.body),
            _ => Err(Error::malformed(format!("--openapi {given}"), answer.line)),
        };
    }
    let url = Url::parse(given).map_err(Error::usage)?;
    let mut caller = Caller::new(environment::settings());
    let mut answer = caller.call(&mut Request::get(url))?;
    match answer.head.status {
        200..=299 => Ok(answer.body.read_all(MAX_BYTES)?),
        _ => Err(Error::malformed(
            format!("--openapi {given}"),
            answer.head.status_and_reason(),
        )),
    }
}
