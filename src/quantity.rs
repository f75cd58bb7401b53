//! Parses and formats durations and sizes.

use std::borrow::Cow;
use std::time::Duration;

/// The longest duration. A longer one is a typing error, and could overflow a clock.
const CENTURY: Duration = Duration::from_secs(100 * 366 * 86_400);

/// The units of a duration in nanoseconds, the largest first.
const UNITS_OF_TIME: [(&str, u64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

/// The units of a size, in small letters.
const UNITS_OF_SIZE: [(&str, u64); 17] = [
    ("", 1),
    ("b", 1),
    ("k", 1 << 10),
    ("kib", 1 << 10),
    ("kb", 1_000),
    ("m", 1 << 20),
    ("mib", 1 << 20),
    ("mb", 1_000_000),
    ("g", 1 << 30),
    ("gib", 1 << 30),
    ("gb", 1_000_000_000),
    ("t", 1 << 40),
    ("tib", 1 << 40),
    ("tb", 1_000_000_000_000),
    ("p", 1 << 50),
    ("pib", 1 << 50),
    ("pb", 1_000_000_000_000_000),
];

/// Parses `300ms`, `2.5s`, `30s`, `15m`, `1m30s`, `12h`, `7d`; a bare number is seconds.
///
/// # Errors
/// A message with examples of durations.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "{} is not a duration; use 30 (seconds), 500ms, 2.5s, 15m, 1m30s, 12h or 7d",
            quoted(text)
        )
    };
    let mut rest = text;
    let mut nanoseconds: u128 = 0;
    // Each unit must be smaller than the one before.
    let mut smaller = UNITS_OF_TIME.as_slice();
    loop {
        let (number, after) = Number::split(rest).ok_or_else(wrong)?;
        let unit_ends = after
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(unit_ends);
        let unit = if rest == text && unit.is_empty() && after.is_empty() {
            "s"
        } else {
            unit
        };
        let at = smaller.iter().position(|(name, _)| *name == unit);
        let at = at.ok_or_else(wrong)?;
        let (_, scale) = smaller.get(at).ok_or_else(wrong)?;
        nanoseconds += number.times(*scale);
        if after.is_empty() {
            break;
        }
        smaller = smaller.get(at + 1..).unwrap_or_default();
        rest = after;
    }
    match u64::try_from(nanoseconds).map(Duration::from_nanos) {
        Ok(duration) if duration <= CENTURY => Ok(duration),
        Ok(_) | Err(_) => Err(format!(
            "{} is too long; the maximum is 36600d",
            quoted(text)
        )),
    }
}

/// Parses `512`, `10k`, `5M`, `2G`, `1GiB`: bytes, in powers of 1024; `1GB` in powers of 1000.
///
/// # Errors
/// A message with examples of sizes.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || {
        format!(
            "{} is not a size; use 512, 10k, 5M, 1.5G, 1GiB or 1GB",
            quoted(text)
        )
    };
    let (number, unit) = Number::split(text).ok_or_else(wrong)?;
    let unit = unit.to_ascii_lowercase();
    let found = UNITS_OF_SIZE.iter().find(|(name, _)| *name == unit);
    let (_, scale) = found.ok_or_else(wrong)?;
    let too_large = |_| format!("{} is too large; the maximum is 16 EiB", quoted(text));
    u64::try_from(number.times(*scale)).map_err(too_large)
}

/// A value in quotes for a message, shortened if it is long.
fn quoted(text: &str) -> String {
    const LONGEST: usize = 40;
    let text = match text.char_indices().nth(LONGEST) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    };
    format!("'{text}'")
}

/// A decimal number: `2.5` is 25 tenths.
struct Number {
    digits: u64,
    /// 1, 10, 100 …
    parts: u64,
}

impl Number {
    /// More digits would overflow.
    const MOST_DIGITS: usize = 18;

    /// The number at the beginning of a text, and what follows it.
    fn split(text: &str) -> Option<(Number, &str)> {
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let end = text.find(|c| !is_part(c)).unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (number, ""),
        };
        let is_sound = !whole.is_empty()
            && !fraction.contains('.')
            && whole.len() + fraction.len() <= Number::MOST_DIGITS;
        if !is_sound {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        let parts = 10_u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        Some((Number { digits, parts }, rest))
    }

    /// The number times a unit, rounded down.
    fn times(&self, unit: u64) -> u128 {
        u128::from(self.digits) * u128::from(unit) / u128::from(self.parts)
    }
}

/// A duration in its largest unit: `45s`, `4m`, `3h`, `12d`, `3y`.
pub(crate) fn format_duration(duration: Duration) -> String {
    const YEAR: u64 = 31_556_952;
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        172_800..=63_113_903 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / YEAR),
    }
}

