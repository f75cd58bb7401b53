//! The items of a page.

use std::borrow::Cow;

use crate::jq::Output;
use crate::json;

/// The items of a page.
pub(crate) enum Items<'a> {
    /// As the server sent them.
    Unchanged(Vec<&'a str>),
    Filtered(Vec<Output>),
}

impl<'a> Items<'a> {
    /// The JSON texts of the items.
    pub(crate) fn texts(&'a self) -> Vec<Cow<'a, str>> {
        match self {
            Items::Unchanged(texts) => texts.iter().map(|text| Cow::Borrowed(*text)).collect(),
            Items::Filtered(outputs) => {
                let texts = outputs.iter().map(Output::json);
                texts.map(Cow::Borrowed).collect()
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Items::Unchanged(texts) => texts.is_empty(),
            Items::Filtered(outputs) => outputs.is_empty(),
        }
    }
}

/// Names the arrays of a page.
pub(super) fn hint_about_items(text: &str) -> String {
    const MOST: usize = 5;
    let members = json::object(text).unwrap_or_default();
    let arrays = members
        .iter()
        .filter(|(_, value)| value.starts_with('['))
        .take(MOST)
        .map(|(name, _)| format!("--items '.{name}[]'"));
    let arrays: Vec<String> = arrays.collect();
    match arrays.is_empty() {
        true => "--items FILTER says where the items are".to_owned(),
        false => format!("say where the items are: {}", arrays.join(" or ")),
    }
}
