//! Lines of checksum lists, as md5sum, sha256sum and xxhsum write and read them.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::algorithm::Algorithm;

/// The form of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `d41d8cd98f00b204e9800998ecf8427e  name`.
    Gnu,
    /// `MD5 (name) = d41d8cd98f00b204e9800998ecf8427e`.
    Tagged,
}

/// A line with a checksum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub path: PathBuf,
    /// The algorithms that it may be. Two have 8 bytes, and two have 16.
    pub algorithms: Vec<Algorithm>,
    pub sum: Vec<u8>,
}

/// A line of a list, without its line feed. A name with a backslash or a line break is escaped, and a
/// backslash begins the line, as with coreutils.
pub(crate) fn line(form: Form, algorithm: Algorithm, sum: &[u8], path: &Path) -> Vec<u8> {
    let name = path.as_os_str().as_bytes();
    let escaped = escape(name);
    let mut line = Vec::new();
    if escaped.len() != name.len() {
        line.push(b'\\');
    }
    let text = algorithm.text(sum);
    let tag = || algorithm.name().to_ascii_uppercase();
    match (form, algorithm) {
        (Form::Tagged, _) => {
            line.extend(format!("{} (", tag()).bytes());
            line.extend(escaped);
            line.extend(format!(") = {text}").bytes());
        }
        (Form::Gnu, _) => {
            // xxhsum tells it from XXH64 by this prefix.
            if algorithm == Algorithm::Xxh3 {
                line.extend(format!("{}_", tag()).bytes());
            }
            line.extend(format!("{text}  ").bytes());
            line.extend(escaped);
        }
    }
    line
}

fn escape(name: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'\\' => escaped.extend(b"\\\\"),
            b'\n' => escaped.extend(b"\\n"),
            b'\r' => escaped.extend(b"\\r"),
            _ => escaped.push(*byte),
        }
    }
    escaped
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            0 => return None,
            _ => *byte,
        });
    }
    Some(plain)
}

/// Reads a line without its line feed. `preferred` decides between algorithms of the same length.
/// `None`: it is no line with a supported checksum.
pub(crate) fn parse(line: &[u8], preferred: Option<Algorithm>) -> Option<Entry> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (is_escaped, line) = match line.strip_prefix(b"\\") {
        Some(rest) => (true, rest),
        None => (false, line),
    };
    let (mut algorithms, sum, name) = tagged(line).or_else(|| plain(line))?;
    if let Some(preferred) = preferred.filter(|one| algorithms.contains(one)) {
        algorithms = vec![preferred];
    }
    let name = match is_escaped {
        true => unescape(name)?,
        false => name.to_vec(),
    };
    // A path with a NUL cannot exist.
    let is_name = !name.is_empty() && !name.contains(&0);
    is_name.then(|| Entry {
        path: OsString::from_vec(name).into(),
        algorithms,
        sum,
    })
}

type Parts<'l> = (Vec<Algorithm>, Vec<u8>, &'l [u8]);

/// `MD5 (name) = …`. OpenSSL writes no space before the parenthesis.
fn tagged(line: &[u8]) -> Option<Parts<'_>> {
    let start = line.iter().position(|byte| *byte == b'(')?;
    let tag = line.get(..start)?.trim_ascii_end();
    let algorithm = Algorithm::named(str::from_utf8(tag).ok()?)?;
    let rest = line.get(start + 1..)?;
    let end = memchr::memmem::rfind(rest, b")= ").into_iter();
    let end = end.chain(memchr::memmem::rfind(rest, b") = ")).max()?;
    let text = rest.get(end + 1..)?.trim_ascii_start().strip_prefix(b"=")?;
    let sum = algorithm.parse(str::from_utf8(text.trim_ascii()).ok()?)?;
    Some((vec![algorithm], sum, rest.get(..end)?))
}

/// `…  name`, or `… *name`.
fn plain(line: &[u8]) -> Option<Parts<'_>> {
    let end = line.iter().position(|byte| *byte == b' ')?;
    let text = str::from_utf8(line.get(..end)?).ok()?;
    let rest = line.get(end + 1..)?;
    let name = rest
        .strip_prefix(b" ")
        .or_else(|| rest.strip_prefix(b"*"))
        .unwrap_or(rest);
    if let Some((tag, text)) = text.split_once('_') {
        let algorithm = Algorithm::named(tag)?;
        return Some((vec![algorithm], algorithm.parse(text)?, name));
    }
    if let Some(sum) = Algorithm::C4.parse(text) {
        return Some((vec![Algorithm::C4], sum, name));
    }
    let others = Algorithm::ALL.into_iter();
    let others: Vec<Algorithm> = others
        .filter(|one| *one != Algorithm::C4 && one.parse(text).is_some())
        .collect();
    let sum = others.first()?.parse(text)?;
    Some((others, sum, name))
}

/// Whether a line has no checksum: it is empty or a comment.
pub(crate) fn is_blank(line: &[u8]) -> bool {
    line.trim_ascii().is_empty() || line.starts_with(b"#")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&[u8]; 9] = [
        b"a.exr",
        b"a b.exr",
        b"back\\slash",
        b"line\nbreak",
        b"return\r",
        b"caf\xe9",
        b"(x) = 1",
        b"*star",
        b" space",
    ];

    #[test]
    fn lines_round_trip() {
        for algorithm in Algorithm::ALL {
            for name in NAMES {
                for form in [Form::Gnu, Form::Tagged] {
                    let path = PathBuf::from(OsString::from_vec(name.to_vec()));
                    let sum = algorithm.of(name);
                    let line = line(form, algorithm, &sum, &path);
                    let entry = parse(&line, Some(algorithm)).unwrap();
                    assert_eq!((&entry.path, &entry.sum), (&path, &sum));
                    assert_eq!(entry.algorithms, [algorithm]);
                }
            }
        }
    }

    #[test]
    fn other_forms_are_read() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        let read = |text: String| parse(text.as_bytes(), None).map(|entry| entry.algorithms);
        let both = vec![Algorithm::Md5, Algorithm::Xxh128];
        for text in [
            format!("{md5}  a"),
            format!("{md5} *a"),
            format!("{md5} a"),
            format!("{}  a\r", md5.to_uppercase()),
        ] {
            assert_eq!(read(text.clone()).as_ref(), Some(&both), "{text}");
        }
        for text in [format!("MD5(a)= {md5}"), format!("MD5 (a) = {md5}")] {
            assert_eq!(read(text), Some(vec![Algorithm::Md5]));
        }
        let xxh3 = read("XXH3_2d06800538d394c2  a".to_owned());
        assert_eq!(xxh3, Some(vec![Algorithm::Xxh3]));
        let eight = vec![Algorithm::Xxh3, Algorithm::Xxh64];
        assert_eq!(read("2d06800538d394c2  a".to_owned()), Some(eight));
    }

    #[test]
    fn other_lines_are_refused() {
        let md5 = "d41d8cd98f00b204e9800998ecf8427e";
        for text in [
            String::new(),
            "a".to_owned(),
            md5.to_owned(),
            format!("{md5}  "),
            format!("{md5}0  a"),
            format!("\\{md5}  a\\x"),
            format!("\\{md5}  a\\"),
            format!("{md5}  a\0"),
            format!("SHA1 (a) = {md5}"),
            format!("MD5 (a = {md5}"),
            "XXH64_LE (a) = 2d06800538d394c2".to_owned(),
        ] {
            assert_eq!(parse(text.as_bytes(), None), None, "{text}");
        }
        assert!(is_blank(b"") && is_blank(b" \r") && is_blank(b"# a") && !is_blank(b"a"));
    }
}
