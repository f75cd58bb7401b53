//! Version labels in objects. Most end in a number, some are names.

use std::fmt;

use crate::platform::Version;

/// The three families that decide where a binary runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    Glibc,
    Glibcxx,
    Cxxabi,
}

/// All families, in the order they are printed.
pub(crate) const FAMILIES: [Family; 3] = [Family::Glibc, Family::Glibcxx, Family::Cxxabi];

impl Family {
    pub fn name(self) -> &'static str {
        match self {
            Family::Glibc => "GLIBC",
            Family::Glibcxx => "GLIBCXX",
            Family::Cxxabi => "CXXABI",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What a label requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wants {
    /// At least this version: `GLIBC_2.17`, or `GLIBC_ABI_DT_RELR`, which was added in 2.36.
    AtLeast(Version),
    /// `GLIBC_PRIVATE`: the exact glibc it was built with.
    Private,
    /// An unknown name, probably newer than c47.
    Unknown,
}

/// A label of one of the three families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Label {
    pub family: Family,
    pub wants: Wants,
}

/// Labels that are names, and the version that added each.
const NAMED: &[(&str, Version)] = &[
    ("GLIBC_ABI_DT_RELR", Version::two(2, 36)),
    ("GLIBC_ABI_GNU2_TLS", Version::two(2, 42)),
    ("GLIBC_ABI_GNU_TLS", Version::two(2, 42)),
    ("GLIBC_ABI_DT_X86_64_PLT", Version::two(2, 42)),
    // GCC 4.7, transactional memory, and GCC 5: libstdc++'s documentation of its ABI.
    ("CXXABI_TM_1", Version::three(1, 3, 6)),
    ("CXXABI_FLOAT128", Version::three(1, 3, 9)),
    ("CXXABI_IEEE128_1.3.13", Version::three(1, 3, 13)),
    ("GLIBCXX_LDBL_3.4", Version::two(3, 4)),
    ("CXXABI_LDBL_1.3", Version::two(1, 3)),
];

/// Parses a label. `None` if it is not of one of the three families (`OPENSSL_3.0.0`).
pub(crate) fn label(text: &str) -> Option<Label> {
    let (family, rest) = FAMILIES.into_iter().find_map(|family| {
        let rest = text.strip_prefix(family.name())?.strip_prefix('_')?;
        Some((family, rest))
    })?;
    let named = NAMED.iter().find(|(name, _)| *name == text);
    let wants = match (Version::parse(rest), named) {
        (Some(version), _) => Wants::AtLeast(version),
        (None, Some(&(_, version))) => Wants::AtLeast(version),
        (None, None) if text == "GLIBC_PRIVATE" => Wants::Private,
        (None, None) => Wants::Unknown,
    };
    Some(Label { family, wants })
}

/// The highest numbered version of a family among the labels that a library defines.
pub(crate) fn highest<'a>(
    family: Family,
    labels: impl IntoIterator<Item = &'a str>,
) -> Option<Version> {
    labels
        .into_iter()
        .filter_map(label)
        .filter(|label| label.family == family)
        .filter_map(|label| match label.wants {
            Wants::AtLeast(version) => Some(version),
            Wants::Private | Wants::Unknown => None,
        })
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_parsed() {
        let wants = |text| label(text).map(|label| label.wants);
        let at_least = |text| Some(Wants::AtLeast(Version::parse(text).unwrap()));
        assert_eq!(wants("GLIBC_2.2.5"), at_least("2.2.5"));
        assert_eq!(wants("GLIBC_ABI_DT_RELR"), at_least("2.36"));
        assert_eq!(wants("GLIBC_PRIVATE"), Some(Wants::Private));
        assert_eq!(wants("GLIBCXX_3.4.30"), at_least("3.4.30"));
        assert_eq!(wants("CXXABI_TM_1"), at_least("1.3.6"));
        assert_eq!(wants("CXXABI_FLOAT128"), at_least("1.3.9"));
        assert_eq!(wants("GLIBC_ABI_OF_TOMORROW"), Some(Wants::Unknown));
        assert_eq!(wants("OPENSSL_3.0.0"), None);
        assert_eq!(wants("GLIBC"), None);
        let labels = ["GLIBC_2.4", "GLIBC_2.36", "GLIBC_PRIVATE", "GLIBCXX_3.4.9"];
        assert_eq!(highest(Family::Glibc, labels), Version::parse("2.36"));
        assert_eq!(highest(Family::Cxxabi, labels), None);
    }
}
