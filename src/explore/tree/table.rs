//! An array of objects as a table.

use super::{Kind, Node, Tree};

/// The most columns; more do not fit on a screen.
const MAX_COLUMNS: usize = 64;
/// The rows that the columns are taken from.
const SAMPLE: usize = 200;

/// The rows and columns of a table.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The keys, in the order of their first use.
    pub columns: Vec<String>,
    pub rows: Vec<Node>,
}

impl Table {
    /// The table of an array; `None` if it has no objects.
    pub(crate) fn of(tree: &Tree, array: Node) -> Option<Table> {
        if tree.kind(array) != Kind::Array {
            return None;
        }
        let rows: Vec<Node> = tree.children(array).collect();
        let mut columns: Vec<String> = Vec::new();
        for row in rows.iter().take(SAMPLE) {
            for child in tree.first_members(*row) {
                if columns.len() >= MAX_COLUMNS {
                    break;
                }
                let key = tree.key(child).unwrap_or_default();
                if !columns.contains(&key) {
                    columns.push(key);
                }
            }
        }
        (!columns.is_empty()).then_some(Table { columns, rows })
    }

    /// The text of a cell: the content of a string, another scalar as it is, the size of a list.
    pub(crate) fn cell(&self, tree: &Tree, row: Node, column: &str) -> String {
        let Some(value) = tree.member(row, column) else {
            return String::new();
        };
        match tree.kind(value) {
            Kind::String => tree.string(value).unwrap_or_default(),
            Kind::Word => match tree.scalar(value) {
                Some("null") | None => String::new(),
                Some(text) => text.to_owned(),
            },
            Kind::Object => format!("{{{}}}", tree.count(value)),
            Kind::Array => format!("[{}]", tree.count(value)),
        }
    }
}
