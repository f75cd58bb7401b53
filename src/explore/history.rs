//! The lines that a person has used with a service, in a private file. Secrets in them are masked.

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use super::line::{Line, Word};
use crate::atomic_file::{self, Alone};
use crate::deadline::Deadline;
use crate::descriptor;
use crate::error::Error;
use crate::http::item::{Item, Value};
use crate::json::Text;
use crate::process::user_id;
use crate::redact::{self, MASK};
use crate::shell::quote;

/// The most lines, the longest line, and the largest file.
const MAX_LINES: usize = 1000;
const MAX_LINE_BYTES: usize = 4096;
const MAX_FILE_BYTES: u64 = 4 << 20;
/// How long to wait for another process that adds a line.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);
const MODE: u32 = 0o600;

/// Lines, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct History(Vec<String>);

impl History {
    /// Reads a file; without one there is no history. A file that others can write or that is not
    /// regular is ignored.
    pub(crate) fn read(path: &Path) -> History {
        let text = text_of(path).unwrap_or_default();
        let mut history = History::default();
        for line in text.lines() {
            history.push(line);
        }
        history
    }

    pub(crate) fn lines(&self) -> &[String] {
        &self.0
    }

    /// Adds a line as the newest.
    fn push(&mut self, line: &str) {
        let line = line.trim();
        let is_usable =
            !line.is_empty() && line.len() <= MAX_LINE_BYTES && !line.chars().any(char::is_control);
        if !is_usable {
            return;
        }
        self.0.retain(|known| known != line);
        self.0.push(line.to_owned());
        if self.0.len() > MAX_LINES {
            self.0.remove(0);
        }
    }

    /// Adds a line, with its secrets masked.
    pub(crate) fn add(&mut self, line: &str) {
        self.push(&masked(line));
    }

    /// Adds a line to a file, to which other processes may have added some. Its directory exists.
    ///
    /// # Errors
    /// When the file cannot be locked or written.
    pub(crate) fn save(path: &Path, line: &str) -> Result<(), Error> {
        let lock = Alone::wait(path, Deadline::after(Some(LOCK_TIMEOUT)))?;
        let mut history = History::read(path);
        history.add(line);
        lock.ensure_held(path)?;
        let mut text = history.0.join("\n");
        text.push('\n');
        atomic_file::write(path, text.as_bytes(), MODE)
    }
}

fn text_of(path: &Path) -> Option<String> {
    let file = descriptor::open_no_link(path).ok()?;
    let found = file.metadata().ok()?;
    let is_own = found.is_file() && found.uid() == user_id() && found.mode() & 0o022 == 0;
    if !is_own || found.len() > MAX_FILE_BYTES {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES).read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

/// The line with `***` in place of secrets. A line that cannot be read is masked as a whole.
pub(crate) fn masked(text: &str) -> String {
    let Ok(line) = Line::parse(text) else {
        return MASK.to_owned();
    };
    let mut masked = text.to_owned();
    for word in line.words.iter().rev() {
        let written = word.written();
        let shown = masked_word(&written);
        if shown != written {
            masked.replace_range(word.start..word.end, &quote(&shown));
        }
    }
    masked
}

/// Whether `***` takes the place of a secret in a line, which cannot be sent then.
pub(crate) fn is_masked(line: &Line) -> bool {
    let is_masked = |word: String| {
        let mut after = word.match_indices(MASK).map(|(at, _)| word.split_at(at));
        after.any(|(before, rest)| {
            let rest = rest.strip_prefix(MASK).unwrap_or_default();
            let begins_value = before.is_empty() || before.ends_with([':', '=', '/']);
            begins_value && (rest.is_empty() || rest.starts_with(['&', '@', '#']))
        })
    };
    line.words.iter().map(Word::written).any(is_masked)
}

fn masked_word(word: &str) -> String {
    let hidden = |name: &str, separator: &str| format!("{name}{separator}{MASK}");
    match Item::parse(word) {
        Ok(Item::Header {
            name,
            value: Value::Literal(value),
        }) if redact::header(&name, &value) != value => hidden(&name, ":"),
        Ok(Item::Query {
            name,
            value: Value::Literal(value),
        }) if redact::member(&name, &value) != value => hidden(&name, "=="),
        Ok(Item::Field {
            name,
            value: Value::Literal(value),
        }) if redact::member(&name, &value) != value => hidden(&name, "="),
        Ok(Item::Json {
            name,
            value: Value::Literal(value),
        }) if redacts_json(&name, &value) => hidden(&name, ":="),
        Ok(_) | Err(_) => redact::url(word),
    }
}

/// Whether a member with this JSON is masked. JSON with values in it is not valid, and is a secret.
fn redacts_json(name: &str, value: &str) -> bool {
    let object = format!("{{{}:{value}}}", Text::string(name).as_str());
    match Text::parse(object.clone()) {
        Ok(text) => redact::body(&text).as_str() != object,
        Err(_) => redact::member(name, value) != value,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn secrets_are_masked() {
        for (line, expected) in [
            (
                "GET /data/projects | .[0].id",
                "GET /data/projects | .[0].id",
            ),
            (
                "POST /auth/login email=bot password=hunter2",
                "POST /auth/login email=bot 'password=***'",
            ),
            ("GET /x token==abc | .a", "GET /x 'token==***' | .a"),
            (
                "GET /x 'Authorization:Bearer abcdefghi'",
                "GET /x 'Authorization:***'",
            ),
            (
                "$a = GET /x password:='{\"a\":1}'",
                "$a = GET /x 'password:=***'",
            ),
            ("GET /x?api_key=abc", "GET '/x?api_key=***'"),
            (
                "$b = POST /login/$id password=x c=$last.a | .token",
                "$b = POST /login/$id 'password=***' c=$last.a | .token",
            ),
            ("GET '/x", "***"),
        ] {
            assert_eq!(masked(line), expected, "{line}");
            let is_changed = expected != line;
            let found = Line::parse(expected).unwrap();
            assert_eq!(is_masked(&found), is_changed, "{expected}");
        }
        for line in ["GET /x note='***bold***'", "GET /x a=*** b", "/x?k=***&a=1"] {
            let found = Line::parse(line).unwrap();
            assert_eq!(is_masked(&found), !line.contains("bold"), "{line}");
        }
    }

    #[test]
    fn file_is_private_and_bounded() {
        let directory = std::env::temp_dir().join(format!("c47-history-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("history");
        assert_eq!(History::read(&path), History::default());
        for line in ["GET /a", "GET /b", "GET /a", "", "GET /x token==abc"] {
            History::save(&path, line).unwrap();
        }
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let history = History::read(&path);
        assert_eq!(history.lines(), ["GET /b", "GET /a", "GET /x 'token==***'"]);
        let mut long = History::default();
        (0..MAX_LINES + 10).for_each(|n| long.push(&format!("GET /{n}")));
        long.push(&"x".repeat(MAX_LINE_BYTES + 1));
        assert_eq!(long.lines().len(), MAX_LINES);
        assert_eq!(long.lines()[0], "GET /10");
        // Another user may have written it.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(History::read(&path), History::default());
        std::fs::write(&path, b"\xff\n").unwrap();
        assert_eq!(History::read(&path), History::default());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
