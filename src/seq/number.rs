//! A frame number as it is written in the name of a file.

use super::frame::{Frame, MOST_DECIMALS, MOST_DIGITS};

/// A frame number and its writing: `0007`, `-0000` and `1001.250` are written again as they were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Number {
    pub frame: Frame,
    /// How many characters the part before the point has, including a minus sign.
    pub width: u8,
    /// How many digits follow the point. 0: there is no point.
    pub decimals: u8,
    /// Whether a minus sign is written; zero may have one.
    pub is_negative: bool,
}

impl Number {
    /// Reads a whole text. A number with more digits than a frame may have is none, also if they are
    /// zeros: its writing would be lost.
    pub(crate) fn parse(text: &str) -> Option<Number> {
        if let Some(number) = whole(text.as_bytes()) {
            return Some(number);
        }
        let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
        let is_negative = whole.starts_with('-');
        let digits = whole.len() - usize::from(is_negative);
        if digits > MOST_DIGITS || decimals.len() > MOST_DECIMALS {
            return None;
        }
        Some(Number {
            frame: Frame::parse(text).ok()?,
            width: u8::try_from(whole.len()).ok()?,
            decimals: u8::try_from(decimals.len()).ok()?,
            is_negative,
        })
    }

    /// A frame written with at least `width` characters before the point, as `%0<width>d` does.
    pub(crate) fn padded(frame: Frame, width: u8) -> Number {
        let shown = frame.to_string();
        let (whole, decimals) = shown.split_once('.').unwrap_or((&shown, ""));
        let own = u8::try_from(whole.len()).unwrap_or(u8::MAX);
        Number {
            frame,
            width: own.max(width),
            decimals: u8::try_from(decimals.len()).unwrap_or(0),
            is_negative: frame.millionths() < 0,
        }
    }

    /// Whether `%0<width>d` would write it like this.
    pub(crate) fn is_padded_to(&self, width: u8) -> bool {
        self.width == self.plain_width().max(width) && self.has_plain_sign()
    }

    /// The width without padding.
    pub(crate) fn plain_width(&self) -> u8 {
        let whole = self.frame.millionths().unsigned_abs() / 1_000_000;
        let digits = whole.checked_ilog10().map_or(1, |tens| tens + 1);
        let is_negative = u32::from(self.frame.millionths() < 0);
        u8::try_from(digits + is_negative).unwrap_or(u8::MAX)
    }

    /// Whether only a number below zero has a minus sign.
    pub(crate) fn has_plain_sign(&self) -> bool {
        self.is_negative == (self.frame.millionths() < 0)
    }

    /// The text in the name.
    pub(crate) fn text(&self) -> String {
        let all = self.frame.millionths().unsigned_abs();
        let (whole, rest) = (all / 1_000_000, all % 1_000_000);
        let sign = if self.is_negative { "-" } else { "" };
        let digits = usize::from(self.width).saturating_sub(sign.len());
        let mut text = format!("{sign}{whole:0digits$}");
        if self.decimals > 0 {
            let rest = format!("{rest:06}");
            let decimals = rest.get(..usize::from(self.decimals)).unwrap_or(&rest);
            text.push('.');
            text.push_str(decimals);
        }
        text
    }
}

/// A number without decimals. Most are: directories have a million.
fn whole(text: &[u8]) -> Option<Number> {
    let (is_negative, digits) = match text.split_first() {
        Some((b'-', digits)) => (true, digits),
        Some(_) | None => (false, text),
    };
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return None;
    }
    let mut number = 0_i64;
    for byte in digits {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(byte - b'0');
    }
    Some(Number {
        frame: Frame::whole(if is_negative { -number } else { number })?,
        width: u8::try_from(text.len()).ok()?,
        decimals: 0,
        is_negative,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_kept() {
        for text in [
            "7", "0007", "-0000", "-1", "-001", "12345", "1001.25", "1001.250", "0.5", "-0.50",
        ] {
            assert_eq!(Number::parse(text).unwrap().text(), text);
        }
        for text in ["", "-", "1.", "x", "0000000000001", "1.0000000", "١"] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    #[test]
    fn padding_is_that_of_printf() {
        let text =
            |number: &str, width| Number::padded(Frame::parse(number).unwrap(), width).text();
        assert_eq!(text("7", 4), "0007");
        assert_eq!(text("-7", 4), "-007");
        assert_eq!(text("12345", 4), "12345");
        assert_eq!(text("7.5", 4), "0007.5");
        let padded = |number: &str, width| Number::parse(number).unwrap().is_padded_to(width);
        assert!(padded("0007", 4) && padded("12345", 4) && padded("7", 1) && padded("-007", 4));
        assert!(!padded("7", 4) && !padded("012345", 4) && !padded("-0000", 5));
    }
}
