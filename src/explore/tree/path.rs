//! The path of a value as a jq filter.

use super::{Node, Tree};
use crate::json::Text;

impl Tree {
    /// The filter that selects a value: `.shots[0]."frame range"`.
    pub(crate) fn path(&self, node: Node) -> String {
        let around = std::iter::successors(Some(node), |node| self.parent(*node));
        let mut nodes: Vec<Node> = around.collect();
        nodes.pop();
        let mut path = String::new();
        for node in nodes.into_iter().rev() {
            match self.key(node) {
                Some(key) if is_identifier(&key) => {
                    path.push('.');
                    path.push_str(&key);
                }
                Some(key) => {
                    path.push('.');
                    path.push_str(&quoted(&key));
                }
                None => {
                    if path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&format!("[{}]", self.position(node)));
                }
            }
        }
        match path.is_empty() {
            true => ".".to_owned(),
            false => path,
        }
    }

    /// The number of siblings before a value.
    pub(super) fn position(&self, node: Node) -> usize {
        let siblings = self.parent(node).map(|parent| self.children(parent));
        siblings.map_or(0, |mut siblings| {
            siblings.position(|one| one == node).unwrap_or(0)
        })
    }
}

/// Whether jq reads `.name` without quotes.
fn is_identifier(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A string of jq: JSON, in which `\(` starts an expression.
fn quoted(key: &str) -> String {
    // JSON writes a backslash as `\\`, so that no `\(` of the key is one of jq.
    Text::string(key).as_str().to_owned()
}
