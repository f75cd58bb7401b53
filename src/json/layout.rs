//! Formats a JSON text for people: only white space changes, and colour is added.

use super::Text;
use crate::colour::Colour;

const KEY: &str = "\x1b[34m";
const STRING: &str = "\x1b[32m";
const NUMBER: &str = "\x1b[36m";
const WORD: &str = "\x1b[33m";
const RESET: &str = "\x1b[0m";

/// The text with one member or element a line, indented by two. Tokens are unchanged.
pub(crate) fn layout(text: &Text, colour: Colour) -> String {
    let mut out = Layout {
        text: String::with_capacity(text.as_str().len() * 2),
        depth: 0,
        colour,
    };
    let mut rest = text.as_str().trim_ascii();
    let mut after_open = false;
    while let Some(first) = rest.bytes().next() {
        let length = token_length(rest, first);
        let (token, tail) = rest.split_at(length);
        let tail = tail.trim_ascii_start();
        if after_open && !matches!(first, b'}' | b']') {
            out.new_line(1);
        }
        match first {
            b'{' | b'[' => out.text.push_str(token),
            b'}' | b']' => {
                if !after_open {
                    out.new_line(-1);
                }
                out.text.push_str(token);
            }
            b',' => {
                out.text.push(',');
                out.new_line(0);
            }
            b':' => out.text.push_str(": "),
            b'"' if tail.starts_with(':') => out.paint(KEY, token),
            b'"' => out.paint(STRING, token),
            b'-' | b'0'..=b'9' => out.paint(NUMBER, token),
            _ => out.paint(WORD, token),
        }
        after_open = matches!(first, b'{' | b'[');
        rest = tail;
    }
    out.text
}

struct Layout {
    text: String,
    depth: usize,
    colour: Colour,
}

impl Layout {
    fn new_line(&mut self, deeper: isize) {
        self.depth = self.depth.saturating_add_signed(deeper);
        self.text.push('\n');
        for _ in 0..self.depth {
            self.text.push_str("  ");
        }
    }

    fn paint(&mut self, colour: &str, token: &str) {
        match self.colour {
            Colour::Never => self.text.push_str(token),
            Colour::Always => {
                self.text.push_str(colour);
                self.text.push_str(token);
                self.text.push_str(RESET);
            }
        }
    }
}

/// The length in bytes of the token at the start of a valid text.
pub(crate) fn token_length(rest: &str, first: u8) -> usize {
    match first {
        b'{' | b'}' | b'[' | b']' | b',' | b':' => 1,
        b'"' => string_length(rest),
        _ => rest
            .bytes()
            .position(|b| matches!(b, b',' | b'}' | b']' | b':' | b' ' | b'\t' | b'\r' | b'\n'))
            .unwrap_or(rest.len()),
    }
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> String {
        layout(&Text::parse(text).unwrap(), Colour::Never)
    }

    #[test]
    fn tokens_are_unchanged() {
        let text = "{ \"b\" : [1.10,1e400, 123456789012345678901234567890] ,\n\"a\":\"\\u00e9\\\"}\",\"e\":{},\"l\":[ ]}";
        let expected = "{\n  \"b\": [\n    1.10,\n    1e400,\n    123456789012345678901234567890\n  ],\n  \"a\": \"\\u00e9\\\"}\",\n  \"e\": {},\n  \"l\": []\n}";
        assert_eq!(plain(text), expected);
    }

    #[test]
    fn scalars_and_nested_arrays_are_formatted() {
        assert_eq!(plain(" null "), "null");
        assert_eq!(plain("\"x\""), "\"x\"");
        assert_eq!(plain("[[[]]]"), "[\n  [\n    []\n  ]\n]");
    }

    #[test]
    fn formatted_text_has_the_same_tokens() {
        let text = r#"{"a":{"a":[{"b":null},true,-0.0,"\\"],"":{}},"a":[[],{}]}"#;
        let bare: String = plain(text).split_whitespace().collect();
        assert_eq!(bare, text);
    }

    #[test]
    fn colour_wraps_tokens_only() {
        let coloured = layout(&Text::parse(r#"{"a":1}"#).unwrap(), Colour::Always);
        assert_eq!(coloured, "{\n  \x1b[34m\"a\"\x1b[0m: \x1b[36m1\x1b[0m\n}");
    }
}
