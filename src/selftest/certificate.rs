//! A self-signed certificate for one handshake with localhost, valid for an hour (RFC 5280 §4.1).

use rustls::SignatureScheme;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::crypto;
use crate::crypto::ecdsa::Curve;
use crate::der;
use crate::io_error::reason;
use crate::timestamp::Timestamp;

const UTF8_STRING: u8 = 0x0c;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;
/// 1.2.840.10045.4.3.2, ecdsa-with-SHA256.
const ECDSA_WITH_SHA256: [u8; 8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
/// 2.5.4.3.
const COMMON_NAME: [u8; 3] = [0x55, 4, 3];
/// 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 0x1d, 17];

/// A certificate and its private key.
pub(super) struct SelfSigned {
    pub certificate: CertificateDer<'static>,
    pub key: PrivateKeyDer<'static>,
}

/// Makes a certificate with a new key.
///
/// # Errors
/// When there are no random numbers, as a message.
pub(super) fn make(now: Timestamp) -> Result<SelfSigned, String> {
    let pkcs8 = crypto::ecdsa::generate(Curve::P256)
        .map_err(|error| format!("cannot generate a key: {}", reason(&error)))?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.to_vec()));
    let signing_key = crypto::tls::provider()
        .key_provider
        .load_private_key(key.clone_key())
        .map_err(|error| format!("cannot use the new key: {error}"))?;
    let public = signing_key
        .public_key()
        .ok_or("the new key has no public half")?;
    let signer = signing_key
        .choose_scheme(&[SignatureScheme::ECDSA_NISTP256_SHA256])
        .ok_or("the new key cannot sign")?;
    let content = to_be_signed(now, public.as_ref());
    let signature = signer
        .sign(&content)
        .map_err(|error| format!("cannot sign with the new key: {error}"))?;
    let certificate = sequence(&[&content, &algorithm(), &der::bit_string(&signature)]);
    Ok(SelfSigned {
        certificate: CertificateDer::from(certificate),
        key,
    })
}

fn to_be_signed(now: Timestamp, public: &[u8]) -> Vec<u8> {
    let version = element(der::context(0), &[&der::unsigned(&[2])]);
    let validity = sequence(&[&time(now.plus(-3600)), &time(now.plus(3600))]);
    let alternative = sequence(&[&element(der::context_primitive(2), &[b"localhost"])]);
    let extension = sequence(&[
        &element(der::OID, &[&SUBJECT_ALT_NAME]),
        &element(der::OCTET_STRING, &[&alternative]),
    ]);
    let extensions = element(der::context(3), &[&sequence(&[&extension])]);
    sequence(&[
        &version,
        &der::unsigned(&[47]),
        &algorithm(),
        &name(),
        &validity,
        &name(),
        public,
        &extensions,
    ])
}

fn algorithm() -> Vec<u8> {
    sequence(&[&element(der::OID, &[&ECDSA_WITH_SHA256])])
}

fn name() -> Vec<u8> {
    let attribute = sequence(&[
        &element(der::OID, &[&COMMON_NAME]),
        &element(UTF8_STRING, &[b"c47 selftest"]),
    ]);
    sequence(&[&element(SET, &[&attribute])])
}

/// `20261123160000Z`.
fn time(at: Timestamp) -> Vec<u8> {
    let digits: String = at
        .to_string()
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == 'Z')
        .collect();
    element(GENERALIZED_TIME, &[digits.as_bytes()])
}

fn sequence(contents: &[&[u8]]) -> Vec<u8> {
    element(der::SEQUENCE, contents)
}

fn element(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    der::element(tag, contents).to_vec()
}
