//! Finds the differences of two reports: objects are compared by member, lists by the keys of their
//! elements.

use std::collections::BTreeMap;

use super::fields::{self, Row, Rule};
use super::severity::Severity;
use super::text::{self, Side};
use super::value::{Members, Value};
use crate::host::limits;

/// The longest name or key in the path of a field, in bytes.
const MAX_NAME: usize = 200;
/// The longest path. Those of known fields are shorter.
const MAX_PATH: usize = 500;

/// A field that differs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Difference {
    pub severity: Severity,
    /// The order of fields with the same severity.
    pub rank: usize,
    /// `mounts[/shots].read_only`.
    pub field: String,
    /// `mount /shots: read-only`.
    pub label: String,
    pub a: Side,
    pub b: Side,
}

/// Which differences are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All.
    All,
    /// Those that are not expected.
    Unexpected,
}

/// The differences of `b` from `a`, in no particular order.
pub(super) fn differences(a: &Members, b: &Members, scope: Scope) -> Vec<Difference> {
    let mut walk = Walk {
        scope,
        found: Vec::new(),
        missing: BTreeMap::new(),
    };
    walk.objects([a, b], &Place::default());
    walk.add_missing();
    walk.found
}

/// The place of a value in a report.
#[derive(Clone, Debug, Default)]
struct Place {
    /// `mounts[].options[]`: of any element.
    path: String,
    /// `mounts[].options[vers]`: with the key of the last element.
    specific: String,
    /// `mounts[/shots].options[vers]`.
    field: String,
    /// The label of the element that it is or belongs to.
    label: String,
    unit: text::Unit,
}

impl Place {
    fn member(&self, name: &str) -> Place {
        let join = |path: &str| match path {
            "" => shortened(name, MAX_NAME),
            path => shortened(&format!("{path}.{}", shortened(name, MAX_NAME)), MAX_PATH),
        };
        let path = join(&self.path);
        let specific = join(&self.specific);
        let own = fields::find(&specific, &path).map(|(_, row)| row.label);
        Place {
            label: match (self.label.as_str(), own) {
                ("", Some(own)) => own.to_owned(),
                (element, Some(own)) if self.is_element() => format!("{element}: {own}"),
                (_, Some(own)) => own.to_owned(),
                (_, None) => join(&self.field),
            },
            field: join(&self.field),
            unit: match self.unit {
                text::Unit::Plain => text::Unit::of(name),
                text::Unit::Bytes => text::Unit::Bytes,
            },
            path,
            specific,
        }
    }

    fn element(&self, key: &str) -> Place {
        let key = shortened(key, MAX_NAME);
        let (shown, unit) = match self.path.as_str() {
            "limits" => (limits::label(&key), text::Unit::of(&key)),
            _ => (key.clone(), text::Unit::Plain),
        };
        Place {
            label: shortened(&format!("{} {shown}", self.label), MAX_PATH),
            field: shortened(&format!("{}[{key}]", self.field), MAX_PATH),
            unit,
            path: shortened(&format!("{}[]", self.path), MAX_PATH),
            specific: shortened(&format!("{}[{key}]", self.path), MAX_PATH),
        }
    }

    fn is_element(&self) -> bool {
        self.path.ends_with("[]")
    }

    /// Its row and rank. That of a list is also that of its elements.
    fn row(&self) -> Option<(usize, &'static Row)> {
        fields::find(&self.specific, self.path.trim_end_matches("[]"))
    }
}

fn shortened(name: &str, most: usize) -> String {
    match name.get(..name.floor_char_boundary(most)) {
        Some(start) if start.len() < name.len() => format!("{start}…"),
        _ => name.to_owned(),
    }
}

struct Walk<'a> {
    scope: Scope,
    found: Vec<Difference>,
    /// The members that one report does not have, by path and report.
    missing: BTreeMap<(String, OnlyIn), Vec<(Place, &'a Value)>>,
}

