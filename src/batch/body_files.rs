//! `--output DIR`: one file for each response.

use std::path::PathBuf;

use crate::atomic_file;
use crate::error::Error;
use crate::http::file_name::safe;

/// A directory for the bodies of responses.
#[derive(Clone, Debug)]
pub(crate) struct BodyFiles {
    directory: PathBuf,
}

impl BodyFiles {
    /// # Errors
    /// When the directory is missing and cannot be created.
    pub(crate) fn new(directory: PathBuf) -> Result<BodyFiles, Error> {
        match std::fs::create_dir(&directory) {
            Ok(()) => {}
            Err(_) if directory.is_dir() => {}
            Err(error) => return Err(Error::file("create", &directory)(error)),
        }
        Ok(BodyFiles { directory })
    }

    /// Writes a body. The name has the line of the request, so that it is unique, and its id.
    ///
    /// # Errors
    /// When the file cannot be written. An older one is unchanged then.
    pub(super) fn save(
        &self,
        line: u64,
        id: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<PathBuf, Error> {
        let path = self.directory.join(name(line, id, content_type));
        atomic_file::write(&path, body, 0o666)?;
        Ok(path)
    }
}

fn name(line: u64, id: Option<&str>, content_type: Option<&str>) -> String {
    let id = id.and_then(|id| safe(&id.replace(['/', '\\'], "_")));
    let essence = content_type
        .and_then(|text| text.split(';').next())
        .unwrap_or("");
    let ending = match essence.trim().to_ascii_lowercase().as_str() {
        "application/json" => ".json",
        "text/plain" => ".txt",
        "text/html" => ".html",
        "text/csv" => ".csv",
        "application/xml" | "text/xml" => ".xml",
        "image/png" => ".png",
        "image/jpeg" => ".jpg",
        essence if essence.ends_with("+json") => ".json",
        _ => "",
    };
    let plain = match id {
        Some(id) => format!("{line:06}-{id}"),
        None => format!("{line:06}"),
    };
    // An id such as sh010.png has its ending.
    let has_ending = plain.to_ascii_lowercase().ends_with(ending);
    let whole = if has_ending { plain } else { plain + ending };
    safe(&whole).unwrap_or(format!("{line:06}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_safe_and_unique() {
        let long = "é".repeat(400);
        for (id, content_type, expected) in [
            (None, None, "000007"),
            (
                Some("shot 010"),
                Some("application/json"),
                "000007-shot 010.json",
            ),
            (Some("../../etc/passwd"), None, "000007-_.._etc_passwd"),
            (
                Some("a\\b\u{202e}\n"),
                Some("text/plain; charset=utf-8"),
                "000007-a_b.txt",
            ),
            (Some(".."), Some("image/PNG"), "000007.png"),
            (Some("sh.PNG"), Some("image/png"), "000007-sh.PNG"),
            (Some("x"), Some("application/hal+json"), "000007-x.json"),
        ] {
            assert_eq!(name(7, id, content_type), expected);
        }
        let name = name(7, Some(&long), Some("application/json"));
        assert!(name.len() <= 255 && name.starts_with("000007-é") && name.ends_with(".json"));
    }
}
