//! The parameters of a download: its place, where it starts, and whether the file already exists.

use std::path::PathBuf;

use super::earlier;
use super::file_name;
use super::partial::Existing;
use super::url::Url;

/// The parameters of a download.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    pub place: Place,
    pub existing: Existing,
    pub start: Start,
    /// In lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// Where the file is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// In this directory, under the name from the server or the URL.
    In(PathBuf),
}

/// Where the download starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    New,
    /// Where an earlier download was interrupted, if the file is unchanged.
    Continue,
}

/// The existing file with the right hash, if its name is known before a request is sent.
pub(crate) fn present(wanted: &Download, url: &Url) -> Option<PathBuf> {
    let sha256 = wanted.sha256.as_deref()?;
    let path = match &wanted.place {
        Place::File(path) => path.clone(),
        Place::In(directory) => directory.join(file_name::of_url(url)),
    };
    earlier::has_sha256(&path, sha256).then_some(path)
}