/// The report that has a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum OnlyIn {
    A,
    B,
}

impl<'a> Walk<'a> {
    fn objects(&mut self, [a, b]: [&'a Members; 2], place: &Place) {
        for (name, value) in a {
            let other = b.get(name);
            if other == Some(value) {
                continue;
            }
            let place = place.member(name);
            match other {
                Some(other) => self.values([value, other], &place, Some([a, b])),
                None => self.keep_missing(place, OnlyIn::A, value),
            }
        }
        for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
            self.keep_missing(place.member(name), OnlyIn::B, value);
        }
    }

    fn keep_missing(&mut self, place: Place, side: OnlyIn, value: &'a Value) {
        let key = (place.path.clone(), side);
        self.missing.entry(key).or_default().push((place, value));
    }

    /// Adds the missing members. One that several elements of a list do not have is one difference.
    fn add_missing(&mut self) {
        for ((path, side), found) in std::mem::take(&mut self.missing) {
            let (place, value) = match found.as_slice() {
                [] => continue,
                [(place, value)] => (place.clone(), (*value).clone()),
                [(place, _), ..] => {
                    let place = Place {
                        label: format!("{path} in {} elements", found.len()),
                        field: path,
                        ..place.clone()
                    };
                    let values = found.iter().map(|(_, value)| (*value).clone());
                    (place, Value::Array(values.collect()))
                }
            };
            let value = Some(&value);
            let sides = match side {
                OnlyIn::A => [value, None],
                OnlyIn::B => [None, value],
            };
            self.add(sides, &place, Severity::Missing);
        }
    }

    fn values(&mut self, [a, b]: [&'a Value; 2], place: &Place, around: Option<[&'a Members; 2]>) {
        match (a, b) {
            (a, b) if a == b => {}
            (Value::Object(a), Value::Object(b)) => self.objects([a, b], place),
            (Value::Array(a), Value::Array(b)) => self.lists([a, b], place),
            (Value::Plain(x), Value::Plain(y)) if is_same_number(x, y) => {}
            (a, b) => {
                let severity = match place.row() {
                    None => Severity::Unrated,
                    Some((_, row)) if row.expects(a, b, around) => Severity::Expected,
                    Some((_, row)) => row.severity,
                };
                self.add([Some(a), Some(b)], place, severity);
            }
        }
    }

    fn lists(&mut self, [a, b]: [&'a [Value]; 2], place: &Place) {
        let row = place.row().map(|(_, row)| row);
        let separator = match row.map(|row| row.rule) {
            Some(Rule::Pairs(separator)) => Some(separator),
            _ => None,
        };
        let keys = [a, b].map(|list| keys(list, separator));
        let pairs = paired([a, b], &keys);
        let same_keys = pairs
            .values()
            .flatten()
            .all(|(_, a, b)| a.is_some() == b.is_some());
        for (key, pairs) in pairs {
            for (number, a, b) in pairs {
                let place = match number {
                    1 => place.element(key),
                    number => place.element(&format!("{key} ({number})")),
                };
                match (a, b) {
                    (Some(a), Some(b)) => self.values([a, b], &place, None),
                    (a, b) => {
                        let severity = match place.row() {
                            None => Severity::Unrated,
                            Some((_, row)) if row.rule == Rule::Varies => Severity::Expected,
                            Some((_, row)) => row.severity,
                        };
                        self.add([a, b], &place, severity);
                    }
                }
            }
        }
        let [of_a, of_b] = &keys;
        if same_keys && of_a != of_b {
            self.order([a, b], place, row);
        }
    }

    /// The order of a list matters if it has plain values, such as DNS servers.
    fn order(&mut self, [a, b]: [&[Value]; 2], place: &Place, row: Option<&Row>) {
        let severity = match row {
            None => Severity::Unrated,
            Some(row) if matches!(row.rule, Rule::Pairs(_)) => Severity::Expected,
            Some(_) if !a.iter().all(Value::is_scalar) => Severity::Expected,
            Some(_) => Severity::Minor,
        };
        let [a, b] = [a, b].map(|list| Value::Array(list.to_vec()));
        let mut place = place.clone();
        place.label.push_str(": order");
        self.add([Some(&a), Some(&b)], &place, severity);
    }

    fn add(&mut self, [a, b]: [Option<&Value>; 2], place: &Place, severity: Severity) {
        if severity == Severity::Expected && self.scope == Scope::Unexpected {
            return;
        }
        let (rank, row) = match place.row() {
            Some((rank, row)) => (rank, Some(row)),
            None => (usize::MAX, None),
        };
        let [a, b] = text::sides([a, b], row, place.unit);
        self.found.push(Difference {
            severity,
            rank,
            field: place.field.clone(),
            label: place.label.clone(),
            a,
            b,
        });
    }
}

/// Whether two JSON numbers are the same, such as `1` and `1.0`, and exact in 53 bits.
fn is_same_number(a: &str, b: &str) -> bool {
    const EXACT: f64 = (1_u64 << 53) as f64;
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a == b && a.abs() < EXACT,
        _ => false,
    }
}

