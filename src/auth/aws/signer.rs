//! Signs requests when they are sent: hashes the body, and renews keys that are about to expire.

use std::fmt;
use std::io::Read;
use std::sync::{Mutex, PoisonError};

use super::keys::Keys;
use super::signature::{self, CONTENT_HASH, Mode, Scope, UNSIGNED_PAYLOAD};
use crate::crypto::digest::Sha256;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body::Body;
use crate::http::failure::{Failure, Phase};
use crate::http::part::Value;
use crate::http::signer::{self, Signature, Unsigned};
use crate::http::url::{Scheme, Url};
use crate::io_error::reason;
use crate::timestamp::Timestamp;

/// Keys that expire sooner than this are renewed.
const MARGIN: i64 = 60;
const STEP: usize = 64 << 10;

/// Gets new keys before a deadline.
pub(crate) type Renew = Box<dyn Fn(Deadline) -> Result<Keys, Error> + Send + Sync>;

/// Where the keys come from.
pub(crate) enum KeySource {
    /// Lasting keys, or those of one request.
    Fixed(Keys),
    /// Temporary keys.
    Renewed { keys: Mutex<Keys>, renew: Renew },
}

/// Signs requests with Signature Version 4.
pub(crate) struct Signer {
    keys: KeySource,
    scope: Scope,
    mode: Mode,
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("scope", &self.scope)
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

impl Signer {
    pub(crate) fn new(keys: KeySource, scope: Scope, mode: Mode) -> Signer {
        Signer { keys, scope, mode }
    }

    fn keys(&self, now: Timestamp, deadline: Deadline) -> Result<Keys, Error> {
        let (keys, renew) = match &self.keys {
            KeySource::Fixed(keys) => return Ok(keys.clone()),
            KeySource::Renewed { keys, renew } => (keys, renew),
        };
        // Other threads wait, so that the keys are renewed once.
        let mut keys = keys.lock().unwrap_or_else(PoisonError::into_inner);
        let left = keys.expires.map(|at| at.0.saturating_sub(now.0));
        match left {
            Some(left) if left < MARGIN => match renew(deadline) {
                Ok(new) => *keys = new,
                Err(_) if left > 0 => {}
                Err(error) => return Err(error),
            },
            Some(_) | None => {}
        }
        Ok(keys.clone())
    }

    /// The hash of the body in the signature.
    fn payload(&self, request: &Unsigned<'_>, deadline: Deadline) -> Result<String, Error> {
        let given = request.headers.iter().find(|it| it.name == CONTENT_HASH);
        if let Some(header) = given {
            let Value::Plain(value) = &header.value else {
                return Err(Error::usage(format!("{CONTENT_HASH} is not a secret")));
            };
            return Ok(value.clone());
        }
        let is_s3 = self.scope.is_s3();
        if is_s3 && matches!(self.mode, Mode::Query(_)) {
            return Ok(UNSIGNED_PAYLOAD.into());
        }
        match request.body {
            Body::Gzip(_) if is_s3 => Err(Error::usage_hint(
                "S3 does not accept a body whose length is unknown",
                "compress the file first, and send it without --compress",
            )),
            // TLS protects the body, and the file is read only once.
            Body::File { .. } | Body::Multipart(_) if is_s3 && is_https(request.url) => {
                Ok(UNSIGNED_PAYLOAD.into())
            }
            Body::None
            | Body::Bytes { .. }
            | Body::File { .. }
            | Body::Multipart(_)
            | Body::Gzip(_) => hashed(request.body, deadline),
        }
    }
}

fn is_https(url: &Url) -> bool {
    url.origin.scheme == Scheme::Https
}

/// Reads the body once, in steps, and hashes it.
fn hashed(body: &Body, deadline: Deadline) -> Result<String, Error> {
    let mut reader = body.stream();
    let mut hash = Sha256::new();
    let mut buffer = vec![0; STEP];
    loop {
        if deadline.is_over() {
            return Err(Error::Http(Failure::TimedOut {
                phase: Phase::Send,
                after: None,
            }));
        }
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(hash.finish()),
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => {
                return Err(Error::Http(Failure::Body {
                    why: reason(&error),
                }));
            }
        };
        hash.update(buffer.get(..count).unwrap_or_default());
    }
}

