//! The body of a curl command.

/// The body to send.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Body {
    None,
    Text(String),
    /// A file, sent unchanged; `-T` sends no content type with it.
    File {
        path: String,
        is_upload: bool,
    },
    /// The items of a multipart form.
    Form(Vec<String>),
}

impl Body {
    pub(super) fn is_some(&self) -> bool {
        match self {
            Body::None => false,
            Body::Text(_) | Body::File { .. } | Body::Form(_) => true,
        }
    }
}
