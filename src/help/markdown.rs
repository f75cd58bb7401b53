//! The subset of Markdown that the manual uses: headings of two levels, paragraphs, lists
//! of one level, tables, fenced code, `code`, **strong** and links. Anything else is plain text.

use super::document::{Block, Span, Text, plain};

/// The blocks of a text. `#` is the title, which is skipped; `##` is a heading, `###` a
/// subheading.
pub(crate) fn parse(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut lines = markdown.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(title) = line.strip_prefix("### ") {
            blocks.push(Block::Subheading(title.to_owned()));
        } else if let Some(title) = line.strip_prefix("## ") {
            blocks.push(Block::Heading(title.to_owned()));
        } else if line.starts_with("# ") || line.trim().is_empty() {
            // The title of the page is the command.
        } else if line.starts_with("```") {
            let code = lines.by_ref().take_while(|line| !line.starts_with("```"));
            blocks.push(Block::Code(code.map(str::to_owned).collect()));
        } else if line.starts_with('|') {
            let mut rows = vec![cells(line)];
            while let Some(row) = lines.next_if(|line| line.starts_with('|')) {
                if !is_rule(row) {
                    rows.push(cells(row));
                }
            }
            blocks.push(Block::Table(rows));
        } else {
            let (first, is_item) = match line.strip_prefix("- ") {
                Some(item) => (item, true),
                None => (line, false),
            };
            let mut text = first.trim().to_owned();
            while let Some(more) = lines.next_if(|line| continues(line)) {
                text.push(' ');
                text.push_str(more.trim());
            }
            let text = spans(&text);
            blocks.push(if is_item {
                Block::Item(text)
            } else {
                Block::Paragraph(text)
            });
        }
    }
    blocks
}

/// Whether a line continues the paragraph or item before it.
fn continues(line: &str) -> bool {
    let begins_another = ["- ", "#", "```", "|"];
    !line.trim().is_empty() && !begins_another.iter().any(|begin| line.starts_with(begin))
}

/// Whether this is the line below the column titles of a table: `|---|---|`.
fn is_rule(line: &str) -> bool {
    line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

/// The cells of a row. `\|` is a bar within a cell.
fn cells(line: &str) -> Vec<Text> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let line = line.strip_suffix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, cells.last_mut()) {
            ('\\', Some(cell)) if chars.next_if_eq(&'|').is_some() => cell.push('|'),
            ('|', _) => cells.push(String::new()),
            (c, Some(cell)) => cell.push(c),
            (_, None) => {}
        }
    }
    cells.iter().map(|cell| spans(cell.trim())).collect()
}

/// Parses the code, strong words and links of a text.
pub(crate) fn spans(text: &str) -> Text {
    let mut spans = Vec::new();
    let mut plain_text = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = match c {
            '`' => code(rest),
            '*' => between(rest, "**", "**").map(|(text, rest)| (Span::Strong(text), rest)),
            '[' => link(rest),
            _ => None,
        };
        if let Some((span, behind)) = found {
            if !plain_text.is_empty() {
                spans.push(Span::Plain(std::mem::take(&mut plain_text)));
            }
            spans.push(span);
            rest = behind;
        } else {
            plain_text.push(c);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    if !plain_text.is_empty() {
        spans.push(Span::Plain(plain_text));
    }
    if spans.is_empty() {
        return plain("");
    }
    spans
}

/// Code between one or two backticks.
fn code(text: &str) -> Option<(Span, &str)> {
    let (code, rest) = match between(text, "``", "``") {
        Some((code, rest)) => (code.trim().to_owned(), rest),
        None => between(text, "`", "`")?,
    };
    Some((Span::Literal(code), rest))
}

/// `[text](address)`: the text, followed by the address if it is a web address.
fn link(text: &str) -> Option<(Span, &str)> {
    let (label, rest) = between(text, "[", "]")?;
    let (address, rest) = between(rest, "(", ")")?;
    let shown = match address.starts_with("http") {
        true => format!("{label} ({address})"),
        false => label,
    };
    Some((Span::Plain(shown), rest))
}

/// The text between two marks at the beginning of a text, and the rest.
fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<(String, &'a str)> {
    let (inner, rest) = text.strip_prefix(open)?.split_once(close)?;
    (!inner.is_empty()).then(|| (inner.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Span {
        Span::Literal(text.into())
    }

    #[test]
    fn all_block_types_are_parsed() {
        let blocks = parse(
            "# Title\n\nOne\ntwo.\n\n## Head\n- a\n  b\n- c\n\n### Sub\n```console\n$ x\n\n```\n\
             | a | b |\n|---|---|\n| `x\\|y` | z |\n",
        );
        assert_eq!(
            blocks,
            [
                Block::Paragraph(plain("One two.")),
                Block::Heading("Head".into()),
                Block::Item(plain("a b")),
                Block::Item(plain("c")),
                Block::Subheading("Sub".into()),
                Block::Code(vec!["$ x".into(), String::new()]),
                Block::Table(vec![
                    vec![plain("a"), plain("b")],
                    vec![vec![literal("x|y")], plain("z")],
                ]),
            ]
        );
    }

    #[test]
    fn spans_are_parsed_and_unterminated_marks_are_plain_text() {
        assert_eq!(
            spans("a `b c` **d** [e](f.md) [g](https://h)"),
            [
                Span::Plain("a ".into()),
                literal("b c"),
                Span::Plain(" ".into()),
                Span::Strong("d".into()),
                Span::Plain(" ".into()),
                Span::Plain("e".into()),
                Span::Plain(" ".into()),
                Span::Plain("g (https://h)".into()),
            ]
        );
        for text in ["2 * 3 ** 4", "a ` b", "[x] y", "", "`"] {
            assert_eq!(spans(text), plain(text), "{text}");
        }
        assert_eq!(spans("`` ` ``"), [literal("`")]);
    }
}
