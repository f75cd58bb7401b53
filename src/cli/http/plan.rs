//! The plan of a call, after options, items and profile are read.

use std::path::PathBuf;

use super::jq::Jq;
use super::status::Verbosity;
use crate::auth::Issuer;
use crate::auth::preview::Preview;
use crate::deadline::Deadline;
use crate::http::download::Download;
use crate::http::request::Request;
use crate::http::{Overlay, Settings};
use crate::redact::Secrets;
use crate::secret::Source;

/// A call that is ready to be made.
pub(super) struct Plan {
    /// Has no credential yet: no secret has been read.
    pub request: Request,
    /// The profile's headers whose sources were not read, because the request is only printed.
    pub unread_headers: Vec<(String, Source)>,
    pub settings: Settings,
    /// The deadline of the call, counted from the reading of the first secret.
    pub deadline: Deadline,
    /// The settings from the options and the profile, for `--curl`.
    pub overlay: Overlay,
    /// Issues the credential.
    pub issuer: Issuer<'static>,
    /// Describes the credential without reading it.
    pub preview: Preview,
    /// The statuses that mean an expired token, by the profile's service.
    pub dead_token_statuses: Vec<u16>,
    pub show: Show,
    /// The filter of what is shown.
    pub jq: Option<Jq>,
    pub level: Verbosity,
    pub secrets: Secrets,
    /// The largest body held in memory.
    pub in_memory: u64,
}

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
