//! A manual page as blocks of text, which are printed as roff or on a terminal.

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
    /// A title within a section.
    Subheading(String),
    Paragraph(Text),
    /// An item of a list.
    Item(Text),
    /// A term, and below it what it means; several paragraphs perhaps.
    Entry {
        term: Text,
        about: Vec<Text>,
    },
    /// Lines that are printed as they are.
    Code(Vec<String>),
    /// Rows of cells. The first row is the head, which may be empty.
    Table(Vec<Vec<Text>>),
}

/// Text in spans.
pub(crate) type Text = Vec<Span>;

/// A part of a text that is printed in one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Plain(String),
    /// What is typed as it is: an option, a command.
    Literal(String),
    /// A name for what the user puts in.
    Placeholder(String),
    Strong(String),
}

impl Span {
    /// Its text alone.
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

/// The text alone.
pub(crate) fn unstyled(text: &Text) -> String {
    text.iter().map(Span::text).collect()
}
