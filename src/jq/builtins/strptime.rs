//! Parses times as `strptime` of C.

use super::calendar::{Time, broken_down, seconds};
use super::strftime::{MONTHS, WEEKDAYS, composed};

/// What a text says about a time.
#[derive(Default)]
struct Found {
    time: Time,
    is_afternoon: Option<bool>,
    century: Option<i64>,
    year_of_century: Option<i64>,
    yearday: Option<i64>,
    weekday: Option<i64>,
    has_date: bool,
    epoch: Option<i64>,
}

/// The time in `text` by `format`, and the rest of the text.
pub(super) fn strptime<'t>(text: &'t str, format: &str) -> Option<(Time, &'t str)> {
    let mut found = Found::default();
    found.time.year = 1900;
    let rest = parse(text, format, &mut found)?;
    Some((finished(found), rest))
}

fn finished(found: Found) -> Time {
    if let Some(epoch) = found.epoch {
        return broken_down(epoch);
    }
    let mut time = found.time;
    if let Some(short) = found.year_of_century {
        time.year = match found.century {
            Some(century) => century * 100 + short,
            None if short < 69 => 2000 + short,
            None => 1900 + short,
        };
    } else if let Some(century) = found.century {
        time.year = century * 100;
    }
    if let Some(is_afternoon) = found.is_afternoon {
        time.hour = time.hour % 12 + if is_afternoon { 12 } else { 0 };
    }
    if let Some(yearday) = found.yearday
        && !found.has_date
    {
        let start = Time {
            year: time.year,
            day: 1 + yearday,
            ..Time::default()
        };
        let date = broken_down(seconds(&start));
        (time.month, time.day) = (date.month, date.day);
    }
    if time.day != 0 {
        let date = broken_down(seconds(&Time {
            hour: 0,
            minute: 0,
            second: 0,
            ..time
        }));
        (time.weekday, time.yearday) = (date.weekday, date.yearday);
    }
    // Without a date jq has these.
    if time.day == 0 {
        (time.weekday, time.yearday) = (8, 367);
    }
    if let (Some(weekday), false) = (found.weekday, found.has_date) {
        time.weekday = weekday;
    }
    time
}

fn parse<'t>(text: &'t str, format: &str, found: &mut Found) -> Option<&'t str> {
    let mut rest = text;
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_ascii_whitespace() => rest = rest.trim_ascii_start(),
            '%' => {
                let mut letter = chars.next()?;
                while matches!(letter, '-' | '_' | '0' | '^' | '#' | 'E' | 'O') {
                    letter = chars.next()?;
                }
                rest = field(rest, letter, found)?;
            }
            c => rest = rest.strip_prefix(c)?,
        }
    }
    Some(rest)
}

/// A number of at most `width` digits in a range, behind white space.
fn number(text: &str, width: usize, range: std::ops::RangeInclusive<i64>) -> Option<(i64, &str)> {
    let text = text.trim_ascii_start();
    let digits = text
        .bytes()
        .take(width)
        .take_while(u8::is_ascii_digit)
        .count();
    let (digits, rest) = text.split_at(digits);
    let number = digits
        .parse()
        .ok()
        .filter(|number| range.contains(number))?;
    Some((number, rest))
}

/// One of `names`, whole or its first three letters.
fn word<'t>(text: &'t str, names: &[&str]) -> Option<(i64, &'t str)> {
    let starts = |name: &str| {
        let head = text.get(..name.len())?;
        head.eq_ignore_ascii_case(name)
            .then(|| text.get(name.len()..))?
    };
    for (at, name) in (0_i64..).zip(names) {
        let rest = starts(name).or_else(|| starts(name.get(..3)?));
        if let Some(rest) = rest {
            return Some((at, rest));
        }
    }
    None
}

fn field<'t>(text: &'t str, letter: char, found: &mut Found) -> Option<&'t str> {
    let time = &mut found.time;
    let mut set = |slot: fn(&mut Time) -> &mut i64, width, range, less: i64| {
        let (value, rest) = number(text, width, range)?;
        *slot(time) = value - less;
        Some(rest)
    };
    match letter {
        'Y' => {
            let (sign, digits) = match text.trim_ascii_start().strip_prefix('-') {
                Some(digits) => (-1, digits),
                None => (1, text),
            };
            let (year, rest) = number(digits, 4, 0..=9999)?;
            time.year = sign * year;
            Some(rest)
        }
        'm' => {
            found.has_date = true;
            set(|time| &mut time.month, 2, 1..=12, 1)
        }
        'd' | 'e' => {
            found.has_date = true;
            set(|time| &mut time.day, 2, 1..=31, 0)
        }
        'H' | 'k' => set(|time| &mut time.hour, 2, 0..=23, 0),
        'I' | 'l' => set(|time| &mut time.hour, 2, 1..=12, 0),
        'M' => set(|time| &mut time.minute, 2, 0..=59, 0),
        'S' => set(|time| &mut time.second, 2, 0..=61, 0),
        'b' | 'B' | 'h' => {
            let (month, rest) = word(text, &MONTHS)?;
            found.has_date = true;
            time.month = month;
            Some(rest)
        }
        'n' | 't' => Some(text.trim_ascii_start()),
        '%' => text.strip_prefix('%'),
        letter => rare_field(text, letter, found),
    }
}

fn rare_field<'t>(text: &'t str, letter: char, found: &mut Found) -> Option<&'t str> {
    let (value, rest) = match letter {
        'a' | 'A' => word(text, &WEEKDAYS)?,
        'C' => number(text, 2, 0..=99)?,
        'y' => number(text, 2, 0..=99)?,
        'j' => number(text, 3, 1..=366)?,
        'u' => number(text, 1, 1..=7)?,
        'w' => number(text, 1, 0..=6)?,
        'U' | 'W' | 'V' => number(text, 2, 0..=53)?,
        'G' => number(text, 4, 0..=9999)?,
        'g' => number(text, 2, 0..=99)?,
        's' => number(text, 18, 0..=i64::MAX)?,
        'p' | 'P' => {
            let (value, rest) = word(text, &["AM", "PM"])?;
            found.is_afternoon = Some(value == 1);
            return Some(rest);
        }
        'Z' => return Some(text.trim_start_matches(|c: char| c.is_ascii_alphabetic())),
        'z' => return zone(text),
        letter => return parse(text, composed(letter)?, found),
    };
    match letter {
        'a' | 'A' | 'w' => found.weekday = Some(value),
        'u' => found.weekday = Some(value % 7),
        'C' => found.century = Some(value),
        'y' => found.year_of_century = Some(value),
        'j' => found.yearday = Some(value - 1),
        's' => found.epoch = Some(value),
        _ => {}
    }
    Some(rest)
}

/// `Z`, `+hh`, `+hhmm` or `+hh:mm`, which is not used, as in C.
fn zone(text: &str) -> Option<&str> {
    let text = text.trim_ascii_start();
    if let Some(rest) = text.strip_prefix('Z') {
        return Some(rest);
    }
    let rest = text.strip_prefix(['+', '-'])?;
    let (_, rest) = number(rest, 2, 0..=99)?;
    let minutes = rest.strip_prefix(':').unwrap_or(rest);
    Some(number(minutes, 2, 0..=59).map_or(rest, |(_, rest)| rest))
}
