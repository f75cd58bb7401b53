//! Secrets and their sources. A secret is never accepted literally on a command line and never
//! printed.

mod command;
mod key_source;
mod prompt;

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::deadline::Deadline;
use crate::descriptor;
use crate::error::kind::ErrorKind;
use crate::exit::Exit;
use crate::io_error::reason;
pub(crate) use command::split as split_words;
pub(crate) use key_source::KeySource;
pub(crate) use prompt::forbid as forbid_prompts;

/// Larger than any key, token or certificate chain.
pub(crate) const MAX_BYTES: u64 = 1 << 20;

/// Bytes that are never printed, and are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Takes ownership of the bytes.
    pub fn new(bytes: Vec<u8>) -> Secret {
        crate::process_limits::forbid_core_files();
        Secret(Zeroizing::new(bytes))
    }

    /// The bytes. Use only where the secret is sent or used.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret as text.
    ///
    /// # Errors
    /// If it is not UTF-8, or contains CR, LF or NUL, which are invalid in a header.
    pub fn expose_text(&self) -> Result<&str, &'static str> {
        let text = std::str::from_utf8(&self.0).map_err(|_| "it is not UTF-8 text")?;
        if text.contains(['\r', '\n', '\0']) {
            return Err("it contains a line break or NUL byte");
        }
        Ok(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// Where a secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `env:NAME`: an environment variable.
    Env(OsString),
    /// `file:PATH`: a file; `file:-` is stdin.
    File(PathBuf),
    /// `command:PROGRAM ARGS`: the first line that a program prints. No shell is used.
    Command(Vec<String>),
    /// `prompt`: typed on the terminal, without echo.
    Prompt,
}

impl Source {
    /// The prefixes that [`Source::parse`] reads, for completions.
    pub(crate) const PREFIXES: [&str; 4] = ["env:", "file:", "command:", "prompt"];

    /// Reads `env:NAME`, `file:PATH`, `command:PROGRAM ARGS` or `prompt`.
    ///
    /// # Errors
    /// The message never contains `text`, which may be a secret given by mistake.
    pub(crate) fn parse(text: &str) -> Result<Source, String> {
        const FORMS: &str = "a secret must be given as a source: env:NAME, file:PATH, command:PROGRAM ARGS or prompt";
        match text.split_once(':') {
            _ if text == "prompt" => Ok(Source::Prompt),
            Some(("env", name)) if !name.is_empty() && !name.contains(['=', '\0']) => {
                Ok(Source::Env(name.into()))
            }
            Some(("file", path)) if !path.is_empty() => Ok(Source::File(path.into())),
            Some(("command", line)) => match command::split(line) {
                Ok(words) if !words.is_empty() => Ok(Source::Command(words)),
                Ok(_) => Err("command: no program given".into()),
                Err(why) => Err(format!("command: {why}")),
            },
            _ => Err(FORMS.into()),
        }
    }

    /// Reads the source of a key or certificate: as [`Source::parse`], or the path of an existing
    /// file. A secret pasted by mistake is not an existing path.
    ///
    /// # Errors
    /// The message never contains `text`, which may be a secret given by mistake.
    pub(crate) fn parse_key(text: &str) -> Result<Source, String> {
        let unknown = match Source::parse(text) {
            Ok(source) => return Ok(source),
            Err(unknown) => unknown,
        };
        let is_file = std::fs::metadata(text).is_ok_and(|found| !found.is_dir());
        match is_file {
            true => Ok(Source::File(text.into())),
            false if text.contains(':') => Err(unknown),
            false => Err("file not found; give the path of a key file or a source: \
                 env:NAME, file:PATH, command:PROGRAM ARGS or prompt"
                .into()),
        }
    }

    /// Reads the source of something that is not secret, such as a certificate: as
    /// [`Source::parse`], but anything else is a path.
    pub(crate) fn parse_public(text: &str) -> Source {
        Source::parse(text).unwrap_or_else(|_| Source::File(text.into()))
    }

