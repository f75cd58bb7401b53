//! Makes a file name from a server safe: it stays in the directory, is not hidden, and can be
//! typed.

use super::content_disposition;
use super::head::Head;
use super::url::{Url, percent_decode};

/// The limit of a directory entry, minus room for `.part.meta`.
const MAX_BYTES: usize = 255 - 10;

/// The name for a response from `url`: from Content-Disposition, or the last segment of the URL, or
/// `index.html`.
pub(super) fn of_answer(head: &Head, url: &Url) -> String {
    of_disposition(head).unwrap_or_else(|| of_url(url))
}

/// The name from Content-Disposition.
pub(super) fn of_disposition(head: &Head) -> Option<String> {
    let mut headers = head.headers.iter();
    headers
        .find(|(name, _)| name.eq_ignore_ascii_case("content-disposition"))
        .and_then(|(_, value)| content_disposition::file_name(value))
        .and_then(|name| safe(&name))
}

/// The name from `url`, until a response gives another.
pub(super) fn of_url(url: &Url) -> String {
    let path = url.path.rsplit('/').next().unwrap_or("");
    // Decoded after the split: `%2F` does not separate segments, but `safe` treats it as a
    // separator.
    let name = String::from_utf8_lossy(&percent_decode(path)).into_owned();
    safe(&name).unwrap_or_else(|| "index.html".into())
}

/// The last component, without characters that hide, mislead or escape; `None` if nothing is left.
pub(crate) fn safe(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or("");
    let mut clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !is_invisible(*c))
        .collect();
    if let Some((drive, rest)) = clean.split_once(':')
        && drive.len() == 1
        && drive.bytes().all(|b| b.is_ascii_alphabetic())
    {
        clean = rest.to_owned();
    }
    let edges = |c: char| c == '.' || c.is_whitespace();
    // Other programs would read a leading dash as an option.
    let clean = clean
        .trim_start_matches(|c| edges(c) || c == '-' || c == '~')
        .trim_end_matches(edges);
    (!clean.is_empty()).then(|| shortened(clean))
}

/// Characters that change the text direction or are invisible: `gpj.exe` can look like `exe.jpg`.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Shortens a name in the middle and keeps its extension.
fn shortened(name: &str) -> String {
    if name.len() <= MAX_BYTES {
        return name.to_owned();
    }
    let ending = match name.rfind('.') {
        Some(at) if name.len() - at <= 32 => name.get(at..).unwrap_or(""),
        _ => "",
    };
    let mut end = MAX_BYTES - ending.len();
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", name.get(..end).unwrap_or(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_name_from_a_server_is_made_safe() {
        for (name, expected) in [
            ("shot.exr", Some("shot.exr")),
            ("sh 010 é.exr", Some("sh 010 é.exr")),
            ("../../etc/passwd", Some("passwd")),
            ("/etc/passwd", Some("passwd")),
            ("..\\..\\evil.bat", Some("evil.bat")),
            ("C:evil", Some("evil")),
            ("c:\\evil", Some("evil")),
            ("a:b:c", Some("b:c")),
            ("10:20", Some("10:20")),
            (".bashrc", Some("bashrc")),
            ("...bashrc", Some("bashrc")),
            (" . .x", Some("x")),
            ("C:.x", Some("x")),
            ("-rf", Some("rf")),
            ("~root", Some("root")),
            ("name. . ", Some("name")),
            ("a\0b\r\nc\x1b[2Jd", Some("abc[2Jd")),
            ("\u{202e}gpj.exe", Some("gpj.exe")),
            ("\u{200b}.x", Some("x")),
            ("..", None),
            (".", None),
            ("", None),
            ("a/", None),
            ("\r\n", None),
        ] {
            assert_eq!(safe(name).as_deref(), expected, "{name:?}");
        }
    }

    #[test]
    fn long_name_keeps_its_extension() {
        for (long, ending) in [
            ("x".repeat(300) + ".exr", ".exr"),
            ("é".repeat(300) + ".exr", ".exr"),
            ("x".repeat(300), "x"),
            (format!("a.{}", "x".repeat(300)), "x"),
        ] {
            let name = safe(&long).unwrap();
            assert!(name.len() <= MAX_BYTES && name.len() > 200, "{name}");
            assert!(name.ends_with(ending), "{name}");
        }
    }

    #[test]
    fn file_name_comes_from_the_url() {
        for (url, name) in [
            ("http://a.lan/x/shot.exr?y=1", "shot.exr"),
            ("http://a.lan/", "index.html"),
            ("http://a.lan", "index.html"),
            ("http://a.lan/a%20b", "a b"),
            ("http://a.lan/..%2f..%2fetc%2fpasswd", "passwd"),
            ("http://a.lan/%2e%2e", "index.html"),
            ("http://a.lan/.netrc", "netrc"),
            ("http://a.lan/%ff", "\u{fffd}"),
        ] {
            assert_eq!(of_url(&Url::parse(url).unwrap()), name, "{url}");
        }
    }
}
