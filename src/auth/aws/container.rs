//! The credentials endpoint of containers: ECS, and EKS Pod Identity.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::answer::{Members, Obtained};
use super::call;
use super::environment::Environment;
use super::origin::{Authorization, Container, Origin};
use crate::auth::error::Error as AuthError;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::http::part::Header;
use crate::http::url::{Scheme, Url};
use crate::secret::{Secret, Source};

/// The endpoint of ECS.
const ECS: &str = "http://169.254.170.2";
/// The endpoints of ECS and EKS, which are reached over plain http.
const LINK_LOCAL: [&str; 3] = ["169.254.170.2", "169.254.170.23", "fd00:ec2::23"];
const TIMEOUT: Duration = Duration::from_secs(2);

/// The endpoint in the environment, if there is one.
///
/// # Errors
/// If its URL is invalid, or plain http leads to another machine.
pub(super) fn origin(environment: &Environment) -> Result<Option<Origin>, Error> {
    let relative = environment.text("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    let full = environment.text("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    let (variable, text) = match (relative, full) {
        (Some(path), _) => (
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            format!("{ECS}/{}", path.trim_start_matches('/')),
        ),
        (None, Some(url)) => ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.to_owned()),
        (None, None) => return Ok(None),
    };
    let wrong = |why: &str| Error::usage(format!("{variable}: {why}"));
    let url = Url::parse(&text).map_err(|why| wrong(&why))?;
    if !is_allowed(&url) {
        return Err(wrong(
            "plain http is allowed only to this machine and to the endpoints of ECS and EKS",
        ));
    }
    let file = environment.text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    let token = environment.secret("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    let authorization = match (file, token) {
        (Some(file), _) => Authorization::File(PathBuf::from(file)),
        (None, Some(token)) => Authorization::Token(token),
        (None, None) => Authorization::None,
    };
    Ok(Some(Origin::Container(Container { url, authorization })))
}

fn is_allowed(url: &Url) -> bool {
    let origin = &url.origin;
    let address = origin.host.parse::<IpAddr>().ok();
    let is_known = |known: &&str| address.is_some() && known.parse::<IpAddr>().ok() == address;
    origin.scheme == Scheme::Https || origin.is_loopback() || LINK_LOCAL.iter().any(is_known)
}

/// Gets the keys.
///
/// # Errors
/// If the token cannot be read, or the endpoint does not respond.
pub(super) fn keys(
    container: &Container,
    profile: &str,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Obtained, Error> {
    let mut request = call::request("GET", container.url.clone());
    if let Some(token) = authorization(&container.authorization, deadline)? {
        request.headers.push(Header::secret("authorization", token));
    }
    let answer = match container.url.origin.scheme {
        Scheme::Https => call::service(request, settings, deadline)?,
        Scheme::Http => call::local(request, settings, TIMEOUT, deadline).map_err(|error| {
            Error::Auth(AuthError::Failed {
                profile: profile.to_owned(),
                why: format!("the credentials endpoint of the container: {error}"),
                hint: None,
            })
        })?,
    };
    Ok(Obtained::of_json(&answer, Members::Top))
}

fn authorization(from: &Authorization, deadline: Deadline) -> Result<Option<Secret>, Error> {
    match from {
        Authorization::None => Ok(None),
        Authorization::Token(token) => Ok(Some(token.clone())),
        Authorization::File(path) => {
            let source = Source::File(path.clone());
            let secret = source.read_until("container token", deadline)?;
            match secret.expose_text() {
                Ok(_) => Ok(Some(secret)),
                Err(why) => Err(Error::Secret(source.failed(why))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_allowed_only_to_the_endpoints_of_containers() {
        for (text, allowed) in [
            ("http://169.254.170.2/v2/x", true),
            ("http://169.254.170.23/v1/credentials", true),
            ("http://[fd00:ec2::23]/v1/credentials", true),
            ("http://localhost:1/x", true),
            ("http://127.0.0.2/x", true),
            ("http://[::1]/x", true),
            ("https://creds.lan/x", true),
            ("http://169.254.169.254/x", false),
            ("http://169.254.170.2.evil.lan/x", false),
            ("http://10.0.0.1/x", false),
            ("http://creds.lan/x", false),
        ] {
            assert_eq!(is_allowed(&Url::parse(text).unwrap()), allowed, "{text}");
        }
    }
}
