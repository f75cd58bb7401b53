//! The version of c47 and of the libraries in it.

use std::fmt;

use nanoserde::SerJson;

use crate::outline::{Field, JsonOutput, Shape};

/// The members of the report.
pub(crate) const JSON: JsonOutput = JsonOutput {
    when: "",
    shape: Shape::Object,
    fields: &[
        Field::string("version", "version of c47"),
        Field::string(
            "commit",
            "commit of the build; ends in -dirty if the sources were modified",
        )
        .or_null(),
        Field::string("target", "target triple"),
        Field::string("allocator", "name and version"),
        Field::string("crypto", "name and version"),
        Field::string("tls", "name and version"),
    ],
};

#[derive(SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Version {
    pub version: String,
    /// The commit of the build, with `-dirty` if the sources were modified; `None` in a debug build or
    /// without git.
    pub commit: Option<String>,
    pub target: String,
    pub allocator: String,
    pub crypto: String,
    pub tls: String,
}

impl Version {
    /// The versions of this program.
    pub(crate) fn own() -> Version {
        Version {
            version: env!("CARGO_PKG_VERSION").into(),
            commit: option_env!("C47_COMMIT").map(str::to_owned),
            target: "x86_64-unknown-linux-musl".into(),
            allocator: concat!("mimalloc ", env!("C47_MIMALLOC_VERSION")).into(),
            crypto: concat!("ring ", env!("C47_RING_VERSION")).into(),
            tls: concat!("rustls ", env!("C47_RUSTLS_VERSION")).into(),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c47 {}", self.version)
    }
}

/// The date of the commit, such as `2026-11-23`; empty if it is unknown.
pub(crate) fn date() -> &'static str {
    option_env!("C47_DATE").unwrap_or_default()
}
