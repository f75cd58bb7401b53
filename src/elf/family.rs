//! Names of libraries: what is left of a SONAME when versions and packagers' marks are taken off.

/// A SONAME without the hash that auditwheel puts into it to keep copies apart:
/// `libtbb-9e9f2e1c.so.12` is `libtbb.so.12`.
pub(crate) fn without_hash(soname: &str) -> String {
    let mut name = soname.to_owned();
    while let Some(start) = find_hash(&name) {
        name.replace_range(start..start + 9, "");
    }
    name
}

/// Where `-`, eight hexadecimal digits and `.` or `-` stand.
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

/// The library that a SONAME is a version of: `libtbb` of `libtbb.so.2` and `libtbb.so.12`,
/// `libOpenEXR` of `libOpenEXR-3_1.so.30`, `libpython` of `libpython3.11.so.1.0`.
pub(crate) fn family(soname: &str) -> String {
    let plain = without_hash(soname);
    let stem = plain.split(".so").next().unwrap_or(&plain);
    // The number is the width of a character there, and several are loaded together.
    if stem.starts_with("libpcre") {
        return stem.to_owned();
    }
    let is_version = |c: char| c.is_ascii_digit() || c == '.' || c == '_';
    let base = stem.trim_end_matches(is_version);
    let number = stem.get(base.len()..).unwrap_or_default();
    if let Some(base) = base.strip_suffix('-').filter(|_| !number.is_empty()) {
        return base.to_owned();
    }
    // libpython3.11, but not libx264.
    if number.starts_with(|c: char| c.is_ascii_digit()) && number.contains('.') {
        return base.to_owned();
    }
    stem.to_owned()
}

/// The version a file's name tells: `12.5` of `libtbb.so.12.5`.
pub(crate) fn version(file_name: &str) -> Option<String> {
    let (_, version) = without_hash(file_name)
        .rsplit_once(".so.")
        .map(|(stem, version)| (stem.to_owned(), version.to_owned()))?;
    let plain = version
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
    plain.then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes() {
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
    fn families() {
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
