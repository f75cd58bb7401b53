//! The plan of a call, after options, items and profile are read.

use super::cookies::CookiePlace;
use super::format::Show;
use super::jq::Jq;
use super::status::Verbosity;
use crate::auth::Issuer;
use crate::auth::preview::Preview;
use crate::deadline::Deadline;
use crate::http::page_settings::PageSettings;
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
    /// Where cookies are kept; nothing has been read.
    pub cookies: CookiePlace,
    pub show: Show,
    /// Where the pages of the profile's service are.
    pub pages: PageSettings,
    /// The filter of what is shown.
    pub jq: Option<Jq>,
    pub level: Verbosity,
    pub secrets: Secrets,
    /// The largest body held in memory.
    pub in_memory: u64,
}