/// How long ago something was: `just now`, `4m ago`.
pub(crate) fn format_ago(since: Duration) -> String {
    match since.as_secs() {
        0 => "just now".to_owned(),
        _ => format!("{} ago", format_duration(since)),
    }
}

/// A number with a noun: `1 object`, `2 objects`, `1 library`, `2 libraries`.
pub(crate) fn count(number: impl TryInto<u64>, one: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    match (number, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        (_, _) => format!("{number} {one}s"),
    }
}

/// A size for people: `812 B`, `1.4 MiB`.
pub(crate) fn format_size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut units = UNITS.iter();
    let mut unit = units.next().unwrap_or(&"B");
    while value >= 1024.0 {
        let Some(next) = units.next() else { break };
        value /= 1024.0;
        unit = next;
    }
    if *unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{value:.1} {unit}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_parsed() {
        for (text, milliseconds) in [
            ("300ms", 300),
            ("500ms", 500),
            ("0", 0),
            ("0s", 0),
            ("30", 30_000),
            ("2.5", 2_500),
            ("2.5s", 2_500),
            ("0.25s", 250),
            ("1.5h", 5_400_000),
            ("15m", 900_000),
            ("1m30s", 90_000),
            ("1h0m1.5s", 3_601_500),
            ("1s500ms", 1_500),
            ("12h", 43_200_000),
            ("7d", 604_800_000),
            ("1d12h", 129_600_000),
            ("36600d", 36_600 * 86_400_000),
        ] {
            assert_eq!(
                duration(text),
                Ok(Duration::from_millis(milliseconds)),
                "{text}"
            );
        }
    }

    #[test]
    fn invalid_durations_are_refused() {
        for wrong in [
            "",
            "m",
            "-5m",
            "5 m",
            "5y",
            "30S",
            "1m30",
            "30s1m",
            "1m1m",
            "1ms1s",
            ".5s",
            "5.s",
            "1.2.3s",
            "1e3s",
            "+1s",
            "1s ",
            " 1s",
            "36601d",
            "99999999999d",
            "9999999999999999999d",
            "999999999999999999",
            "1\u{0661}s",
            "\u{0661}s",
            "1s\u{0661}",
            "inf",
            "NaN",
            "0x10",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert!(duration(&"9".repeat(100_000)).unwrap_err().len() < 200);
        assert!(duration(&"1s".repeat(100_000)).is_err());
    }

    #[test]
    fn durations_are_formatted() {
        for (seconds, words) in [
            (1, "1s"),
            (119, "119s"),
            (240, "4m"),
            (7_200, "2h"),
            (864_000, "10d"),
            (20_781 * 86_400, "56y"),
        ] {
            assert_eq!(format_duration(Duration::from_secs(seconds)), words);
        }
        assert_eq!(format_duration(Duration::from_millis(300)), "300ms");
        assert_eq!(format_ago(Duration::from_millis(300)), "just now");
        assert_eq!(format_ago(Duration::from_secs(240)), "4m ago");
    }

    #[test]
    fn sizes_are_parsed() {
        for (text, bytes) in [
            ("0", 0),
            ("512", 512),
            ("512B", 512),
            ("10k", 10_240),
            ("10K", 10_240),
            ("5M", 5 << 20),
            ("2G", 2 << 30),
            ("1.5G", 3 << 29),
            ("1T", 1 << 40),
            ("1KiB", 1_024),
            ("1GiB", 1 << 30),
            ("1gib", 1 << 30),
            ("1kB", 1_000),
            ("1KB", 1_000),
            ("1MB", 1_000_000),
            ("1GB", 1_000_000_000),
            ("1.5TB", 1_500_000_000_000),
            ("16383P", 16_383 << 50),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for wrong in [
            "",
            "G",
            "-1",
            "1 G",
            "1.G",
            ".5G",
            "1Gb it",
            "1e3",
            "1KiBs",
            "16384P",
            "99999999999T",
            "18446744073709551616",
            "1\u{212a}",
        ] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format_size(812), "812 B");
        assert_eq!(format_size(1_500_000), "1.4 MiB");
    }

    #[test]
    fn plurals_are_formed() {
        for (number, one, words) in [
            (0_usize, "object", "0 objects"),
            (1, "object", "1 object"),
            (2, "object", "2 objects"),
            (1, "copy", "1 copy"),
            (2, "copy", "2 copies"),
            (2, "key", "2 keys"),
        ] {
            assert_eq!(count(number, one), words);
        }
    }
}
