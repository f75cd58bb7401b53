//! Keys in DER: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 §A.1), SEC 1 (RFC 5915), SubjectPublicKeyInfo
//! and X.509 certificates (RFC 5280 §4.1).

use super::material::{Material, SUPPORTED};
use super::oid;
use crate::crypto::ecdsa::Curve;
use crate::crypto::pbes2;
use crate::der::{self, BIT_STRING, INTEGER, OCTET_STRING, OID, Reader, SEQUENCE, Wrong};
use crate::jwt::Error;

/// The algorithm in an AlgorithmIdentifier.
enum Scheme {
    Rsa,
    Ec(Curve),
    Ed25519,
}

/// Reads a key. The format is detected from the DER structure.
///
/// # Errors
/// What was found and what is supported.
pub(crate) fn any(bytes: &[u8]) -> Result<Material, Error> {
    let unknown = |_| Error::key(format!("it is DER, but not a supported key; {SUPPORTED}"));
    let mut inside = Reader::sequence_of(bytes).map_err(unknown)?;
    let mut tags = Vec::new();
    while inside.peek().is_some() && tags.len() < 10 {
        tags.push(inside.any().map_err(unknown)?.0);
    }
    match tags.as_slice() {
        [INTEGER, SEQUENCE, OCTET_STRING, ..] => pkcs8(bytes),
        [INTEGER, INTEGER] => pkcs1_public(bytes),
        [INTEGER, INTEGER, INTEGER, INTEGER, INTEGER, INTEGER] => Err(dsa()),
        [INTEGER, INTEGER, ..] => Material::rsa_private(bytes),
        [INTEGER, OCTET_STRING, ..] => sec1(bytes, None),
        [SEQUENCE, BIT_STRING] => spki(bytes),
        [SEQUENCE, OCTET_STRING] => Err(without_password()),
        [SEQUENCE, SEQUENCE, BIT_STRING] => certificate(bytes),
        [INTEGER, SEQUENCE] | [INTEGER, SEQUENCE, SEQUENCE] => Err(Error::key_hint(
            "it is a PKCS#12 store",
            "openssl pkcs12 -in store.p12 -nodes -nocerts -out key.pem",
        )),
        _ => Err(unknown(Wrong)),
    }
}

/// Reads a private key in PKCS#8.
pub(crate) fn pkcs8(bytes: &[u8]) -> Result<Material, Error> {
    let wrong = |_| Error::key("it is not a valid private key (PKCS#8)");
    let mut inside = Reader::sequence_of(bytes).map_err(wrong)?;
    if inside.peek() == Some(SEQUENCE) {
        return Err(without_password());
    }
    let version = inside.small().map_err(wrong)?;
    let algorithm = inside.nested(SEQUENCE).map_err(wrong)?;
    let key = inside.element(OCTET_STRING).map_err(wrong)?;
    inside.optional(der::context(0)).map_err(wrong)?; // attributes
    let public = match version {
        0 => None,
        1 => public_key(&mut inside).map_err(wrong)?,
        _ => return Err(wrong(Wrong)),
    };
    inside.finish().map_err(wrong)?;
    match scheme(algorithm)? {
        Scheme::Rsa => Material::rsa_private(key),
        Scheme::Ec(curve) => sec1(key, Some((curve, public))),
        Scheme::Ed25519 => {
            let mut inner = Reader::new(key);
            let seed = inner.element(OCTET_STRING).map_err(wrong)?;
            inner.finish().map_err(wrong)?;
            Material::ed25519_private(seed, public)
        }
    }
}

/// Reads `[1]`: implicit, as in the RFC, or around a BIT STRING, as written by ring before 0.17.
fn public_key<'a>(inside: &mut Reader<'a>) -> Result<Option<&'a [u8]>, Wrong> {
    if let Some(content) = inside.optional(der::context_primitive(1))? {
        return der::whole_bytes(content).map(Some);
    }
    match inside.optional(der::context(1))? {
        Some(content) => {
            let mut inner = Reader::new(content);
            let public = inner.bit_string()?;
            inner.finish()?;
            Ok(Some(public))
        }
        None => Ok(None),
    }
}

/// Reads an EC private key. `outside` is the curve and point from an enclosing PKCS#8.
pub(crate) fn sec1(
    bytes: &[u8],
    outside: Option<(Curve, Option<&[u8]>)>,
) -> Result<Material, Error> {
    let wrong = |_| Error::key("it is not a valid EC private key (SEC 1)");
    let mut inside = Reader::sequence_of(bytes).map_err(wrong)?;
    if inside.small().map_err(wrong)? != 1 {
        return Err(wrong(Wrong));
    }
    let private = inside.element(OCTET_STRING).map_err(wrong)?;
    let named = match inside.optional(der::context(0)).map_err(wrong)? {
        Some(parameters) => Some(curve(Reader::new(parameters))?),
        None => None,
    };
    let public = public_key(&mut inside).map_err(wrong)?;
    inside.finish().map_err(wrong)?;
    let (curve, public) = match (outside, named) {
        (Some((outer, _)), Some(inner)) if outer != inner => {
            return Err(Error::key(
                "it is an EC private key with two different curves",
            ));
        }
        (Some((curve, outer)), _) => (curve, public.or(outer)),
        (None, Some(curve)) => (curve, public),
        (None, None) => {
            return Err(Error::key("it is an EC private key without a curve name"));
        }
    };
    match public {
        Some(point) => Material::ec_private(curve, private, point),
        None => Err(Error::key_hint(
            "it is an EC private key without the public key, which c47 cannot compute",
            "openssl ec -in key.pem -out with-public-key.pem",
        )),
    }
}

