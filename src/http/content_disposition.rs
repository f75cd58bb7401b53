//! Reads the file name in Content-Disposition (RFC 6266, and RFC 8187 for `filename*`), unchanged.
//! [`super::file_name`] makes it safe.

use super::url::percent_decode;

/// Returns `filename*` or else `filename`, as the RFC requires; `None` if both are missing.
pub(super) fn file_name(header: &[u8]) -> Option<String> {
    let text = text_of(header);
    let parameters = parameters(&text);
    let value = |wanted: &str| {
        let mut found = parameters.iter().filter(|(name, _)| name == wanted);
        found.next().map(|(_, value)| value.as_str())
    };
    let extended = value("filename*").and_then(extended);
    extended.or_else(|| value("filename").map(plain))
}

/// Decodes UTF-8, or else ISO 8859-1, which servers send in violation of the RFC.
fn text_of(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

/// The parameters, with names in lower case and unquoted values; the text before the first `;` is
/// the type.
fn parameters(text: &str) -> Vec<(String, String)> {
    let mut parameters = Vec::new();
    let mut name = String::new();
    let mut value: Option<String> = None;
    let mut chars = text.chars();
    let mut end = |name: &mut String, value: &mut Option<String>| {
        let name = std::mem::take(name).trim().to_ascii_lowercase();
        if let Some(value) = value.take() {
            parameters.push((name, value.trim().to_owned()));
        }
    };
    while let Some(c) = chars.next() {
        match (c, &mut value) {
            (';', _) => end(&mut name, &mut value),
            ('=', none @ None) => *none = Some(String::new()),
            ('"', Some(value)) if value.trim().is_empty() => *value = quoted(&mut chars),
            (c, Some(value)) => value.push(c),
            (c, None) => name.push(c),
        }
    }
    end(&mut name, &mut value);
    parameters
}

/// Reads a quoted string up to the closing quote.
fn quoted(chars: &mut std::str::Chars) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' => break,
            // Only these two are escaped; servers on Windows send paths with plain backslashes.
            '\\' => match chars.clone().next() {
                Some(escaped @ ('"' | '\\')) => {
                    chars.next();
                    text.push(escaped);
                }
                _ => text.push('\\'),
            },
            c => text.push(c),
        }
    }
    text
}

/// Decodes `UTF-8'en'%e2%82%ac%20rates`.
fn extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_, encoded) = rest.split_once('\'')?;
    let bytes = percent_decode(encoded);
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => String::from_utf8(bytes).ok(),
        "iso-8859-1" => Some(bytes.into_iter().map(char::from).collect()),
        _ => None,
    }
}

/// Decodes percent signs, which some servers use here and browsers decode.
fn plain(value: &str) -> String {
    String::from_utf8(percent_decode(value)).unwrap_or_else(|_| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most cases are from <http://test.greenbytes.de/tech/tc2231/>.
    #[test]
    fn file_names_are_read_in_all_forms_of_servers() {
        for (header, name) in [
            ("attachment; filename=\"foo.html\"", Some("foo.html")),
            ("attachment; filename=foo.html", Some("foo.html")),
            (
                "attachment;filename=\"f\\\"oo\\\\.html\"",
                Some("f\"oo\\.html"),
            ),
            (
                "attachment; filename=\"a;b=c.html\"; x=\"y\"",
                Some("a;b=c.html"),
            ),
            ("attachment; FILENAME = \"foo.html\" ", Some("foo.html")),
            (
                "inline; filename=\"C:\\dir\\a.txt\"",
                Some("C:\\dir\\a.txt"),
            ),
            (
                "attachment; filename*=UTF-8''foo-%c3%a4.html",
                Some("foo-ä.html"),
            ),
            (
                "attachment; filename*=iso-8859-1'de'foo-%E4.html",
                Some("foo-ä.html"),
            ),
            ("attachment; filename=\"x\"; filename*=UTF-8''y", Some("y")),
            ("attachment; filename*=UTF-8''y; filename=\"x\"", Some("y")),
            (
                "attachment; filename*=UTF-8''%ff; filename=\"x\"",
                Some("x"),
            ),
            ("attachment; filename*=KOI8''%ff; filename=\"x\"", Some("x")),
            ("attachment; filename*=x; filename=z", Some("z")),
            ("filename=bare", Some("bare")),
            ("attachment; filename=a%20b.txt", Some("a b.txt")),
            ("attachment; filename=\"unclosed", Some("unclosed")),
            ("attachment; filename=", Some("")),
            ("attachment; filenamex=1", None),
            ("attachment", None),
            ("", None),
            ("\";;;=\"=;", None),
        ] {
            assert_eq!(file_name(header.as_bytes()).as_deref(), name, "{header}");
        }
        let latin = b"attachment; filename=\"foo-\xe4.html\"";
        assert_eq!(file_name(latin).as_deref(), Some("foo-ä.html"));
    }
}
