//! The dates of cookies (RFC 6265 §5.1.1). They have more forms than the dates of other headers.

use crate::timestamp::{Timestamp, from_civil};

const MONTHS: [&[u8; 3]; 12] = [
    b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec",
];

/// The time in an Expires attribute; `None` if it is not a date.
pub(super) fn parse(text: &[u8]) -> Option<Timestamp> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|&byte| is_delimiter(byte)) {
        if time.is_none() && set(&mut time, self::time(token)) {
            continue;
        }
        if day.is_none() && set(&mut day, number(token, 1, 2)) {
            continue;
        }
        if month.is_none() && set(&mut month, self::month(token)) {
            continue;
        }
        if year.is_none() {
            set(&mut year, number(token, 2, 4));
        }
    }
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    let time = time.filter(|(_, _, second)| *second <= 59)?;
    from_civil((year, month?, day?), time).filter(|_| year >= 1601)
}

fn set<T>(field: &mut Option<T>, found: Option<T>) -> bool {
    let is_found = found.is_some();
    if is_found {
        *field = found;
    }
    is_found
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// The number in front, of `least` to `most` digits. Anything else may follow.
fn number(token: &[u8], least: usize, most: usize) -> Option<i64> {
    let digits = token.iter().take_while(|byte| byte.is_ascii_digit());
    let count = digits.count();
    let text = token
        .get(..count)
        .filter(|_| (least..=most).contains(&count))?;
    str::from_utf8(text).ok()?.parse().ok()
}

/// `8:49:37`, with one or two digits in each place.
fn time(token: &[u8]) -> Option<(i64, i64, i64)> {
    let mut parts = token.splitn(3, |&byte| byte == b':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let whole = |part: &[u8]| number(part, 1, 2).filter(|_| part.len() <= 2 && is_number(part));
    Some((whole(hour)?, whole(minute)?, number(second, 1, 2)?))
}

fn is_number(part: &[u8]) -> bool {
    part.iter().all(u8::is_ascii_digit)
}

fn month(token: &[u8]) -> Option<i64> {
    let start = token.get(..3)?;
    let place = MONTHS
        .iter()
        .position(|month| start.eq_ignore_ascii_case(*month))?;
    i64::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookie_dates_of_all_forms_are_read() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "6 november 94 8:49:37",
            "08:49:37 6 Nov 1994 +0200",
            "Nov.6th,94,8:49:37x",
        ] {
            let found = parse(text.as_bytes());
            assert_eq!(found, Some(Timestamp(784_111_777)), "{text}");
        }
        let expired = parse(b"Thu, 01-Jan-1970 00:00:00 GMT");
        assert_eq!(expired, Some(Timestamp(0)));
        assert_eq!(parse(b"1 Jan 69 00:00:00"), Some(Timestamp(3_124_224_000)));
        for wrong in [
            "",
            "soon",
            "Sun, 06 Nov 1994",
            "06 Nov 1994 24:00:00",
            "06 Nov 1994 08:49:60",
            "31 Feb 1994 08:49:37",
            "06 Nov 1600 08:49:37",
            "06 Nov 19941 08:49:37",
            "32 Nov 1994 08:49:37",
            "06 Nov 1994 08:49",
        ] {
            assert_eq!(parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
