//! base64url without padding, the one spelling RFC 7515 §2 allows: no `=`, no white space, no
//! stray bits at the end. Two spellings of one token would pass where one was revoked.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

/// The bytes that `text` spells; `None` where it is not their one spelling.
pub(super) fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(vec![0; text.len() / 4 * 3 + 3]);
    let length = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    bytes.truncate(length);
    Some(bytes)
}

/// The one spelling of `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_only() {
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
