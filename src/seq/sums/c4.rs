//! C4 IDs (SMPTE ST 2114): a SHA-512 as a number in base58, with the prefix `c4`.

const DIGITS: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/// The digits after the prefix. 64 bytes are always below 58 to the power of 88.
const LENGTH: usize = 88;
const BYTES: usize = 64;

/// The ID of a SHA-512.
pub(crate) fn encode(sum: &[u8]) -> String {
    let mut number = sum.to_vec();
    let mut digits = vec![b'1'; LENGTH];
    for place in digits.iter_mut().rev() {
        // Long division by 58.
        let mut rest = 0_u32;
        for byte in &mut number {
            let part = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(part / 58).unwrap_or_default();
            rest = part % 58;
        }
        let digit = usize::try_from(rest).ok().and_then(|at| DIGITS.get(at));
        *place = *digit.unwrap_or(&b'1');
    }
    let digits = digits.into_iter().map(char::from);
    "c4".chars().chain(digits).collect()
}

/// The SHA-512 of an ID. `None`: it is not an ID.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("c4")?.as_bytes();
    if digits.len() != LENGTH {
        return None;
    }
    let mut number = vec![0_u8; BYTES];
    for digit in digits {
        let digit = DIGITS.iter().position(|one| one == digit)?;
        let mut carry = u32::try_from(digit).ok()?;
        for byte in number.iter_mut().rev() {
            let part = u32::from(*byte) * 58 + carry;
            *byte = u8::try_from(part & 255).ok()?;
            carry = part >> 8;
        }
        // A number of more than 64 bytes.
        if carry > 0 {
            return None;
        }
    }
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_round_trip() {
        for bytes in [[0; 64], [255; 64], [7; 64]] {
            let id = encode(&bytes);
            assert_eq!(id.len(), 90);
            assert_eq!(decode(&id), Some(bytes.to_vec()));
        }
        assert_eq!(encode(&[0; 64]), format!("c4{}", "1".repeat(88)));
    }

    #[test]
    fn other_text_is_refused() {
        let ones = "1".repeat(88);
        for wrong in [
            String::new(),
            "c4".to_owned(),
            format!("c5{ones}"),
            format!("c4{ones}1"),
            format!("c4{}0", "1".repeat(87)),
            format!("c4{}", "z".repeat(88)), // more than 64 bytes
        ] {
            assert_eq!(decode(&wrong), None, "{wrong}");
        }
    }
}
