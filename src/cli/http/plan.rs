//! What a call is to be, once options, items and profile are read.

use std::path::PathBuf;

use super::status::Voice;
use crate::auth::Issuer;
use crate::auth::preview::Preview;
use crate::deadline::Deadline;
use crate::http::download::Download;
use crate::http::request::Request;
use crate::http::{Overlay, Settings};
use crate::redact::Secrets;
use crate::secret::Source;

/// A call, ready to be made.
pub(super) struct Plan {
    /// Without its credential: no secret has been read yet.
    pub request: Request,
    /// The profile's headers whose sources were not read, because the request is only shown.
    pub unread_headers: Vec<(String, Source)>,
    pub settings: Settings,
    /// The end of the call, from the first secret that is read.
    pub deadline: Deadline,
    /// What options and profile set of the settings, for `--curl`.
    pub overlay: Overlay,
    /// Gives the credential.
    pub issuer: Issuer<'static>,
    /// What it will be.
    pub preview: Preview,
    /// The statuses by which the profile's service says that a token is no longer valid.
    pub dead_token_statuses: Vec<u16>,
    pub show: Show,
    pub voice: Voice,
    pub secrets: Secrets,
    /// The largest body held in memory.
    pub in_memory: u64,
}

/// What becomes of the response.
pub(super) enum Show {
    Body,
    Stream,
    Head,
    Parts(Parts),
    File(PathBuf),
    Download(Download),
    Json,
}

/// What `--print` shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Parts {
    pub request_head: bool,
    pub request_body: bool,
    pub answer_head: bool,
    pub answer_body: bool,
}

impl Parts {
    /// Reads any of the letters `hHbB`: in capitals the request's, else the response's.
    ///
    /// # Errors
    /// Names the letter that is not one of them.
    pub(super) fn parse(letters: &str) -> Result<Parts, String> {
        let mut parts = Parts::default();
        for letter in letters.chars() {
            match letter {
                'H' => parts.request_head = true,
                'B' => parts.request_body = true,
                'h' => parts.answer_head = true,
                'b' => parts.answer_body = true,
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
