//! The metadata of an issuer (OpenID Connect Discovery 1.0, RFC 8414) and its keys. They are requested
//! for each login, refresh and logout and never stored: one process does that for all, and a stored
//! endpoint could send a refresh token to where the issuer no longer is.

use serde_json::Value as Json;

use crate::auth::error::Error as AuthError;
use crate::auth::login_call::{self, LoginResponse};
use crate::auth::plan::{Endpoint, Issuer};
use crate::deadline::Deadline;
use crate::error::Error;
use crate::escape::one_line;
use crate::http::Settings;
use crate::http::part::Header;
use crate::http::request::Request;
use crate::http::url::{Origin, Scheme, Url};
use crate::jwt::key::KeySet;

/// What an issuer publishes about itself.
pub(in crate::auth) struct Metadata {
    endpoints: Vec<(Endpoint, Url)>,
    /// The scopes that it offers; `None` if it does not say.
    pub scopes: Option<Vec<String>>,
    /// The methods of PKCE; `None` if it does not say.
    pub challenge_methods: Option<Vec<String>>,
    /// Whether each of its authorization responses has `iss` (RFC 9207 §3).
    pub names_itself: bool,
}

impl Metadata {
    /// An endpoint, if the issuer has it.
    pub(in crate::auth) fn endpoint(&self, endpoint: Endpoint) -> Option<&Url> {
        let mut endpoints = self.endpoints.iter();
        let found = endpoints.find(|(known, _)| *known == endpoint);
        found.map(|(_, url)| url)
    }

    /// Reads a document.
    ///
    /// # Errors
    /// If it is not the metadata of this issuer, or has an endpoint that is not safe.
    fn read(bytes: &[u8], issuer: &Issuer) -> Result<Metadata, String> {
        let json: Json = serde_json::from_slice(bytes).map_err(|_| "it is not JSON".to_owned())?;
        let text = |name: &str| json.get(name).and_then(Json::as_str);
        match text("issuer") {
            Some(name) if name == issuer.name => {}
            Some(name) => {
                return Err(format!(
                    "its issuer is '{}', not '{}'",
                    short(name),
                    issuer.name
                ));
            }
            None => return Err("it has no issuer".into()),
        }
        let mut endpoints = Vec::new();
        for endpoint in Endpoint::ALL {
            let member = endpoint.member();
            if let Some(text) = text(member) {
                let url = endpoint_url(text, &issuer.url.origin);
                let url = url.map_err(|why| format!("its {member} {why}"))?;
                endpoints.push((endpoint, url));
            }
        }
        let words = |name: &str| {
            let list = json.get(name)?.as_array()?.iter();
            Some(list.filter_map(Json::as_str).map(str::to_owned).collect())
        };
        let names_itself = json.get("authorization_response_iss_parameter_supported");
        Ok(Metadata {
            endpoints,
            scopes: words("scopes_supported"),
            challenge_methods: words("code_challenge_methods_supported"),
            names_itself: names_itself.and_then(Json::as_bool) == Some(true),
        })
    }
}

/// The URL of an endpoint: https, or of this machine if the issuer is.
fn endpoint_url(text: &str, issuer: &Origin) -> Result<Url, String> {
    if !text.contains("://") || text.contains('#') {
        return Err("is not a complete URL".into());
    }
    let url = Url::parse(text).map_err(|why| format!("is invalid: {why}"))?;
    let is_local = issuer.is_loopback() && url.origin.is_loopback();
    match url.origin.scheme {
        _ if url.user_info.is_some() => Err("has a user or password".into()),
        Scheme::Http if !is_local => Err("is not https".into()),
        Scheme::Http | Scheme::Https => Ok(url),
    }
}

/// Untrusted text for a message.
fn short(text: &str) -> String {
    one_line(&text.chars().take(200).collect::<String>())
}

/// Where the metadata of an issuer can be: OpenID Connect Discovery §4, then RFC 8414 §3.1.
fn places(issuer: &Url) -> [Url; 2] {
    let path = issuer.path.trim_end_matches('/');
    let at = |path: String| Url {
        path,
        ..issuer.clone()
    };
    [
        at(format!("{path}/.well-known/openid-configuration")),
        at(format!("/.well-known/oauth-authorization-server{path}")),
    ]
}

