//! Chooses among many items by typing a part of them: queries and ranking as fzf has them, a store for
//! millions of items, and the interactive list.

mod chars;
mod exact;
mod fuzzy;
mod input;
mod matcher;
mod order;
pub(crate) mod query;
mod score;
mod search;
pub(crate) mod store;
mod text;
