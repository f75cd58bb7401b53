//! The padding of the numbers of a sequence.

use crate::seq::number::Number;
use crate::seq::pattern::Padding;

/// Words in the names of textures. With a pure texture format, or one of these, 1001 to 1999 are UDIM
/// tiles. Without, they are frames.
const TEXTURE_WORDS: [&str; 24] = [
    "albedo",
    "ao",
    "basecolor",
    "bump",
    "clr",
    "col",
    "color",
    "colour",
    "diff",
    "diffuse",
    "disp",
    "displacement",
    "gloss",
    "height",
    "metallic",
    "metalness",
    "normal",
    "nrm",
    "opacity",
    "rough",
    "roughness",
    "spec",
    "specular",
    "udim",
];
/// File formats that only textures have.
const TEXTURE_FORMATS: [&str; 4] = ["ptx", "rat", "tex", "tx"];

/// The paddings of numbers that are together in one place, each with its numbers. A number matches only
/// the padding that it has here. If that is not possible, all have `Padding::Any`.
pub(super) fn plan<T: Copy>(
    numbers: Vec<T>,
    number: impl Fn(&T) -> Number,
) -> Vec<(Padding, Vec<T>)> {
    match common_width(numbers.iter().map(&number)) {
        Some(width) => vec![(Padding::Width(width), numbers)],
        None => separate(&numbers, number).unwrap_or_else(|| vec![(Padding::Any, numbers)]),
    }
}

/// The padding that all numbers have: the largest that is possible.
pub(crate) fn common_width(numbers: impl Iterator<Item = Number>) -> Option<u8> {
    let mut padded = None;
    let mut shortest = u8::MAX;
    for number in numbers {
        if !number.has_plain_sign() {
            return None;
        }
        let plain = number.plain_width();
        if number.width == plain {
            shortest = shortest.min(plain);
        } else if *padded.get_or_insert(number.width) != number.width {
            return None;
        }
    }
    match padded {
        Some(width) => (shortest >= width).then_some(width),
        None => Some(shortest),
    }
}

/// The numbers by padding, if each has only one.
fn separate<T: Copy>(
    numbers: &[T],
    number: impl Fn(&T) -> Number,
) -> Option<Vec<(Padding, Vec<T>)>> {
    let mut classes: Vec<(u8, Vec<T>)> = Vec::new();
    for item in numbers {
        let read = number(item);
        if !read.has_plain_sign() {
            return None;
        }
        if read.width == read.plain_width() {
            continue;
        }
        match classes.iter_mut().find(|(width, _)| *width == read.width) {
            Some((_, class)) => class.push(*item),
            None => classes.push((read.width, vec![*item])),
        }
    }
    let mut without: Vec<T> = Vec::new();
    let mut is_shared = false;
    for item in numbers {
        let read = number(item);
        if read.width != read.plain_width() {
            continue;
        }
        let mut fitting = classes.iter_mut().filter(|(width, _)| *width <= read.width);
        match (fitting.next(), fitting.next()) {
            (None, _) => without.push(*item),
            (Some((_, class)), None) => {
                class.push(*item);
                is_shared = true;
            }
            (Some(_), Some(_)) => return None,
        }
    }
    // A pattern for them would also match those that belong to another padding.
    if is_shared && without.len() > 1 {
        return None;
    }
    let shortest = without.iter().map(|item| number(item).width).min();
    classes.extend(shortest.map(|width| (width, without)));
    let named = classes.into_iter();
    Some(
        named
            .map(|(width, class)| (Padding::Width(width), class))
            .collect(),
    )
}

/// Whether 1001 to 1999 between these texts is a UDIM tile, and not a frame.
pub(super) fn is_texture(prefix: &[u8], suffix: &[u8]) -> bool {
    if !matches!(prefix.last(), Some(b'.' | b'_')) {
        return false;
    }
    let is_in = |word: &[u8], words: &[&str]| {
        words
            .iter()
            .any(|texture| word.eq_ignore_ascii_case(texture.as_bytes()))
    };
    let extension = suffix.rsplit(|byte| *byte == b'.').next();
    let has_format = suffix.starts_with(b".")
        && extension.is_some_and(|extension| is_in(extension, &TEXTURE_FORMATS));
    let mut words = prefix.split(|byte| !byte.is_ascii_alphabetic());
    has_format || words.any(|word| is_in(word, &TEXTURE_WORDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(texts: &[&str]) -> Vec<(Padding, Vec<String>)> {
        let numbers = texts.iter().map(|text| Number::parse(text).unwrap());
        let plan = plan(numbers.collect(), |number: &Number| *number);
        let texts = |numbers: Vec<Number>| numbers.iter().map(Number::text).collect();
        plan.into_iter()
            .map(|(padding, numbers)| (padding, texts(numbers)))
            .collect()
    }

    #[test]
    fn one_padding_is_found() {
        for (texts, width) in [
            (&["0001", "0002"][..], 4),
            (&["1001", "1002"], 4),
            (&["1", "10"], 1),
            (&["998", "999", "1000"], 3),
            (&["0999", "1000", "10000"], 4),
            (&["-001", "0001"], 4),
            (&["-1", "0", "1"], 1),
            (&["1001", "1001.25"], 4),
        ] {
            let expected = (
                Padding::Width(width),
                texts.iter().map(|text| (*text).into()),
            );
            assert_eq!(planned(texts), [(expected.0, expected.1.collect())]);
        }
    }

    #[test]
    fn mixed_paddings_are_separated_where_each_file_matches_one() {
        let paddings = |texts: &[&str]| -> Vec<(Padding, usize)> {
            let plan = planned(texts).into_iter();
            plan.map(|(padding, texts)| (padding, texts.len()))
                .collect()
        };
        assert_eq!(
            paddings(&["1", "2", "0001", "0002"]),
            [(Padding::Width(4), 2), (Padding::Width(1), 2)]
        );
        assert_eq!(
            paddings(&["7", "0007", "10000"]),
            [(Padding::Width(4), 2), (Padding::Width(1), 1)]
        );
        for texts in [
            &["7", "8", "0007", "10000"][..],
            &["07", "0007", "10000"],
            &["-0000", "-0001", "10000"],
        ] {
            assert_eq!(paddings(texts), [(Padding::Any, texts.len())]);
        }
    }

    #[test]
    fn textures_are_told_from_frames() {
        for (prefix, suffix, expected) in [
            ("body_diffuse.", ".exr", true),
            ("body.", ".tx", true),
            ("bodyDiffuse_v002_ao_", ".tif", true),
            ("sh010_comp_v003.", ".exr", false),
            ("body_diffuse", ".exr", false),
            ("color", ".tx", false),
        ] {
            let found = is_texture(prefix.as_bytes(), suffix.as_bytes());
            assert_eq!(found, expected, "{prefix}{suffix}");
        }
    }
}
