//! A manual page as blocks of text. `roff` and `terminal` print them.

/// A page: `c47-jwt-sign`, and its sections.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    /// Without the section's number: `c47-jwt-sign`.
    pub name: String,
    pub blocks: Vec<Block>,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// The title of a section.
    Heading(String),
    /// The title of a part of a section.
    Subheading(String),
    Paragraph(Text),
    /// An item of a list.
    Item(Text),
    /// A term, and its meaning in one or more paragraphs.
    Entry {
        term: Text,
        about: Vec<Text>,
    },
    /// Preformatted lines.
    Code(Vec<String>),
    /// Rows of cells. The first row has the column titles, which may be empty.
    Table(Vec<Vec<Text>>),
}

/// A text as a list of spans.
pub(crate) type Text = Vec<Span>;

/// A part of a text with one style.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Plain(String),
    /// Something to type literally, such as an option or a command.
    Literal(String),
    /// A name that the user replaces by a value.
    Placeholder(String),
    Strong(String),
}

impl Span {
    /// Its text without the style.
    pub(crate) fn text(&self) -> &str {
        match self {
            Span::Plain(text)
            | Span::Literal(text)
            | Span::Placeholder(text)
            | Span::Strong(text) => text,
        }
    }
}

/// A text of one plain span.
pub(crate) fn plain(text: impl Into<String>) -> Text {
    vec![Span::Plain(text.into())]
}

/// The text without styles.
pub(crate) fn unstyled(text: &Text) -> String {
    text.iter().map(Span::text).collect()
}
