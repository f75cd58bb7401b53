//! Text from elsewhere made safe for a terminal. A leaf: every module may use it.

use std::borrow::Cow;

/// Characters that reorder, break or hide text on a terminal without a control character's help.
/// The two joiners, which writing systems and emoji need, are none of them.
fn is_deceptive(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

/// Control characters beyond ASCII's first 32, some of which are escape sequences of their own, and
/// what reorders text.
fn is_hidden_control(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{9f}') || is_deceptive(c)
}

/// A JSON text with the same meaning that cannot drive a terminal. JSON itself only requires that
/// the first 32 characters are escaped.
pub(crate) fn json(text: &str) -> Cow<'_, str> {
    replaced(text, |c, out| {
        out.push_str(&format!("\\u{:04x}", u32::from(c)))
    })
}

/// A report for people, with its line breaks and colours, without hidden controls.
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

/// Control characters escaped, so that what a server or a file says cannot move the cursor,
/// forge a second line or retitle the window.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_cannot_leave_its_line() {
        assert_eq!(
            one_line("a\r\n\x1b[2Jb\u{202e}"),
            "a\\r\\n\\u{1b}[2Jb\\u{202e}"
        );
        assert_eq!(one_line("café"), "café");
        // What breaks a line elsewhere, or has no width; the joiners of scripts stay.
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
    fn json_keeps_its_meaning_and_reports_their_lines() {
        let text = "{\"é\": \"\u{9b}\u{202e}\u{7f}\"}\n";
        let safe = json(text);
        assert_eq!(safe, "{\"é\": \"\\u009b\\u202e\\u007f\"}\n");
        let read = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
        assert!(read(&safe) && matches!(json("{\"é\": 1}"), Cow::Borrowed(_)));
        assert_eq!(report("a\n\x1b[1mb\u{9b}"), "a\n\x1b[1mb\\u{9b}");
    }
}
