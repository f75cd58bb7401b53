//! The syntax of fileseq.

use super::error::{Fault, RangeError};
use super::part::{Decimals, Order, Part, UNIT, is_space, number, wrong};

/// Reads `1-10x2,20`. White space and padding characters are ignored, and so are empty parts: the
/// range may be empty.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, RangeError> {
    let is_ignored = |char: char| is_space(char) || matches!(char, '#' | '@');
    let text: String = text.chars().filter(|char| !is_ignored(*char)).collect();
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts
        .map(|text| part(text).map_err(|fault| wrong(text, fault)))
        .collect()
}

fn part(text: &str) -> Result<Part, Fault> {
    let number = |text| number(text, Decimals::Allowed)?.ok_or(Fault::NotARange);
    let (first, rest) = number(text)?;
    if rest.is_empty() {
        return Ok(Part::single(first));
    }
    let (last, rest) = number(rest.strip_prefix('-').ok_or(Fault::NotARange)?)?;
    let range = |step, order| Part {
        first,
        last,
        step,
        order,
    };
    let mut chars = rest.chars();
    let order = match chars.next() {
        None => return Ok(range(UNIT, Order::Step)),
        Some('x') => Order::Step,
        Some(':') => Order::Stagger,
        Some('y') => Order::Fill,
        Some(_) => return Err(Fault::NotARange),
    };
    let (step, rest) = number(chars.as_str())?;
    if !rest.is_empty() {
        return Err(Fault::NotARange);
    }
    match step {
        0 => Err(Fault::ZeroStep),
        ..0 if last > first => Err(Fault::NegativeStep),
        _ if order != Order::Step && step % UNIT != 0 => Err(Fault::SubframeStep),
        _ => Ok(range(step.abs(), order)),
    }
}
