//! Draws the visible lines of a tree.

use super::super::super::tree::{Kind, Node, Tree, can_fold};
use super::super::view::TreeView;
use super::canvas::{Canvas, Look};

/// Draws the lines on `count` rows from `first` on.
pub(super) fn draw(
    canvas: &mut Canvas,
    tree: &Tree,
    view: &TreeView,
    (first, count): (u16, u16),
    has_focus: bool,
) {
    let lines = view.folds.lines(tree, view.top, usize::from(count));
    for (row, node) in (first..).zip(lines) {
        canvas.clear(row);
        line(canvas, tree, view, node, row);
        if has_focus && node == view.cursor {
            canvas.look((0, canvas.width()), row, Look::Chosen);
        }
    }
}

fn line(canvas: &mut Canvas, tree: &Tree, view: &TreeView, node: Node, row: u16) {
    // Deep values stay visible.
    let deepest = canvas.width() / 2;
    let indent = u16::try_from(tree.depth(node) * 2)
        .unwrap_or(u16::MAX)
        .min(deepest);
    let is_open = view.folds.is_open(node);
    let mark = match (can_fold(tree, node), is_open) {
        (false, _) => "  ",
        (true, true) => "- ",
        (true, false) => "+ ",
    };
    let mut x = canvas.text(indent, row, mark, Look::Dim);
    if let Some(key) = tree.raw_key(node) {
        x = canvas.text(x, row, key, Look::Key);
        x = canvas.text(x, row, ": ", Look::Dim);
    }
    let (text, look) = value(tree, node, is_open);
    canvas.text(x, row, &text, look);
}

/// The value on its line.
fn value(tree: &Tree, node: Node, is_open: bool) -> (String, Look) {
    let count = tree.count(node);
    match (tree.kind(node), is_open && count > 0) {
        (Kind::Object, true) => ("{".to_owned(), Look::Dim),
        (Kind::Array, true) => ("[".to_owned(), Look::Dim),
        (Kind::Object, false) => (format!("{{{count}}}{}", name(tree, node)), Look::Dim),
        (Kind::Array, false) => (format!("[{count}]"), Look::Dim),
        (Kind::String, _) => (beginning(tree.scalar(node)), Look::Text),
        (Kind::Word, _) => {
            let word = beginning(tree.scalar(node));
            let look = match word.starts_with(|c: char| c.is_ascii_digit() || c == '-') {
                true => Look::Number,
                false => Look::Word,
            };
            (word, look)
        }
    }
}

/// The name of a folded object, so that one finds it in a list.
fn name(tree: &Tree, object: Node) -> String {
    let named = ["name", "full_name", "title", "code", "label", "id"];
    let value = named.into_iter().find_map(|key| tree.member(object, key));
    let text = value.and_then(|value| tree.scalar(value));
    text.map(|text| format!(" {}", beginning(Some(text))))
        .unwrap_or_default()
}

/// A string may have megabytes.
fn beginning(text: Option<&str>) -> String {
    const MOST: usize = 2000;
    text.unwrap_or_default().chars().take(MOST).collect()
}
