//! Durations and sizes as people write them on a command line and in a config file.

use std::time::Duration;

/// Reads `300ms`, `30s`, `15m`, `12h`, `7d`.
///
/// # Errors
/// Says what a duration looks like, for a usage message.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is no duration: write 300ms, 30s, 15m, 12h or 7d");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    let total = number.checked_mul(milliseconds).ok_or_else(wrong)?;
    // Beyond a century is a slip of the finger, and would overflow a clock somewhere.
    if total > 100 * 366 * 86_400_000 {
        return Err(format!("'{text}' is too long: a century at most"));
    }
    Ok(Duration::from_millis(total))
}

/// A duration in its largest unit, as one says it: `45s`, `4m`, `3h`, `12d`.
pub(crate) fn say_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0 => format!("{}ms", duration.as_millis()),
        1..=119 => format!("{seconds}s"),
        120..=7_199 => format!("{}m", seconds / 60),
        7_200..=172_799 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Reads `512`, `10k`, `5M`, `2G`: bytes, in powers of 1024.
///
/// # Errors
/// Says what a size looks like, for a usage message.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no size: write 512, 10k, 5M or 2G");
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let shift = match unit {
        "" => 0,
        "k" | "K" => 10,
        "m" | "M" => 20,
        "g" | "G" => 30,
        "t" | "T" => 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(1 << shift).ok_or_else(wrong)
}

/// A size for people: `812 B`, `1.4 MiB`.
pub(crate) fn say_size(bytes: u64) -> String {
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
    fn durations() {
        assert_eq!(duration("300ms"), Ok(Duration::from_millis(300)));
        assert_eq!(duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for wrong in [
            "",
            "5",
            "m",
            "-5m",
            "5.5m",
            "5 m",
            "5y",
            "99999999999d",
            "1\u{0661}s",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_in_words() {
        for (seconds, words) in [
            (1, "1s"),
            (119, "119s"),
            (240, "4m"),
            (7_200, "2h"),
            (864_000, "10d"),
        ] {
            assert_eq!(say_duration(Duration::from_secs(seconds)), words);
        }
        assert_eq!(say_duration(Duration::from_millis(300)), "300ms");
    }

    #[test]
    fn sizes() {
        assert_eq!(size("10k"), Ok(10_240));
        assert_eq!(size("2G"), Ok(2 << 30));
        assert!(size("99999999999T").is_err());
        assert!(size("1KiB").is_err());
        assert_eq!(say_size(812), "812 B");
        assert_eq!(say_size(1_500_000), "1.4 MiB");
    }
}
