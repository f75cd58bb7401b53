//! A buffer of cells, and looks that work without colours.

use ratatui_core::buffer::Buffer;
use ratatui_core::style::{Color, Modifier, Style};
use unicode_segmentation::UnicodeSegmentation;

use crate::colour::Colour;
use crate::tui::text::{Kind, pieces, width};

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    Title,
    Dim,
    Key,
    Text,
    Number,
    Word,
    Good,
    Bad,
    Focus,
    /// The line or cell at the cursor.
    Chosen,
    Menu,
    Ask,
}

impl Look {
    fn style(self, colour: Colour) -> Style {
        let (own, modifier) = match self {
            Look::Plain | Look::Menu => (None, Modifier::empty()),
            Look::Title | Look::Focus => (None, Modifier::BOLD),
            Look::Dim => (None, Modifier::DIM),
            Look::Key => (Some(Color::Blue), Modifier::empty()),
            Look::Text | Look::Good => (Some(Color::Green), Modifier::empty()),
            Look::Number => (Some(Color::Cyan), Modifier::empty()),
            Look::Word => (Some(Color::Yellow), Modifier::empty()),
            Look::Bad | Look::Ask => (Some(Color::Red), Modifier::BOLD),
            Look::Chosen => (None, Modifier::REVERSED),
        };
        let style = Style::new().add_modifier(modifier);
        match (colour, own) {
            (Colour::Always, Some(own)) => style.fg(own),
            (Colour::Always, None) | (Colour::Never, _) => style,
        }
    }
}

/// A buffer to draw on. What is outside of it is cut off.
pub(super) struct Canvas<'a> {
    buffer: &'a mut Buffer,
    colour: Colour,
}

impl<'a> Canvas<'a> {
    pub(super) fn new(buffer: &'a mut Buffer, colour: Colour) -> Canvas<'a> {
        Canvas { buffer, colour }
    }

    pub(super) fn width(&self) -> u16 {
        self.buffer.area().width
    }

    pub(super) fn height(&self) -> u16 {
        self.buffer.area().height
    }

    /// Writes a text up to the end of the row, with control characters escaped. Returns where it ends.
    pub(super) fn text(&mut self, x: u16, y: u16, text: &str, look: Look) -> u16 {
        self.cut(x, y, self.width(), text, look)
    }

    /// The same up to the column `end`. A text that is longer ends with `…`.
    pub(super) fn cut(&mut self, x: u16, y: u16, end: u16, text: &str, look: Look) -> u16 {
        let end = end.min(self.width());
        let style = look.style(self.colour);
        let escaped = style.add_modifier(Modifier::DIM);
        let mut x = x;
        // More characters do not fit.
        for piece in pieces(beginning(text, usize::from(end)).as_bytes()) {
            if x.saturating_add(piece.width) > end {
                if let Some(cell) = self.buffer.cell_mut((end.saturating_sub(1), y)) {
                    cell.set_symbol("…").set_style(style);
                }
                return end;
            }
            let style = match piece.kind {
                Kind::Plain => style,
                Kind::Escaped => escaped,
            };
            x = self.piece(x, y, &piece.shown, piece.width, style);
        }
        x
    }

    fn piece(&mut self, x: u16, y: u16, shown: &str, width: u16, style: Style) -> u16 {
        let is_escape = shown.is_ascii() && shown.len() > 1;
        match is_escape {
            // An escape takes a cell for each character.
            true => {
                for (at, c) in (x..).zip(shown.chars()) {
                    if let Some(cell) = self.buffer.cell_mut((at, y)) {
                        cell.set_char(c).set_style(style);
                    }
                }
            }
            false => {
                if let Some(cell) = self.buffer.cell_mut((x, y)) {
                    cell.set_symbol(shown).set_style(style);
                }
            }
        }
        x.saturating_add(width)
    }

    /// Empties a row.
    pub(super) fn clear(&mut self, y: u16) {
        for x in 0..self.width() {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.reset();
            }
        }
    }

    /// Changes the look of a part of a row.
    pub(super) fn look(&mut self, (from, to): (u16, u16), y: u16, look: Look) {
        let style = look.style(self.colour);
        for x in from..to.min(self.width()) {
            if let Some(cell) = self.buffer.cell_mut((x, y)) {
                cell.set_style(style);
            }
        }
    }
}

/// The beginning of a text, at least as many columns as are given. A text may have megabytes.
fn beginning(text: &str, columns: usize) -> &str {
    // Combining characters take no column.
    let most = columns.saturating_add(1).saturating_mul(8);
    match text.char_indices().nth(most) {
        Some((end, _)) => text.get(..end).unwrap_or(text),
        None => text,
    }
}

/// The number of columns of a text.
pub(super) fn columns(text: &str) -> usize {
    width(text.as_bytes())
}

/// The end of a text that fits into a number of columns.
pub(super) fn end_of(text: &str, room: usize) -> &str {
    let mut left = room;
    let mut start = text.len();
    for (at, character) in text.grapheme_indices(true).rev() {
        match left.checked_sub(columns(character)) {
            Some(rest) => (left, start) = (rest, at),
            None => break,
        }
    }
    text.get(start..).unwrap_or_default()
}
