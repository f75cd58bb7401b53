//! The styles of the list.

use ratatui_core::style::{Color, Modifier, Style};

use crate::colour::Colour;

/// The styles. Without colour only bold, reverse and underlined text differ.
pub(super) struct Theme(pub Colour);

impl Theme {
    fn coloured(&self, colour: Color) -> Style {
        match self.0 {
            Colour::Always => Style::new().fg(colour),
            Colour::Never => Style::new(),
        }
    }

    pub(super) fn pointer(&self) -> Style {
        self.coloured(Color::Magenta).add_modifier(Modifier::BOLD)
    }

    pub(super) fn status(&self) -> Style {
        self.coloured(Color::Yellow)
    }

    pub(super) fn header(&self) -> Style {
        self.coloured(Color::Cyan).add_modifier(Modifier::BOLD)
    }

    pub(super) fn item(&self, is_highlighted: bool) -> Style {
        match is_highlighted {
            true => Style::new().add_modifier(Modifier::REVERSED),
            false => Style::new(),
        }
    }

    pub(super) fn matched(&self, is_highlighted: bool) -> Style {
        let style = self.coloured(Color::Green).add_modifier(Modifier::BOLD);
        let style = style.add_modifier(Modifier::UNDERLINED);
        match is_highlighted {
            true => style.add_modifier(Modifier::REVERSED),
            false => style,
        }
    }
}
