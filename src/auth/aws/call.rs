//! Requests for keys: to STS and other services, and to endpoints of this machine.

use std::time::Duration;

use serde_json::Value as Json;
use zeroize::Zeroizing;

use super::keys::Keys;
use super::signature::{Mode, Scope};
use super::signer::{KeySource, Signer};
use crate::auth::login_call::{self, LOGIN_TIMEOUT};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::http::credential::Credential;
use crate::http::guard;
use crate::http::part::Header;
use crate::http::proxy::Proxies;
use crate::http::request::{Request, USER_AGENT};
use crate::http::settings::{Network, Plaintext};
use crate::http::signer::Signing;
use crate::http::url::Url;

/// A response of any status.
pub(super) struct Answer {
    pub status: u16,
    pub body: Zeroizing<String>,
    /// How many seconds the service's clock is ahead of this machine's.
    pub ahead: Option<i64>,
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub(super) fn json(&self) -> Option<Json> {
        serde_json::from_str(&self.body).ok()
    }
}

/// A request without a body or credentials.
pub(super) fn request(method: &str, url: Url) -> Request {
    Request {
        method: method.into(),
        headers: vec![
            Header::plain("user-agent", USER_AGENT),
            Header::plain("accept", "application/json"),
        ],
        ..Request::get(url)
    }
}

/// Signs the request with these keys when it is sent.
pub(super) fn signed(mut request: Request, keys: Keys, service: &str, region: &str) -> Request {
    let scope = Scope {
        region: region.to_owned(),
        service: service.to_owned(),
    };
    let signer = Signer::new(KeySource::Fixed(keys), scope, Mode::Headers);
    request.credential = Credential::Signed(Signing::new(std::sync::Arc::new(signer)));
    request
}

/// Calls a service, with the settings for logins.
///
/// # Errors
/// If it is reached over plain http on another machine, or does not respond.
pub(super) fn service(
    request: Request,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Answer, Error> {
    let mut settings = settings.clone();
    // They belong to the service of the request, not to this one.
    settings.network = Network {
        family: settings.network.family,
        overrides: settings.network.overrides,
        unix_socket: None,
    };
    settings.tls.client = None;
    // The response contains secrets, whatever the request contains.
    guard::ensure_confidential(&request.url.origin, &settings)?;
    send(request, &settings, LOGIN_TIMEOUT, deadline)
}

/// Calls an endpoint of this machine or of its link, where plain http is allowed. It is never reached
/// through a proxy.
///
/// # Errors
/// If it does not respond within the time limit.
pub(super) fn local(
    request: Request,
    settings: &Settings,
    limit: Duration,
    deadline: Deadline,
) -> Result<Answer, Error> {
    let mut settings = settings.clone();
    settings.network = Network::default();
    settings.proxies = Proxies::default();
    settings.tls.client = None;
    settings.plaintext = Plaintext::Allowed;
    settings.limits.connect = limit;
    send(request, &settings, limit, deadline)
}

fn send(
    request: Request,
    settings: &Settings,
    limit: Duration,
    deadline: Deadline,
) -> Result<Answer, Error> {
    let response = login_call::call_within(limit, request, settings, deadline)?;
    Ok(Answer {
        status: response.status,
        body: Zeroizing::new(String::from_utf8_lossy(&response.bytes).into_owned()),
        ahead: response.ahead,
    })
}
