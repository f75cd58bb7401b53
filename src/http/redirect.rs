//! Redirects, followed by our own rules (RFC 9110 §15.4): credentials never leave their origin, and
//! nothing goes from https to http.

use super::answer::Answer;
use super::auth::Credential;
use super::digest::Challenge;
use super::failure::Failure;
use super::request::Request;
use super::retry::{Attempts, Pause, persist};
use super::send::Settings;
use super::url::{Scheme, Url};
use crate::error::Error;

/// Whether and how far to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    No,
    /// This many at most.
    UpTo(u32),
}

/// What happens on the way, told as it happens.
pub enum Hop<'a> {
    /// This request goes out now.
    Sending(&'a Request),
    /// This answer came for it.
    Answered(&'a Answer),
    /// It is tried again after a wait.
    Retrying(&'a Pause),
    /// The answer names another place, and it is not gone to: why.
    Refused { to: String, why: &'static str },
}

/// Makes the call, and those that redirects ask for. The request is left as it was last sent.
///
/// # Errors
/// When there is no answer, or one redirect too many.
pub fn call(
    request: &mut Request,
    settings: &Settings,
    follow: Follow,
    tell: &mut dyn FnMut(Hop),
) -> Result<Answer, Error> {
    call_within(
        &mut Attempts::once(settings),
        request,
        settings,
        follow,
        tell,
    )
}

/// The same, with as many attempts as there are left.
///
/// # Errors
/// As [`call`], after the last attempt.
pub fn call_within(
    attempts: &mut Attempts,
    request: &mut Request,
    settings: &Settings,
    follow: Follow,
    tell: &mut dyn FnMut(Hop),
) -> Result<Answer, Error> {
    let mut followed = 0;
    loop {
        let answer = ask(attempts, request, settings, tell)?;
        let Follow::UpTo(limit) = follow else {
            return Ok(answer);
        };
        let Some(next) = location(&answer, &request.url) else {
            return Ok(answer);
        };
        let next = match next {
            Ok(next)
                if request.url.origin.scheme == Scheme::Https
                    && next.origin.scheme == Scheme::Http =>
            {
                tell(Hop::Refused {
                    to: next.to_string(),
                    why: "from https to http",
                });
                return Ok(answer);
            }
            Ok(next) => next,
            Err((to, why)) => {
                tell(Hop::Refused { to, why });
                return Ok(answer);
            }
        };
        if followed == limit {
            return Err(Failure::TooManyRedirects { limit }.into());
        }
        followed += 1;
        redirect(request, answer.head.status, next);
    }
}

/// One request and its answer; where a server asks for a digest, the request that brings it too.
fn ask(
    attempts: &mut Attempts,
    request: &mut Request,
    settings: &Settings,
    tell: &mut dyn FnMut(Hop),
) -> Result<Answer, Error> {
    // An answer holds for one method and target; one more try where its nonce was merely old.
    if let Credential::Digest { answer, .. } = &mut request.credential {
        *answer = None;
    }
    let mut answered = 0;
    loop {
        let answer = persist(request, settings, attempts, tell)?;
        let challenge = match (&request.credential, answer.head.status) {
            (Credential::Digest { .. }, 401) => Challenge::of(&answer.head),
            _ => None,
        };
        match challenge {
            Some(challenge) if answered == 0 || (answered == 1 && challenge.stale) => {
                request.meet(&challenge)?;
                answered += 1;
            }
            _ => return Ok(answer),
        }
    }
}

/// Where a redirect leads; `None` when the answer is none.
fn location(answer: &Answer, from: &Url) -> Option<Result<Url, (String, &'static str)>> {
    if !matches!(answer.head.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = answer.head.header("location")?;
    Some(
        from.join(location)
            .map_err(|_| (location.to_owned(), "it is no http or https URL")),
    )
}

/// Turns the request into the one that `status` asks for.
fn redirect(request: &mut Request, status: u16, next: Url) {
    // 301 and 302 turn a POST into a GET, as every client has always done; 307 and 308 keep all.
    let becomes_get = status == 303 || (matches!(status, 301 | 302) && request.method == "POST");
    if becomes_get {
        request.become_get();
    }
    if !request.keeps_credentials_at(&next) {
        request.leave_origin();
    }
    // A query credential is not part of `url`, and so goes along only with the credential.
    request.url = next;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::body::Body;
    use crate::http::request::{Header, Value};
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
        }
    }

    #[test]
    fn a_path_outside_the_prefix_is_another_place() {
        for (next, keeps) in [
            ("https://a.lan/x/y", true),
            ("https://a.lan/x", true),
            ("https://a.lan/xy", false),
            ("https://a.lan/", false),
            ("https://a.lan/x/%2e%2e/y", false),
        ] {
            let mut request = request("GET");
            request.path_prefix = Some("/x".into());
            redirect(&mut request, 302, Url::parse(next).unwrap());
            assert_eq!(request.credential != Credential::None, keeps, "{next}");
            assert_eq!(request.has_header("x-api-key"), keeps, "{next}");
        }
    }

    #[test]
    fn methods_and_bodies() {
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
            redirect(&mut request, status, Url::parse("https://a.lan/y").unwrap());
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
            redirect(&mut request, 302, Url::parse(next).unwrap());
            assert_eq!(request.credential, Credential::None, "{next}");
            assert!(request.headers.is_empty(), "{next}");
        }
    }
}
