//! The frame list of Deadline.

use super::error::{Fault, RangeError};
use super::part::{Decimals, Order, Part, UNIT, is_space, number, wrong};

/// What can stand before a step.
const STEP_WORDS: [&str; 5] = ["x", ":", "step", "by", "every"];

/// Reads `1-10x2 20`. Commas and white space separate, one or more of them.
pub(super) fn parts(text: &str) -> Result<Vec<Part>, RangeError> {
    let is_separator = |char: char| char == ',' || is_space(char);
    let parts = text.split(is_separator).filter(|part| !part.is_empty());
    let parts: Vec<Part> = parts
        .map(|text| part(text).map_err(|fault| wrong(text, fault)))
        .collect::<Result<_, _>>()?;
    if parts.is_empty() {
        return Err(RangeError::NoFrames);
    }
    Ok(parts)
}

fn part(text: &str) -> Result<Part, Fault> {
    let number = |text| number(text, Decimals::Refused)?.ok_or(Fault::NotARange);
    let (first, rest) = number(text)?;
    if rest.is_empty() {
        return Ok(Part::single(first));
    }
    let (last, rest) = number(rest.strip_prefix(['-', ':']).ok_or(Fault::NotARange)?)?;
    let step = if rest.is_empty() {
        UNIT
    } else {
        let step = STEP_WORDS.iter().find_map(|word| rest.strip_prefix(word));
        let (step, rest) = number(step.ok_or(Fault::NotARange)?)?;
        if !rest.is_empty() || step < 0 {
            return Err(Fault::NotARange);
        }
        step
    };
    if step == 0 {
        return Err(Fault::ZeroStep);
    }
    Ok(Part {
        first,
        last,
        step,
        order: Order::Step,
    })
}
