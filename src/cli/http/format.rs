//! The ways to print or save a response.

use std::path::PathBuf;

use crate::http::download::Download;

/// How the response is printed or saved.
pub(super) enum Show {
    Body,
    Stream,
    Headers,
    Parts(Parts),
    File(PathBuf),
    Download(Download),
    Json,
}

impl Show {
    /// The option that asks for something else than the body; `None` for the body.
    pub(super) fn option(&self) -> Option<&'static str> {
        match self {
            Show::Body | Show::File(_) => None,
            Show::Stream => Some("--stream"),
            Show::Headers => Some("--headers"),
            Show::Parts(_) => Some("--print"),
            Show::Download(_) => Some("--download"),
            Show::Json => Some("--json"),
        }
    }
}

/// The parts that `--print` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub request_headers: bool,
    pub request_body: bool,
    pub response_headers: bool,
    pub response_body: bool,
}

impl Parts {
    /// Reads the letters of `hHbB`: a capital selects the request, a small letter the response.
    ///
    /// # Errors
    /// Names the unknown letter.
    pub(super) fn parse(letters: &str) -> Result<Parts, String> {
        let mut parts = Parts::default();
        for letter in letters.chars() {
            match letter {
                'H' => parts.request_headers = true,
                'B' => parts.request_body = true,
                'h' => parts.response_headers = true,
                'b' => parts.response_body = true,
                other => {
                    return Err(format!(
                        "unknown letter '{other}'; use H, B (request), h, b (response)"
                    ));
                }
            }
        }
        Ok(parts)
    }
}
