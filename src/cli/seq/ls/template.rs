//! `--format`: a line for each sequence.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::row::Row;
use crate::error::Error;
use crate::nearest::nearest;

/// The placeholders and their names.
const FIELDS: [(&str, Field); 13] = [
    ("pattern", Field::Pattern),
    ("dir", Field::Directory),
    ("name", Field::Name),
    ("ext", Field::Extension),
    ("padding", Field::Padding),
    ("range", Field::Range),
    ("count", Field::Count),
    ("first", Field::First),
    ("last", Field::Last),
    ("missing", Field::Missing),
    ("missing_count", Field::MissingCount),
    ("size", Field::Size),
    ("width", Field::Width),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Pattern,
    Directory,
    /// The name before the number, without the separator.
    Name,
    /// After the last point, without the point.
    Extension,
    Padding,
    Range,
    Count,
    First,
    Last,
    Missing,
    MissingCount,
    Size,
    Width,
}

enum Piece {
    Text(String),
    Field(Field),
}

/// A text with placeholders. `{{` and `}}` are braces.
pub(super) struct Template(Vec<Piece>);

impl Template {
    /// # Errors
    /// A usage error for an unknown placeholder or a single brace.
    pub(super) fn parse(text: &str) -> Result<Template, Error> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            plain.push_str(before);
            let doubled = ["{{", "}}"].into_iter().find(|two| from.starts_with(two));
            if let Some(two) = doubled {
                plain.extend(two.chars().take(1));
                rest = from.get(2..).unwrap_or_default();
                continue;
            }
            let name = from.strip_prefix('{').and_then(|from| from.split_once('}'));
            let Some((name, after)) = name else {
                let hint = "write {{ and }} for braces";
                return Err(Error::usage_hint(
                    "--format: a brace without its pair",
                    hint,
                ));
            };
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Field(field(name)?));
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Template(pieces))
    }

    /// Whether files have to be looked at.
    pub(super) fn needs_size(&self) -> bool {
        let mut pieces = self.0.iter();
        pieces.any(|piece| matches!(piece, Piece::Field(Field::Size)))
    }

    /// Writes a line for a sequence.
    pub(super) fn write_row(&self, row: &Row, out: &mut Vec<u8>) {
        self.write(out, |field, out| {
            let text = match field {
                Field::Pattern => return out.extend_from_slice(row.pattern.as_os_str().as_bytes()),
                Field::Directory => return out.extend_from_slice(directory(&row.directory)),
                Field::Name => return out.extend_from_slice(without_separator(&row.prefix)),
                Field::Extension => return out.extend_from_slice(extension(&row.suffix)),
                Field::Padding => row.place.clone(),
                Field::Range => row.summary.range.clone(),
                Field::Count => row.count.to_string(),
                Field::First => row.first().map_or(String::new(), |frame| frame.to_string()),
                Field::Last => row.last().map_or(String::new(), |frame| frame.to_string()),
                Field::Missing => row.summary.missing(),
                Field::MissingCount => row.summary.missing_count.to_string(),
                Field::Size => row.size.map_or(String::new(), |size| size.to_string()),
                Field::Width => row.padding.width().to_string(),
            };
            out.extend_from_slice(text.as_bytes());
        });
    }

    /// Writes a line for a file that is in no sequence. What only a sequence has is empty.
    pub(super) fn write_file(&self, path: &Path, with_size: bool, out: &mut Vec<u8>) {
        let stem = path.file_stem().unwrap_or_default();
        let parent = path.parent().unwrap_or(Path::new(""));
        let ending = path.extension().unwrap_or_default();
        let size = std::fs::metadata(path).ok().filter(|_| with_size);
        self.write(out, |field, out| match field {
            Field::Pattern => out.extend_from_slice(path.as_os_str().as_bytes()),
            Field::Directory => out.extend_from_slice(directory(parent)),
            Field::Name => out.extend_from_slice(stem.as_bytes()),
            Field::Extension => out.extend_from_slice(ending.as_bytes()),
            Field::Count => out.push(b'1'),
            Field::MissingCount => out.push(b'0'),
            Field::Size => {
                let text = size.as_ref().map(|metadata| metadata.len().to_string());
                out.extend_from_slice(text.unwrap_or_default().as_bytes());
            }
            Field::Padding
            | Field::Range
            | Field::First
            | Field::Last
            | Field::Missing
            | Field::Width => {}
        });
    }

    fn write(&self, out: &mut Vec<u8>, value: impl Fn(Field, &mut Vec<u8>)) {
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text.as_bytes()),
                Piece::Field(field) => value(*field, out),
            }
        }
        out.push(b'\n');
    }
}

/// # Errors
/// A usage error with a suggestion.
fn field(name: &str) -> Result<Field, Error> {
    let names = || FIELDS.iter().map(|(known, _)| *known);
    if let Some((_, field)) = FIELDS.iter().find(|(known, _)| *known == name) {
        return Ok(*field);
    }
    let message = format!("--format: unknown placeholder '{{{name}}}'");
    let hint = match nearest(name, names()) {
        Some(near) => format!("did you mean '{{{near}}}'?"),
        None => format!("use {{{}}}", names().collect::<Vec<_>>().join("}, {")),
    };
    Err(Error::usage_hint(message, hint))
}

fn directory(path: &Path) -> &[u8] {
    match path.as_os_str().as_bytes() {
        b"" => b".",
        bytes => bytes,
    }
}

fn without_separator(name: &[u8]) -> &[u8] {
    match name.split_last() {
        Some((b'.' | b'_' | b'-', name)) => name,
        Some(_) | None => name,
    }
}

fn extension(suffix: &[u8]) -> &[u8] {
    match suffix.iter().rposition(|byte| *byte == b'.') {
        Some(at) => suffix.get(at + 1..).unwrap_or_default(),
        None => b"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_placeholders_have_a_suggestion() {
        let error = |text| Template::parse(text).err().unwrap();
        let wrong = error("{patern}");
        assert_eq!(
            wrong.to_string(),
            "--format: unknown placeholder '{patern}'"
        );
        assert_eq!(wrong.hint().unwrap(), "did you mean '{pattern}'?");
        assert!(
            error("{zzz}")
                .hint()
                .unwrap()
                .starts_with("use {pattern}, {dir}")
        );
        for text in ["{", "}", "{pattern", "a}b", "{{}"] {
            assert!(
                error(text)
                    .to_string()
                    .ends_with("a brace without its pair"),
                "{text}"
            );
        }
        assert!(Template::parse("{{{count}}} {size}").unwrap().needs_size());
    }
}
