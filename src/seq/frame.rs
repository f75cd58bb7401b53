//! A frame number.

use std::fmt;

/// Millionths in a frame.
const UNIT: i64 = 1_000_000;
/// Limit for the decimal places.
pub(crate) const MOST_DECIMALS: usize = 6;
/// Limit for the digits before the point.
pub(crate) const MOST_DIGITS: usize = 12;

/// A frame number, exact: up to 12 digits before and 6 after the decimal point (1001, -5, 1001.25).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Frame {
    millionths: i64,
}

/// Why a text is not a frame number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FrameError {
    /// Not an optional sign, digits, and optional decimals.
    NotANumber,
    /// More than 12 digits before the point.
    TooLarge,
    /// More than 6 decimal places.
    TooPrecise,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FrameError::NotANumber => f.write_str("not a frame number"),
            FrameError::TooLarge => write!(f, "more than {MOST_DIGITS} digits"),
            FrameError::TooPrecise => write!(f, "more than {MOST_DECIMALS} decimal places"),
        }
    }
}

impl Frame {
    /// A whole frame, if it has at most 12 digits.
    pub(crate) fn whole(number: i64) -> Option<Frame> {
        const END: u64 = 10_u64.pow(MOST_DIGITS as u32);
        let millionths = number.checked_mul(UNIT)?;
        (number.unsigned_abs() < END).then_some(Frame { millionths })
    }

    /// Reads a number such as 12, -0012 or 12.5.
    ///
    /// # Errors
    /// When it is not a number, or has too many digits.
    pub(crate) fn parse(text: &str) -> Result<Frame, FrameError> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, decimals) = match rest.split_once('.') {
            Some((_, "")) => return Err(FrameError::NotANumber),
            Some(parts) => parts,
            None => (rest, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(decimals) {
            return Err(FrameError::NotANumber);
        }
        let significant = whole.trim_start_matches('0');
        if significant.len() > MOST_DIGITS {
            return Err(FrameError::TooLarge);
        }
        let decimals = decimals.trim_end_matches('0');
        if decimals.len() > MOST_DECIMALS {
            return Err(FrameError::TooPrecise);
        }
        let digits = significant.bytes().chain(decimals.bytes());
        let all = digits.fold(0_i64, |all, digit| all * 10 + i64::from(digit - b'0'));
        let missing = u32::try_from(MOST_DECIMALS - decimals.len()).unwrap_or(0);
        let millionths = all * 10_i64.pow(missing);
        Ok(Frame {
            millionths: if is_negative { -millionths } else { millionths },
        })
    }

    /// The number, if it has no decimals.
    pub(crate) fn as_whole(self) -> Option<i64> {
        (self.millionths % UNIT == 0).then_some(self.millionths / UNIT)
    }

    /// The number in millionths of a frame.
    pub(crate) fn millionths(self) -> i64 {
        self.millionths
    }

    /// The frame with this number of millionths, within the limits.
    pub(crate) fn from_millionths(millionths: i64) -> Option<Frame> {
        Frame::whole(millionths / UNIT).map(|_| Frame { millionths })
    }

    /// The frame `by` later, within the limits.
    pub(crate) fn checked_add(self, by: Frame) -> Option<Frame> {
        Frame::from_millionths(self.millionths.checked_add(by.millionths)?)
    }
}

/// Without leading zeros, and without zeros after the last decimal place.
impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.millionths < 0 { "-" } else { "" };
        let (unit, all) = (UNIT.unsigned_abs(), self.millionths.unsigned_abs());
        write!(f, "{sign}{}", all / unit)?;
        match all % unit {
            0 => Ok(()),
            rest => write!(f, ".{}", format!("{rest:06}").trim_end_matches('0')),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        for (text, shown) in [
            ("1", "1"),
            ("0007", "7"),
            ("-0", "0"),
            ("-12", "-12"),
            ("1001.250", "1001.25"),
            ("-0.5", "-0.5"),
            ("999999999999.999999", "999999999999.999999"),
            ("0000000000000000001", "1"),
        ] {
            assert_eq!(Frame::parse(text).unwrap().to_string(), shown);
        }
        for (text, error) in [
            ("", FrameError::NotANumber),
            ("-", FrameError::NotANumber),
            ("1.", FrameError::NotANumber),
            (".5", FrameError::NotANumber),
            ("+1", FrameError::NotANumber),
            ("1e3", FrameError::NotANumber),
            ("--1", FrameError::NotANumber),
            ("1000000000000", FrameError::TooLarge),
            ("0.0000001", FrameError::TooPrecise),
        ] {
            assert_eq!(Frame::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn sums_stay_within_the_limits() {
        let one = Frame::whole(1).unwrap();
        let most = Frame::whole(999_999_999_999).unwrap();
        assert_eq!(most.checked_add(one), None);
        assert_eq!(Frame::whole(1_000_000_000_000), None);
        assert_eq!(Frame::whole(i64::MIN), None);
        assert_eq!(one.checked_add(one).and_then(Frame::as_whole), Some(2));
        assert_eq!(Frame::parse("1.5").unwrap().as_whole(), None);
    }
}
