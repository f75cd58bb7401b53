//! A value that a filter has put out.

/// One output of a filter. It is text, so that it can leave the thread of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    /// Compact JSON.
    pub(super) json: String,
    /// The content, if the value is a string.
    pub(super) string: Option<String>,
}

impl Output {
    /// The value as compact JSON.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// The content of a string; `None` for other values.
    pub(crate) fn as_str(&self) -> Option<&str> {
        self.string.as_deref()
    }

    pub(crate) fn is_null(&self) -> bool {
        self.json == "null"
    }

    /// Whether the value counts as true: everything except false and null.
    pub(crate) fn is_true(&self) -> bool {
        !self.is_null() && self.json != "false"
    }
}
