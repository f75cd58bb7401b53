//! A JSON text as a tree that can be folded. One pass makes a list of its values in order, 16 bytes each;
//! the text itself is not copied.

mod fold;
mod index;
mod path;
mod search;
mod table;

use std::sync::Arc;

use crate::json::token_length;
use index::Entry;

pub(crate) use fold::{Fold, Folds, can_fold};
pub(crate) use search::Way;
pub(crate) use table::Table;

/// The most values of a text. More would take more than 320 MB.
const MAX_NODES: usize = 20_000_000;

/// The most members of an object that are looked at, for each key that is drawn.
const MAX_MEMBERS: usize = 1000;

/// The deepest nesting, as in all JSON of c47.
const MAX_DEPTH: usize = 128;

/// A value of a tree: its number in the order of the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Node(u32);

/// A JSON text and its values.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    text: Arc<str>,
    entries: Arc<Vec<Entry>>,
}

/// Why a text is not a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is not JSON.
    Invalid(String),
    /// It has too many values.
    TooLarge(String),
}

impl From<Refused> for String {
    fn from(refused: Refused) -> String {
        match refused {
            Refused::Invalid(why) | Refused::TooLarge(why) => why,
        }
    }
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Object,
    Array,
    String,
    /// A number, true, false or null.
    Word,
}

impl Tree {
    /// Reads a text.
    ///
    /// # Errors
    /// Why it is not JSON, or that it has too many values.
    pub(crate) fn of(text: Arc<str>) -> Result<Tree, Refused> {
        crate::json::check(&text).map_err(Refused::Invalid)?;
        let entries = index::entries(&text).map_err(Refused::TooLarge)?;
        let entries = Arc::new(entries);
        Ok(Tree { text, entries })
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub(crate) fn root() -> Node {
        Node(0)
    }

    fn entry(&self, node: Node) -> Entry {
        let at = usize::try_from(node.0).unwrap_or(usize::MAX);
        self.entries.get(at).copied().unwrap_or_default()
    }

    /// The text from the start of a value, or of its key.
    fn text_from(&self, node: Node) -> &str {
        let start = usize::try_from(self.entry(node).start).unwrap_or(usize::MAX);
        self.text.get(start..).unwrap_or_default()
    }

    /// The key of a member as it is written, with its quotes. `None` for an element and the root.
    pub(crate) fn raw_key(&self, node: Node) -> Option<&str> {
        let parent = self.parent(node)?;
        match self.kind(parent) {
            Kind::Object => {
                let text = self.text_from(node);
                text.get(..token_length(text, b'"'))
            }
            Kind::Array | Kind::String | Kind::Word => None,
        }
    }

    /// The key of a member.
    pub(crate) fn key(&self, node: Node) -> Option<String> {
        serde_json::from_str(self.raw_key(node)?).ok()
    }

    /// The text from the start of a value.
    fn value_text(&self, node: Node) -> &str {
        let text = self.text_from(node);
        match self.raw_key(node) {
            None => text,
            Some(key) => {
                let after = text.get(key.len()..).unwrap_or_default();
                let after = after.trim_ascii_start();
                after.strip_prefix(':').unwrap_or(after).trim_ascii_start()
            }
        }
    }

    pub(crate) fn kind(&self, node: Node) -> Kind {
        match self.entry(node).kind() {
            index::Opening::Object => Kind::Object,
            index::Opening::Array => Kind::Array,
            index::Opening::String => Kind::String,
            index::Opening::Word => Kind::Word,
        }
    }

    /// The text of a value that is neither an object nor an array.
    pub(crate) fn scalar(&self, node: Node) -> Option<&str> {
        let text = self.value_text(node);
        match self.kind(node) {
            Kind::Object | Kind::Array => None,
            Kind::String | Kind::Word => {
                let first = text.bytes().next()?;
                text.get(..token_length(text, first))
            }
        }
    }

    /// The content of a string.
    pub(crate) fn string(&self, node: Node) -> Option<String> {
        match self.kind(node) {
            Kind::String => serde_json::from_str(self.scalar(node)?).ok(),
            Kind::Object | Kind::Array | Kind::Word => None,
        }
    }

    /// The number of members or elements.
    pub(crate) fn count(&self, node: Node) -> u32 {
        self.entry(node).count()
    }

    pub(crate) fn parent(&self, node: Node) -> Option<Node> {
        (node.0 > 0).then(|| Node(self.entry(node).parent))
    }

    /// The number of objects and arrays around a value.
    pub(crate) fn depth(&self, node: Node) -> usize {
        std::iter::successors(self.parent(node), |node| self.parent(*node))
            .take(MAX_DEPTH)
            .count()
    }

    pub(crate) fn first_child(&self, node: Node) -> Option<Node> {
        (self.count(node) > 0).then_some(Node(node.0 + 1))
    }

    /// The next value that is not within this one.
    fn after(&self, node: Node) -> Option<Node> {
        let next = self.entry(node).next;
        let exists = usize::try_from(next).is_ok_and(|next| next < self.entries.len());
        exists.then_some(Node(next))
    }

    /// The next value in the order of the text.
    pub(crate) fn following(&self, node: Node) -> Option<Node> {
        let exists = usize::try_from(node.0 + 1).is_ok_and(|next| next < self.entries.len());
        exists.then_some(Node(node.0 + 1))
    }

    pub(crate) fn next_sibling(&self, node: Node) -> Option<Node> {
        let next = self.after(node)?;
        (self.parent(next) == self.parent(node)).then_some(next)
    }

    /// The members or elements.
    pub(crate) fn children(&self, node: Node) -> impl Iterator<Item = Node> {
        std::iter::successors(self.first_child(node), |child| self.next_sibling(*child))
    }

    /// The first members of an object. One with many more is a map of things by their ids, and each of
    /// its members has another key.
    pub(crate) fn first_members(&self, node: Node) -> impl Iterator<Item = Node> {
        let most = match self.kind(node) {
            Kind::Object => MAX_MEMBERS,
            Kind::Array | Kind::String | Kind::Word => 0,
        };
        self.children(node).take(most)
    }

    /// The member of an object, if it is one of its first.
    pub(crate) fn member(&self, node: Node, key: &str) -> Option<Node> {
        self.first_members(node)
            .find(|child| self.has_key(*child, key))
    }

    fn has_key(&self, node: Node, key: &str) -> bool {
        let raw = self.raw_key(node).unwrap_or_default();
        match raw.contains('\\') {
            true => self.key(node).as_deref() == Some(key),
            false => raw.get(1..raw.len().saturating_sub(1)) == Some(key),
        }
    }
}

#[cfg(test)]
mod tests;
