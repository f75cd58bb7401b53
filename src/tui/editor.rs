//! A line that is edited: text and a cursor.

use unicode_segmentation::UnicodeSegmentation;

use super::event::Key;

/// The longest line, in bytes. Further characters are ignored.
pub(crate) const MAX_BYTES: usize = 4096;

/// A line of text, and a cursor in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Editor {
    before: String,
    after: String,
}

/// What a key did to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    /// The text has changed.
    Changed,
    /// At most the cursor has moved.
    Moved,
    /// The key does not edit.
    Unused,
}

impl Editor {
    /// A line with the cursor at its end.
    pub(crate) fn new(text: &str) -> Editor {
        let mut editor = Editor::default();
        editor.insert(text);
        editor
    }

    pub(crate) fn text(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// The text on both sides of the cursor.
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.before.is_empty() && self.after.is_empty()
    }

    /// Inserts text at the cursor, as much as fits and without control characters.
    pub(crate) fn insert(&mut self, text: &str) -> Edit {
        let length = self.before.len();
        for c in text.chars().filter(|c| !c.is_control()) {
            if self.before.len() + self.after.len() + c.len_utf8() > MAX_BYTES {
                break;
            }
            self.before.push(c);
        }
        match self.before.len() == length {
            true => Edit::Moved,
            false => Edit::Changed,
        }
    }

    /// Edits with a key: characters, Backspace and Delete; Ctrl-U deletes to the beginning, Ctrl-K to
    /// the end, Ctrl-W a word; left, right, Home, End, Ctrl-B and Ctrl-F move.
    pub(crate) fn press(&mut self, key: Key) -> Edit {
        match key {
            Key::Char(c) => self.insert(c.encode_utf8(&mut [0; 4])),
            Key::Backspace => {
                let length = self.before.len();
                self.before.truncate(last_character(&self.before));
                changed(length != self.before.len())
            }
            Key::Delete => {
                let length = first_character(&self.after);
                self.after.drain(..length);
                changed(length > 0)
            }
            Key::Ctrl('u') => {
                let is_empty = self.before.is_empty();
                self.before.clear();
                changed(!is_empty)
            }
            Key::Ctrl('k') => {
                let is_empty = self.after.is_empty();
                self.after.clear();
                changed(!is_empty)
            }
            Key::Ctrl('w') => {
                let length = self.before.len();
                self.before.truncate(last_word(&self.before));
                changed(length != self.before.len())
            }
            Key::Left | Key::Ctrl('b') => {
                let moved = self.before.split_off(last_character(&self.before));
                self.after.insert_str(0, &moved);
                Edit::Moved
            }
            Key::Right | Key::Ctrl('f') => {
                let length = first_character(&self.after);
                self.before.extend(self.after.drain(..length));
                Edit::Moved
            }
            Key::Home => {
                self.after.insert_str(0, &std::mem::take(&mut self.before));
                Edit::Moved
            }
            Key::End => {
                self.before.push_str(&std::mem::take(&mut self.after));
                Edit::Moved
            }
            Key::Ctrl(_)
            | Key::Alt(_)
            | Key::Enter
            | Key::Tab
            | Key::BackTab
            | Key::Escape
            | Key::Up
            | Key::Down
            | Key::PageUp
            | Key::PageDown => Edit::Unused,
        }
    }
}

fn changed(has_changed: bool) -> Edit {
    match has_changed {
        true => Edit::Changed,
        false => Edit::Moved,
    }
}

/// Where the last character begins, with its combining characters.
fn last_character(text: &str) -> usize {
    let last = text.grapheme_indices(true).next_back();
    last.map_or(0, |(start, _)| start)
}

/// Where the first character ends.
fn first_character(text: &str) -> usize {
    text.graphemes(true).next().map_or(0, str::len)
}

/// Where the last word begins: spaces at the end belong to it.
fn last_word(text: &str) -> usize {
    let word = text.trim_end();
    word.rfind(char::is_whitespace)
        .and_then(|space| Some(space + word.get(space..)?.chars().next()?.len_utf8()))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn press(editor: &mut Editor, keys: &[Key]) -> String {
        for key in keys {
            editor.press(*key);
        }
        let (before, after) = editor.parts();
        format!("{before}|{after}")
    }

    #[test]
    fn keys_edit_at_the_cursor() {
        let mut line = Editor::new("shot  010");
        assert_eq!(press(&mut line, &[Key::Left, Key::Left]), "shot  0|10");
        assert_eq!(
            press(&mut line, &[Key::Char('é'), Key::Backspace]),
            "shot  0|10"
        );
        assert_eq!(press(&mut line, &[Key::Delete]), "shot  0|0");
        assert_eq!(press(&mut line, &[Key::Ctrl('w')]), "shot  |0");
        assert_eq!(press(&mut line, &[Key::Ctrl('w')]), "|0");
        assert_eq!(press(&mut line, &[Key::End, Key::Char('x')]), "0x|");
        assert_eq!(
            press(&mut line, &[Key::Home, Key::Right, Key::Ctrl('k')]),
            "0|"
        );
        assert_eq!(press(&mut line, &[Key::Ctrl('u')]), "|");
        assert_eq!(line.press(Key::Backspace), Edit::Moved);
        assert_eq!(line.press(Key::Enter), Edit::Unused);
    }

    #[test]
    fn combining_characters_are_one_step() {
        let mut line = Editor::new("ae\u{301}👩\u{200d}🚀");
        assert_eq!(press(&mut line, &[Key::Backspace]), "ae\u{301}|");
        assert_eq!(press(&mut line, &[Key::Left]), "a|e\u{301}");
        assert_eq!(press(&mut line, &[Key::Delete]), "a|");
    }

    #[test]
    fn length_is_bounded_and_control_characters_are_dropped() {
        let mut line = Editor::new(&"é".repeat(MAX_BYTES));
        assert_eq!(line.text().len(), MAX_BYTES);
        assert_eq!(line.press(Key::Char('x')), Edit::Moved);
        assert_eq!(Editor::new("a\n\u{1b}[2Jb").text(), "a[2Jb");
    }
}