impl signer::Signer for Signer {
    fn sign(&self, request: &Unsigned<'_>, deadline: Deadline) -> Result<Signature, Error> {
        let payload = self.payload(request, deadline)?;
        // After the body is hashed: a signature is valid for some minutes.
        let now = Timestamp::now();
        let keys = self.keys(now, deadline)?;
        let unsigned = signature::Unsigned {
            method: request.method,
            url: request.url,
            headers: request.headers,
            payload: &payload,
        };
        let mode = match (self.mode, keys.expires) {
            // The URL is not valid longer than its keys.
            (Mode::Query(seconds), Some(at)) => {
                let left = u64::try_from(at.0.saturating_sub(now.0))
                    .unwrap_or(0)
                    .max(1);
                Mode::Query(seconds.min(left))
            }
            (mode, _) => mode,
        };
        Ok(signature::signature(
            &unsigned,
            &keys,
            &self.scope,
            mode,
            now,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::part::Header;
    use crate::secret::Secret;

    fn payload(service: &str, url: &str, headers: &[Header], body: &Body) -> Option<String> {
        let secret = Secret::new(b"s".to_vec());
        let keys = KeySource::Fixed(Keys::new("A", secret, None).unwrap());
        let scope = Scope {
            region: "x".into(),
            service: service.into(),
        };
        let request = Unsigned {
            method: "PUT",
            url: &Url::parse(url).unwrap(),
            headers,
            body,
        };
        let signer = Signer::new(keys, scope, Mode::Headers);
        signer.payload(&request, Deadline::default()).ok()
    }

    #[test]
    fn only_files_to_s3_over_tls_are_not_hashed() {
        let file = Body::File {
            path: "/dev/null".into(),
            length: 0,
            content_type: None,
        };
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let given = [Header::plain(CONTENT_HASH, UNSIGNED_PAYLOAD)];
        for (service, url, headers, body, expected) in [
            ("s3", "https://a.lan", &[][..], &file, UNSIGNED_PAYLOAD),
            ("s3", "http://127.0.0.1", &[], &file, empty),
            ("s3", "https://a.lan", &[], &Body::None, empty),
            ("lambda", "https://a.lan", &[], &file, empty),
            ("lambda", "https://a.lan", &given, &file, UNSIGNED_PAYLOAD),
        ] {
            let hash = payload(service, url, headers, body);
            assert_eq!(hash.as_deref(), Some(expected), "{service} {url}");
        }
        let chunked = Body::Gzip(Box::new(file));
        assert_eq!(payload("s3", "https://a.lan", &[], &chunked), None);
    }

    #[test]
    fn keys_are_renewed_shortly_before_they_expire() {
        let keys = |id: &str, at: i64| Keys {
            expires: Some(Timestamp(at)),
            ..Keys::new(id, Secret::new(b"s".to_vec()), None).unwrap()
        };
        let signer = |renew: Renew| {
            let keys = Mutex::new(keys("old", 1000));
            let scope = Scope {
                region: "x".into(),
                service: "s3".into(),
            };
            Signer::new(KeySource::Renewed { keys, renew }, scope, Mode::Headers)
        };
        let id = |signer: &Signer, now: i64| {
            let keys = signer.keys(Timestamp(now), Deadline::default());
            keys.map_or("none".to_owned(), |keys| keys.access_key)
        };
        let works = signer(Box::new(move |_| Ok(keys("new", 5000))));
        assert_eq!(id(&works, 900), "old");
        assert_eq!(id(&works, 950), "new");
        let fails = signer(Box::new(|_| Err(Error::usage("no"))));
        assert_eq!(id(&fails, 950), "old");
        assert_eq!(id(&fails, 1001), "none");
    }
}
