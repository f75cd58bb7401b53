//! A line of the explorer: `[$name =] [METHOD] URL [ITEM…] [| FILTER]`. Words are quoted as in a POSIX
//! shell; `$name` and `${name.path}` are values of earlier calls.

use crate::shell::is_variable;

/// Longer than a line that a person writes, with a body in it.
const MAX_BYTES: usize = 1 << 20;

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The name that the result gets.
    pub name: Option<String>,
    pub words: Vec<Word>,
    /// The filter of the response, as written.
    pub filter: Option<String>,
}

/// A word without its quotes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Word {
    /// Two texts are never adjacent.
    pub pieces: Vec<Piece>,
    /// Where it starts and ends in the line, in bytes.
    pub start: usize,
    pub end: usize,
}

/// A part of a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    Value(Reference),
}

/// `$name`, or `${name}` with the rest of a filter: `${last[0].id}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub name: String,
    /// A filter of the value.
    pub filter: Option<String>,
}

impl Line {
    /// Reads a line.
    ///
    /// # Errors
    /// Describes what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Line, String> {
        if text.len() > MAX_BYTES {
            return Err("the line is longer than 1 MiB".to_owned());
        }
        let (name, start) = match assignment(text) {
            Some((name, start)) => (Some(name.to_owned()), start),
            None => (None, 0),
        };
        let mut reader = Reader {
            text,
            at: start,
            words: Vec::new(),
            word: None,
        };
        let filter = reader.read()?;
        Ok(Line {
            name,
            words: reader.words,
            filter,
        })
    }
}

impl Word {
    /// The word as text, with values as they are written.
    pub(crate) fn written(&self) -> String {
        let pieces = self.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Value(Reference { name, filter: None }) => format!("${name}"),
            Piece::Value(Reference {
                name,
                filter: Some(filter),
            }) => format!("${{{name}{filter}}}"),
        });
        pieces.collect()
    }

    /// Whether all of it is one value of a response.
    pub(crate) fn is_value(&self) -> bool {
        matches!(self.pieces.as_slice(), [Piece::Value(_)])
    }

    /// Whether a part of it comes from a response.
    pub(crate) fn has_values(&self) -> bool {
        self.pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Value(_)))
    }

    fn push_text(&mut self, text: &str) {
        match self.pieces.last_mut() {
            Some(Piece::Text(last)) => last.push_str(text),
            Some(Piece::Value(_)) | None => self.pieces.push(Piece::Text(text.to_owned())),
        }
    }
}

/// The name before `=` at the start of a line, and where the call starts. `==` is no assignment.
fn assignment(text: &str) -> Option<(&str, usize)> {
    let rest = text.trim_start().strip_prefix('$')?;
    let name = rest
        .get(..name_length(rest))
        .filter(|name| !name.is_empty())?;
    let call = rest.get(name.len()..)?.trim_start().strip_prefix('=')?;
    (!call.starts_with('=')).then_some((name, text.len() - call.len()))
}

