//! Credentials that depend on the request: it is signed each time it is sent.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::body::Body;
use super::failure::{Failure, Phase};
use super::limits::Limits;
use super::part::{Header, QueryMember};
use super::url::Url;
use crate::crypto::digest::Sha256;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::io_error::reason;

/// How much of a file is read at once.
const PIECE: usize = 64 << 10;

/// A request without its credential, exactly as it will be sent.
#[derive(Debug)]
pub(crate) struct Unsigned<'a> {
    pub method: &'a str,
    pub url: &'a Url,
    /// All headers, including Host and Content-Length. Names are in lower case.
    pub headers: &'a [Header],
    pub body: &'a Body,
}

impl Unsigned<'_> {
    /// Reads the body once, piece by piece.
    ///
    /// # Errors
    /// If it cannot be read until the deadline.
    pub(crate) fn read_body(
        &self,
        deadline: Deadline,
        take: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Error> {
        if let Body::Bytes { bytes, .. } = self.body {
            take(bytes);
            return Ok(());
        }
        let mut from = self.body.stream();
        let mut buffer = vec![0; PIECE];
        loop {
            if deadline.is_over() {
                return Err(Error::Http(Failure::TimedOut {
                    phase: Phase::Whole,
                    after: None,
                }));
            }
            match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(count) => take(buffer.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
    }

    /// The SHA-256 of the body, in hexadecimal.
    ///
    /// # Errors
    /// As [`Unsigned::read_body`].
    pub(crate) fn body_sha256(&self, deadline: Deadline) -> Result<String, Error> {
        let mut digest = Sha256::new();
        self.read_body(deadline, &mut |piece| digest.update(piece))?;
        Ok(digest.finish())
    }

    /// The value of a header; the values of several are joined (RFC 9110 §5.2). The name is in lower
    /// case.
    pub(crate) fn header(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let mut values = self.headers.iter().filter(|header| header.name == name);
        let mut joined = Zeroizing::new(values.next()?.bytes().to_vec());
        for next in values {
            joined = Zeroizing::new([joined.as_slice(), b", ", next.bytes()].concat());
        }
        Some(joined)
    }
}

fn unreadable(error: io::Error) -> Error {
    let why = match ureq::Error::from(error) {
        ureq::Error::Io(error) => reason(&error),
        // A file that has changed.
        other => return Failure::from_ureq(other, "", &Limits::default()).into(),
    };
    Failure::Body { why }.into()
}

/// What a signature adds to a request. It replaces headers of the same name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signature {
    pub headers: Vec<Header>,
    pub query: Vec<QueryMember>,
}

/// Signs requests. Each attempt and each redirect within the service gets its own signature.
pub(crate) trait Signer: fmt::Debug + Send + Sync {
    /// Signs a request.
    ///
    /// # Errors
    /// If the body cannot be read, or a program fails or does not respond until the deadline.
    fn sign(&self, request: &Unsigned<'_>, deadline: Deadline) -> Result<Signature, Error>;
}

/// A signer, and the signature of the request that is being sent.
#[derive(Clone, Debug)]
pub(crate) struct Signing {
    signer: Arc<dyn Signer>,
    signature: Signature,
}

impl Signing {
    pub(crate) fn new(signer: Arc<dyn Signer>) -> Signing {
        Signing {
            signer,
            signature: Signature::default(),
        }
    }

    /// The current signature; empty before the request is sent.
    pub(super) fn signature(&self) -> &Signature {
        &self.signature
    }

    /// The same signer, without a signature.
    pub(super) fn unsigned(&self) -> Signing {
        Signing::new(Arc::clone(&self.signer))
    }

    pub(super) fn sign(&mut self, request: &Unsigned<'_>, deadline: Deadline) -> Result<(), Error> {
        self.signature = self.signer.sign(request, deadline)?;
        Ok(())
    }
}

/// Equal if the signer is the same one.
impl PartialEq for Signing {
    fn eq(&self, other: &Signing) -> bool {
        Arc::ptr_eq(&self.signer, &other.signer) && self.signature == other.signature
    }
}

impl Eq for Signing {}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::http::credential::Credential;
    use crate::http::request::Request;
    use crate::secret::Secret;

    /// Numbers its signatures, and notes the requests.
    #[derive(Debug, Default)]
    struct Numbering(Mutex<Vec<String>>);

    impl Signer for Numbering {
        fn sign(&self, request: &Unsigned<'_>, _: Deadline) -> Result<Signature, Error> {
            let names: Vec<&str> = request.headers.iter().map(|it| it.name.as_str()).collect();
            let mut seen = self.0.lock().unwrap();
            seen.push(format!("{} {} {names:?}", request.method, request.url));
            let number = seen.len().to_string();
            Ok(Signature {
                headers: vec![
                    Header::secret("Authorization", Secret::new(number.clone().into_bytes())),
                    Header::plain("Accept", "text/plain"),
                ],
                query: vec![QueryMember {
                    name: "n".into(),
                    value: Secret::new(number.into_bytes()),
                }],
            })
        }
    }

    #[test]
    fn a_new_signature_replaces_the_old_one_and_its_headers() {
        let signer = Arc::new(Numbering::default());
        let mut request = Request {
            credential: Credential::Signed(Signing::new(Arc::clone(&signer) as Arc<dyn Signer>)),
            ..Request::get(Url::parse("https://a.lan/x?y=1").unwrap())
        };
        for number in ["1", "2"] {
            request.sign(Deadline::default()).unwrap();
            let headers = request.wire_headers();
            let of = |name: &str| headers.iter().filter(|it| it.name == name).count();
            assert_eq!((of("authorization"), of("accept")), (1, 1));
            let url = request.wire_url().to_string();
            assert_eq!(url, format!("https://a.lan/x?y=1&n={number}"));
        }
        let seen = signer.0.lock().unwrap();
        let unsigned =
            r#"GET https://a.lan/x?y=1 ["host", "user-agent", "accept", "accept-encoding"]"#;
        assert_eq!(*seen, [unsigned, unsigned]);
        drop(seen);
        assert!(request.carries_secret());
        request.leave_origin();
        assert!(!request.carries_secret());
        assert_eq!(request.wire_url().to_string(), "https://a.lan/x?y=1");
    }
}
