//! Escapes foreign text for terminals. A leaf: every module may use it.

use std::borrow::Cow;

/// Whether a character reorders, breaks or hides text, although it is not a control character. The two
/// joiners are allowed, because scripts and emoji need them.
fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Control characters after the first 32 of ASCII, some of which are escape sequences, and characters
/// that reorder text.
fn is_hidden_control(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}') || is_deceptive(c)
}

/// The same JSON without characters that control a terminal. JSON itself only requires to escape the
/// first 32 characters.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    replaced(text, |c, out| {
        out.push_str(&format!("\\u{:04x}", u32::from(c)))
    })
}

/// A report for people with line breaks and colours, but without other control characters.
pub(crate) fn report(text: &str) -> Cow<'_, str> {
    replaced(text, |c, out| out.extend(c.escape_default()))
}

fn replaced(text: &str, replace: impl Fn(char, &mut String)) -> Cow<'_, str> {
    let Some(first) = text.find(is_hidden_control) else {
        return text.into();
    };
    let (start, rest) = text.split_at_checked(first).unwrap_or((text, ""));
    let mut out = String::with_capacity(text.len() + 16);
    out.push_str(start);
    for c in rest.chars() {
        if is_hidden_control(c) {
            replace(c, &mut out);
        } else {
            out.push(c);
        }
    }
    out.into()
}

/// Escapes control characters, so that text of a server or a file cannot move the cursor, forge a
/// second line or change the title of the window.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || is_deceptive(c) {
            line.extend(c.escape_default());
        } else {
            line.push(c);
        }
    }
    line
}

/// Escapes control characters except line breaks and tabs, so that a server cannot control the
/// terminal.
pub(crate) fn lines(text: &str) -> String {
    let cells = |line: &str| {
        line.split('\t')
            .map(one_line)
            .collect::<Vec<_>>()
            .join("\t")
    };
    text.split('\n').map(cells).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_stays_on_one_line() {
        assert_eq!(
            one_line("a\r\n\x1b[2Jb\u{202e}"),
            "a\\r\\n\\u{1b}[2Jb\\u{202e}"
        );
        assert_eq!(one_line("café"), "café");
        // Other line breaks and characters without width are escaped; joiners are kept.
        assert_eq!(
            one_line("a\u{2028}\u{2029}\u{200b}\u{2060}\u{feff}b"),
            "a\\u{2028}\\u{2029}\\u{200b}\\u{2060}\\u{feff}b"
        );
        assert_eq!(one_line("a\u{200d}\u{200c}b"), "a\u{200d}\u{200c}b");
        assert_eq!(json("\u{2028}"), "\\u2028");
        assert_eq!(
            one_line("\u{9b}\u{200e}\u{200f}\u{61c}\u{2066}"),
            "\\u{9b}\\u{200e}\\u{200f}\\u{61c}\\u{2066}"
        );
    }

    #[test]
    fn escaped_json_has_the_same_meaning_and_reports_keep_lines() {
        let text = "{\"é\": \"\u{9b}\u{202e}\u{7f}\"}\n";
        let safe = json(text);
        assert_eq!(safe, "{\"é\": \"\\u009b\\u202e\\u007f\"}\n");
        let read = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert!(read(&safe) && matches!(json("{\"é\": 1}"), Cow::Borrowed(_)));
        assert_eq!(report("a\n\x1b[1mb\u{9b}"), "a\n\x1b[1mb\\u{9b}");
    }
}
