//! Manual pages as roff, with the man(7) macros.

use std::fmt::Write;

use super::document::{Block, Page, Span, Text, unstyled};

/// The version and date in the header and footer of a page.
pub(crate) struct Edition {
    pub version: String,
    /// `2026-11-23`, or empty.
    pub date: &'static str,
}

/// The page as roff.
pub(crate) fn render(page: &Page, edition: &Edition) -> String {
    let mut out = String::new();
    let title = escaped(&page.name.to_uppercase());
    let Edition { version, date } = edition;
    line(
        &mut out,
        &format!(".TH {title} 1 \"{date}\" \"c47 {version}\" \"c47 manual\""),
    );
    let mut is_first = true;
    for block in &page.blocks {
        match block {
            Block::Heading(title) => {
                line(&mut out, &format!(".SH {}", escaped(&title.to_uppercase())));
            }
            Block::Subheading(title) => line(&mut out, &format!(".SS {}", escaped(title))),
            Block::Paragraph(text) => {
                if !is_first {
                    line(&mut out, ".PP");
                }
                paragraph(&mut out, text);
            }
            Block::Item(text) => {
                line(&mut out, ".IP \\(bu 2");
                paragraph(&mut out, text);
            }
            Block::Entry { term, about } => entry(&mut out, term, about),
            Block::Code(lines) => code(&mut out, lines, is_first),
            Block::Table(rows) => table(&mut out, rows),
        }
        is_first = matches!(block, Block::Heading(_) | Block::Subheading(_));
    }
    out
}

/// A term and its meaning, indented below it.
fn entry(out: &mut String, term: &Text, about: &[Text]) {
    line(out, ".TP");
    let tag = text_line(term);
    line(out, if tag.is_empty() { "\\&" } else { &tag });
    let mut about = about.iter().filter(|text| !unstyled(text).is_empty());
    match about.next() {
        Some(first) => paragraph(out, first),
        // Without a text man(7) would use the next paragraph.
        None => line(out, "\\&"),
    }
    for more in about {
        line(out, ".br");
        paragraph(out, more);
    }
}

/// Preformatted lines.
fn code(out: &mut String, lines: &[String], is_first: bool) {
    if !is_first {
        line(out, ".PP");
    }
    line(out, ".nf");
    for text in lines {
        line(out, &protected(escaped(text)));
    }
    line(out, ".fi");
}

/// Each row as an entry: not every reader of man pages supports tables.
fn table(out: &mut String, rows: &[Vec<Text>]) {
    for row in rows {
        let is_empty = row.iter().all(|cell| unstyled(cell).is_empty());
        if let Some((term, rest)) = row.split_first().filter(|_| !is_empty) {
            entry(out, term, rest);
        }
    }
}

/// One sentence a line, as man(7) recommends: the space after each is then right.
fn paragraph(out: &mut String, text: &Text) {
    let whole = text_line(text);
    for sentence in whole.split_inclusive(". ") {
        line(out, &protected(sentence.trim().to_owned()));
    }
}

fn text_line(text: &Text) -> String {
    let spans = text.iter().map(|span| match span {
        Span::Plain(text) => escaped(text),
        Span::Literal(text) | Span::Strong(text) => format!("\\fB{}\\fR", escaped(text)),
        Span::Placeholder(text) => format!("\\fI{}\\fR", escaped(text)),
    });
    protected(spans.collect())
}

/// A line that starts with a dot or a quote would be a roff request.
fn protected(text: String) -> String {
    match text.starts_with(['.', '\'']) {
        true => format!("\\&{text}"),
        false => text,
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// Escapes the characters that roff interprets (`\`) or replaces (`-`, `'`, `` ` ``, `^` and `~`).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '`' => out.push_str("\\(ga"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '"' => out.push_str("\\(dq"),
            c if c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "\\[u{:04X}]", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::document::plain;
    use super::*;

    #[test]
    fn text_is_not_read_as_requests_or_escapes() {
        assert_eq!(text_line(&plain(".sh 'x' \\n")), "\\&.sh \\(aqx\\(aq \\en");
        assert_eq!(text_line(&plain("a--b …")), "a\\-\\-b \\[u2026]");
    }
}
