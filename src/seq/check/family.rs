//! What the files of a sequence have in common, and which differ.

use std::collections::BTreeMap;

use super::Checked;
use super::expect::Expected;
use crate::quantity;
use crate::seq::image::Examined;
use crate::seq::image::fault::{Fault, Kind};
use crate::seq::image::header::Header;
use crate::sort::Sortable;

/// A size is unusual when it is this many times smaller or larger than the median.
const UNUSUAL: u64 = 10;

/// The kinds of differences, in the order of reports.
const KINDS: [Kind; 6] = [
    Kind::Format,
    Kind::Resolution,
    Kind::Channels,
    Kind::Type,
    Kind::Compression,
    Kind::DataWindow,
];

/// The usual values. `None`: no file has a value, or they vary.
#[derive(Debug, Default)]
pub(crate) struct Family {
    values: Vec<(Kind, String)>,
    /// The number of data windows, if none of them is that of most files.
    pub data_windows: Option<usize>,
    /// The median of the sizes of whole files, in bytes.
    pub size: Option<u64>,
}

/// The value of a header that a kind of difference is about.
pub(crate) fn value(header: &Header, kind: Kind) -> Option<String> {
    match kind {
        Kind::Format => Some(header.format.name().to_owned()),
        Kind::Resolution => Some(format!("{}x{}", header.width, header.height)),
        Kind::Channels => Some(header.channels.clone()),
        Kind::Type => Some(header.sample_type.clone()),
        Kind::Compression => Some(header.compression.clone()),
        Kind::DataWindow => header.data_window.map(|window| {
            let [left, top, right, bottom] = window;
            format!("{left},{top},{right},{bottom}")
        }),
        Kind::Missing
        | Kind::Unreadable
        | Kind::Empty
        | Kind::Truncated
        | Kind::Incomplete
        | Kind::Damaged
        | Kind::Duplicate
        | Kind::Size => None,
    }
}

impl Family {
    /// The values that most files have, or that are expected.
    pub(super) fn of(files: &[Checked], expected: &Expected) -> Family {
        let mut family = Family::default();
        for kind in KINDS {
            let headers = files
                .iter()
                .filter_map(|file| file.examined.header.as_ref());
            let values: Vec<String> = headers.filter_map(|header| value(header, kind)).collect();
            let Some((usual, count, distinct)) = most_frequent(&values) else {
                continue;
            };
            // Renderers crop the data window to what is visible.
            if kind == Kind::DataWindow && distinct > 1 && 2 * count <= values.len() {
                family.data_windows = Some(distinct);
                continue;
            }
            family.values.push((kind, usual));
        }
        for (kind, value) in &expected.values {
            family.values.retain(|(found, _)| found != kind);
            family.values.push((*kind, value.clone()));
        }
        let whole = files.iter().filter(|file| file.examined.fault.is_none());
        let mut sizes: Vec<u64> = whole.filter_map(|file| file.examined.size).collect();
        sizes.order();
        family.size = sizes.get(sizes.len() / 2).copied();
        family
    }

    /// The usual value.
    pub(crate) fn value(&self, kind: Kind) -> Option<&str> {
        let found = self.values.iter().find(|(found, _)| *found == kind);
        found.map(|(_, value)| &**value)
    }

    /// How a file differs: the kinds, and its values beside the usual ones.
    pub(super) fn differences(&self, examined: &Examined) -> Vec<(Kind, String)> {
        let mut differences = Vec::new();
        let is_other_format = |fault: &Fault| fault.kind == Kind::Format;
        if examined.fault.as_ref().is_some_and(is_other_format) {
            return differences;
        }
        let header = examined.header.as_ref();
        for (kind, usual) in &self.values {
            let own = header.and_then(|header| value(header, *kind));
            if let Some(own) = own.filter(|own| !is_equal(*kind, own, usual)) {
                differences.push((*kind, format!("{own} instead of {usual}")));
            }
        }
        // A file that is not whole has no meaningful size.
        let sizes = examined.size.zip(self.size);
        if let Some((own, usual)) = sizes.filter(|_| examined.fault.is_none()) {
            let is_unusual = own < usual / UNUSUAL || own / UNUSUAL > usual;
            if is_unusual {
                let (own, usual) = (quantity::format_size(own), quantity::format_size(usual));
                differences.push((Kind::Size, format!("{own}, the median is {usual}")));
            }
        }
        differences
    }
}

/// Whether a value is the usual one. `2048x` and `x858` are expectations of one side.
fn is_equal(kind: Kind, own: &str, usual: &str) -> bool {
    let sides = |text: &str| {
        let (width, height) = text.split_once('x')?;
        Some((width.to_owned(), height.to_owned()))
    };
    match (kind, sides(own), sides(usual)) {
        (Kind::Resolution, Some((width, height)), Some((expected_width, expected_height))) => {
            let fits = |own: &str, usual: &str| usual.is_empty() || own == usual;
            fits(&width, &expected_width) && fits(&height, &expected_height)
        }
        (_, _, _) => own == usual,
    }
}

/// The value that occurs most, the first of several; how often, and how many different ones there are.
fn most_frequent(values: &[String]) -> Option<(String, usize, usize)> {
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (number, value) in values.iter().enumerate() {
        counts.entry(value).or_insert((0, number)).0 += 1;
    }
    let distinct = counts.len();
    let most = counts
        .into_iter()
        .max_by_key(|(_, (count, first))| (*count, std::cmp::Reverse(*first)));
    most.map(|(value, (count, _))| (value.to_owned(), count, distinct))
}
