//! The calendar: seconds since 1970 and broken-down times (proleptic Gregorian, UTC).

/// A broken-down time, as `struct tm` of C.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Time {
    pub year: i64,
    /// From 0 on.
    pub month: i64,
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    /// From Sunday, 0.
    pub weekday: i64,
    /// From 0 on.
    pub yearday: i64,
}

const SECONDS_A_DAY: i64 = 86_400;

/// The days from 1970-01-01 to a date. The month may be outside of a year.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March: the leap day is their last.
    let year = year + month.div_euclid(12);
    let month = month.rem_euclid(12);
    let (year, month) = match month < 2 {
        true => (year - 1, month + 10),
        false => (year, month - 2),
    };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The seconds since 1970 of a time, whose parts may be outside of their ranges.
pub(super) fn seconds(time: &Time) -> i64 {
    let days = days(time.year, time.month, time.day);
    let clock = time.hour * 3600 + time.minute * 60 + time.second;
    days * SECONDS_A_DAY + clock
}

/// The broken-down time of seconds since 1970.
pub(super) fn broken_down(seconds: i64) -> Time {
    let count = seconds.div_euclid(SECONDS_A_DAY);
    let clock = seconds.rem_euclid(SECONDS_A_DAY);
    let shifted = count + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let (month, carry) = match month < 10 {
        true => (month + 2, 0),
        false => (month - 10, 1),
    };
    let year = year_of_era + era * 400 + carry;
    Time {
        year,
        month,
        day: day_of_year - (153 * ((month + 10) % 12) + 2) / 5 + 1,
        hour: clock / 3600,
        minute: clock / 60 % 60,
        second: clock % 60,
        weekday: (count + 4).rem_euclid(7),
        yearday: count - days(year, 0, 1),
    }
}

/// Whether the year has 366 days.
pub(super) fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// The year and the number of a week by ISO 8601.
pub(super) fn iso_week(time: &Time) -> (i64, i64) {
    let weekday = (time.weekday + 6) % 7; // from Monday
    let week = (time.yearday - weekday + 10) / 7;
    let weeks_in = |year: i64| {
        let first = broken_down(days(year, 0, 1) * SECONDS_A_DAY).weekday;
        match first == 4 || (first == 3 && is_leap(year)) {
            true => 53,
            false => 52,
        }
    };
    if week < 1 {
        (time.year - 1, weeks_in(time.year - 1))
    } else if week > weeks_in(time.year) {
        (time.year + 1, 1)
    } else {
        (time.year, week)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_broken_down_times_are_inverse() {
        for at in [
            0,
            1,
            -1,
            951_782_400,
            1_425_599_621,
            -62_167_219_200,
            253_402_300_799,
        ] {
            assert_eq!(seconds(&broken_down(at)), at);
        }
        let leap = broken_down(951_782_400); // 2000-02-29
        assert_eq!(
            (leap.year, leap.month, leap.day, leap.weekday, leap.yearday),
            (2000, 1, 29, 2, 59)
        );
    }
}
