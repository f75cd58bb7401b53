//! A word of a shell command, without its quotes.

use crate::secret::Source;

/// A word: text, and places where the shell inserts an unknown value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// Two text pieces are never adjacent.
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// `$NAME`, or `$(cat FILE)`.
    Source(Source),
}

impl Word {
    pub(super) fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            Some(Piece::Source(_)) | None => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }

    pub(super) fn push_source(&mut self, source: Source) {
        self.pieces.push(Piece::Source(source));
    }

    /// The text; `None` if the word contains a shell variable.
    pub(crate) fn text(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            [..] => None,
        }
    }

    /// The text and the one source at the end of the word.
    pub(crate) fn text_and_source(&self) -> Option<(&str, &Source)> {
        match self.pieces.as_slice() {
            [Piece::Source(source)] => Some(("", source)),
            [Piece::Text(text), Piece::Source(source)] => Some((text, source)),
            [..] => None,
        }
    }

    /// The text, with `${NAME}` for each variable of the environment; `None` if the word has another
    /// source.
    pub(crate) fn with_variables(&self) -> Option<String> {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => Some(text.clone()),
            Piece::Source(Source::Env(name)) => Some(format!("${{{}}}", name.display())),
            Piece::Source(Source::File(_) | Source::Command(_) | Source::Prompt) => None,
        });
        pieces.collect()
    }

    /// The first source in the word.
    pub(crate) fn first_source(&self) -> Option<&Source> {
        self.pieces.iter().find_map(|piece| match piece {
            Piece::Source(source) => Some(source),
            Piece::Text(_) => None,
        })
    }

    /// The text at the start of the word.
    pub(super) fn start(&self) -> &str {
        match self.pieces.first() {
            Some(Piece::Text(text)) => text,
            Some(Piece::Source(_)) | None => "",
        }
    }

    /// The word without the first `length` bytes of its text.
    pub(super) fn after(&self, length: usize) -> Word {
        let mut pieces = self.pieces.clone();
        if let Some(Piece::Text(text)) = pieces.first_mut() {
            *text = text.get(length..).unwrap_or_default().to_owned();
            if text.is_empty() {
                pieces.remove(0);
            }
        }
        Word { pieces }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Word {
        let mut word = Word::default();
        word.push_text(text);
        word
    }
}
