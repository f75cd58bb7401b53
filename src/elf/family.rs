//! Names of libraries: a SONAME without version and without the hash that packagers add.

/// A SONAME without the hash that auditwheel adds to make it unique: `libtbb-9e9f2e1c.so.12` is
/// `libtbb.so.12`.
pub(crate) fn without_hash(soname: &str) -> String {
    let mut name = soname.to_owned();
    while let Some(start) = find_hash(&name) {
        name.replace_range(start..start + 9, "");
    }
    name
}

/// The position of `-`, eight hexadecimal digits and `.` or `-`.
fn find_hash(name: &str) -> Option<usize> {
    let bytes = name.as_bytes();
    bytes.windows(10).position(|window| match window {
        [b'-', hash @ .., b'.' | b'-'] => {
            hash.iter()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                && hash.iter().any(u8::is_ascii_digit)
        }
        _ => false,
    })
}

/// The library without its version: `libtbb` for `libtbb.so.2` and `libtbb.so.12`, `libOpenEXR`
/// for `libOpenEXR-3_1.so.30`, `libpython` for `libpython3.11.so.1.0`.
pub(crate) fn family(soname: &str) -> String {
    let plain = without_hash(soname);
    let stem = plain.split(".so").next().unwrap_or(&plain);
    // The number is a character width, not a version, and several are loaded together.
    if stem.starts_with("libpcre") {
        return stem.to_owned();
    }
    let is_version = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let base = stem.trim_end_matches(is_version);
    let number = stem.get(base.len()..).unwrap_or_default();
    if let Some(base) = base.strip_suffix('-').filter(|_| !number.is_empty()) {
        return base.to_owned();
    }
    // libpython3.11 has a version, libx264 does not.
    if number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.') {
        return base.to_owned();
    }
    stem.to_owned()
}

/// The version in a file name: `12.5` for `libtbb.so.12.5`.
pub(crate) fn version(file_name: &str) -> Option<String> {
    let (_, version) = without_hash(file_name)
        .rsplit_once(".so.")
        .map(|(stem, version)| (stem.to_owned(), version.to_owned()))?;
    let plain = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    plain.then_some(version)
}

/// Whether two names of libraries of one family show different versions: `libtbb.so.2` and
/// `libtbb.so.12`, `libImath-3_1.so.29` and `libImath-3_2.so.30`. `libtbb.so.12` and
/// `libtbb.so.12.5` may be one version.
pub(crate) fn is_other_version(one: &str, other: &str) -> bool {
    let (one, other) = (without_hash(one), without_hash(other));
    let split = |name: &str| {
        let (stem, number) = name.split_once(".so").unwrap_or((name, ""));
        let numbers: Vec<String> = number
            .split('.')
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        (stem.to_owned(), numbers)
    };
    let (one, other) = (split(&one), split(&other));
    one.0 != other.0 || one.1.iter().zip(&other.1).any(|(one, other)| one != other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_is_removed_from_a_soname() {
        for (name, plain) in [
            ("libtbb-9e9f2e1c.so.12", "libtbb.so.12"),
            (
                "libgfortran-040039e1-0352e75f.so.5.0.0",
                "libgfortran.so.5.0.0",
            ),
            (
                "libscipy_openblas64_-32a4b2a6.so",
                "libscipy_openblas64_.so",
            ),
            ("libfoo-deadbeef.so", "libfoo-deadbeef.so"),
            ("libgdk-x11-2.0.so.0", "libgdk-x11-2.0.so.0"),
            ("é-", "é-"),
        ] {
            assert_eq!(without_hash(name), plain);
        }
    }

    #[test]
    fn versions_in_names_are_compared_as_far_as_both_go() {
        for (one, other, is_other) in [
            ("libtbb.so.2", "libtbb.so.12", true),
            ("libtbb.so.12", "libtbb-091225fa.so.12.12", false),
            ("libtbb.so", "libtbb.so.12", false),
            ("libOpenImageIO.so.3.0", "libOpenImageIO.so.3.2.2", true),
            ("libImath-3_1.so.29", "libImath-3_2.so.29", true),
            ("libx-0123abcd.so.1", "libx-4567abcd.so.1", false),
        ] {
            assert_eq!(is_other_version(one, other), is_other, "{one} {other}");
            assert_eq!(is_other_version(other, one), is_other, "{other} {one}");
        }
    }

    #[test]
    fn family_has_no_version() {
        for (name, of) in [
            ("libtbb.so.2", "libtbb"),
            ("libtbb-9e9f2e1c.so.12", "libtbb"),
            ("libOpenEXR-3_1.so.30", "libOpenEXR"),
            ("libpython3.11.so.1.0", "libpython"),
            ("libx264.so.164", "libx264"),
            ("libx265.so.199", "libx265"),
            ("libpcre2-8.so.0", "libpcre2-8"),
            ("libLLVM-14.so.1", "libLLVM"),
            ("libssl.so.1.1", "libssl"),
        ] {
            assert_eq!(family(name), of);
        }
        assert_eq!(version("libtbb.so.12.5").as_deref(), Some("12.5"));
        assert_eq!(version("libtbb.so"), None);
    }
}
