//! The terminal of interactive commands: keys and mouse as events, text that cannot control the
//! terminal, and screens that are drawn cell by cell. stdin and stdout stay free for data.

mod decode;
pub(crate) mod editor;
pub(crate) mod event;
mod screen;
pub(crate) mod terminal;
pub(crate) mod text;
