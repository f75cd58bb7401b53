//! Numbers: their text, as jq 1.8 and its decNumber write it.

use std::cmp::Ordering;
use std::fmt::Write;

use super::Value;

/// Doubles have all integers up to this.
pub(in crate::jq) const LARGEST_INT: i64 = 1 << 53;

/// The largest exponent of decNumber. Larger numbers are infinite.
const LARGEST_EXPONENT: i64 = 999_999_999;

/// A decimal number: `digits` × 10^`exponent`.
struct Decimal<'a> {
    is_negative: bool,
    /// Without zeros at the start.
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

impl<'a> Decimal<'a> {
    fn parse(text: &'a str) -> Option<Decimal<'a>> {
        let (is_negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (rest.get(..at)?, parse_exponent(rest.get(at + 1..)?)?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        Some(Decimal {
            is_negative,
            whole: whole.trim_start_matches('0'),
            fraction,
            exponent: exponent.saturating_sub(length(fraction)),
        })
    }

    /// The digits without zeros at the start; empty for zero.
    fn digits(&self) -> impl Iterator<Item = u8> + Clone {
        let zeros = match self.whole.is_empty() {
            true => self.fraction.len() - self.fraction.trim_start_matches('0').len(),
            false => 0,
        };
        let fraction = self.fraction.bytes().skip(zeros);
        self.whole.bytes().chain(fraction)
    }

    /// The exponent of the first digit.
    fn magnitude(&self) -> i64 {
        let count = i64::try_from(self.digits().count()).unwrap_or(i64::MAX);
        self.exponent.saturating_add(count - 1)
    }

    fn is_zero(&self) -> bool {
        self.digits().all(|digit| digit == b'0')
    }

    fn compare_magnitude(&self, other: &Decimal) -> Ordering {
        let by_magnitude = self.magnitude().cmp(&other.magnitude());
        by_magnitude.then_with(|| {
            let (mut left, mut right) = (self.digits(), other.digits());
            loop {
                match (left.next(), right.next()) {
                    (None, None) => return Ordering::Equal,
                    (one, two) => match one.unwrap_or(b'0').cmp(&two.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }

    /// The text of decNumber's "to scientific string".
    fn text(&self) -> String {
        let mut digits: String = self.digits().map(char::from).collect();
        if digits.is_empty() {
            digits.push('0');
        }
        let count = length(&digits);
        let magnitude = self.exponent.saturating_add(count - 1);
        let mut text = String::from(if self.is_negative { "-" } else { "" });
        if self.exponent <= 0 && magnitude >= -6 {
            let point = count + self.exponent; // digits before the point
            let split = usize::try_from(point).unwrap_or(0).min(digits.len());
            let (whole, fraction) = digits.split_at(split);
            text.push_str(if whole.is_empty() { "0" } else { whole });
            if self.exponent < 0 {
                text.push('.');
                text.extend((point..0).map(|_| '0'));
                text.push_str(fraction);
            }
        } else {
            let (first, rest) = digits.split_at(1);
            text.push_str(first);
            if !rest.is_empty() {
                text.push('.');
                text.push_str(rest);
            }
            let _ = write!(text, "E{magnitude:+}");
        }
        text
    }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

/// An exponent; a very large one is only marked as such.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let far = match text.starts_with('-') {
        true => -LARGEST_EXPONENT * 4,
        false => LARGEST_EXPONENT * 4,
    };
    Some(text.parse().unwrap_or(far).clamp(-far.abs(), far.abs()))
}

/// Whether the text is already as decNumber would write it, which is usual.
fn is_canonical(text: &str) -> bool {
    let bytes = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let Some((&first, rest)) = bytes.split_first() else {
        return false;
    };
    let is_whole =
        first.is_ascii_digit() && (first != b'0' || rest.first().is_none_or(|&b| b == b'.'));
    let mut points = 0;
    let is_plain = rest.iter().all(|byte| {
        points += usize::from(*byte == b'.');
        byte.is_ascii_digit() || *byte == b'.'
    });
    let small = first == b'0' && rest.starts_with(b".00000");
    is_whole && is_plain && points <= 1 && rest.last() != Some(&b'.') && !small
}

impl Value {
    /// The number with this text, in a JSON text or a filter.
    pub(in crate::jq) fn from_number_text(text: &str) -> Option<Value> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if (1..=15).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit())
            && (!digits.starts_with('0') || text == "0")
        {
            return text.parse().ok().map(Value::Int);
        }
        if text == "-0" {
            return Some(Value::Float(-0.0));
        }
        if is_canonical(text) {
            return Some(Value::Decimal(text.into()));
        }
        match Decimal::parse(text) {
            Some(decimal) => Some(match decimal.magnitude() {
                _ if decimal.is_zero() && decimal.exponent == 0 => {
                    Value::Float(if decimal.is_negative { -0.0 } else { 0.0 })
                }
                magnitude if magnitude > LARGEST_EXPONENT => Value::Float(if decimal.is_negative {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }),
                magnitude if magnitude < -LARGEST_EXPONENT => Value::Float(0.0),
                _ => Value::Decimal(decimal.text().into()),
            }),
            None => special(text),
        }
    }
}

/// `nan` and `Infinity`, which jq reads too.
fn special(text: &str) -> Option<Value> {
    let (sign, name) = match text.strip_prefix('-') {
        Some(name) => (-1.0, name),
        None => (1.0, text),
    };
    let is = |word: &str| name.eq_ignore_ascii_case(word);
    if is("nan") {
        Some(Value::Float(f64::NAN))
    } else if is("infinity") || is("inf") {
        Some(Value::Float(sign * f64::INFINITY))
    } else {
        None
    }
}

/// The exact order of the decimals `left` and `right`; `None` if one is not a decimal.
pub(super) fn compare_decimals(left: &str, right: &str) -> Option<Ordering> {
    let (left, right) = (Decimal::parse(left)?, Decimal::parse(right)?);
    Some(match (left.is_zero(), right.is_zero()) {
        (true, true) => Ordering::Equal,
        (true, false) if right.is_negative => Ordering::Greater,
        (true, false) => Ordering::Less,
        (false, true) if left.is_negative => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => match (left.is_negative, right.is_negative) {
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            (false, false) => left.compare_magnitude(&right),
            (true, true) => right.compare_magnitude(&left),
        },
    })
}

/// The shortest text of a double, in the format of jq. Not a number is null, infinity the largest
/// double.
pub(in crate::jq) fn float_text(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        return out.extend_from_slice(b"null");
    }
    let number = number.clamp(-f64::MAX, f64::MAX);
    if number == number.trunc()
        && number.abs() < 1e16
        && (number != 0.0 || number.is_sign_positive())
    {
        return out.extend_from_slice((number as i64).to_string().as_bytes());
    }
    let text = format!("{number:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    // The number of digits before the point.
    let point = exponent.parse().unwrap_or(0_i64) + 1;
    out.extend_from_slice(sign.as_bytes());
    if point <= -4 || point > length(&digits) + 15 {
        let (first, rest) = digits.split_at(1);
        out.extend_from_slice(first.as_bytes());
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest.as_bytes());
        }
        let exponent = point - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
    } else if point <= 0 {
        out.extend_from_slice(b"0.");
        out.extend((point..0).map(|_| b'0'));
        out.extend_from_slice(digits.as_bytes());
    } else {
        let split = usize::try_from(point).unwrap_or(0);
        match digits.split_at_checked(split) {
            Some((whole, "")) => out.extend_from_slice(whole.as_bytes()),
            Some((whole, fraction)) => {
                out.extend_from_slice(whole.as_bytes());
                out.push(b'.');
                out.extend_from_slice(fraction.as_bytes());
            }
            None => {
                out.extend_from_slice(digits.as_bytes());
                out.extend((length(&digits)..point).map(|_| b'0'));
            }
        }
    }
}
