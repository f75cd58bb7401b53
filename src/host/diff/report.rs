//! Reads a report of `c47 host --json`.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use nanoserde::SerJson;

use super::value::{Members, Value};
use crate::descriptor;
use crate::error::Error;
use crate::io_error::reason;

/// The largest report. That of a machine with 200 network mounts has 200 KiB.
const MAX_BYTES: u64 = 4 << 20;

/// A machine and the file of its report.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Machine {
    pub file: String,
    /// Null if the report does not have it.
    pub hostname: Option<String>,
}

/// A report of a machine.
pub(crate) struct HostReport {
    file: String,
    pub(super) content: Members,
}

impl HostReport {
    /// Reads a file, or stdin for `-`.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is not a report.
    pub(crate) fn read(path: &Path) -> Result<HostReport, Error> {
        let (file, bytes) = match path.to_str() {
            Some("-") => {
                let stdin = descriptor::stdin();
                let name = "standard input".to_owned();
                let bytes = stdin.map_err(|error| reason(&error)).and_then(read_bounded);
                (name, bytes)
            }
            _ => {
                let file = File::open(path).map_err(Error::file("read", path))?;
                (path.display().to_string(), read_bounded(file))
            }
        };
        let content = bytes.and_then(|bytes| parse(&bytes));
        let content = content.map_err(|why| {
            Error::malformed(&file, why)
                .with_hint("c47 host --json > FILE writes the report of a machine")
        })?;
        Ok(HostReport { file, content })
    }

    pub(super) fn machine(&self) -> Machine {
        let system = self.content.get("system").and_then(Value::members);
        let hostname = system.and_then(|system| system.get("hostname")?.as_text());
        Machine {
            file: self.file.clone(),
            hostname: hostname.map(str::to_owned),
        }
    }
}

fn read_bounded(from: impl Read) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| reason(&error))?;
    match bytes.len() as u64 > MAX_BYTES {
        true => Err("it is larger than 4 MiB".into()),
        false => Ok(bytes),
    }
}

fn parse(bytes: &[u8]) -> Result<Members, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("it is empty".into());
    }
    let value = Value::parse(bytes).map_err(|why| format!("invalid JSON: {why}"))?;
    let is_report = |members: &Members| {
        // Every version of the report has these two.
        ["system", "libraries"]
            .iter()
            .all(|name| members.get(*name).is_some_and(|it| it.members().is_some()))
    };
    match value {
        Value::Object(members) if is_report(&members) => Ok(members),
        Value::Null | Value::Plain(_) | Value::Text(_) | Value::Array(_) | Value::Object(_) => {
            Err("it is not a report of c47 host".into())
        }
    }
}
