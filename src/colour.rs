//! Whether text is coloured. A leaf: `output` decides, other modules only obey.

/// Where colour may go, and whether the user wants it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Always,
    Never,
}