/// The key of each element: its path or name, the name before the separator, its text, or else its
/// position.
fn keys(list: &[Value], separator: Option<char>) -> Vec<String> {
    let key = |(at, value): (usize, &Value)| match value {
        Value::Text(text) => match separator.and_then(|it| text.split_once(it)) {
            Some((name, _)) => name.to_owned(),
            None => text.clone(),
        },
        Value::Object(members) => ["path", "name"]
            .iter()
            .find_map(|name| members.get(*name)?.as_text())
            .map_or_else(|| at.to_string(), str::to_owned),
        Value::Plain(text) => text.clone(),
        Value::Null | Value::Array(_) => at.to_string(),
    };
    list.iter().enumerate().map(key).collect()
}

/// Elements with the same key, counted from 1.
type Pair<'a> = (usize, Option<&'a Value>, Option<&'a Value>);

/// Pairs the elements of two lists by key. Of several with the same key equal ones are a pair, and the
/// rest is paired in order.
fn paired<'k, 'a>(
    lists: [&'a [Value]; 2],
    keys: &'k [Vec<String>; 2],
) -> BTreeMap<&'k str, Vec<Pair<'a>>> {
    let mut groups: BTreeMap<&str, [Vec<&Value>; 2]> = BTreeMap::new();
    let [of_a, of_b] = keys;
    let [a, b] = lists;
    for (key, value) in of_a.iter().zip(a) {
        let [group, _] = groups.entry(key).or_default();
        group.push(value);
    }
    for (key, value) in of_b.iter().zip(b) {
        let [_, group] = groups.entry(key).or_default();
        group.push(value);
    }
    groups
        .into_iter()
        .map(|(key, [a, b])| (key, pairs(a, b)))
        .collect()
}

fn pairs<'a>(a: Vec<&'a Value>, mut b: Vec<&'a Value>) -> Vec<Pair<'a>> {
    let all = b.len();
    let mut equal: BTreeMap<&Value, usize> = BTreeMap::new();
    for value in &a {
        *equal.entry(value).or_default() += 1;
    }
    // What remains of `b` has no equal in `a`; then the same for `a`.
    let mut taken: BTreeMap<&Value, usize> = BTreeMap::new();
    b.retain(|value| match equal.get_mut(value) {
        Some(count) if *count > 0 => {
            *count -= 1;
            *taken.entry(value).or_default() += 1;
            false
        }
        _ => true,
    });
    let mut a = a;
    a.retain(|value| match taken.get_mut(value) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    let matched = all - b.len();
    (0..a.len().max(b.len()))
        .map(|at| (matched + at + 1, a.get(at).copied(), b.get(at).copied()))
        .collect()
}
