//! Strict base64url without padding (RFC 7515 §2): no `=`, no white space, no non-zero trailing bits.
//! Otherwise a revoked token could be accepted in another spelling.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// Decodes `text`; `None` if it is not the canonical encoding.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// Encodes `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_canonical_encoding_is_accepted() {
        for length in 0..20 {
            let bytes: Vec<u8> = (0..length).map(|at| 0xff - at).collect();
            let text = encode(&bytes);
            assert_eq!(decode(text.as_bytes()).unwrap().as_slice(), bytes);
        }
        for wrong in [
            "QQ==", "QR", "Q", "QUJ=", "+/8", "QU I", "QUI\n", " QUI", "QUIé",
        ] {
            assert!(decode(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}
