//! The picked items as a report.

use std::fmt;

use nanoserde::SerJson;

use crate::json::Text;

/// What was picked.
#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Report {
    query: String,
    items: Vec<Picked>,
}

/// A picked item.
#[derive(SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Picked {
    index: u32,
    text: String,
    value: Text,
}

impl Report {
    pub(super) fn new(query: String, items: Vec<Picked>) -> Report {
        Report { query, items }
    }
}

impl Picked {
    /// `value` is null if the input is not JSON.
    pub(super) fn new(index: u32, text: String, value: Text) -> Picked {
        Picked { index, text, value }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for item in &self.items {
            writeln!(f, "{}", item.text)?;
        }
        Ok(())
    }
}
