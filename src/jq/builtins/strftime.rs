//! Formats times as `strftime` of C.

use std::fmt::Write;

use super::calendar::{Time, iso_week};

pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A time zone.
pub(super) struct Zone {
    /// The distance from UTC in seconds.
    pub offset: i64,
    pub name: String,
}

impl Zone {
    pub(super) fn utc() -> Zone {
        Zone {
            offset: 0,
            name: "GMT".into(),
        }
    }
}

/// The name at a place of a list, shortened to `length`.
fn name(names: &[&'static str], at: i64, length: usize) -> &'static str {
    let name = usize::try_from(at).ok().and_then(|at| names.get(at));
    let name = name.copied().unwrap_or("?");
    name.get(..length).unwrap_or(name)
}

/// Formats a time. `seconds` are those since 1970.
pub(super) fn strftime(time: &Time, zone: &Zone, seconds: i64, format: &str) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let mut flag = None;
        let mut letter = chars.next();
        while let Some(found @ ('-' | '_' | '0' | '^' | '#' | 'E' | 'O')) = letter {
            flag = Some(found);
            letter = chars.next();
        }
        let Some(letter) = letter else {
            out.push('%');
            break;
        };
        field(&mut out, letter, flag, (time, zone, seconds));
    }
    out
}

/// A number with a width, padded with zeros unless the flag says otherwise.
fn padded(out: &mut String, number: i64, width: usize, pad: char, flag: Option<char>) {
    let pad = match flag {
        Some('-') => None,
        Some('_') => Some(' '),
        Some('0') => Some('0'),
        Some(_) | None => Some(pad),
    };
    let text = number.to_string();
    out.extend(
        pad.into_iter()
            .flat_map(|pad| std::iter::repeat_n(pad, width.saturating_sub(text.len()))),
    );
    out.push_str(&text);
}

fn field(out: &mut String, letter: char, flag: Option<char>, at: (&Time, &Zone, i64)) {
    let (time, zone, seconds) = at;
    let mut put = |number, width| padded(out, number, width, '0', flag);
    let twelve = match time.hour.rem_euclid(12) {
        0 => 12,
        hour => hour,
    };
    match letter {
        'Y' => put(time.year, 1),
        'C' => put(time.year.div_euclid(100), 2),
        'y' => put(time.year.rem_euclid(100), 2),
        'G' => put(iso_week(time).0, 1),
        'g' => put(iso_week(time).0.rem_euclid(100), 2),
        'V' => put(iso_week(time).1, 2),
        'm' => put(time.month + 1, 2),
        'd' => put(time.day, 2),
        'e' => padded(out, time.day, 2, ' ', flag),
        'H' => put(time.hour, 2),
        'I' => put(twelve, 2),
        'k' => padded(out, time.hour, 2, ' ', flag),
        'l' => padded(out, twelve, 2, ' ', flag),
        'M' => put(time.minute, 2),
        'S' => put(time.second, 2),
        'j' => put(time.yearday + 1, 3),
        'u' => put((time.weekday + 6) % 7 + 1, 1),
        'w' => put(time.weekday, 1),
        'U' => put((time.yearday + 7 - time.weekday) / 7, 2),
        'W' => put((time.yearday + 7 - (time.weekday + 6) % 7) / 7, 2),
        's' => put(seconds - zone.offset * i64::from(zone.name.is_empty()), 1),
        'a' => out.push_str(name(&WEEKDAYS, time.weekday, 3)),
        'A' => out.push_str(name(&WEEKDAYS, time.weekday, 99)),
        'b' | 'h' => out.push_str(name(&MONTHS, time.month, 3)),
        'B' => out.push_str(name(&MONTHS, time.month, 99)),
        'p' => out.push_str(if time.hour < 12 { "AM" } else { "PM" }),
        'P' => out.push_str(if time.hour < 12 { "am" } else { "pm" }),
        'Z' => out.push_str(&zone.name),
        'z' => {
            let sign = if zone.offset < 0 { '-' } else { '+' };
            let minutes = zone.offset.abs() / 60;
            let _ = write!(out, "{sign}{:02}{:02}", minutes / 60, minutes % 60);
        }
        'n' => out.push('\n'),
        't' => out.push('\t'),
        '%' => out.push('%'),
        letter => match composed(letter) {
            Some(format) => out.push_str(&strftime(time, zone, seconds, format)),
            None => {
                out.push('%');
                out.push(letter);
            }
        },
    }
}

/// A field that stands for several others.
pub(super) fn composed(letter: char) -> Option<&'static str> {
    Some(match letter {
        'c' => "%a %b %e %H:%M:%S %Y",
        'D' | 'x' => "%m/%d/%y",
        'F' => "%Y-%m-%d",
        'r' => "%I:%M:%S %p",
        'R' => "%H:%M",
        'T' | 'X' => "%H:%M:%S",
        '+' => "%a %b %e %H:%M:%S %Z %Y",
        _ => return None,
    })
}
