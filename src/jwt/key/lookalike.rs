//! Rejects damaged keys as shared secrets. A damaged public key is still public: if it were used as
//! a shared secret, anyone could sign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::jwt::Error;

/// A shorter sequence contains no significant part of a key.
const MIN_SEQUENCE_BYTES: usize = 16;
/// The number of extra bytes before a key that are skipped.
const MAX_SHIFTED_BYTES: usize = 4;
/// The range in which the numbers of a truncated key are searched.
const NUMBERS_WITHIN_BYTES: usize = 32;
/// Common parts of the object identifiers of keys and certificates: RSA, EC and its curves, Ed25519.
const ALGORITHMS: [&[u8]; 4] = [
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01",
    b"\x2a\x86\x48\xce\x3d",
    b"\x05\x2b\x81\x04\x00",
    b"\x06\x03\x2b\x65\x70",
];
/// The range in which the algorithm of a certificate is searched.
const ALGORITHM_WITHIN_BYTES: usize = 2048;
/// The exponent of nearly all RSA keys, as an INTEGER.
const EXPONENT: &[u8] = b"\x02\x03\x01\x00\x01";
/// Other exponents, and truncated ones, at the end of a public key.
const LAST_EXPONENTS: [&[u8]; 4] = [
    b"\x02\x01\x03",
    b"\x02\x01\x11",
    b"\x02\x03\x01",
    b"\x02\x03\x01\x00",
];
/// The start of an EC point as a BIT STRING: P-256, P-384, P-521.
const POINTS: [&[u8]; 3] = [
    b"\x03\x42\x00\x04",
    b"\x03\x62\x00\x04",
    b"\x03\x81\x86\x00\x04",
];
/// Parts of an OpenSSH key: the end of a type name, or the exponent of an RSA key.
const OPENSSH: [&[u8]; 5] = [
    b"-rsa\0\0\0",
    b"-dss\0\0\0",
    b"-ed25519\0\0\0",
    b"-nistp",
    b"\0\0\0\x03\x01\x00\x01\0\0",
];

/// Members and values of a JWK.
const JWK_WORDS: [&str; 9] = [
    "kty", "crv", "AQAB", "RSA", "EC", "OKP", "P-256", "P-384", "Ed25519",
];

/// Checks that bytes of unknown format may be used as a shared secret.
///
/// # Errors
/// If they look like a key in DER, PEM, JSON, XML or OpenSSH format, also in base64 or hexadecimal.
pub(super) fn ensure_none(bytes: &[u8]) -> Result<(), Error> {
    let found = found_in_text(bytes).or_else(|| match bytes.contains(&0) {
        // UTF-16 has a NUL in each ASCII character.
        true => found_in_text(&without_nul(bytes)),
        false => None,
    });
    match found {
        None => Ok(()),
        Some(format) => Err(Error::key_hint(
            format!("it looks like a key in {format}, but is damaged or incomplete"),
            "check that the file is complete; if it is a shared secret, give it as a JWK: {\"kty\":\"oct\",\"k\":\"BASE64URL\"}",
        )),
    }
}

fn found_in_text(bytes: &[u8]) -> Option<&'static str> {
    let digits = hex_digits(bytes);
    found_in(bytes)
        .or_else(|| found_in(unquoted(bytes)))
        .or_else(|| found_in_base64(bytes))
        .or_else(|| (0..2).find_map(|lost| found_in(&from_hex(digits.get(lost..)?))))
}

fn without_nul(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bare = Zeroizing::new(Vec::with_capacity(bytes.len()));
    bare.extend(bytes.iter().filter(|&&byte| byte != 0));
    bare
}

fn found_in(bytes: &[u8]) -> Option<&'static str> {
    if is_like_der(bytes) {
        Some("DER")
    } else if is_like_pem(bytes) {
        Some("PEM")
    } else if is_like_jwk(bytes) {
        Some("JSON")
    } else if is_like_xml(bytes) {
        Some("XML")
    } else if OPENSSH.iter().any(|part| has(bytes, part)) {
        Some("OpenSSH format")
    } else {
        None
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(bytes, part).is_some()
}

/// Whether the bytes start like a key, are a long SEQUENCE, or contain the numbers of a key whose
/// first bytes are missing. Text never matches, random bytes about once in 200,000 times.
fn is_like_der(bytes: &[u8]) -> bool {
    starts_long_sequence(bytes)
        || names_algorithm(bytes)
        || (0..=MAX_SHIFTED_BYTES).any(|at| starts_key(bytes.get(at..).unwrap_or_default()))
        || has_exponent(bytes)
        || bytes.len() == 34 && bytes.starts_with(b"\x21\x00")
        || (0..NUMBERS_WITHIN_BYTES).any(|at| starts_numbers(bytes.get(at..).unwrap_or_default()))
}

/// Whether the bytes contain the public exponent of an RSA key, which follows the modulus.
fn has_exponent(bytes: &[u8]) -> bool {
    let ends_with_one = || LAST_EXPONENTS.iter().any(|end| bytes.ends_with(end));
    has(bytes, EXPONENT) || bytes.len() > 128 && ends_with_one()
}

/// Whether the bytes start with an RSA modulus, an EC point or an Ed25519 key.
fn starts_numbers(bytes: &[u8]) -> bool {
    let is_half_there = |length: usize, rest: &[u8]| rest.len() >= length / 2;
    match bytes {
        // A modulus of 1024 bits or more has its highest bit set, so a zero byte precedes it.
        [0x02, 0x81, length @ 0x80..=0xff, 0, rest @ ..] => is_half_there((*length).into(), rest),
        [0x02, 0x82, high @ 0..=8, low, 0, rest @ ..] => {
            is_half_there(u16::from_be_bytes([*high, *low]).into(), rest)
        }
        // Without its tag, if the length matches.
        [0x82, high, low, 0, rest @ ..] => {
            let length: usize = u16::from_be_bytes([*high, *low]).into();
            length >= 0x80 && rest.len().abs_diff(length) <= 16
        }
        [0x03, 0x21, 0x00, rest @ ..] => (24..=40).contains(&rest.len()),
        bytes => POINTS.iter().any(|point| bytes.starts_with(point)),
    }
}