fn name_length(text: &str) -> usize {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let length = end.unwrap_or(text.len());
    match text.get(..length).is_some_and(is_variable) {
        true => length,
        false => 0,
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    words: Vec<Word>,
    /// The word that has started.
    word: Option<Word>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn word(&mut self, start: usize) -> &mut Word {
        self.word.get_or_insert_with(|| Word {
            pieces: Vec::new(),
            start,
            end: start,
        })
    }

    fn end_word(&mut self, end: usize) {
        let word = self.word.take();
        self.words.extend(word.map(|word| Word { end, ..word }));
    }

    /// Reads all words. Returns the filter.
    fn read(&mut self) -> Result<Option<String>, String> {
        loop {
            let start = self.at;
            let Some(c) = self.next() else {
                self.end_word(start);
                return Ok(None);
            };
            match c {
                ' ' | '\t' | '\n' | '\r' => self.end_word(start),
                '|' => {
                    self.end_word(start);
                    let filter = self.rest().trim();
                    return Ok((!filter.is_empty()).then(|| filter.to_owned()));
                }
                '\'' => {
                    let quoted = self.rest().split_once('\'');
                    let (quoted, _) = quoted.ok_or("a quote ' is not closed")?;
                    self.at += quoted.len() + 1;
                    self.word(start).push_text(quoted);
                }
                '"' => self.double_quoted(start)?,
                '\\' => {
                    let escaped = self.next().ok_or("the line ends with a backslash")?;
                    self.push(start, escaped);
                }
                '$' => self.dollar(start)?,
                other => self.push(start, other),
            }
        }
    }

    fn push(&mut self, start: usize, c: char) {
        self.word(start).push_text(c.encode_utf8(&mut [0; 4]));
    }

    fn double_quoted(&mut self, start: usize) -> Result<(), String> {
        self.word(start); // it may be empty
        loop {
            match self.next().ok_or("a quote \" is not closed")? {
                '"' => return Ok(()),
                '$' => self.dollar(start)?,
                '\\' if self.rest().starts_with(['$', '`', '"', '\\']) => {
                    let escaped = self.next().unwrap_or('\\');
                    self.push(start, escaped);
                }
                other => self.push(start, other),
            }
        }
    }

    /// Reads what follows a dollar sign.
    fn dollar(&mut self, start: usize) -> Result<(), String> {
        let rest = self.rest();
        let reference = match rest.strip_prefix('{') {
            Some(inner) => {
                let end = closing_brace(inner).ok_or("${ is not closed")?;
                self.at += end + 2;
                reference(inner.get(..end).unwrap_or_default())?
            }
            None => {
                let length = name_length(rest);
                if length == 0 {
                    self.push(start, '$');
                    return Ok(());
                }
                self.at += length;
                Reference {
                    name: rest.get(..length).unwrap_or_default().to_owned(),
                    filter: None,
                }
            }
        };
        self.word(start).pieces.push(Piece::Value(reference));
        Ok(())
    }
}

/// The brace that closes `${`, outside of strings and nested braces.
fn closing_brace(text: &str) -> Option<usize> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'{' if !in_string => depth += 1,
            b'}' if !in_string && depth == 0 => return Some(at),
            b'}' if !in_string => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The text within `${…}`.
fn reference(text: &str) -> Result<Reference, String> {
    let text = text.trim();
    let (name, filter) = text.split_at_checked(name_length(text)).unwrap_or_default();
    let filter = filter.trim();
    match (name.is_empty(), filter.chars().next()) {
        (true, _) => Err("${ is not followed by a name".to_owned()),
        (false, None) => Ok(Reference {
            name: name.to_owned(),
            filter: None,
        }),
        (false, Some('.' | '[' | '|')) => Ok(Reference {
            name: name.to_owned(),
            filter: Some(filter.to_owned()),
        }),
        (false, Some(_)) => Err(format!(
            "${{{name} is not followed by . or [ or | or a closing brace"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let line = Line::parse(text).unwrap();
        line.words.iter().map(Word::written).collect()
    }

    #[test]
    fn words_are_split_like_in_a_shell() {
        for (text, expected) in [
            ("GET /data/projects", &["GET", "/data/projects"][..]),
            (
                " POST /x name='a b' c:=\"[1, 2]\" ",
                &["POST", "/x", "name=a b", "c:=[1, 2]"],
            ),
            (
                r#"/x a=it\'s 'b'"c"d e='' "$" $"#,
                &["/x", "a=it's", "bcd", "e=", "$", "$"],
            ),
            (r#"/x a='$last' b="\$last""#, &["/x", "a=$last", "b=$last"]),
            ("", &[]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
        for wrong in [
            "GET '/x",
            "GET \"/x",
            "GET /x \\",
            "GET /${last",
            "GET /${}",
            "GET /${a b}",
        ] {
            assert!(Line::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Line::parse(&"a".repeat(MAX_BYTES + 1)).is_err());
    }

    #[test]
    fn unquoted_bar_starts_the_filter() {
        let line = Line::parse("GET /x q=='a|b' | .[0] | .id ").unwrap();
        assert_eq!(line.filter.as_deref(), Some(".[0] | .id"));
        assert_eq!(line.words.len(), 3);
        assert_eq!(Line::parse("GET /x |").unwrap().filter, None);
        assert_eq!(Line::parse("/x|.a").unwrap().filter.as_deref(), Some(".a"));
    }

    #[test]
    fn values_and_names_are_found() {
        let line = Line::parse("$p=GET /data/$last/x/${last[0].id}/${a|{b:\"}\"}.b}y").unwrap();
        assert_eq!(line.name.as_deref(), Some("p"));
        let [_, target] = line.words.as_slice() else {
            panic!("{line:?}");
        };
        let value = |name: &str, filter: Option<&str>| {
            Piece::Value(Reference {
                name: name.into(),
                filter: filter.map(str::to_owned),
            })
        };
        let text = |text: &str| Piece::Text(text.into());
        assert_eq!(
            target.pieces,
            [
                text("/data/"),
                value("last", None),
                text("/x/"),
                value("last", Some("[0].id")),
                text("/"),
                value("a", Some("|{b:\"}\"}.b")),
                text("y")
            ]
        );
        assert_eq!(target.start, 7);
        assert_eq!(Line::parse("$a == b").unwrap().name, None);
        assert_eq!(Line::parse("$last").unwrap().name, None);
        assert_eq!(
            Line::parse(" $a = $last").unwrap().name.as_deref(),
            Some("a")
        );
    }
}
