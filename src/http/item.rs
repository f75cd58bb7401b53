//! Request items, as defined by HTTPie: `Name:value`, `key==value`, `key=value`, `key:=json`, the
//! same with `@file`, and `key@file`.

use super::credential::ensure_header_name;

/// An item, with the origin of its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// `Name:value`, `Name:@file`, `Name;` (empty).
    Header { name: String, value: Value },
    /// `Name:` removes a default header.
    NoHeader { name: String },
    /// `key==value`, `key==@file`.
    Query { name: String, value: Value },
    /// `key=value`, `key=@file`: a string in the JSON or form body.
    Field { name: String, value: Value },
    /// `key:=json`, `key:=@file`: a JSON value in the body.
    Json { name: String, value: Value },
    /// `key@file`, `key@file;type=image/png;filename=sh010.png`: a file to upload (`-`: stdin).
    File {
        name: String,
        path: String,
        content_type: Option<String>,
        file_name: Option<String>,
    },
}

/// A value, or the file that contains it (`-`: stdin).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Literal(String),
    File(String),
}

/// The longest first, so that `:=@` is not read as `:`.
const SEPARATORS: [&str; 9] = [":=@", "==@", ":=", "==", "=@", ":@", "=", ":", "@"];

impl Item {
    /// Whether the item uploads a file.
    pub(crate) fn is_file(&self) -> bool {
        matches!(self, Item::File { .. })
    }

    /// Parses an item. A backslash in the name escapes a separator; before an `@` at the start of
    /// the value, it makes the value a text instead of a file.
    ///
    /// # Errors
    /// Describes the syntax; never repeats a value, which may be a secret.
    pub(crate) fn parse(text: &str) -> Result<Item, String> {
        let Some((name, separator, value)) = split(text) else {
            return match text.strip_suffix(';') {
                Some(name) if !name.is_empty() => Ok(Item::Header {
                    name: header_name(unescape(name))?,
                    value: Value::Literal(String::new()),
                }),
                _ => Err(format!(
                    "'{text}' is not a valid item; use Name:value, key==value, key=value, key:=json or \
                     key@file"
                )),
            };
        };
        if name.is_empty() && !matches!(separator, "=" | ":=" | "=@" | ":=@") {
            return Err(format!("an item has no name before '{separator}'"));
        }
        let literal = Value::Literal(unescape_first(value).to_owned());
        let file = Value::File(value.to_owned());
        if separator.ends_with('@') && value.is_empty() {
            return Err(format!("'{name}{separator}' has no file name"));
        }
        Ok(match separator {
            ":" if value.is_empty() => Item::NoHeader {
                name: header_name(name)?,
            },
            ":" => Item::Header {
                name: header_name(name)?,
                value: literal,
            },
            ":@" => Item::Header {
                name: header_name(name)?,
                value: file,
            },
            "==" => Item::Query {
                name,
                value: literal,
            },
            "==@" => Item::Query { name, value: file },
            "=" => Item::Field {
                name,
                value: literal,
            },
            "=@" => Item::Field { name, value: file },
            "@" => upload(name, value)?,
            ":=@" => Item::Json { name, value: file },
            _ => Item::Json {
                name,
                value: literal,
            },
        })
    }
}

/// `\@Joe` is the text `@Joe`, and `\\@Joe` is `\@Joe`; other values are unchanged.
fn unescape_first(value: &str) -> &str {
    match value.trim_start_matches('\\').starts_with('@') {
        true => value.strip_prefix('\\').unwrap_or(value),
        false => value,
    }
}

/// Parses `file;type=…;filename=…`, in any order. The last parameter extends to the end, and the
/// path may contain semicolons.
fn upload(name: String, text: &str) -> Result<Item, String> {
    let (mut path, mut content_type, mut file_name) = (text, None, None);
    loop {
        let kind = path.rfind(";type=").map(|at| (at, ";type=".len()));
        let called = path.rfind(";filename=").map(|at| (at, ";filename=".len()));
        let Some((at, length)) = kind.max(called) else {
            break;
        };
        let value = path.get(at + length..).unwrap_or("").to_owned();
        let place = if kind > called {
            &mut content_type
        } else {
            &mut file_name
        };
        if place.replace(value).is_some() {
            return Err(format!("'{name}@' has two types or two file names"));
        }
        path = path.get(..at).unwrap_or("");
    }
    if path.is_empty() {
        return Err(format!("'{name}@' has no file name"));
    }
    Ok(Item::File {
        name,
        path: path.to_owned(),
        content_type,
        file_name,
    })
}

/// Splits at the first separator without a backslash into name, separator and value. In the name,
/// `\[` and `\]` stay escaped for nested keys.
fn split(text: &str) -> Option<(String, &'static str, &str)> {
    let mut name = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '\\' {
            let escaped = rest.chars().nth(1);
            match escaped {
                Some(c @ (':' | '=' | '@' | ';')) => name.push(c),
                Some(c) => {
                    name.push('\\');
                    name.push(c);
                }
                None => name.push('\\'),
            }
            rest = rest
                .get(1 + escaped.map_or(0, char::len_utf8)..)
                .unwrap_or("");
            continue;
        }
        if let Some(separator) = SEPARATORS
            .into_iter()
            .find(|separator| rest.starts_with(separator))
        {
            return Some((name, separator, rest.get(separator.len()..).unwrap_or("")));
        }
        name.push(first);
        rest = rest.get(first.len_utf8()..).unwrap_or("");
    }
    None
}

/// The separator of an item, and what follows it; `None` if a text has no separator.
pub(crate) fn separator(text: &str) -> Option<(&'static str, &str)> {
    split(text).map(|(_, separator, value)| (separator, value))
}

