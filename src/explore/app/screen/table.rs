//! Draws the visible rows of a table.

use super::super::super::tree::Tree;
use super::super::view::TableView;
use super::canvas::{Canvas, Look, columns};

/// The widest column.
const MAX_WIDTH: usize = 40;

/// Draws the header and the rows, `count` rows from `first` on.
pub(super) fn draw(
    canvas: &mut Canvas,
    tree: &Tree,
    view: &TableView,
    (first, count): (u16, u16),
    has_focus: bool,
) {
    if count == 0 {
        return;
    }
    let rows = view
        .table
        .rows
        .iter()
        .skip(view.top)
        .take(usize::from(count - 1));
    let cells: Vec<Vec<String>> = rows
        .map(|row| {
            let columns = view.table.columns.iter();
            columns
                .map(|column| view.table.cell(tree, *row, column))
                .collect()
        })
        .collect();
    let widths = widths(&view.table.columns, &cells);
    // The column of the cursor is visible.
    let left = first_column(&widths, view.column, usize::from(canvas.width()));
    let mut x = 0;
    for (at, name) in view.table.columns.iter().enumerate().skip(left) {
        let width = widths.get(at).copied().unwrap_or(1);
        let end = x + u16::try_from(width).unwrap_or(1);
        canvas.cut(x, first, end, name, Look::Title);
        for (row, cells) in (first + 1..).zip(&cells) {
            let text = cells.get(at).map(String::as_str).unwrap_or_default();
            canvas.cut(x, row, end, text, Look::Plain);
        }
        let chosen = u16::try_from(view.row.saturating_sub(view.top)).unwrap_or(0);
        if has_focus && at == view.column {
            canvas.look((x, end), first + 1 + chosen, Look::Chosen);
        }
        x = end + 2;
        if x >= canvas.width() {
            break;
        }
    }
}

fn widths(names: &[String], cells: &[Vec<String>]) -> Vec<usize> {
    let width = |(at, name): (usize, &String)| {
        let column = cells.iter().filter_map(|row| row.get(at));
        let widest = column
            .map(|cell| columns(beginning(cell)))
            .max()
            .unwrap_or(0);
        widest.max(columns(name)).clamp(1, MAX_WIDTH)
    };
    names.iter().enumerate().map(width).collect()
}

fn beginning(cell: &str) -> &str {
    let end = cell
        .char_indices()
        .nth(MAX_WIDTH)
        .map_or(cell.len(), |(end, _)| end);
    cell.get(..end).unwrap_or(cell)
}

/// The first visible column.
fn first_column(widths: &[usize], chosen: usize, room: usize) -> usize {
    let mut used = 0;
    let mut first = chosen;
    for (at, width) in widths.iter().enumerate().take(chosen + 1).rev() {
        used += width + 2;
        if used > room + 2 {
            break;
        }
        first = at;
    }
    first
}
