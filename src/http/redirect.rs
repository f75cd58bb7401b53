//! Follows redirects (RFC 9110 §15.4) with two rules: credentials never leave their origin, and a
//! redirect from https to http is not followed.

use super::body::Body;
use super::head::Head;
use super::request::Request;
use super::settings::RedirectedBody;
use super::url::{Scheme, Url};

/// The target of a response.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// None: it is not a redirect.
    None,
    Url(Url),
    /// A place that is not followed, for this reason.
    Refused {
        to: String,
        why: &'static str,
    },
}

/// The target of the response to `request`.
pub(super) fn target(head: &Head, request: &Request, redirected_body: RedirectedBody) -> Target {
    let from = &request.url;
    if !matches!(head.status, 301 | 302 | 303 | 307 | 308) {
        return Target::None;
    }
    let Some(location) = head.header("location") else {
        return Target::None;
    };
    match from.join(location) {
        Err(_) => Target::Refused {
            to: location.to_owned(),
            why: "it is not an http or https URL",
        },
        Ok(next) if from.origin.scheme == Scheme::Https && next.origin.scheme == Scheme::Http => {
            Target::Refused {
                to: next.to_string(),
                why: "it leads from https to http",
            }
        }
        Ok(next)
            if request.body != Body::None
                && !becomes_get(&request.method, head.status)
                && next.origin != from.origin
                && redirected_body == RedirectedBody::Refused =>
        {
            Target::Refused {
                to: next.to_string(),
                why: "the body would be sent to another origin; use --redirect-body to allow it",
            }
        }
        Ok(next) => Target::Url(next),
    }
}

/// Whether 301 and 302 turn a POST into a GET, as all clients do; 307 and 308 never do.
fn becomes_get(method: &str, status: u16) -> bool {
    status == 303 || (matches!(status, 301 | 302) && method == "POST")
}

/// Changes the request for the redirect with this `status`.
pub(super) fn apply(request: &mut Request, status: u16, next: Url) {
    if becomes_get(&request.method, status) {
        request.become_get();
    }
    if !request.keeps_credentials_at(&next) {
        request.leave_origin();
    }
    request.move_to(next);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::credential::Credential;
    use crate::http::part::{Header, Value};
    use crate::secret::Secret;

    fn request(method: &str) -> Request {
        Request {
            method: method.into(),
            url: Url::parse("https://a.lan/x").unwrap(),
            headers: vec![Header {
                name: "X-Api-Key".into(),
                value: Value::Plain("k".into()),
            }],
            credential: Credential::Header {
                name: "authorization".into(),
                value: Secret::new(b"s".to_vec()),
            },
            body: Body::Bytes {
                bytes: b"x".to_vec(),
                content_type: None,
            },
            path_prefix: None,
            cookies: None,
        }
    }

    #[test]
    fn path_outside_the_prefix_drops_credentials() {
        for (next, keeps) in [
            ("https://a.lan/x/y", true),
            ("https://a.lan/x", true),
            ("https://a.lan/xy", false),
            ("https://a.lan/", false),
            ("https://a.lan/x/%2e%2e/y", false),
        ] {
            let mut request = request("GET");
            request.path_prefix = Some("/x".into());
            apply(&mut request, 302, Url::parse(next).unwrap());
            assert_eq!(request.credential != Credential::None, keeps, "{next}");
            assert_eq!(request.has_header("x-api-key"), keeps, "{next}");
        }
    }

    #[test]
    fn redirect_status_decides_method_and_body() {
        for (method, status, becomes, keeps_body) in [
            ("POST", 301, "GET", false),
            ("POST", 302, "GET", false),
            ("POST", 303, "GET", false),
            ("PUT", 303, "GET", false),
            ("HEAD", 303, "HEAD", false),
            ("PUT", 301, "PUT", true),
            ("POST", 307, "POST", true),
            ("POST", 308, "POST", true),
        ] {
            let mut request = request(method);
            apply(&mut request, status, Url::parse("https://a.lan/y").unwrap());
            assert_eq!(
                (request.method.as_str(), request.body != Body::None),
                (becomes, keeps_body),
                "{method} {status}"
            );
            assert!(request.credential != Credential::None && request.has_header("x-api-key"));
        }
    }

    #[test]
    fn another_port_host_or_scheme_is_another_origin() {
        for next in [
            "https://a.lan:8443/",
            "https://b.lan/",
            "http://a.lan/",
            "https://sub.a.lan/",
        ] {
            let mut request = request("GET");
            apply(&mut request, 302, Url::parse(next).unwrap());
            assert_eq!(request.credential, Credential::None, "{next}");
            assert!(request.headers.is_empty(), "{next}");
        }
    }
}
