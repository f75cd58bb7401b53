//! Which values are folded, and the lines that are visible because of that.

use std::collections::BTreeSet;

use super::{Kind, Node, Tree};

/// Whether values are open by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Usual {
    #[default]
    Folded,
    Open,
}

/// The folded and open values of a tree.
#[derive(Clone, Debug, Default)]
pub(crate) struct Folds {
    usual: Usual,
    /// The values that are not as usual.
    others: BTreeSet<Node>,
}

/// What happens to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fold {
    Open,
    Close,
}

impl Folds {
    /// Everything is folded except the root.
    pub(crate) fn only_root() -> Folds {
        Folds {
            usual: Usual::Folded,
            others: BTreeSet::from([Tree::root()]),
        }
    }

    /// Everything is open.
    pub(crate) fn none() -> Folds {
        Folds {
            usual: Usual::Open,
            others: BTreeSet::new(),
        }
    }

    pub(crate) fn is_open(&self, node: Node) -> bool {
        match self.usual {
            Usual::Folded => self.others.contains(&node),
            Usual::Open => !self.others.contains(&node),
        }
    }

    pub(crate) fn set(&mut self, node: Node, fold: Fold) {
        let is_usual = match (self.usual, fold) {
            (Usual::Folded, Fold::Close) | (Usual::Open, Fold::Open) => true,
            (Usual::Folded, Fold::Open) | (Usual::Open, Fold::Close) => false,
        };
        match is_usual {
            true => self.others.remove(&node),
            false => self.others.insert(node),
        };
    }

    /// Opens everything around a value.
    pub(crate) fn reveal(&mut self, tree: &Tree, node: Node) {
        let mut node = node;
        while let Some(parent) = tree.parent(node) {
            self.set(parent, Fold::Open);
            node = parent;
        }
    }

    /// The visible line after one.
    pub(crate) fn next(&self, tree: &Tree, node: Node) -> Option<Node> {
        match tree.first_child(node).filter(|_| self.is_open(node)) {
            Some(child) => Some(child),
            None => tree.after(node),
        }
    }

    /// The visible line before one.
    pub(crate) fn previous(&self, tree: &Tree, node: Node) -> Option<Node> {
        let before = node.0.checked_sub(1).map(Node)?;
        Some(self.visible(tree, before))
    }

    /// The last visible line.
    pub(crate) fn last(&self, tree: &Tree) -> Node {
        let last = u32::try_from(tree.entries.len().saturating_sub(1)).unwrap_or(0);
        self.visible(tree, Node(last))
    }

    /// The outermost folded value around a value, or the value itself.
    fn visible(&self, tree: &Tree, node: Node) -> Node {
        let mut found = node;
        let mut around = node;
        while let Some(parent) = tree.parent(around) {
            if !self.is_open(parent) {
                found = parent;
            }
            around = parent;
        }
        found
    }

    /// The line that `count` steps lead to, down or up.
    pub(crate) fn moved(&self, tree: &Tree, from: Node, steps: isize) -> Node {
        let mut node = from;
        for _ in 0..steps.unsigned_abs() {
            let next = match steps > 0 {
                true => self.next(tree, node),
                false => self.previous(tree, node),
            };
            match next {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    /// The visible lines from one on.
    pub(crate) fn lines(&self, tree: &Tree, top: Node, most: usize) -> Vec<Node> {
        std::iter::successors(Some(top), |node| self.next(tree, *node))
            .take(most)
            .collect()
    }
}

/// Whether a value can be folded.
pub(crate) fn can_fold(tree: &Tree, node: Node) -> bool {
    match tree.kind(node) {
        Kind::Object | Kind::Array => tree.count(node) > 0,
        Kind::String | Kind::Word => false,
    }
}
