//! Ranges as text: the parts in their order.

use super::error::{Fault, RangeError};
use super::part::{Decimals, Order, Part, UNIT, number, shortened};
use super::syntax::Syntax;

/// What stands before a step.
type Marks = &'static [(&'static str, Order)];

const FILESEQ_MARKS: Marks = &[
    ("x", Order::Step),
    (":", Order::Stagger),
    ("y", Order::Fill),
];
const DEADLINE_MARKS: Marks = &[
    ("x", Order::Step),
    (":", Order::Step),
    ("step", Order::Step),
    ("by", Order::Step),
    ("every", Order::Step),
];
const OPENJD_MARKS: Marks = &[(":", Order::Step)];

/// Reads the parts between commas. In fileseq there may be none.
pub(super) fn parts(text: &str, syntax: Syntax) -> Result<Vec<Part>, RangeError> {
    let clean = without_spaces(text, syntax)?;
    let mut parts = Vec::new();
    for text in clean.split(',') {
        // OpenJD has no empty parts, unless the whole text is empty.
        if text.is_empty() && (syntax != Syntax::OpenJd || clean.is_empty()) {
            continue;
        }
        parts.push(part(text, syntax).map_err(|fault| wrong(text, fault))?);
    }
    if parts.is_empty() && syntax != Syntax::Fileseq {
        return Err(RangeError::NoFrames);
    }
    Ok(parts)
}

/// The error for a part.
fn wrong(part: &str, fault: Fault) -> RangeError {
    RangeError::Part {
        part: shortened(part),
        fault,
    }
}

/// fileseq ignores white space and padding characters, also inside numbers. In Deadline white space
/// is a comma. OpenJD ignores it, but not inside numbers.
fn without_spaces(text: &str, syntax: Syntax) -> Result<String, RangeError> {
    let mut clean = String::with_capacity(text.len());
    let mut follows_space = false;
    for char in text.chars() {
        if is_space(char) {
            follows_space = true;
            if syntax == Syntax::Deadline {
                clean.push(',');
            }
            continue;
        }
        if syntax == Syntax::Fileseq && matches!(char, '#' | '@') {
            continue;
        }
        let is_inside = |clean: &str| clean.ends_with(|last: char| last.is_ascii_digit());
        if syntax == Syntax::OpenJd && follows_space && char.is_ascii_digit() && is_inside(&clean) {
            return Err(wrong(text, Fault::NotARange));
        }
        follows_space = false;
        clean.push(char);
    }
    Ok(clean)
}

/// White space as Python sees it, in which fileseq and openjd-model are written.
fn is_space(char: char) -> bool {
    char.is_whitespace() || ('\x1c'..='\x1f').contains(&char)
}

fn part(text: &str, syntax: Syntax) -> Result<Part, Fault> {
    let (decimals, dashes, marks): (_, &[char], _) = match syntax {
        Syntax::Fileseq => (Decimals::Allowed, &['-'], FILESEQ_MARKS),
        Syntax::Deadline => (Decimals::Refused, &['-', ':'], DEADLINE_MARKS),
        Syntax::OpenJd => (Decimals::Refused, &['-'], OPENJD_MARKS),
    };
    let (first, rest) = number(text, decimals)?;
    if rest.is_empty() {
        return Ok(Part::single(first));
    }
    let rest = rest.strip_prefix(dashes).ok_or(Fault::NotARange)?;
    let (last, rest) = number(rest, decimals)?;
    let (mut step, mut order) = (UNIT, Order::Step);
    if !rest.is_empty() {
        let mark = |(mark, order): &(&str, Order)| Some((rest.strip_prefix(mark)?, *order));
        let (rest, marked) = marks.iter().find_map(mark).ok_or(Fault::NotARange)?;
        let (number, rest) = number(rest, decimals)?;
        if !rest.is_empty() {
            return Err(Fault::NotARange);
        }
        (step, order) = (number, marked);
    }
    let ascends = last > first;
    let fault = match syntax {
        Syntax::Fileseq | Syntax::Deadline | Syntax::OpenJd if step == 0 => Some(Fault::ZeroStep),
        Syntax::Fileseq | Syntax::OpenJd if step < 0 && ascends => Some(Fault::NegativeStep),
        Syntax::Fileseq if order != Order::Step && step % UNIT != 0 => Some(Fault::SubframeStep),
        Syntax::Deadline if step < 0 => Some(Fault::NotARange),
        Syntax::OpenJd if step > 0 && first > last => Some(Fault::PositiveStep),
        Syntax::Fileseq | Syntax::Deadline | Syntax::OpenJd => None,
    };
    match fault {
        Some(fault) => Err(fault),
        None => Ok(Part {
            first,
            last,
            step: step.abs(),
            order,
        }),
    }
}