    /// The source as [`Source::parse`] reads it, with the arguments of a command. Not for messages:
    /// the arguments may be private.
    pub(crate) fn as_written(&self) -> String {
        match self {
            Source::Command(words) => format!("command:{}", command::joined(words)),
            Source::Env(_) | Source::File(_) | Source::Prompt => self.to_string(),
        }
    }

    /// The error for a secret that was read but is invalid.
    pub(crate) fn failed(&self, why: impl Into<String>) -> Error {
        Error {
            source: self.clone(),
            why: why.into(),
            exit: Exit::NoCredentials,
        }
    }

    /// Reads the secret. `purpose` is the prompt text.
    ///
    /// # Errors
    /// If the source cannot be read or is empty.
    pub(crate) fn read(&self, purpose: &str) -> Result<Secret, Error> {
        self.read_until(purpose, Deadline::default())
    }

    /// Reads the secret before the deadline.
    ///
    /// # Errors
    /// As [`Source::read`], and if the deadline has passed.
    pub(crate) fn read_until(&self, purpose: &str, deadline: Deadline) -> Result<Secret, Error> {
        let fail = |why: String| Error {
            source: self.clone(),
            why,
            exit: match deadline.is_over() {
                true => Exit::TimedOut,
                false => Exit::NoCredentials,
            },
        };
        if deadline.is_over() {
            return Err(fail("timed out before it was read".into()));
        }
        crate::process_limits::forbid_core_files();
        let secret = match self {
            Source::Env(name) => read_env(name).map_err(fail)?,
            Source::File(path) => {
                let path = path.clone();
                within(deadline, move || read_path(&path)).map_err(fail)?
            }
            Source::Command(words) => command::first_line(words, deadline).map_err(fail)?,
            Source::Prompt => prompt::ask(purpose).map_err(fail)?,
        };
        if secret.expose().is_empty() {
            return Err(fail("it is empty".into()));
        }
        Ok(secret)
    }
}

impl Source {
    /// Everything that a command prints; the secret of another source.
    ///
    /// # Errors
    /// As [`Source::read_until`].
    pub(crate) fn read_whole_output(&self, deadline: Deadline) -> Result<Secret, Error> {
        let Source::Command(words) = self else {
            return self.read_until("", deadline);
        };
        crate::process_limits::forbid_core_files();
        command::whole_output(words, deadline).map_err(|why| Error {
            source: self.clone(),
            why,
            exit: match deadline.is_over() {
                true => Exit::TimedOut,
                false => Exit::NoCredentials,
            },
        })
    }
}

/// Runs a blocking read with a deadline.
fn within(
    deadline: Deadline,
    read: impl FnOnce() -> Result<Secret, String> + Send + 'static,
) -> Result<Secret, String> {
    match deadline.wait_for(read) {
        Ok(Some(secret)) => secret,
        Ok(None) => Err("timed out while reading".into()),
        Err(error) => Err(reason(&error)),
    }
}

fn read_path(path: &Path) -> Result<Secret, String> {
    match path == Path::new("-") {
        true => read_bounded(descriptor::stdin().map_err(|error| reason(&error))?),
        false => read_file(path),
    }
}

/// The source, for example `env:TOKEN`, which is not secret. Arguments of a command are omitted.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Env(name) => write!(f, "env:{}", name.display()),
            Source::File(path) => write!(f, "file:{}", path.display()),
            Source::Command(words) => {
                write!(f, "command:{}", words.first().map_or("", String::as_str))
            }
            Source::Prompt => f.write_str("prompt"),
        }
    }
}

/// Why a secret could not be read.
#[derive(Debug)]
pub struct Error {
    source: Source,
    why: String,
    exit: Exit,
}

impl Error {
    /// What kind of failure it is, for programs.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self.exit == Exit::TimedOut {
            true => ErrorKind::TimedOut,
            false => ErrorKind::Secret,
        }
    }

    /// No credentials, or timed out.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.source {
            Source::Env(name) => Some(format!(
                "export {}=… in the shell or job that runs c47",
                name.display()
            )),
            Source::Prompt => {
                Some("without a terminal, use env:NAME, file:PATH or command:PROGRAM".into())
            }
            Source::File(_) | Source::Command(_) => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no secret from {}: {}", self.source, self.why)
    }
}

