//! What is written to the terminal so that it shows a buffer: only the cells that differ from what it
//! shows already, in one write.

use std::fmt::Write;

use ratatui_core::buffer::{Buffer, Cell, CellWidth};
use ratatui_core::layout::Position;
use ratatui_core::style::{Color, Modifier, Style};

/// Ends a frame that a terminal shows at once, and turns automatic line breaks on.
const FRAME_END: &str = "\x1b[?7h\x1b[?25h\x1b[?2026l";
/// Begins it. The cursor is hidden, and a character at the right margin does not break the line.
const FRAME_START: &str = "\x1b[?2026h\x1b[?25l\x1b[?7l";

/// Where the cursor of the terminal is, in the area that is drawn.
pub(super) type Cursor = Position;

/// The bytes that draw `next` where `previous` is shown, an empty buffer at first. They begin with the
/// cursor at `from` and leave it at `to`. The areas are equal. Rows are relative to the cursor, so that
/// the area may be anywhere on the terminal; its first column is that of the terminal.
pub(super) fn frame(previous: &Buffer, next: &Buffer, from: Cursor, to: Cursor) -> String {
    let mut pen = Pen {
        out: FRAME_START.to_owned(),
        row: from.y,
        column: None,
        style: Cell::EMPTY.style(),
    };
    pen.out.push_str("\x1b[0m");
    for (x, y, cell) in previous.diff(next) {
        pen.move_to(x, y);
        pen.set_style(cell.style());
        pen.out.push_str(cell.symbol());
        pen.column = Some(x.saturating_add(cell.cell_width()));
        // The cursor stays on the last column.
        if pen.column >= Some(next.area().width) {
            pen.column = None;
        }
    }
    pen.out.push_str("\x1b[0m");
    pen.move_to(to.x, to.y);
    pen.out.push_str(FRAME_END);
    pen.out
}

/// What has been written so far, and the state of the terminal after it.
struct Pen {
    out: String,
    row: u16,
    /// `None` if it is not known.
    column: Option<u16>,
    style: Style,
}

impl Pen {
    fn move_to(&mut self, column: u16, row: u16) {
        // A line feed never scrolls here: the rows of the area exist.
        match row.cmp(&self.row) {
            std::cmp::Ordering::Less => self.sequence(self.row - row, 'A'),
            std::cmp::Ordering::Equal => {}
            std::cmp::Ordering::Greater => self.sequence(row - self.row, 'B'),
        }
        self.row = row;
        if self.column != Some(column) {
            self.sequence(column.saturating_add(1), 'G');
            self.column = Some(column);
        }
    }

    fn sequence(&mut self, number: u16, letter: char) {
        let _ = write!(self.out, "\x1b[{number}{letter}");
    }

    fn set_style(&mut self, style: Style) {
        if style == self.style {
            return;
        }
        self.style = style;
        self.out.push_str("\x1b[0");
        let modifiers = style.add_modifier;
        for (modifier, code) in [
            (Modifier::BOLD, "1"),
            (Modifier::DIM, "2"),
            (Modifier::ITALIC, "3"),
            (Modifier::UNDERLINED, "4"),
            (Modifier::REVERSED, "7"),
        ] {
            if modifiers.contains(modifier) {
                let _ = write!(self.out, ";{code}");
            }
        }
        for (colour, base) in [(style.fg, 30), (style.bg, 40)] {
            if let Some(colour) = colour.and_then(|colour| code(colour, base)) {
                let _ = write!(self.out, ";{colour}");
            }
        }
        self.out.push('m');
    }
}

/// The code of one of the 16 colours of a terminal; `None` for its own colour, and for others.
fn code(colour: Color, base: u8) -> Option<u8> {
    let (offset, number) = match colour {
        Color::Black => (0, 0),
        Color::Red => (0, 1),
        Color::Green => (0, 2),
        Color::Yellow => (0, 3),
        Color::Blue => (0, 4),
        Color::Magenta => (0, 5),
        Color::Cyan => (0, 6),
        Color::Gray => (0, 7),
        Color::DarkGray => (60, 0),
        Color::LightRed => (60, 1),
        Color::LightGreen => (60, 2),
        Color::LightYellow => (60, 3),
        Color::LightBlue => (60, 4),
        Color::LightMagenta => (60, 5),
        Color::LightCyan => (60, 6),
        Color::White => (60, 7),
        Color::Reset | Color::Rgb(..) | Color::Indexed(_) => return None,
    };
    Some(base + offset + number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui_core::layout::Rect;

    fn drawn(previous: &Buffer, next: &Buffer) -> String {
        let frame = frame(previous, next, Position::new(0, 0), Position::new(1, 0));
        let body = frame.strip_prefix(FRAME_START).unwrap();
        body.strip_suffix(FRAME_END).unwrap().to_owned()
    }

    #[test]
    fn only_changed_cells_are_written() {
        let empty = Buffer::empty(Rect::new(0, 0, 6, 2));
        let mut one = empty.clone();
        one.set_string(0, 0, "ab漢", Style::new());
        one.set_string(
            0,
            1,
            "c",
            Style::new().fg(Color::Red).add_modifier(Modifier::BOLD),
        );
        assert_eq!(
            drawn(&empty, &one),
            "\x1b[0m\x1b[1Gab漢\x1b[1B\x1b[1G\x1b[0;1;31mc\x1b[0m\x1b[1A"
        );
        assert_eq!(drawn(&one, &one), "\x1b[0m\x1b[0m\x1b[2G");
        // A character at the right margin leaves the column unknown.
        let mut full = empty.clone();
        full.set_string(0, 0, "abcdef", Style::new());
        assert_eq!(drawn(&empty, &full), "\x1b[0m\x1b[1Gabcdef\x1b[0m\x1b[2G");
    }
}
