//! Explains why a TLS connection failed, and what to do about it. All messages about TLS are
//! defined here.

use std::fmt;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use crate::io_error::reason;
use crate::timestamp::Timestamp;

/// The cause of a failed handshake.
#[derive(Debug)]
pub(super) enum HandshakeError<'a> {
    /// TLS was not configured for the request.
    NotPrepared,
    /// The host name cannot be in a certificate.
    NoName,
    /// An error or alert of TLS.
    Tls(&'a rustls::Error),
    /// The connection failed.
    Connection(&'a io::Error),
}

/// A message, and a hint for the user.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Explanation {
    pub why: String,
    pub hint: Option<&'static str>,
}

impl Explanation {
    fn new(why: impl Into<String>, hint: Option<&'static str>) -> Explanation {
        Explanation {
            why: why.into(),
            hint,
        }
    }
}

/// Explains a failed handshake.
pub(super) fn explain(broken: &HandshakeError) -> Explanation {
    match broken {
        HandshakeError::NotPrepared => Explanation::new("TLS is not configured", None),
        HandshakeError::NoName => {
            Explanation::new("the host name is not valid in a certificate", None)
        }
        HandshakeError::Tls(rustls::Error::InvalidCertificate(error)) => explain_certificate(error),
        HandshakeError::Tls(error) => explain_protocol(error),
        HandshakeError::Connection(error) => Explanation::new(explain_connection(error), None),
    }
}

/// A certificate that no trusted root signed, with the name of its issuer.
#[derive(Debug)]
pub(super) struct UnknownIssuer(pub String);

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "issued by {}", self.0)
    }
}

impl std::error::Error for UnknownIssuer {}

/// Whether webpki refused the certificate because it may sign others, like those of `openssl req
/// -x509`.
pub(super) fn is_root_as_server(error: &CertificateError) -> bool {
    let CertificateError::Other(other) = error else {
        return false;
    };
    matches!(
        other.0.downcast_ref(),
        Some(webpki::Error::CaUsedAsEndEntity)
    )
}

const CACERT: &str =
    "use --cacert FILE to trust the root that signed it, or --insecure to skip the check";

fn explain_certificate(error: &CertificateError) -> Explanation {
    let (why, hint) = match error {
        CertificateError::ExpiredContext { not_after, .. } => (
            format!("the server's certificate expired on {}", date(*not_after)),
            Some("the service's owner must renew it"),
        ),
        CertificateError::Expired => ("the server's certificate has expired".into(), None),
        CertificateError::NotValidYetContext { not_before, .. } => (
            format!(
                "the server's certificate is not valid before {}",
                date(*not_before)
            ),
            Some("check the clock of this machine"),
        ),
        CertificateError::NotValidForNameContext { presented, .. } => (
            format!("wrong name: the certificate is for {}", names(presented)),
            Some("use the host name that the certificate is for"),
        ),
        CertificateError::UnknownIssuer => (
            "unknown issuer: no trusted root signed the server's certificate".into(),
            Some(CACERT),
        ),
        CertificateError::BadSignature => (
            "the certificate's signature does not match".into(),
            Some(CACERT),
        ),
        CertificateError::Revoked => ("the server's certificate was revoked".into(), None),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            ("the certificate is not for servers".into(), None)
        }
        other if is_root_as_server(other) => (
            "unknown issuer: the server's certificate is a self-signed root".into(),
            Some(CACERT),
        ),
        CertificateError::Other(other) if other.0.is::<UnknownIssuer>() => (
            format!(
                "unknown issuer: no trusted root signed the server's certificate, {}",
                other.0
            ),
            Some(CACERT),
        ),
        other => (
            format!("the server's certificate is invalid: {other:?}"),
            Some(CACERT),
        ),
    };
    Explanation { why, hint }
}

fn explain_protocol(error: &rustls::Error) -> Explanation {
    use AlertDescription as Alert;
    match error {
        rustls::Error::AlertReceived(
            Alert::CertificateRequired | Alert::BadCertificate | Alert::HandshakeFailure,
        ) => Explanation::new(
            format!("the server refused the handshake: {error}"),
            Some("if the service requires a client certificate, use --cert FILE --key FILE"),
        ),
        rustls::Error::InvalidMessage(_) => Explanation::new(
            "the response of the server is not TLS",
            Some("if it is a plain http service, use http://"),
        ),
        rustls::Error::PeerIncompatible(_) => Explanation::new(
            "the server supports no TLS version or cipher that c47 supports",
            None,
        ),
        other => Explanation::new(other.to_string(), None),
    }
}

fn explain_connection(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::BrokenPipe => {
            "the server closed the connection during the handshake".into()
        }
        _ => reason(error),
    }
}

fn date(time: UnixTime) -> Timestamp {
    Timestamp(i64::try_from(time.as_secs()).unwrap_or(i64::MAX))
}

/// The names of a certificate; the first few if there are many.
fn names(presented: &[String]) -> String {
    let shown = presented.get(..5).unwrap_or(presented);
    match (shown.is_empty(), presented.len() > shown.len()) {
        (true, _) => "no name".into(),
        (false, false) => shown.join(", "),
        (false, true) => format!("{}, …", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::OtherError;

    use super::*;

    fn other(error: webpki::Error) -> CertificateError {
        CertificateError::Other(OtherError(Arc::new(error)))
    }

    #[test]
    fn self_signed_root_is_detected_by_error_type() {
        assert!(is_root_as_server(&other(webpki::Error::CaUsedAsEndEntity)));
        assert!(!is_root_as_server(&other(webpki::Error::EndEntityUsedAsCa)));
        assert!(!is_root_as_server(&CertificateError::UnknownIssuer));
    }

    #[test]
    fn name_error_lists_the_first_names() {
        let many: Vec<String> = (1..8).map(|n| format!("{n}.lan")).collect();
        assert_eq!(names(&many), "1.lan, 2.lan, 3.lan, 4.lan, 5.lan, …");
        assert_eq!(names(&many[..2]), "1.lan, 2.lan");
        assert_eq!(names(&[]), "no name");
    }
}
