//! Chooses among many items by typing a part of them: queries and ranking as fzf has them, a store for
//! millions of items, and the interactive list.

mod chars;
mod exact;
mod fuzzy;
pub(crate) mod input;
pub(crate) mod list;
mod marks;
pub(crate) mod matcher;
pub(crate) mod order;
pub(crate) mod preview;
pub(crate) mod query;
pub(crate) mod records;
mod score;
pub(crate) mod search;
pub(crate) mod state;
pub(crate) mod store;
mod text;
mod theme;
pub(crate) mod view;
