//! The filters of jq that are defined by others. Only those that a filter uses are parsed.

use std::collections::BTreeSet;

use jaq_core::load::Arena;

use super::super::syntax::{Def, SyntaxError, parse_definitions};

/// One definition on each line. It uses only definitions before it.
const DEFINITIONS: &str = include_str!("definitions.jq");

/// The name of the definition on a line, and the number of its arguments.
fn signature(line: &str) -> Option<(&str, usize)> {
    let head = line.strip_prefix("def ")?;
    let name = head.get(..head.find(['(', ':'])?)?;
    let count = match head.get(name.len()..)?.strip_prefix('(') {
        Some(rest) => rest.get(..rest.find(')')?)?.split(';').count(),
        None => 0,
    };
    Some((name, count))
}

/// The names of all definitions, with the number of their arguments.
pub(in crate::jq) fn names() -> impl Iterator<Item = (String, usize)> {
    let lines = DEFINITIONS.lines().filter_map(signature);
    lines.map(|(name, count)| (name.to_owned(), count))
}

/// The definitions that `calls` use, directly or through others.
///
/// # Errors
/// Never: a test parses all definitions.
pub(in crate::jq) fn needed<'s>(
    calls: &BTreeSet<(&'s str, usize)>,
    arena: &'s Arena,
) -> Result<Vec<Def<'s>>, SyntaxError> {
    let mut wanted: BTreeSet<(&str, usize)> = calls.clone();
    let mut definitions = Vec::new();
    // From the last to the first, since each uses only those before it, or itself.
    for line in DEFINITIONS.lines().rev() {
        if signature(line).is_some_and(|signature| wanted.contains(&signature)) {
            for (definition, calls) in parse_definitions(line, arena)? {
                wanted.extend(calls);
                definitions.push(definition);
            }
        }
    }
    definitions.reverse();
    Ok(definitions)
}
