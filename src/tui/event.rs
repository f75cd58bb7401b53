//! What a person does at a terminal. A leaf: state machines depend only on this.

/// A key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// A printable character.
    Char(char),
    /// A lower-case letter, a space or one of `[\]^_` with Ctrl. Ctrl-I is [`Key::Tab`], Ctrl-M is
    /// [`Key::Enter`] and Ctrl-H is [`Key::Backspace`]: terminals do not distinguish them.
    Ctrl(char),
    /// A printable character with Alt.
    Alt(char),
    Enter,
    Tab,
    /// Tab with Shift.
    BackTab,
    Backspace,
    Delete,
    Escape,
    Up,
    Down,
    Left,
    Right,
    Home,
    End,
    PageUp,
    PageDown,
}

/// The direction of a mouse wheel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wheel {
    Up,
    Down,
}

/// What a terminal sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    Key(Key),
    /// Pasted text, without control characters.
    Paste(String),
    /// The first button of the mouse was pressed. Columns and rows begin at 0.
    Click {
        column: u16,
        row: u16,
    },
    Wheel(Wheel),
    /// The position of the cursor, which was asked for.
    CursorAt {
        column: u16,
        row: u16,
    },
}

/// What an interactive command reacts to. Positions are those of the area that it draws.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Key(Key),
    Paste(String),
    Click {
        column: u16,
        row: u16,
    },
    Wheel(Wheel),
    /// The area has another size, or everything on it is lost: draw it again.
    Redraw,
    /// Another thread has a result.
    Woken,
}
