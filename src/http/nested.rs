//! Builds a JSON body from items in HTTPie's nested syntax: `shot[name]=sq010`, `frames[]:=1001`,
//! `tags[0]=x`.

use std::collections::BTreeMap;

use crate::json::Text;

/// The largest index; a larger one is probably a typing error and would fill the memory with nulls.
const MAX_INDEX: usize = 9_999;
/// The depth limit of the JSON parser.
const MAX_DEPTH: usize = 100;

/// One step of a path into a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Member(String),
    Index(usize),
    Append,
}

/// A body under construction. A gap becomes `null`.
#[derive(Debug, Default)]
pub(super) enum Tree {
    #[default]
    Gap,
    Leaf(Text),
    Object(Members),
    Array(Vec<Tree>),
}

/// The members of an object, in order, with an index: a body may have many.
#[derive(Debug, Default)]
pub(super) struct Members {
    list: Vec<(String, Tree)>,
    places: BTreeMap<String, usize>,
}

impl Members {
    /// Returns the member of this name, and adds it if it is missing.
    fn entry(&mut self, name: &str) -> Option<&mut Tree> {
        let at = match self.places.get(name) {
            Some(at) => *at,
            None => {
                let at = self.list.len();
                self.places.insert(name.to_owned(), at);
                self.list.push((name.to_owned(), Tree::Gap));
                at
            }
        };
        self.list.get_mut(at).map(|(_, tree)| tree)
    }
}

impl Tree {
    /// Sets `value` at the path `key`.
    ///
    /// # Errors
    /// When the key is invalid, or another item has set a conflicting value.
    pub(super) fn insert(&mut self, key: &str, value: Text) -> Result<(), String> {
        let steps = steps(key)?;
        let mut place = self;
        for step in &steps {
            place = place.enter(step).map_err(|found| {
                format!(
                    "'{key}' requires {} where another item has set {found}",
                    step.container()
                )
            })?;
        }
        match place {
            Tree::Object(_) | Tree::Array(_) => Err(format!(
                "'{key}' would replace the values that other items have set"
            )),
            place @ (Tree::Gap | Tree::Leaf(_)) => {
                *place = Tree::Leaf(value);
                Ok(())
            }
        }
    }

    /// Converts the tree to JSON text.
    pub(super) fn into_text(self) -> Text {
        match self {
            Tree::Gap => Text::null(),
            Tree::Leaf(text) => text,
            Tree::Object(members) => {
                let members: Vec<(String, Text)> = members
                    .list
                    .into_iter()
                    .map(|(name, tree)| (name, tree.into_text()))
                    .collect();
                Text::object(members.iter().map(|(name, text)| (name.as_str(), text)))
            }
            Tree::Array(elements) => {
                let elements: Vec<Text> = elements.into_iter().map(Tree::into_text).collect();
                Text::array(&elements)
            }
        }
    }

    fn enter(&mut self, step: &Step) -> Result<&mut Tree, &'static str> {
        if matches!(self, Tree::Gap) {
            *self = match step {
                Step::Member(_) => Tree::Object(Members::default()),
                Step::Index(_) | Step::Append => Tree::Array(Vec::new()),
            };
        }
        match (self, step) {
            (Tree::Object(members), Step::Member(name)) => members.entry(name).ok_or("nothing"),
            (Tree::Array(elements), Step::Append) => {
                elements.push(Tree::Gap);
                elements.last_mut().ok_or("nothing")
            }
            (Tree::Array(elements), Step::Index(index)) => {
                if elements.len() <= *index {
                    elements.resize_with(index + 1, Tree::default);
                }
                elements.get_mut(*index).ok_or("nothing")
            }
            (Tree::Object(_), _) => Err("an object"),
            (Tree::Array(_), _) => Err("an array"),
            (Tree::Leaf(_) | Tree::Gap, _) => Err("a plain value"),
        }
    }
}

impl Step {
    fn container(&self) -> &'static str {
        match self {
            Step::Member(_) => "an object",
            Step::Index(_) | Step::Append => "an array",
        }
    }
}

