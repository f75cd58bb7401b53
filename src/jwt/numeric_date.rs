//! NumericDate (RFC 7519 §2): seconds since 1970 as a JSON number, fractions and exponents allowed,
//! read exactly rather than through a float.

use crate::json::Text;
use crate::timestamp::Timestamp;

/// A point in time, exact to any fraction: `second` is the last whole second not after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    second: i64,
    /// Whether it lies after that second, before the next.
    within: bool,
}

impl NumericDate {
    /// Reads a JSON number; `None` for any other value. What no clock reaches is the end of time.
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
        // An exponent too long for a number shifts everything out, this way or that.
        let exponent: i64 = exponent.parse().unwrap_or(if exponent.starts_with('-') {
            i64::MIN
        } else {
            i64::MAX
        });
        let digits: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let point = (whole.len() as i64).saturating_add(exponent);
        let (second, within) = split(&digits, point);
        Some(match (negative, within) {
            (false, _) => NumericDate { second, within },
            (true, false) => NumericDate {
                second: -second,
                within,
            },
            (true, true) => NumericDate {
                second: (-second).saturating_sub(1),
                within,
            },
        })
    }

    /// Whether `now` is this point in time or after it.
    pub(crate) fn has_come(self, now: Timestamp) -> bool {
        now.0 > self.second || (now.0 == self.second && !self.within)
    }

    /// The last whole second not after it.
    pub(crate) fn timestamp(self) -> Timestamp {
        Timestamp(self.second)
    }
}

/// The number that the digits before `point` are, at most `i64::MAX`, and whether any digit after
/// it is not zero.
fn split(digits: &[u8], point: i64) -> (i64, bool) {
    let mut second: i64 = 0;
    let mut within = false;
    for (at, digit) in (0_i64..).zip(digits) {
        let digit = i64::from(digit - b'0');
        if at < point {
            second = second.saturating_mul(10).saturating_add(digit);
        } else {
            within |= digit != 0;
        }
    }
    let zeros = point.saturating_sub(digits.len() as i64);
    if second != 0 && zeros > 0 {
        let factor = u32::try_from(zeros)
            .ok()
            .and_then(|zeros| 10_i64.checked_pow(zeros));
        second = second.saturating_mul(factor.unwrap_or(i64::MAX));
    }
    (second, within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(i64, bool)> {
        NumericDate::read(&Text::parse(text).unwrap()).map(|date| (date.second, date.within))
    }

    #[test]
    fn numbers_exactly() {
        for (text, second, within) in [
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
            assert_eq!(read(text), Some((second, within)), "{text}");
        }
    }

    #[test]
    fn what_is_no_number() {
        for text in ["\"1300819380\"", "null", "true", "[1]", "{}"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn a_fraction_counts() {
        let date = NumericDate::read(&Text::parse("10.5").unwrap()).unwrap();
        assert!(!date.has_come(Timestamp(10)));
        assert!(date.has_come(Timestamp(11)));
        let date = NumericDate::read(&Text::parse("10").unwrap()).unwrap();
        assert!(!date.has_come(Timestamp(9)));
        assert!(date.has_come(Timestamp(10)));
    }
}
