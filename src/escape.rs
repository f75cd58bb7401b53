//! Text from elsewhere made safe for a terminal. A leaf: every module may use it.

/// Control characters escaped, so that what a server or a file says cannot move the cursor,
/// forge a second line or retitle the window.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') {
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
    }
}
