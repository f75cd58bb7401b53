//! NumericDate (RFC 7519 §2): seconds since 1970 as a JSON number with optional fraction and
//! exponent. It is read exactly, not as a float.

use crate::json::Text;
use crate::timestamp::Timestamp;

/// An exact point in time. `second` is the whole second, rounded down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    second: i64,
    /// Whether it has a fraction.
    has_fraction: bool,
}

impl NumericDate {
    /// Reads a JSON number; `None` for any other value. A very large number becomes the maximum.
    pub(crate) fn read(value: &Text) -> Option<NumericDate> {
        let text = value.as_str().trim_ascii();
        let (negative, text) = match text.strip_prefix('-') {
            Some(text) => (true, text),
            None => (false, text),
        };
        if !text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // An exponent that does not fit shifts all digits out.
        let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        });
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let point = (whole.len() as i64).saturating_add(exponent);
        let (second, has_fraction) = split(&digits, point);
        Some(match (negative, has_fraction) {
            (false, _) => NumericDate {
                second,
                has_fraction,
            },
            (true, false) => NumericDate {
                second: -second,
                has_fraction,
            },
            (true, true) => NumericDate {
                second: (-second).saturating_sub(1),
                has_fraction,
            },
        })
    }

    /// Whether `now` is at or after this point in time.
    pub(crate) fn has_come(self, now: Timestamp) -> bool {
        now.0 > self.second || (now.0 == self.second && !self.has_fraction)
    }

    /// The whole second, rounded down.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp(self.second)
    }
}

/// The number before the decimal point, at most `i64::MAX`, and whether any digit after the point is
/// not zero.
fn split(digits: &[u8], point: i64) -> (i64, bool) {
    let mut second: i64 = 0;
    let mut has_fraction = false;
    for (at, digit) in (0_i64..).zip(digits) {
        let digit = i64::from(digit - b'0');
        if at < point {
            second = second.saturating_mul(10).saturating_add(digit);
        } else {
            has_fraction |= digit != 0;
        }
    }
    let zeros = point.saturating_sub(digits.len() as i64);
    if second != 0 && zeros > 0 {
        let factor = u32::try_from(zeros)
            .ok()
            .and_then(|zeros| 10_i64.checked_pow(zeros));
        second = second.saturating_mul(factor.unwrap_or(i64::MAX));
    }
    (second, has_fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, bool)> {
        NumericDate::read(&Text::parse(text).unwrap()).map(|date| (date.second, date.has_fraction))
    }

    #[test]
    fn numbers_are_read_exactly() {
        for (text, second, has_fraction) in [
            ("0", 0, false),
            ("-0", 0, false),
            ("1300819380", 1_300_819_380, false),
            (" 1300819380.000 ", 1_300_819_380, false),
            ("1300819380.5", 1_300_819_380, true),
            ("1300819379.99999999999999999999", 1_300_819_379, true),
            ("1.30081938e9", 1_300_819_380, false),
            ("13008193805E-1", 1_300_819_380, true),
            ("-1.5", -2, true),
            ("-2", -2, false),
            ("1e400", i64::MAX, false),
            ("-1e400", -i64::MAX, false),
            ("1e-400", 0, true),
            ("0e99999999999999999999", 0, false),
            ("1e-99999999999999999999", 0, true),
            ("1e99999999999999999999", i64::MAX, false),
            ("99999999999999999999999", i64::MAX, false),
        ] {
            assert_eq!(read(text), Some((second, has_fraction)), "{text}");
        }
    }

    #[test]
    fn other_values_are_rejected() {
        for text in ["\"1300819380\"", "null", "true", "[1]", "{}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn fraction_is_compared() {
        let date = NumericDate::read(&Text::parse("10.5").unwrap()).unwrap();
        assert!(!date.has_come(Timestamp(10)));
        assert!(date.has_come(Timestamp(11)));
        let date = NumericDate::read(&Text::parse("10").unwrap()).unwrap();
        assert!(!date.has_come(Timestamp(9)));
        assert!(date.has_come(Timestamp(10)));
    }
}
