//! Versions in the order of Rez, and version ranges (`rez/version/_version.py` of 3.4.0).

use std::cmp::Ordering;

/// A version. The empty version is the lowest.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    tokens: Vec<Vec<Part>>,
}

/// A part of a token. Letters sort before numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Letters(String),
    Number(Number),
}

/// Digits, compared by value and then as text: `01` is less than `1`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Number(String);

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        let value = |number: &Number| number.0.trim_start_matches('0').to_owned();
        let (a, b) = (value(self), value(other));
        a.len()
            .cmp(&b.len())
            .then_with(|| a.cmp(&b))
            .then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl Version {
    /// Parses tokens separated by `.` or `-`. `None` if the version is invalid.
    pub(super) fn parse(text: &str) -> Option<Version> {
        if text.is_empty() {
            return Some(Version::default());
        }
        let tokens = text.split(['.', '-']).map(|token| {
            let is_token = !token.is_empty() && token.chars().all(is_word);
            is_token.then(|| parts(token))
        });
        tokens
            .collect::<Option<_>>()
            .map(|tokens| Version { tokens })
    }

    /// The first version after the range of this one: the range `1` ends before it.
    fn next(&self) -> Version {
        let mut next = self.clone();
        if let Some(token) = next.tokens.last_mut() {
            match token.last_mut() {
                Some(Part::Letters(letters)) => letters.push('_'),
                Some(Part::Number(_)) | None => token.push(Part::Letters("_".into())),
            }
        }
        next
    }
}

/// Splits a token into letters and numbers.
fn parts(token: &str) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for c in token.chars() {
        match (parts.last_mut(), c.is_ascii_digit()) {
            (Some(Part::Number(number)), true) => number.0.push(c),
            (Some(Part::Letters(letters)), false) => letters.push(c),
            (_, true) => parts.push(Part::Number(Number(c.into()))),
            (_, false) => parts.push(Part::Letters(c.into())),
        }
    }
    parts
}

/// A version range: one or more bounds, separated by `|`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// Empty if the range contains every version.
    bounds: Vec<Bound>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Bound {
    least: Version,
    with_least: bool,
    /// `None` if there is no upper bound.
    most: Option<(Version, Limit)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Included,
    Excluded,
}

impl Range {
    /// Parses a range. `None` if Rez rejects it.
    pub(super) fn parse(text: &str) -> Option<Range> {
        let mut is_any = false;
        let mut bounds = Vec::new();
        for part in text.split('|') {
            if part.is_empty() {
                is_any = true;
                continue;
            }
            match (bound(part)?, is_any) {
                (Some(bound), _) => bounds.push(bound),
                // If one alternative is any version, Rez checks only the syntax of the others.
                (None, true) => {}
                (None, false) => return None,
            }
        }
        if is_any {
            bounds.clear();
        }
        Some(Range { bounds })
    }

    pub(super) fn contains(&self, version: &Version) -> bool {
        let is_within = |bound: &Bound| {
            let is_above = match bound.with_least {
                true => *version >= bound.least,
                false => *version > bound.least,
            };
            let is_below = match &bound.most {
                None => true,
                Some((most, Limit::Included)) => version <= most,
                Some((most, Limit::Excluded)) => version < most,
            };
            is_above && is_below
        };
        self.bounds.is_empty() || self.bounds.iter().any(is_within)
    }
}

/// A comparison operator, the version after it, and the rest of the text.
struct Term<'a> {
    operator: &'a str,
    version: Version,
    is_named: bool,
    rest: &'a str,
}

fn term(text: &str) -> Option<Term<'_>> {
    let operators = ["==", ">=", "<=", ">", "<"];
    let operator = operators
        .into_iter()
        .find(|operator| text.starts_with(operator));
    let operator = operator.unwrap_or("");
    let after = text.get(operator.len()..)?;
    let mut end = 0;
    loop {
        let word = after.get(end..)?;
        let length = word.find(|c: char| !is_word(c)).unwrap_or(word.len());
        if length == 0 {
            // The separator is not followed by a token.
            end = end.saturating_sub(1);
            break;
        }
        end += length;
        match after.as_bytes().get(end) {
            Some(b'.' | b'-') => end += 1,
            _ => break,
        }
    }
    Some(Term {
        operator,
        version: Version::parse(after.get(..end)?)?,
        is_named: end > 0,
        rest: after.get(end..)?,
    })
}

