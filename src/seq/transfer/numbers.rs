//! New numbers for frames.

use crate::error::Error;
use crate::seq::frame::Frame;
use crate::seq::number::Number;
use crate::seq::pattern::Padding;

/// How frames are renumbered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renumber {
    Keep,
    /// Adds to each number.
    Offset(Frame),
    /// Gives the first frame of each source this number.
    Start(Frame),
}

/// What is added to each number.
pub(super) fn offset(first: Option<Frame>, renumber: Renumber) -> Result<Option<Frame>, Error> {
    match (renumber, first) {
        (Renumber::Keep, _) | (_, None) => Ok(None),
        (Renumber::Offset(by), _) => Ok(Some(by)),
        (Renumber::Start(start), Some(first)) => {
            let by = start.millionths().checked_sub(first.millionths());
            let by = by.and_then(Frame::from_millionths);
            by.map(Some).ok_or_else(|| too_large(first))
        }
    }
}

fn too_large(frame: Frame) -> Error {
    Error::usage(format!("the new number of frame {frame} is too large"))
}

/// The number in a new name. `width` is what the numbers of the sequence have in common.
pub(super) fn renumbered(
    number: &Number,
    width: Option<u8>,
    offset: Option<Frame>,
    padding: Padding,
    pad: Option<u8>,
) -> Result<Number, Error> {
    let own = match padding {
        Padding::Any => None,
        Padding::Width(_) | Padding::Udim => Some(padding.width()),
    };
    let frame = match (offset, pad.or(own)) {
        (None, None) => return Ok(*number),
        (None, Some(_)) => number.frame,
        (Some(by), _) => {
            let frame = number.frame.checked_add(by);
            frame.ok_or_else(|| too_large(number.frame))?
        }
    };
    let width = pad.or(own).or(width).unwrap_or(number.width);
    let plain = Number::padded(frame, width);
    let new = Number {
        // 1001.250 stays so exact.
        decimals: plain.decimals.max(number.decimals),
        ..plain
    };
    if padding == Padding::Udim && !padding.matches(&new) {
        let message = format!("{} is not a UDIM tile (1001 to 1999)", new.text());
        return Err(Error::usage(message));
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(text: &str, width: Option<u8>, by: &str, padding: Padding, pad: Option<u8>) -> String {
        let number = Number::parse(text).unwrap();
        let by = (!by.is_empty()).then(|| Frame::parse(by).unwrap());
        let new = renumbered(&number, width, by, padding, pad);
        new.map_or_else(|error| error.to_string(), |new| new.text())
    }

    #[test]
    fn new_numbers_keep_the_width_of_the_sequence() {
        for (text, width, by, padding, pad, expected) in [
            ("0007", Some(4), "", Padding::Any, None, "0007"),
            ("-0000", Some(4), "", Padding::Any, None, "-0000"),
            ("0007", Some(4), "3", Padding::Any, None, "0010"),
            ("9999", Some(4), "1", Padding::Any, None, "10000"),
            ("10", Some(1), "-5", Padding::Any, None, "5"),
            ("1001", Some(4), "-1000", Padding::Any, None, "0001"),
            ("007", None, "1", Padding::Any, None, "008"),
            ("7", Some(1), "", Padding::Width(4), None, "0007"),
            ("0007", Some(4), "", Padding::Width(1), None, "7"),
            ("0007", Some(4), "", Padding::Width(1), Some(6), "000007"),
            ("0001", Some(4), "-3", Padding::Any, None, "-002"),
            ("1001.250", Some(4), "1", Padding::Any, None, "1002.250"),
            ("1", Some(1), "0.5", Padding::Any, None, "1.5"),
            ("1", Some(1), "1000", Padding::Udim, None, "1001"),
            (
                "1",
                Some(1),
                "",
                Padding::Udim,
                None,
                "0001 is not a UDIM tile (1001 to 1999)",
            ),
            (
                "1",
                Some(1),
                "999999999999",
                Padding::Any,
                None,
                "the new number of frame 1 is too large",
            ),
        ] {
            assert_eq!(new(text, width, by, padding, pad), expected, "{text} {by}");
        }
    }
}
