//! Checks a server's certificate: by webpki against the roots and, beyond that, a root that serves
//! by itself when it was named; and says who issued what nobody trusts.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, OtherError, RootCertStore, SignatureScheme};

use super::tls::read_directory;
use crate::der::{self, Reader};
use crate::timestamp::{Timestamp, from_civil};

/// webpki, and what webpki does not do.
#[derive(Debug)]
pub struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    /// The roots as they stand in their file.
    roots: Vec<CertificateDer<'static>>,
    /// SSL_CERT_DIR: its hundreds of files are only read for what the bundle does not know.
    directory: Option<PathBuf>,
    of_directory: OnceLock<Option<Arc<WebPkiServerVerifier>>>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub fn new(
        webpki: Arc<WebPkiServerVerifier>,
        roots: Vec<CertificateDer<'static>>,
        directory: Option<PathBuf>,
        provider: Arc<CryptoProvider>,
    ) -> Verifier {
        Verifier {
            webpki,
            roots,
            directory,
            of_directory: OnceLock::new(),
            provider,
        }
    }

    fn of_directory(&self) -> Option<&Arc<WebPkiServerVerifier>> {
        let made = self.of_directory.get_or_init(|| {
            let mut certificates = Vec::new();
            read_directory(self.directory.as_ref()?, &mut certificates);
            let mut store = RootCertStore::empty();
            store.add_parsable_certificates(certificates);
            let provider = self.provider.clone();
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider)
                .build()
                .ok()
        });
        made.as_ref()
    }
}

/// A certificate that no root signed, with its issuer's name.
#[derive(Debug)]
pub struct UnknownIssuer(pub String);

impl fmt::Display for UnknownIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "issued by {}", self.0)
    }
}

impl std::error::Error for UnknownIssuer {}

fn is_unknown(error: &rustls::Error) -> bool {
    matches!(
        error,
        rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer)
    )
}

