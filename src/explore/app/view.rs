//! What is shown of a tree: its lines, or a table.

use super::super::tree::{Folds, Node, Table, Tree};

/// A view.
#[derive(Clone, Debug)]
pub(crate) enum View {
    Tree(TreeView),
    Table(TableView),
}

/// Visible lines of a tree.
#[derive(Clone, Debug)]
pub(crate) struct TreeView {
    pub folds: Folds,
    pub cursor: Node,
    /// The first line.
    pub top: Node,
}

/// Visible rows of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableView {
    pub table: Table,
    pub row: usize,
    pub column: usize,
    /// The first row.
    pub top: usize,
}

impl View {
    /// A table for an array of objects, else the lines.
    pub(crate) fn of(tree: &Tree) -> View {
        match Table::of(tree, Tree::root()) {
            Some(table) => View::table(table),
            None => View::tree(Tree::root()),
        }
    }

    pub(crate) fn tree(cursor: Node) -> View {
        View::Tree(TreeView {
            folds: Folds::only_root(),
            cursor,
            top: Tree::root(),
        })
    }

    pub(crate) fn table(table: Table) -> View {
        View::Table(TableView {
            table,
            row: 0,
            column: 0,
            top: 0,
        })
    }

    /// The value at the cursor: in a table the cell, or its row.
    pub(crate) fn value(&self, tree: &Tree) -> Node {
        match self {
            View::Tree(view) => view.cursor,
            View::Table(view) => {
                let row = view.table.rows.get(view.row).copied().unwrap_or_default();
                let column = view.table.columns.get(view.column);
                column
                    .and_then(|column| tree.member(row, column))
                    .unwrap_or(row)
            }
        }
    }

    /// Moves the cursor by rows.
    pub(crate) fn step(&mut self, tree: &Tree, steps: isize, rows: usize) {
        match self {
            View::Tree(view) => view.cursor = view.folds.moved(tree, view.cursor, steps),
            View::Table(view) => {
                let last = view.table.rows.len().saturating_sub(1);
                view.row = view.row.saturating_add_signed(steps).min(last);
            }
        }
        self.scroll(tree, rows);
    }

    /// Moves the cursor to the first or last row.
    pub(crate) fn jump(&mut self, tree: &Tree, to: Edge, rows: usize) {
        match (&mut *self, to) {
            (View::Tree(view), Edge::First) => view.cursor = Tree::root(),
            (View::Tree(view), Edge::Last) => view.cursor = view.folds.last(tree),
            (View::Table(view), Edge::First) => view.row = 0,
            (View::Table(view), Edge::Last) => {
                view.row = view.table.rows.len().saturating_sub(1);
            }
        }
        self.scroll(tree, rows);
    }

    /// Makes the cursor visible on `rows` rows.
    pub(crate) fn scroll(&mut self, tree: &Tree, rows: usize) {
        match self {
            View::Tree(view) => {
                if view.cursor < view.top {
                    view.top = view.cursor;
                } else if !view
                    .folds
                    .lines(tree, view.top, rows)
                    .contains(&view.cursor)
                {
                    let steps = isize::try_from(rows.saturating_sub(1)).unwrap_or(0);
                    view.top = view.folds.moved(tree, view.cursor, -steps);
                }
            }
            View::Table(view) => {
                // One row is the header.
                let rows = rows.saturating_sub(1).max(1);
                view.top = view
                    .top
                    .clamp((view.row + 1).saturating_sub(rows), view.row);
            }
        }
    }
}

/// An end of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    First,
    Last,
}