/// Splits `a[b][]` into steps. The first word is a member unless the key starts with a bracket;
/// `\[` and `\]` are literal brackets.
fn steps(key: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut name = String::new();
    let mut chars = key.chars();
    let mut inside = false;
    let mut literal = false;
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(escaped @ ('[' | ']' | '\\')) => {
                    name.push(escaped);
                    literal = true;
                }
                Some(other) => name.extend(['\\', other]),
                None => name.push('\\'),
            },
            '[' if inside => return Err(format!("'{key}': write a '[' inside brackets as \\[")),
            '[' => {
                if steps.is_empty() && !name.is_empty() {
                    steps.push(Step::Member(std::mem::take(&mut name)));
                } else if !name.is_empty() {
                    return Err(format!("'{key}': unexpected '{name}' between brackets"));
                }
                (inside, literal) = (true, false);
            }
            ']' if inside => {
                steps.push(bracketed(std::mem::take(&mut name), literal, key)?);
                inside = false;
            }
            ']' => return Err(format!("'{key}': write a ']' without a '[' as \\]")),
            c => name.push(c),
        }
    }
    if inside {
        return Err(format!(
            "'{key}': unclosed '['; write \\[ for a literal '['"
        ));
    }
    if steps.is_empty() {
        steps.push(Step::Member(name));
    } else if !name.is_empty() {
        return Err(format!(
            "'{key}': unexpected '{name}' after the last bracket"
        ));
    }
    if steps.len() > MAX_DEPTH {
        return Err(format!(
            "'{}…' is nested more than {MAX_DEPTH} deep",
            key.chars().take(20).collect::<String>()
        ));
    }
    Ok(steps)
}

fn bracketed(name: String, literal: bool, key: &str) -> Result<Step, String> {
    if name.is_empty() {
        return Ok(Step::Append);
    }
    if literal || !name.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Step::Member(name));
    }
    match name.parse() {
        Ok(index) if index <= MAX_INDEX => Ok(Step::Index(index)),
        _ => Err(format!("'{key}': the largest index is {MAX_INDEX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn build(items: &[(&str, &str)]) -> Result<String, String> {
        let mut tree = Tree::default();
        for (key, value) in items {
            tree.insert(key, Text::parse(*value).unwrap())?;
        }
        Ok(tree.into_text().to_string())
    }

    #[test]
    fn nested_keys_build_json() {
        for (items, expected) in [
            (
                &[("a", "1.10"), ("b", "\"x\"")][..],
                r#"{"a":1.10,"b":"x"}"#,
            ),
            (
                &[
                    ("s[name]", "\"sq\""),
                    ("s[frames][]", "1"),
                    ("s[frames][]", "2"),
                ],
                r#"{"s":{"name":"sq","frames":[1,2]}}"#,
            ),
            (&[("t[2]", "1"), ("t[0]", "2")], r#"{"t":[2,null,1]}"#),
            (&[("[]", "1"), ("[]", "2")], "[1,2]"),
            (&[("[a]", "1")], r#"{"a":1}"#),
            (
                &[("l[][a]", "1"), ("l[][a]", "2")],
                r#"{"l":[{"a":1},{"a":2}]}"#,
            ),
            (&[("a\\[b\\]", "1")], r#"{"a[b]":1}"#),
            (&[("", "1")], r#"{"":1}"#),
            (&[("a", "1"), ("a", "2")], r#"{"a":2}"#),
        ] {
            assert_eq!(build(items).as_deref(), Ok(expected));
        }
    }

    /// A linear search for each member took 11 s for these.
    #[test]
    fn many_keys_take_linear_time() {
        let began = std::time::Instant::now();
        let mut tree = Tree::default();
        for number in 0..100_000 {
            tree.insert(&format!("k{number}"), Text::integer(1))
                .unwrap();
        }
        assert!(tree.into_text().as_str().ends_with("\"k99999\":1}"));
        assert!(began.elapsed() < std::time::Duration::from_secs(8));
    }

    #[test]
    fn conflicting_keys_are_refused() {
        for items in [
            &[("a", "1"), ("a[b]", "2")][..],
            &[("a[b]", "1"), ("a[]", "2")],
            &[("a[b]", "1"), ("a", "2")],
            &[("a[", "1")],
            &[("a]", "1")],
            &[("a[b]c", "1")],
            &[("a[99999999999999999999]", "1")],
            &[("a[10000]", "1")],
            &[("a[b]c[d]", "1")],
        ] {
            assert!(build(items).is_err(), "{items:?}");
        }
        assert!(build(&[(&format!("a{}", "[]".repeat(101)), "1")]).is_err());
    }
}
