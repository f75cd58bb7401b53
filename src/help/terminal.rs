//! Manual pages as plain text for a terminal: wrapped at 80 columns, in colour where wanted.

use std::fmt::Write;

use super::document::{Block, Page, Span, Text, unstyled};
use crate::colour::Colour;

/// The columns of a line.
pub(super) const WIDTH: usize = 80;
/// The indentation of a section's text. Text below a term is indented twice as much.
const INDENT: usize = 4;

/// The page as text.
pub(crate) fn render(page: &Page, colour: Colour) -> String {
    let mut out = String::new();
    for block in &page.blocks {
        match block {
            Block::Heading(title) => {
                if !out.is_empty() {
                    out.push('\n');
                }
                out.push_str(&heading(&title.to_uppercase(), colour));
                out.push('\n');
                continue;
            }
            Block::Subheading(title) => {
                separate(&mut out);
                let _ = writeln!(out, "  {}", heading(title, colour));
                continue;
            }
            Block::Paragraph(text) => {
                separate(&mut out);
                wrap(&mut out, text, INDENT, INDENT, colour);
            }
            Block::Item(text) => {
                let mut item = vec![Span::Plain("- ".into())];
                item.extend(text.iter().cloned());
                wrap(&mut out, &item, INDENT, INDENT + 2, colour);
            }
            Block::Entry { term, about } => {
                separate(&mut out);
                wrap(&mut out, term, INDENT, INDENT, colour);
                for text in about {
                    wrap(&mut out, text, 2 * INDENT, 2 * INDENT, colour);
                }
            }
            Block::Code(lines) => {
                separate(&mut out);
                for line in lines {
                    let _ = writeln!(out, "{:INDENT$}{line}", "");
                }
            }
            Block::Table(rows) => {
                separate(&mut out);
                table(&mut out, rows, colour);
            }
        }
    }
    out
}

/// A blank line, but not right below a heading or at the start.
fn separate(out: &mut String) {
    let last = out.lines().next_back().unwrap_or_default();
    let is_title = |line: &str| !line.starts_with(&" ".repeat(INDENT)) && !line.is_empty();
    if !out.is_empty() && !is_title(last) && !out.ends_with("\n\n") {
        out.push('\n');
    }
}

/// A table's rows, in columns. Where they do not fit, the first cell is a term, with the others
/// below it.
fn table(out: &mut String, rows: &[Vec<Text>], colour: Colour) {
    let cell_width = |text: &Text| unstyled(text).chars().count();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .map(cell_width)
                .max()
                .unwrap_or(0)
        })
        .collect();
    let before_last: usize = widths.iter().rev().skip(1).map(|width| width + 2).sum();
    let is_narrow = INDENT + before_last + 24 <= WIDTH;
    for (at, row) in rows.iter().enumerate() {
        let is_empty_head = at == 0 && row.iter().all(|cell| unstyled(cell).is_empty());
        if is_empty_head {
            continue;
        }
        if is_narrow {
            let mut line: Text = Vec::new();
            for (at, cell) in row.iter().enumerate() {
                let is_last = at + 1 == row.len();
                line.extend(cell.iter().cloned());
                if !is_last {
                    let gap = widths.get(at).map_or(0, |width| width - cell_width(cell)) + 2;
                    // The gap is not a place to wrap the line.
                    line.push(Span::Plain("\u{a0}".repeat(gap)));
                }
            }
            wrap(out, &line, INDENT, INDENT + before_last, colour);
        } else if let Some((term, rest)) = row.split_first() {
            wrap(out, term, INDENT, INDENT, colour);
            for cell in rest {
                wrap(out, cell, 2 * INDENT, 2 * INDENT, colour);
            }
        }
    }
}

/// A title.
pub(super) fn heading(title: &str, colour: Colour) -> String {
    colour.styled(title, "1")
}

fn span(text: &str, of: &Span, colour: Colour) -> String {
    match of {
        Span::Plain(_) => text.to_owned(),
        Span::Literal(_) => colour.styled(text, "36"),
        Span::Placeholder(_) => colour.styled(text, "4"),
        Span::Strong(_) => colour.styled(text, "1"),
    }
}

/// Writes a text in lines of at most [`WIDTH`] columns: the first indented by `first`, the others
/// by `rest`. A longer word has a line of its own.
pub(super) fn wrap(out: &mut String, text: &Text, first: usize, rest: usize, colour: Colour) {
    let mut column = first;
    out.push_str(&" ".repeat(first));
    let mut at_start = true;
    let mut pending_space = false;
    for word in words(text) {
        let width: usize = word.iter().map(|(text, _)| text.chars().count()).sum();
        if !at_start && column + usize::from(pending_space) + width > WIDTH {
            out.push('\n');
            out.push_str(&" ".repeat(rest));
            column = rest;
            at_start = true;
        }
        if !at_start && pending_space {
            out.push(' ');
            column += 1;
        }
        for (text, of) in &word {
            out.push_str(&span(&text.replace('\u{a0}', " "), of, colour));
        }
        column += width;
        at_start = false;
        pending_space = true;
    }
    out.push('\n');
}

/// The words of a text: each is pieces of spans without a space between them.
fn words(text: &Text) -> Vec<Vec<(String, &Span)>> {
    let mut words: Vec<Vec<(String, &Span)>> = vec![Vec::new()];
    for span in text {
        for (at, piece) in span.text().split(' ').enumerate() {
            if at > 0 {
                words.push(Vec::new());
            }
            if let (false, Some(word)) = (piece.is_empty(), words.last_mut()) {
                word.push((piece.to_owned(), span));
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::super::document::plain;
    use super::super::markdown;
    use super::*;

    fn rendered(markdown: &str) -> String {
        let blocks = markdown::parse(markdown);
        let name = "x".to_owned();
        render(&Page { name, blocks }, Colour::Never)
    }

    #[test]
    fn long_lines_are_wrapped_and_indented() {
        let mut out = String::new();
        wrap(&mut out, &plain("word ".repeat(20)), 2, 4, Colour::Never);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].len() <= WIDTH && lines[0].starts_with("  word"));
        assert!(lines[1].starts_with("    word"));
        let mut long = String::new();
        wrap(&mut long, &plain("x".repeat(100)), 0, 0, Colour::Never);
        assert_eq!(long, format!("{}\n", "x".repeat(100)));
    }

    #[test]
    fn blocks_are_laid_out() {
        let text =
            rendered("## Head\nOne `two`.\n\n- a\n- b\n\n| x | y |\n|---|---|\n| `aa` | b |\n");
        assert_eq!(
            text,
            "HEAD\n    One two.\n    - a\n    - b\n\n    x   y\n    aa  b\n"
        );
    }

    #[test]
    fn coloured_page_has_the_same_text() {
        let page = Page {
            name: "x".into(),
            blocks: markdown::parse("## Head\nOne `two` **three**.\n"),
        };
        let coloured = render(&page, Colour::Always);
        assert!(coloured.contains("\x1b[1mHEAD\x1b[0m"), "{coloured:?}");
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, behind)) = rest.split_once('\x1b') {
            plain.push_str(before);
            rest = behind.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_eq!(plain, render(&page, Colour::Never));
    }
}