/// Escapes the separators in a name with backslashes. `None` if the name has a backslash before a
/// separator.
pub(crate) fn written_name(name: &str) -> Option<String> {
    let mut out = String::new();
    let mut after_backslash = false;
    for c in name.chars() {
        if matches!(c, ':' | '=' | '@' | ';') {
            if after_backslash {
                return None;
            }
            out.push('\\');
        }
        out.push(c);
        after_backslash = c == '\\';
    }
    (!after_backslash).then_some(out)
}

fn unescape(name: &str) -> String {
    split(&format!("{name}=")).map_or_else(|| name.to_owned(), |(name, _, _)| name)
}

/// Checks a header name (RFC 9110 §5.1). An invalid one could inject another header.
fn header_name(name: String) -> Result<String, String> {
    ensure_header_name(&name)?;
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backslash_before_an_at_sign_makes_a_text() {
        let value = |text: &str| match Item::parse(text).unwrap() {
            Item::Header { value, .. } | Item::Query { value, .. } | Item::Field { value, .. } => {
                value
            }
            other @ (Item::NoHeader { .. } | Item::Json { .. } | Item::File { .. }) => {
                panic!("{other:?}")
            }
        };
        for (text, expected) in [
            (r"k=\@Joe", literal("@Joe")),
            (r"k==\@Joe", literal("@Joe")),
            (r"K:\@Joe", literal("@Joe")),
            (r"k=\\@Joe", literal(r"\@Joe")),
            (r"k=\\\@", literal(r"\\@")),
            (r"k=\Joe", literal(r"\Joe")),
            (r"k=\\Joe", literal(r"\\Joe")),
            (r"k=a\@Joe", literal(r"a\@Joe")),
            (r"k=\", literal(r"\")),
            ("k=@Joe", Value::File("Joe".into())),
            (r"k=@\@Joe", Value::File(r"\@Joe".into())),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    fn literal(text: &str) -> Value {
        Value::Literal(text.into())
    }

    #[test]
    fn items_are_parsed_like_httpie() {
        let file = |name: &str| Value::File(name.into());
        let n = |name: &str| name.to_owned();
        for (text, expected) in [
            (
                "X-Url:http://a=b",
                Item::Header {
                    name: n("X-Url"),
                    value: literal("http://a=b"),
                },
            ),
            ("Accept:", Item::NoHeader { name: n("Accept") }),
            (
                "X-Empty;",
                Item::Header {
                    name: n("X-Empty"),
                    value: literal(""),
                },
            ),
            (
                "X-Key:@/run/key",
                Item::Header {
                    name: n("X-Key"),
                    value: file("/run/key"),
                },
            ),
            (
                "page==2",
                Item::Query {
                    name: n("page"),
                    value: literal("2"),
                },
            ),
            (
                "q==@f",
                Item::Query {
                    name: n("q"),
                    value: file("f"),
                },
            ),
            (
                "name=sq=010",
                Item::Field {
                    name: n("name"),
                    value: literal("sq=010"),
                },
            ),
            (
                "time=12:30",
                Item::Field {
                    name: n("time"),
                    value: literal("12:30"),
                },
            ),
            (
                "empty=",
                Item::Field {
                    name: n("empty"),
                    value: literal(""),
                },
            ),
            (
                "note=@note.txt",
                Item::Field {
                    name: n("note"),
                    value: file("note.txt"),
                },
            ),
            (
                "frames:=[1,2]",
                Item::Json {
                    name: n("frames"),
                    value: literal("[1,2]"),
                },
            ),
            (
                "data:=@-",
                Item::Json {
                    name: n("data"),
                    value: file("-"),
                },
            ),
            (
                "a\\:b=c",
                Item::Field {
                    name: n("a:b"),
                    value: literal("c"),
                },
            ),
            (
                "a\\=b==c",
                Item::Query {
                    name: n("a=b"),
                    value: literal("c"),
                },
            ),
            (
                "a\\nb=c",
                Item::Field {
                    name: n("a\\nb"),
                    value: literal("c"),
                },
            ),
            (
                "a[b][]=é",
                Item::Field {
                    name: n("a[b][]"),
                    value: literal("é"),
                },
            ),
            (
                "=x",
                Item::Field {
                    name: n(""),
                    value: literal("x"),
                },
            ),
        ] {
            assert_eq!(Item::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn file_items_are_parsed() {
        for (text, path, content_type, file_name) in [
            ("f@a.png", "a.png", None, None),
            ("f@a;b@c=d:e", "a;b@c=d:e", None, None),
            ("f@a;type=image/png", "a", Some("image/png"), None),
            (
                "f@a;filename=x y;type=text/plain; charset=utf-8",
                "a",
                Some("text/plain; charset=utf-8"),
                Some("x y"),
            ),
            ("f@-;filename=b", "-", None, Some("b")),
        ] {
            let expected = Item::File {
                name: "f".into(),
                path: path.into(),
                content_type: content_type.map(str::to_owned),
                file_name: file_name.map(str::to_owned),
            };
            assert_eq!(Item::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn invalid_items_are_refused() {
        for wrong in [
            "",
            ";",
            "plain",
            ":x",
            "==x",
            "X\r\nY:z",
            "X Y:z",
            "é:x",
            "x=@",
            "file@",
            "file@;type=a/b",
            "file@a;type=a/b;type=a/b",
            "@a.png",
            "\\",
        ] {
            assert!(Item::parse(wrong).is_err(), "{wrong}");
        }
    }
}