/// Reads a public key in PKCS#1.
pub(crate) fn pkcs1_public(bytes: &[u8]) -> Result<Material, Error> {
    let wrong = |_| Error::key("it is not a valid RSA public key (PKCS#1)");
    let mut inside = Reader::sequence_of(bytes).map_err(wrong)?;
    let modulus = inside.unsigned().map_err(wrong)?;
    let exponent = inside.unsigned().map_err(wrong)?;
    inside.finish().map_err(wrong)?;
    Material::rsa_public(modulus, exponent)
}

/// Reads a public key as SubjectPublicKeyInfo.
pub(crate) fn spki(bytes: &[u8]) -> Result<Material, Error> {
    let wrong = |_| Error::key("it is not a valid public key (SubjectPublicKeyInfo)");
    let mut inside = Reader::sequence_of(bytes).map_err(wrong)?;
    let algorithm = inside.nested(SEQUENCE).map_err(wrong)?;
    let key = inside.bit_string().map_err(wrong)?;
    inside.finish().map_err(wrong)?;
    match scheme(algorithm)? {
        Scheme::Rsa => pkcs1_public(key),
        Scheme::Ec(curve) => Material::ec_public(curve, key),
        Scheme::Ed25519 => Material::ed25519_public(key),
    }
}

/// Reads the public key of a certificate. Dates and issuer are not checked: the user trusts the key
/// in the file.
pub(crate) fn certificate(bytes: &[u8]) -> Result<Material, Error> {
    spki(subject_public_key(bytes).map_err(|_| Error::key("it is not a valid certificate"))?)
}

/// The SubjectPublicKeyInfo in a certificate, including its tag.
fn subject_public_key(bytes: &[u8]) -> Result<&[u8], Wrong> {
    let mut outer = Reader::sequence_of(bytes)?;
    let mut inside = outer.nested(SEQUENCE)?;
    outer.element(SEQUENCE)?; // the signature's algorithm
    outer.element(BIT_STRING)?;
    outer.finish()?;
    inside.optional(der::context(0))?; // version
    inside.element(INTEGER)?; // serial number
    for _ in 0..4 {
        inside.element(SEQUENCE)?; // signature's algorithm, issuer, validity, subject
    }
    inside.whole_element(SEQUENCE)
}

/// Reads the algorithm of a key.
fn scheme(mut identifier: Reader) -> Result<Scheme, Error> {
    let wrong = |_| Error::key("its algorithm is malformed");
    let algorithm = identifier.element(OID).map_err(wrong)?;
    match algorithm {
        oid::RSA => {
            // NULL, which some tools omit
            if let Some(content) = identifier.optional(der::NULL).map_err(wrong)?
                && !content.is_empty()
            {
                return Err(wrong(Wrong));
            }
            identifier.finish().map_err(wrong)?;
            Ok(Scheme::Rsa)
        }
        oid::EC => curve(identifier).map(Scheme::Ec),
        oid::ED25519 => {
            identifier.finish().map_err(wrong)?;
            Ok(Scheme::Ed25519)
        }
        other => Err(Error::key(format!(
            "it is a key of type {}; {SUPPORTED}",
            oid::name(other)
        ))),
    }
}

/// Reads the curve of an EC key.
fn curve(mut parameters: Reader) -> Result<Curve, Error> {
    let wrong = |_| Error::key("its curve is malformed");
    match parameters.peek() {
        Some(OID) => {}
        Some(SEQUENCE) => {
            return Err(Error::key_hint(
                "it is an EC key with explicit curve parameters; a named curve is required",
                "openssl ec -in key.pem -param_enc named_curve -out named.pem",
            ));
        }
        _ => return Err(wrong(Wrong)),
    }
    let name = parameters.element(OID).map_err(wrong)?;
    parameters.finish().map_err(wrong)?;
    match name {
        oid::P256 => Ok(Curve::P256),
        oid::P384 => Ok(Curve::P384),
        other => Err(Error::key(format!(
            "it is an EC key on {}; {SUPPORTED}",
            oid::name(other)
        ))),
    }
}

/// The error for an encrypted key without its password.
pub(super) fn without_password() -> Error {
    Error::key_hint(
        "it is a private key encrypted with a password",
        "give the password with --key-password SOURCE, or key_password in a profile",
    )
}

/// The error for the format of OpenSSL before PKCS#8, whose password is hashed with MD5 once.
pub(super) fn in_old_format() -> Error {
    Error::key_hint(
        "it is encrypted with a password in an old format (not PKCS#8)",
        pbes2::CONVERT,
    )
}

/// The error for a DSA key, which no token algorithm uses.
pub(crate) fn dsa() -> Error {
    Error::key(format!("it is a DSA key; {SUPPORTED}"))
}