/// webpki takes no certificate for a server's that says it may sign others, as those do that
/// `openssl req -x509` makes.
pub fn is_root_as_server(error: &CertificateError) -> bool {
    matches!(error, CertificateError::Other(other) if other.0.to_string().contains("CaUsedAsEndEntity"))
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let verify = |webpki: &WebPkiServerVerifier| {
            webpki.verify_server_cert(server, intermediates, name, ocsp, now)
        };
        let error = match (verify(&self.webpki), self.directory.is_some()) {
            (Err(error), true) if is_unknown(&error) => {
                match self.of_directory().map(|it| verify(it)) {
                    Some(Ok(verified)) => return Ok(verified),
                    _ => error,
                }
            }
            (Ok(verified), _) => return Ok(verified),
            (Err(error), _) => error,
        };
        match &error {
            rustls::Error::InvalidCertificate(why)
                if is_root_as_server(why) && self.roots.iter().any(|root| root == server) =>
            {
                // Nobody has to vouch for what is trusted itself: the name and the dates must hold.
                verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
                ensure_valid_at(server, now)?;
                Ok(ServerCertVerified::assertion())
            }
            _ if is_unknown(&error) => Err(unknown_issuer(server, intermediates)),
            _ => Err(error),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.webpki
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// The last of the chain is the one whose issuer is not here.
fn unknown_issuer(
    server: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
) -> rustls::Error {
    let last = intermediates.last().unwrap_or(server);
    let error = match Fields::read(last) {
        Ok(fields) => {
            let name =
                common_name(fields.issuer).unwrap_or_else(|| "somebody without a name".into());
            CertificateError::Other(OtherError(Arc::new(UnknownIssuer(name))))
        }
        Err(_) => CertificateError::UnknownIssuer,
    };
    rustls::Error::InvalidCertificate(error)
}

fn ensure_valid_at(certificate: &CertificateDer<'_>, time: UnixTime) -> Result<(), rustls::Error> {
    let fields = Fields::read(certificate).map_err(|_| CertificateError::BadEncoding)?;
    let (not_before, not_after) = fields.validity().ok_or(CertificateError::BadEncoding)?;
    let unix = |time: Timestamp| {
        let since = std::time::Duration::from_secs(u64::try_from(time.0).unwrap_or(0));
        UnixTime::since_unix_epoch(since)
    };
    let now = Timestamp(i64::try_from(time.as_secs()).unwrap_or(i64::MAX));
    if now < not_before {
        let not_before = unix(not_before);
        return Err(CertificateError::NotValidYetContext { time, not_before }.into());
    }
    if now > not_after {
        let not_after = unix(not_after);
        return Err(CertificateError::ExpiredContext { time, not_after }.into());
    }
    Ok(())
}

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;
/// 2.5.4.3 and 2.5.4.10.
const COMMON_NAME: [u8; 3] = [0x55, 4, 3];
const ORGANIZATION: [u8; 3] = [0x55, 4, 10];

/// Parts of a certificate (RFC 5280 §4.1).
pub struct Fields<'a> {
    issuer: &'a [u8],
    validity: &'a [u8],
    subject: &'a [u8],
}

impl<'a> Fields<'a> {
    /// Reads them; a certificate that is not DER has none.
    pub fn read(certificate: &'a [u8]) -> Result<Fields<'a>, der::Wrong> {
        let mut outer = Reader::sequence_of(certificate)?;
        let mut inner = outer.nested(der::SEQUENCE)?;
        inner.optional(der::context(0))?; // version
        inner.element(der::INTEGER)?; // serial number
        inner.element(der::SEQUENCE)?; // signature algorithm
        let issuer = inner.element(der::SEQUENCE)?;
        let validity = inner.element(der::SEQUENCE)?;
        let subject = inner.element(der::SEQUENCE)?;
        Ok(Fields {
            issuer,
            validity,
            subject,
        })
    }

    /// Whom it is for, by common name, else by organization; in quotation marks.
    pub fn subject_name(&self) -> Option<String> {
        common_name(self.subject)
    }

    /// From when and until when it holds.
    pub fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        let mut reader = Reader::new(self.validity);
        Some((time(reader.any().ok()?)?, time(reader.any().ok()?)?))
    }
}

/// UTCTime or GeneralizedTime, in UTC to the second (RFC 5280 §4.1.2.5).
fn time((tag, content): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let text = match (tag, text.len()) {
        (UTC_TIME, 12) if text < "50" => format!("20{text}"),
        (UTC_TIME, 12) => format!("19{text}"),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    let number = |from: usize, to: usize| text.get(from..to)?.parse().ok().filter(|_| digits);
    from_civil(
        (number(0, 4)?, number(4, 6)?, number(6, 8)?),
        (number(8, 10)?, number(10, 12)?, number(12, 14)?),
    )
}

/// The common name in a Name, else the organization.
fn common_name(name: &[u8]) -> Option<String> {
    let mut found: Option<String> = None;
    let mut sets = Reader::new(name);
    while let Ok(set) = sets.element(SET) {
        let mut attribute = Reader::new(set).nested(der::SEQUENCE).ok()?;
        let kind = attribute.element(der::OID).ok()?;
        let (_, value) = attribute.any().ok()?;
        let text = || format!("'{}'", String::from_utf8_lossy(value));
        if kind == COMMON_NAME {
            return Some(text());
        }
        if kind == ORGANIZATION {
            found = Some(text());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(
            time((UTC_TIME, b"261123160000Z")),
            Timestamp::parse("2026-11-23T16:00:00Z").ok()
        );
        assert_eq!(
            time((UTC_TIME, b"991231235959Z")),
            Timestamp::parse("1999-12-31T23:59:59Z").ok()
        );
        assert_eq!(
            time((GENERALIZED_TIME, b"20901231235959Z")),
            Timestamp::parse("2090-12-31T23:59:59Z").ok()
        );
        for wrong in [
            "",
            "Z",
            "2611231600Z",
            "261123160000+0100",
            "２611231600Z",
            "261323160000Z",
        ] {
            assert_eq!(time((UTC_TIME, wrong.as_bytes())), None, "{wrong}");
        }
    }

    #[test]
    fn no_bytes_are_a_certificate_by_accident() {
        let mut state = 47_u32;
        for length in 0..2_000 {
            let bytes: Vec<u8> = (0..length % 97)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            assert!(Fields::read(&bytes).is_err());
            let _ = common_name(&bytes);
        }
    }
}
