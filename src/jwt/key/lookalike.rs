//! Refuses damaged keys as shared secrets. A public key with one byte more or less is still known
//! to everybody: taken for a secret, it would let everybody sign.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::jwt::Error;

/// What is shorter holds nothing of a key but its beginning.
const MIN_SEQUENCE_BYTES: usize = 16;
/// So many foreign or missing bytes before a key do not hide it.
const MOST_SHIFTED_BYTES: usize = 4;
/// The object identifiers that keys and certificates name early: RSA, EC, Ed25519.
const ALGORITHMS: [&[u8]; 3] = [
    b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01",
    b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01",
    b"\x30\x05\x06\x03\x2b\x65\x70",
];
/// So far into a certificate its algorithm may be.
const ALGORITHM_WITHIN_BYTES: usize = 2048;

/// Ensures that bytes of no known format may be a shared secret.
///
/// # Errors
/// When they begin like a key in DER, PEM or JSON, also in base64 or hexadecimal digits.
pub(super) fn ensure_none(bytes: &[u8]) -> Result<(), Error> {
    let text = unquoted(bytes);
    let found = found_in(bytes)
        .or_else(|| found_in(text))
        .or_else(|| found_in_base64(text))
        .or_else(|| found_in(&leading_hex(text)))
        .or_else(|| found_in(&leading_hex(text.get(1..)?)));
    match found {
        None => Ok(()),
        Some(format) => Err(Error::key_hint(
            format!("it begins like a key in {format}, but is not a whole one"),
            "check that the file is complete; give a shared secret that only looks like a key as a JWK: {\"kty\":\"oct\",\"k\":\"BASE64URL\"}",
        )),
    }
}

fn found_in(bytes: &[u8]) -> Option<&'static str> {
    if is_like_der(bytes) {
        Some("DER")
    } else if is_like_pem(bytes) {
        Some("PEM")
    } else if is_like_jwk(bytes) {
        Some("JSON")
    } else {
        None
    }
}

/// Whether the first elements are those of a key, or any that are too long for a short secret.
/// Text never passes, random bytes about once in 500,000 times.
fn is_like_der(bytes: &[u8]) -> bool {
    begins_long_sequence(bytes)
        || names_algorithm(bytes)
        || (0..=MOST_SHIFTED_BYTES).any(|at| begins_key(bytes.get(at..).unwrap_or_default()))
}

/// A SEQUENCE of 128 bytes or more with an element in it, of whatever format.
fn begins_long_sequence(bytes: &[u8]) -> bool {
    let has_long_length = matches!(bytes, [0x30, 0x81..=0x84, ..]);
    let first = content(bytes, 0x30).and_then(|inside| inside.first());
    bytes.len() >= MIN_SEQUENCE_BYTES
        && has_long_length
        && matches!(first, Some(0x02 | 0x04 | 0x06 | 0x30 | 0x31 | 0xa0))
}

/// Whether the first elements are those of a key or certificate.
fn begins_key(bytes: &[u8]) -> bool {
    match content(bytes, 0x30) {
        // A version and what follows it, or the modulus of PKCS#1
        Some([0x02, 0x01, 0 | 1, 0x02 | 0x04 | 0x30, ..] | [0x02, 0x81 | 0x82, ..]) => true,
        // An AlgorithmIdentifier, or the version or serial number of a certificate
        Some(inside) => content(inside, 0x30)
            .is_some_and(|inner| matches!(inner, [0x06, 1..=16, ..] | [0xa0, 3, ..] | [0x02, ..])),
        None => false,
    }
}

/// What follows a tag and a plausible length.
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
    ALGORITHMS
        .iter()
        .any(|oid| memchr::memmem::find(start, oid).is_some())
}

/// An armour line, also where some of its dashes are missing or it is in another case.
fn is_like_pem(bytes: &[u8]) -> bool {
    let lower = Zeroizing::new(bytes.to_ascii_lowercase());
    let has = |text: &[u8]| memchr::memmem::find(&lower, text).is_some();
    let names_kind = || {
        [&b" key-"[..], b" certificate-", b" parameters-"]
            .into_iter()
            .any(has)
    };
    has(b"-----begin") || has(b"-----end") || (has(b"begin ") || has(b"end ")) && names_kind()
}

/// A member that a key cannot be without, in the quotes of JSON, Python or JavaScript.
fn is_like_jwk(bytes: &[u8]) -> bool {
    let has = |text: &[u8]| memchr::memmem::find(bytes, text).is_some();
    has(b"\"kty\"") || has(b"'kty'") || has(b"\\\"kty\\\"")
}

/// The bytes from the first letter or digit on: without quotes, white space, NUL or a byte order
/// mark before them.
fn unquoted(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(u8::is_ascii_alphanumeric);
    start.and_then(|at| bytes.get(at..)).unwrap_or_default()
}

/// Looks into base64, also where characters before it are missing or too many: whole groups of
/// four later the bytes are the same again.
fn found_in_base64(text: &[u8]) -> Option<&'static str> {
    let digits = leading_base64(text);
    (0..4).find_map(|lost| found_in(&decoded(digits.get(lost..)?)))
}

/// The digits up to the first other character, white space and the two characters `\n` left out;
/// those of base64url as those of base64.
fn leading_base64(text: &[u8]) -> Zeroizing<Vec<u8>> {
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
            byte if byte.is_ascii_whitespace() => {}
            _ => break,
        }
    }
    digits
}

/// As many whole groups of four digits as there are.
fn decoded(digits: &[u8]) -> Zeroizing<Vec<u8>> {
    let whole = digits.get(..digits.len() / 4 * 4).unwrap_or_default();
    let mut bytes = Zeroizing::new(vec![0; whole.len()]);
    let length = STANDARD.decode_slice(whole, &mut bytes).unwrap_or(0);
    bytes.truncate(length);
    bytes
}

/// What the text holds in hexadecimal digits, white space and colons between them left out.
fn leading_hex(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
    let mut high = None;
    for &byte in text {
        let digit = match char::from(byte).to_digit(16) {
            Some(digit) => u8::try_from(digit).unwrap_or(0),
            None if byte == b':' || byte.is_ascii_whitespace() => continue,
            None => break,
        };
        match high.take() {
            Some(high) => bytes.push(high << 4 | digit),
            None => high = Some(digit),
        }
    }
    bytes
}
