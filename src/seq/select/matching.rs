//! The files that match a pattern.

use std::path::Path;

use crate::error::Error;
use crate::seq::frame::Frame;
use crate::seq::group::common_width;
use crate::seq::group::listing::{self, Hidden, Links, Listing, Names};
use crate::seq::notation::Notation;
use crate::seq::pattern::{Padding, Pattern};
use crate::seq::sequence::Sequence;

pub(super) fn listed(directory: &Path, hidden: Hidden, links: Links) -> Result<Listing, Error> {
    let shown = match directory.as_os_str().is_empty() {
        true => Path::new("."),
        false => directory,
    };
    listing::list(directory, hidden, links).map_err(Error::file("read", shown))
}

/// The frames of the range of a pattern, sorted. `None`: it has no range.
///
/// # Errors
/// A usage error when the range is wrong.
pub(super) fn ranged(pattern: &Pattern) -> Result<Option<Vec<Frame>>, Error> {
    let mut frames = pattern.frames().map_err(|error| {
        let range = pattern.range.as_deref().unwrap_or_default();
        Error::usage(format!("the range {range} before the padding: {error}"))
    })?;
    if let Some(frames) = &mut frames {
        frames.sort_unstable();
    }
    Ok(frames)
}

/// The files that match a pattern and its range; none is not an error. Only the directory is read, no
/// file.
///
/// # Errors
/// When the range is wrong, or the directory cannot be read or has too many names.
#[cfg(test)]
pub(crate) fn matching(pattern: &Pattern) -> Result<Sequence, Error> {
    let requested = ranged(pattern)?;
    let names = listed(&pattern.directory, Hidden::Listed, Links::Followed)?.files;
    Ok(sequence_of(pattern, &names, requested.as_deref()))
}

/// The names that match a pattern and are among these frames, which are sorted.
pub(super) fn sequence_of(
    pattern: &Pattern,
    names: &Names,
    requested: Option<&[Frame]>,
) -> Sequence {
    let numbers = names.iter().filter_map(|name| pattern.number_in(name));
    let is_requested = |frame: &Frame| match requested {
        Some(frames) => frames.binary_search(frame).is_ok(),
        None => true,
    };
    let mut numbers: Vec<_> = numbers
        .filter(|number| is_requested(&number.frame))
        .collect();
    numbers.sort_unstable();
    // Any width: if all have one, it is that.
    let padding = match (pattern.padding, common_width(numbers.iter().copied())) {
        (Padding::Any, Some(width)) if !numbers.is_empty() => Padding::Width(width),
        (padding, _) => padding,
    };
    Sequence {
        directory: pattern.directory.clone(),
        prefix: pattern.prefix.clone(),
        padding,
        notation: Notation::Hash,
        suffix: pattern.suffix.clone(),
        numbers,
    }
}
