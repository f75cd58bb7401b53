//! What a download is to be: where it goes, where it starts, and whether it is there already.

use std::path::PathBuf;

use super::begun;
use super::file_name;
use super::partial::Existing;
use super::url::Url;

/// What is wanted.
#[derive(Clone, Debug)]
pub(crate) struct Download {
    pub place: Place,
    pub existing: Existing,
    pub start: Start,
    /// In lower-case hexadecimal.
    pub sha256: Option<String>,
}

/// Where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    File(PathBuf),
    /// Into this directory, by the name the server or the URL gives.
    In(PathBuf),
}

/// Where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    Anew,
    /// Where an earlier one was cut, if the file is still the same.
    Continue,
}

/// The file that is there already and has the wanted hash, as far as its name is known before
/// anything is sent.
pub(crate) fn present(wanted: &Download, url: &Url) -> Option<PathBuf> {
    let sha256 = wanted.sha256.as_deref()?;
    let path = match &wanted.place {
        Place::File(path) => path.clone(),
        Place::In(directory) => directory.join(file_name::of_url(url)),
    };
    begun::has_sha256(&path, sha256).then_some(path)
}