/// Whether the bytes are a SEQUENCE of 128 bytes or more with an element in it.
fn starts_long_sequence(bytes: &[u8]) -> bool {
    let has_long_length = matches!(bytes, [0x30, 0x81..=0x84, ..]);
    let first = content(bytes, 0x30).and_then(|inside| inside.first());
    bytes.len() >= MIN_SEQUENCE_BYTES
        && has_long_length
        && matches!(first, Some(0x02 | 0x04 | 0x06 | 0x30 | 0x31 | 0xa0))
}

/// Whether the bytes start like a key or certificate.
fn starts_key(bytes: &[u8]) -> bool {
    match content(bytes, 0x30) {
        // A version and the next tag, or the modulus of PKCS#1
        Some([0x02, 0x01, 0 | 1, 0x02 | 0x04 | 0x30, ..] | [0x02, 0x81 | 0x82, ..]) => true,
        // An AlgorithmIdentifier, or the version or serial number of a certificate
        Some(inside) => content(inside, 0x30)
            .is_some_and(|inner| matches!(inner, [0x06, 1..=16, ..] | [0xa0, 3, ..] | [0x02, ..])),
        None => false,
    }
}

/// The bytes after a tag and a plausible length.
fn content(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let rest = bytes.strip_prefix(&[tag])?;
    match rest {
        [1..=0x7f, rest @ ..] => Some(rest),
        [0x81, _, rest @ ..] => Some(rest),
        [0x82, _, _, rest @ ..] => Some(rest),
        [0x83, _, _, _, rest @ ..] => Some(rest),
        [0x84, _, _, _, _, rest @ ..] => Some(rest),
        _ => None,
    }
}

fn names_algorithm(bytes: &[u8]) -> bool {
    let start = bytes.get(..ALGORITHM_WITHIN_BYTES).unwrap_or(bytes);
    ALGORITHMS.iter().any(|oid| has(start, oid))
}

/// Whether the bytes contain a PEM header, also with missing dashes or in another case.
fn is_like_pem(bytes: &[u8]) -> bool {
    let lower = Zeroizing::new(bytes.to_ascii_lowercase());
    let has = |text: &[u8]| has(&lower, text);
    let names_kind = || {
        [&b" key-"[..], b" certificate-", b" parameters-"]
            .into_iter()
            .any(has)
    };
    has(b"-----begin") || has(b"-----end") || (has(b"begin ") || has(b"end ")) && names_kind()
}

/// Whether the bytes contain required members or values of a JWK, in quotes of JSON, Python or
/// JavaScript.
fn is_like_jwk(bytes: &[u8]) -> bool {
    let quoted = |word: &str| {
        let forms = [
            format!("\"{word}\""),
            format!("'{word}'"),
            format!("\\\"{word}\\\""),
        ];
        forms.iter().any(|form| has(bytes, form.as_bytes()))
    };
    JWK_WORDS.into_iter().any(quoted) || quoted("n") && quoted("e") || quoted("x") && quoted("y")
}

/// Whether the bytes contain an RSA key in XML, as written by .NET.
fn is_like_xml(bytes: &[u8]) -> bool {
    has(bytes, b"RSAKeyValue>") || has(bytes, b"<Modulus>") || has(bytes, b"</Modulus>")
}

/// The bytes from the first letter or digit, without leading quotes, white space, NUL or a byte order
/// mark.
fn unquoted(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(u8::is_ascii_alphanumeric);
    start.and_then(|at| bytes.get(at..)).unwrap_or_default()
}

/// Searches decoded base64. Missing or extra characters shift the groups of four, so all four offsets
/// are tried.
fn found_in_base64(text: &[u8]) -> Option<&'static str> {
    let digits = base64_digits(text);
    (0..4).find_map(|lost| found_in(&decoded(digits.get(lost..)?)))
}

/// The base64 digits of a text. Other characters and the sequence `\n` are skipped, and base64url is
/// converted to base64.
fn base64_digits(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => digits.push(byte),
            b'-' => digits.push(b'+'),
            b'_' => digits.push(b'/'),
            b'\\' if after.starts_with(b"n") || after.starts_with(b"r") => {
                rest = after.get(1..).unwrap_or_default();
            }
            _ => {}
        }
    }
    digits
}

/// Decodes the complete bytes.
fn decoded(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut whole = Zeroizing::new(digits.to_vec());
    whole.resize(digits.len().next_multiple_of(4), b'A');
    let mut bytes = Zeroizing::new(vec![0; whole.len()]);
    let length = STANDARD.decode_slice(&*whole, &mut bytes).unwrap_or(0);
    bytes.truncate(length.min(digits.len() * 6 / 8));
    bytes
}

/// The hexadecimal digits of a text. Other characters and `0x` are skipped.
fn hex_digits(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut digits = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match after {
            [b'x' | b'X', behind @ ..] if byte == b'0' => behind,
            _ => {
                let digit = char::from(byte).to_digit(16);
                digits.extend(digit.and_then(|digit| u8::try_from(digit).ok()));
                after
            }
        };
    }
    digits
}

/// Decodes pairs of hexadecimal digits.
fn from_hex(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(digits.len() / 2));
    bytes.extend(digits.chunks_exact(2).map(|pair| match pair {
        [high, low] => high << 4 | low,
        _ => 0,
    }));
    bytes
}