/// Requests the metadata of an issuer.
///
/// # Errors
/// If there is none, or it is not that of this issuer.
pub(in crate::auth) fn discover(
    profile: &str,
    issuer: &Issuer,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Metadata, Error> {
    let mut missing = Vec::new();
    for url in places(&issuer.url) {
        let shown = url.to_string();
        let response = get(url, settings, deadline)?;
        match response.status {
            200 => {
                let read = Metadata::read(&response.bytes, issuer);
                return read.map_err(|why| failed(profile, format!("{shown}: {why}")));
            }
            // A server without this form may respond with any of these.
            status @ 400..=499 => missing.push(format!("{shown} returned {status}")),
            status => return Err(failed(profile, format!("{shown} returned {status}"))),
        }
    }
    let why = format!("the issuer has no metadata: {}", missing.join(", "));
    Err(failed(profile, why))
}

/// Requests the keys of an issuer.
///
/// # Errors
/// If they are not a JWK set.
pub(in crate::auth) fn keys(
    profile: &str,
    metadata: &Metadata,
    settings: &Settings,
    deadline: Deadline,
) -> Result<KeySet, Error> {
    let Some(url) = metadata.endpoint(Endpoint::Keys) else {
        return Err(failed(profile, "the issuer has no jwks_uri".into()));
    };
    let response = get(url.clone(), settings, deadline)?;
    match response.status {
        200 => KeySet::parse_published(&response.bytes)
            .map_err(|error| failed(profile, format!("the keys at {url}: {error}"))),
        status => Err(failed(profile, format!("{url} returned {status}"))),
    }
}

fn get(url: Url, settings: &Settings, deadline: Deadline) -> Result<LoginResponse, Error> {
    let mut request = Request::get(url);
    request.headers.retain(|header| header.name != "accept");
    request
        .headers
        .push(Header::plain("accept", "application/json"));
    login_call::call(request, settings, deadline)
}

fn failed(profile: &str, why: String) -> Error {
    Error::Auth(AuthError::Failed {
        profile: profile.to_owned(),
        why,
        hint: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issuer(name: &str) -> Issuer {
        Issuer {
            name: name.into(),
            url: Url::parse(name).unwrap(),
            client_id: "c".into(),
        }
    }

    #[test]
    fn metadata_is_looked_for_in_both_places() {
        let shown = |name: &str| places(&issuer(name).url).map(|url| url.to_string());
        assert_eq!(
            shown("https://a.lan"),
            [
                "https://a.lan/.well-known/openid-configuration",
                "https://a.lan/.well-known/oauth-authorization-server"
            ]
        );
        assert_eq!(
            shown("https://a.lan/realms/vfx/"),
            [
                "https://a.lan/realms/vfx/.well-known/openid-configuration",
                "https://a.lan/.well-known/oauth-authorization-server/realms/vfx"
            ]
        );
    }

    #[test]
    fn metadata_of_another_issuer_or_with_unsafe_endpoints_is_refused() {
        let read = |name: &str, json: &str| Metadata::read(json.as_bytes(), &issuer(name)).err();
        let good = r#"{"issuer":"https://a.lan","token_endpoint":"https://b.lan/t?p=x"}"#;
        assert_eq!(read("https://a.lan", good), None);
        for (name, json, why) in [
            ("https://a.lan/", good, "not 'https://a.lan/'"),
            ("https://b.lan", good, "its issuer is 'https://a.lan'"),
            ("https://a.lan", "{}", "no issuer"),
            ("https://a.lan", "<html>", "not JSON"),
            (
                "https://a.lan",
                r#"{"issuer":"https://a.lan","token_endpoint":"http://a.lan/t"}"#,
                "token_endpoint is not https",
            ),
            (
                "https://a.lan",
                r#"{"issuer":"https://a.lan","jwks_uri":"http://127.0.0.1/t"}"#,
                "jwks_uri is not https",
            ),
            (
                "http://127.0.0.1:1",
                r#"{"issuer":"http://127.0.0.1:1","token_endpoint":"http://a.lan/t"}"#,
                "token_endpoint is not https",
            ),
            (
                "https://a.lan",
                r#"{"issuer":"https://a.lan","token_endpoint":"https://u:p@a.lan/t"}"#,
                "user or password",
            ),
            (
                "https://a.lan",
                r#"{"issuer":"https://a.lan","token_endpoint":"/t"}"#,
                "not a complete URL",
            ),
        ] {
            let found = read(name, json).unwrap_or_default();
            assert!(found.contains(why), "{found}");
        }
    }
}