/// Parses one bound. `None` if it is invalid, `Some(None)` if no version can be in it.
fn bound(text: &str) -> Option<Option<Bound>> {
    let first = term(text)?;
    let with_least = first.operator != ">";
    let lower = |version: Version| Bound {
        least: version,
        with_least,
        most: None,
    };
    match (first.operator, first.rest) {
        ("==", "") => {
            let most = Some((first.version.clone(), Limit::Included));
            return Some(Some(Bound {
                most,
                ..lower(first.version)
            }));
        }
        ("==", _) => return None,
        ("", "") => {
            let most = Some((first.version.next(), Limit::Excluded));
            return Some(Some(Bound {
                most,
                ..lower(first.version)
            }));
        }
        ("", "+") | (">" | ">=", "") => return Some(Some(lower(first.version))),
        ("<", "") if !first.is_named => return None,
        ("<" | "<=", "") => {
            let most = Some((first.version, limit(first.operator)));
            return Some(Some(Bound {
                most,
                ..lower(Version::default())
            }));
        }
        _ => {}
    }
    if let ("", Some(most)) = (first.operator, first.rest.strip_prefix("..")) {
        let most = Version::parse(most)?;
        return Some(sound(Bound {
            most: Some((most, Limit::Included)),
            ..lower(first.version)
        }));
    }
    both(&first)
}

fn limit(operator: &str) -> Limit {
    match operator {
        "<" => Limit::Excluded,
        _ => Limit::Included,
    }
}

/// A range with two limits: the lower one first (`1+<2`, `>=1,<2`), or last (`<2,>=1`).
fn both(first: &Term) -> Option<Option<Bound>> {
    let rest = match (first.operator, first.rest.strip_prefix('+')) {
        ("", Some(rest)) => rest,
        _ => first.rest,
    };
    let comma = rest.strip_prefix(',').filter(|_| first.is_named);
    let second = term(comma.unwrap_or(rest))?;
    if !second.rest.is_empty() || (second.operator == "<" && !second.is_named) {
        return None;
    }
    // The rest of the text starts after the first version.
    let is_parted = comma.is_some() || !first.is_named;
    let (lower, upper) = match (first.operator, second.operator) {
        ("" | ">" | ">=", "<" | "<=") => (first, &second),
        // Rez reads the second part of "<3,<2" as a lower bound.
        ("" | "<" | "<=", ">" | ">=" | "<") if is_parted => (&second, first),
        _ => return None,
    };
    Some(sound(Bound {
        least: lower.version.clone(),
        with_least: lower.operator != ">",
        most: Some((upper.version.clone(), limit(upper.operator))),
    }))
}

/// Accepts a bound only if some version can be in it.
fn sound(bound: Bound) -> Option<Bound> {
    let is_empty = bound.most.as_ref().is_some_and(|(most, limit)| {
        let is_point = bound.least == *most;
        bound.least > *most || (is_point && !(bound.with_least && *limit == Limit::Included))
    });
    (!is_empty).then_some(bound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_in_rez() {
        let ordered = [
            "",
            "A",
            "_",
            "alpha",
            "alpha3",
            "alpha4",
            "beta",
            "gamma33",
            "01",
            "1",
            "1.A",
            "1.0",
            "1.0.0",
            "1.2",
            "1.10",
            "1_",
            "2",
            "33gamma",
            "100000000000000000000000",
        ];
        let versions: Vec<Version> = ordered.map(|text| Version::parse(text).unwrap()).into();
        assert!(versions.is_sorted_by(|a, b| a < b), "{versions:?}");
        assert_eq!(Version::parse("1-0"), Version::parse("1.0"));
        for wrong in [".", "1..0", "1.", "-1", "1 0", "é"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
    }
}