fn read_env(name: &OsString) -> Result<Secret, String> {
    use std::os::unix::ffi::OsStringExt;
    match std::env::var_os(name) {
        Some(value) => Ok(Secret::new(value.into_vec())),
        None => Err("the variable is not set".into()),
    }
}

fn read_file(path: &Path) -> Result<Secret, String> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    read_bounded(file)
}

/// Reads up to [`MAX_BYTES`]. A final line break, which editors and `echo` add, is removed from text
/// but not from binary data.
fn read_bounded(from: impl Read) -> Result<Secret, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(4096));
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err("it is larger than 1 MiB".into());
    }
    let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| {
        text.chars()
            .all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t'))
    });
    if is_text && bytes.last() == Some(&b'\n') {
        bytes.pop();
        if bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
    }
    Ok(Secret(bytes))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn sources_are_parsed() {
        assert_eq!(Source::parse("env:TOKEN"), Ok(Source::Env("TOKEN".into())));
        assert_eq!(Source::parse("file:/a:b"), Ok(Source::File("/a:b".into())));
        assert_eq!(Source::parse("prompt"), Ok(Source::Prompt));
        assert_eq!(
            Source::parse("command:pass show 'my token'"),
            Ok(Source::Command(vec![
                "pass".into(),
                "show".into(),
                "my token".into()
            ]))
        );
    }

    #[test]
    fn key_may_be_an_existing_path() {
        let file = |path: &str| Ok(Source::File(path.into()));
        assert_eq!(Source::parse_key("Cargo.toml"), file("Cargo.toml"));
        assert_eq!(Source::parse_key("./src/lib.rs"), file("./src/lib.rs"));
        assert_eq!(Source::parse_key("file:nowhere"), file("nowhere"));
        assert_eq!(Source::parse_key("env:K"), Ok(Source::Env("K".into())));
        for literal in [
            "hunter2",
            "src",
            "",
            "/nowhere/hunter2",
            "a:hunter2",
            "-----BEGIN hunter2",
        ] {
            let message = Source::parse_key(literal).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
            for prefix in Source::PREFIXES {
                assert!(message.contains(prefix), "{message}");
            }
        }
        assert_eq!(
            Source::parse_public("nowhere"),
            Source::File("nowhere".into())
        );
        assert_eq!(Source::parse_public("env:K"), Source::Env("K".into()));
    }

    #[test]
    fn error_lists_all_source_prefixes() {
        let help = Source::parse("").unwrap_err();
        for prefix in Source::PREFIXES {
            let source = prefix.replace(':', ":x");
            assert!(Source::parse(&source).is_ok(), "{source}");
            assert!(help.contains(prefix), "{prefix}: {help}");
        }
    }

    #[test]
    fn literal_secret_is_rejected_and_not_repeated() {
        for literal in [
            "hunter2",
            "env:",
            "file:",
            "command:",
            "env:A=hunter2",
            "Bearer hunter2",
            "",
        ] {
            let message = Source::parse(literal).unwrap_err();
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn debug_output_hides_secret() {
        let secret = Secret::new(b"hunter2".to_vec());
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert!(Secret::new(b"a\r\nX: y".to_vec()).expose_text().is_err());
    }

    #[test]
    fn final_line_break_is_removed_from_text_only() {
        let read = |bytes: &[u8]| read_bounded(bytes).unwrap().expose().to_vec();
        assert_eq!(read(b"secret\n"), b"secret");
        assert_eq!(read(b"secret\r\n"), b"secret");
        assert_eq!(read(b"a\nb\n\n"), b"a\nb\n");
        assert_eq!(read(b"\x00\x01\n"), b"\x00\x01\n");
        assert_eq!(read(b"\xff\n"), b"\xff\n");
        assert!(read_bounded(io::repeat(b'x')).is_err());
    }
}
