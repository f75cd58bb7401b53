//! Decides what may be sent over plain http: no secret, and no key that verifies a token.

use super::proxy::Route;
use super::request::Request;
use super::settings::{Plaintext, Settings, overridden};
use super::url::{Origin, Scheme};
use crate::error::Error;
use crate::redact::Secrets;

/// Ensures that a secret may be sent to `origin`: over https, on this machine, or because the user
/// allowed plain text.
///
/// # Errors
/// Names the origin.
pub(crate) fn ensure_confidential(origin: &Origin, settings: &Settings) -> Result<(), Error> {
    if settings.plaintext == Plaintext::Allowed || is_confidential(origin, settings)? {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!("credentials would be sent in plain text to {origin}"),
        "use https, or allow it with --allow-plaintext or with allow_plaintext = true in the profile",
    ))
}

/// Whether no one on the network can read what is sent to `origin`: it goes over https, or stays on this
/// machine.
///
/// # Errors
/// When the address of a proxy is invalid.
pub(crate) fn is_confidential(origin: &Origin, settings: &Settings) -> Result<bool, Error> {
    Ok(origin.scheme == Scheme::Https || stays_on_this_machine(origin, settings)?)
}

/// Ensures it for a complete request, just before it is sent.
///
/// # Errors
/// As [`ensure_confidential`].
pub(super) fn ensure_request_confidential(
    request: &Request,
    settings: &Settings,
) -> Result<(), Error> {
    // Looking for secrets takes longer.
    if request.url.origin.scheme == Scheme::Https || settings.plaintext == Plaintext::Allowed {
        return Ok(());
    }
    match request.carries_secret() {
        true => ensure_confidential(&request.url.origin, settings),
        false => Ok(()),
    }
}

/// Ensures that no one on the network can change the response to a request: it came over https, or
/// from this machine.
///
/// # Errors
/// Names the URL.
pub(crate) fn ensure_authentic(request: &Request) -> Result<(), Error> {
    let origin = &request.url.origin;
    if origin.scheme == Scheme::Https || origin.is_loopback() {
        return Ok(());
    }
    let address = request.shown_url(Secrets::Hidden);
    Err(Error::usage_hint(
        format!("{address}: over plain http anyone on the network can replace these keys"),
        "use https, or a file",
    ))
}

fn stays_on_this_machine(origin: &Origin, settings: &Settings) -> Result<bool, Error> {
    if settings.network.unix_socket.is_some() {
        return Ok(true);
    }
    let route = settings.proxies.route(origin).map_err(Error::usage)?;
    // A loopback name counts only if no override changes its address.
    let given = overridden(&settings.network.overrides, &origin.host, origin.port);
    let is_sent_elsewhere = given
        .iter()
        .any(|address| !address.to_canonical().is_loopback());
    Ok(origin.is_loopback() && !is_sent_elsewhere && matches!(route, Route::Direct))
}
