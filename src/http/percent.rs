//! Percent-encoding (RFC 3986 §2.1).

/// Percent-encodes characters that are invalid in a path or query; encoded ones stay.
pub(super) fn encode_illegal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let legal = byte.is_ascii_graphic()
            && !matches!(
                byte,
                b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
            );
        push_byte(&mut out, byte, legal);
    }
    out
}

/// Percent-encodes all but the unreserved characters of RFC 3986; also valid in forms.
pub(crate) fn form_encode(text: &str) -> String {
    encode(text.as_bytes(), b"")
}

/// Percent-encodes all but the unreserved characters and those in `kept`.
pub(crate) fn encode(bytes: &[u8], kept: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for &byte in bytes {
        let is_unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        push_byte(&mut out, byte, is_unreserved || kept.contains(&byte));
    }
    out
}

fn push_byte(out: &mut String, byte: u8, as_it_is: bool) {
    if as_it_is {
        out.push(char::from(byte));
    } else {
        out.push_str(&format!("%{byte:02X}"));
    }
}

/// Decodes `%XX`; a percent sign without two hexadecimal digits is unchanged.
pub(crate) fn percent_decode(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.as_bytes();
    while let Some((&first, rest)) = bytes.split_first() {
        let decoded = (first == b'%')
            .then(|| rest.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()))
            .flatten()
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match decoded {
            Some(byte) => {
                out.push(byte);
                bytes = rest.get(2..).unwrap_or_default();
            }
            None => {
                out.push(first);
                bytes = rest;
            }
        }
    }
    out
}
