//! Whether text is coloured. A leaf: `output` decides, the other modules only use it.

/// Whether to print colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Always,
    Never,
}

impl Colour {
    /// The text in a style of SGR (ECMA-48), such as `1;31`, where colour is wanted.
    pub(crate) fn styled(self, text: &str, style: &str) -> String {
        match self {
            Colour::Always => format!("\x1b[{style}m{text}\x1b[0m"),
            Colour::Never => text.to_owned(),
        }
    }
}
