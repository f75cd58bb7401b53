//! The metadata service of instances, version 2: a session token is requested first.

use std::net::IpAddr;
use std::time::Duration;

use super::answer::{Members, Obtained};
use super::call::{self, Answer};
use super::environment::Environment;
use super::origin::{Metadata, Origin};
use crate::auth::error::Error as AuthError;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::http::part::Header;
use crate::http::url::{Scheme, Url};
use crate::secret::Secret;

const IPV4: &str = "http://169.254.169.254";
const IPV6: &str = "http://[fd00:ec2::254]";
const TIMEOUT: Duration = Duration::from_secs(1);
const MAX_TIMEOUT: u64 = 60;
const PATH: &str = "/latest/meta-data/iam/security-credentials/";
const HINT: &str =
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run aws configure";

/// The metadata service, unless it is disabled. `searched` says where else no credentials were found.
///
/// # Errors
/// If it is disabled, or its address is not one of this machine or its link.
pub(super) fn origin(environment: &Environment, searched: String) -> Result<Origin, Error> {
    if environment.is_true("AWS_EC2_METADATA_DISABLED") {
        return Err(Error::Auth(missing("aws", &searched, "it is disabled")));
    }
    let mode = environment.text("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE");
    let default = match mode.is_some_and(|mode| mode.eq_ignore_ascii_case("ipv6")) {
        true => IPV6,
        false => IPV4,
    };
    let given = environment.text("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    let wrong = |why: &str| Error::usage(format!("AWS_EC2_METADATA_SERVICE_ENDPOINT: {why}"));
    let text = given.unwrap_or(default).trim_end_matches('/');
    let url = Url::parse(text).map_err(|why| wrong(&why))?;
    if !is_allowed(&url) {
        return Err(wrong(
            "it must be an address of this machine or of its link",
        ));
    }
    let seconds = environment.text("AWS_METADATA_SERVICE_TIMEOUT");
    let seconds = seconds.and_then(|text| text.parse::<u64>().ok());
    let timeout = seconds.map_or(TIMEOUT, |seconds| {
        Duration::from_secs(seconds.clamp(1, MAX_TIMEOUT))
    });
    Ok(Origin::Metadata(Metadata {
        url,
        timeout,
        searched,
    }))
}

fn is_allowed(url: &Url) -> bool {
    let origin = &url.origin;
    let is_link_local = match origin.host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_unicast_link_local() || Some(address) == "fd00:ec2::254".parse().ok()
        }
        Err(_) => false,
    };
    origin.is_loopback() || (origin.scheme == Scheme::Http && is_link_local)
}

/// Gets the keys of the instance's role.
///
/// # Errors
/// If there is no metadata service, or the instance has no role.
pub(super) fn keys(
    metadata: &Metadata,
    profile: &str,
    settings: &Settings,
    deadline: Deadline,
) -> Result<Obtained, Error> {
    let absent = |why: &str| Error::Auth(missing(profile, &metadata.searched, why));
    let send = |method: &str, path: &str, header: Header| -> Result<Answer, Error> {
        let mut url = metadata.url.clone();
        url.path = format!("{}{path}", url.path.trim_end_matches('/'));
        let mut request = call::request(method, url);
        request.headers.push(header);
        call::local(request, settings, metadata.timeout, deadline)
            .map_err(|_| absent("it does not respond"))
    };
    let ttl = Header::plain("x-aws-ec2-metadata-token-ttl-seconds", "21600");
    let session = send("PUT", "/latest/api/token", ttl)?;
    if !session.is_success() {
        return Err(absent(&format!(
            "its response is {} without a token",
            session.status
        )));
    }
    let token = Secret::new(session.body.trim().as_bytes().to_vec());
    let token = || Header::secret("x-aws-ec2-metadata-token", token.clone());
    let role = send("GET", PATH, token())?;
    let name = role.body.lines().next().unwrap_or_default().trim();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    if !role.is_success() || name.is_empty() || !name.bytes().all(is_plain) {
        return Err(absent("the instance has no role"));
    }
    let answer = send("GET", &format!("{PATH}{name}"), token())?;
    Ok(Obtained::of_json(&answer, Members::Top))
}

fn missing(profile: &str, searched: &str, why: &str) -> AuthError {
    AuthError::Missing {
        profile: profile.to_owned(),
        why: format!("{searched}, and the metadata service of the instance is not used: {why}"),
        hint: Some(HINT.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_its_link_have_a_metadata_service() {
        for (text, allowed) in [
            (IPV4, true),
            (IPV6, true),
            ("http://127.0.0.1:1338", true),
            ("http://[fe80::1]", true),
            ("http://10.0.0.1", false),
            ("http://metadata.lan", false),
            ("https://metadata.lan", false),
        ] {
            assert_eq!(is_allowed(&Url::parse(text).unwrap()), allowed, "{text}");
        }
    }
}
