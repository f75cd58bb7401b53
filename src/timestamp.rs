//! Timestamps, and their conversion to and from dates.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970-01-01T00:00:00Z, as in JSON Web Tokens and Rez.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

/// The last second in RFC 3339: 9999-12-31T23:59:59Z.
const LAST: i64 = 253_402_300_799;

impl Timestamp {
    /// The current time in whole seconds.
    pub fn now() -> Timestamp {
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)),
            Err(before) => {
                Timestamp(-i64::try_from(before.duration().as_secs()).unwrap_or(i64::MAX))
            }
        }
    }

    /// The time `seconds` later, or earlier if negative.
    pub fn plus(self, seconds: i64) -> Timestamp {
        Timestamp(self.0.saturating_add(seconds))
    }

    /// Parses seconds since 1970, a date, or RFC 3339 such as `2026-11-23T16:00:00+02:00`.
    ///
    /// # Errors
    /// A message with examples.
    pub fn parse(text: &str) -> Result<Timestamp, String> {
        if let Ok(seconds) = text.parse::<i64>() {
            return Ok(Timestamp(seconds));
        }
        parse_rfc3339(text).ok_or_else(|| {
            format!("'{text}' is not a time; use 2026-11-23T16:00:00Z or seconds since 1970")
        })
    }
}

impl Timestamp {
    /// Parses an HTTP date (RFC 9110 §5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, or one of the two
    /// obsolete forms that are still allowed.
    pub fn parse_http_date(text: &str) -> Option<Timestamp> {
        let time = httpdate::parse_http_date(text).ok()?;
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok().map(Timestamp)
    }

    /// The date in HTTP's format, or the nearest date that the format supports.
    pub fn http_date(self) -> String {
        let seconds = u64::try_from(self.0.clamp(0, LAST)).unwrap_or(0);
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Timestamp(seconds) = *self;
        // A time outside RFC 3339 is printed as a number.
        if !(-62_135_596_800..=LAST).contains(&seconds) {
            return write!(f, "{seconds}");
        }
        let (year, month, day) = civil_from_days(seconds.div_euclid(86_400));
        let second = seconds.rem_euclid(86_400);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z",
            second / 3600,
            second / 60 % 60,
            second % 60
        )
    }
}

/// The proleptic Gregorian date of a day counted from 1970-01-01, by Howard Hinnant's
/// <https://howardhinnant.github.io/date_algorithms.html>.
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// The inverse of [`civil_from_days`].
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The timestamp of a date and time of day in UTC; `None` if the date does not exist.
pub(crate) fn from_civil(date: (i64, i64, i64), time: (i64, i64, i64)) -> Option<Timestamp> {
    let (year, month, day) = date;
    let (hour, minute, second) = time;
    let in_range = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && (0..24).contains(&hour)
        && (0..60).contains(&minute)
        && (0..=60).contains(&second); // 60: a leap second
    let days = days_from_civil(year, month, day);
    (in_range && civil_from_days(days) == date)
        .then(|| Timestamp(days * 86_400 + hour * 3600 + minute * 60 + second))
}

fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    };
    let is =
        |at: usize, allowed: &[u8]| text.as_bytes().get(at).is_some_and(|b| allowed.contains(b));
    if !(is(4, b"-") && is(7, b"-")) {
        return None;
    }
    let date = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    if text.len() == 10 {
        return from_civil(date, (0, 0, 0));
    }
    if !(is(10, b"Tt ") && is(13, b":") && is(16, b":")) {
        return None;
    }
    let time = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        rest = fraction.get(digits..).filter(|_| digits > 0)?;
    }
    let offset = match rest.as_bytes() {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let at = text.len() - 5;
            let (hours, minutes) = (number(at, at + 2)?, number(at + 3, at + 5)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            (hours * 3600 + minutes * 60) * if *sign == b'+' { 1 } else { -1 }
        }
        _ => return None,
    };
    from_civil(date, time).map(|utc| utc.plus(-offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_round_trip() {
        // As `date -u -d @N +%FT%TZ` prints them.
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_300_819_380, "2011-03-22T18:43:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (LAST, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp(seconds).to_string(), text);
            assert_eq!(Timestamp::parse(text), Ok(Timestamp(seconds)));
        }
    }

    #[test]
    fn every_day_of_a_cycle_round_trips() {
        for day in -200_000..200_000 {
            let (year, month, date) = civil_from_days(day);
            assert_eq!(days_from_civil(year, month, date), day);
        }
    }

    #[test]
    fn offsets_fractions_and_dates_are_parsed() {
        assert_eq!(
            Timestamp::parse("2011-03-22T20:43:00.5+02:00"),
            Ok(Timestamp(1_300_819_380))
        );
        assert_eq!(Timestamp::parse("2000-02-29"), Ok(Timestamp(951_782_400)));
        assert_eq!(Timestamp::parse("-5"), Ok(Timestamp(-5)));
    }

    #[test]
    fn invalid_times_are_refused() {
        for wrong in [
            "",
            "now",
            "2026-02-29",
            "2026-13-01",
            "2026-11-23T25:00:00Z",
            "2026-11-23T16:00:00",
            "2026-11-23T16:00:00.Z",
            "2026-11-23T16:00:00+2",
            "２026-11-23",
            "2026-11-23T16:00:00+99:00",
        ] {
            assert!(Timestamp::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn all_formats_of_http_dates_are_parsed() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            let read = Timestamp::parse_http_date(text);
            assert_eq!(read, Some(Timestamp(784_111_777)), "{text}");
        }
        let written = Timestamp(784_111_777).http_date();
        assert_eq!(written, "Sun, 06 Nov 1994 08:49:37 GMT");
        for (beyond, nearest) in [
            (i64::MIN, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (i64::MAX, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(Timestamp(beyond).http_date(), nearest);
        }
        for wrong in [
            "",
            "soon",
            "Sun, 06 Nov 1994",
            "Sun, 06 Nov 1994 08:49 GMT",
            "a b c d e GMT",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 06 Nov 19941994 08:49:37 GMT",
            "Sun, 0a Nov 1994 08:49:37 GMT",
        ] {
            assert_eq!(Timestamp::parse_http_date(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_outside_rfc_3339_are_numbers() {
        assert_eq!(Timestamp(i64::MAX).to_string(), i64::MAX.to_string());
        assert_eq!(Timestamp(i64::MIN).to_string(), i64::MIN.to_string());
    }
}
