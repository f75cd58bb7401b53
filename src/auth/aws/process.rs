//! `credential_process`: a program that prints keys as JSON.

use super::keys::Keys;
use super::origin::Origin;
use super::profiles::wrong;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::secret::Source;

/// Reads the command line of a profile. No shell is used.
///
/// # Errors
/// If a quote is not closed, or it is empty.
pub(super) fn origin(profile: &str, line: &str) -> Result<Origin, Error> {
    match Source::parse(&format!("command:{line}")) {
        Ok(Source::Command(words)) => Ok(Origin::Process(words)),
        Ok(Source::Env(_) | Source::File(_) | Source::Prompt) | Err(_) => {
            Err(wrong(profile, "credential_process is not a valid command"))
        }
    }
}

/// Runs the program, which is killed at the deadline.
///
/// # Errors
/// If it fails or prints something else.
pub(super) fn keys(words: &[String], deadline: Deadline) -> Result<Keys, Error> {
    let source = Source::Command(words.to_vec());
    let output = source.read_whole_output(deadline)?;
    let failed = |why: String| Error::Secret(source.failed(format!("credential_process: {why}")));
    let json: serde_json::Value = serde_json::from_slice(output.expose())
        .map_err(|_| failed("its output is not JSON".into()))?;
    if json.get("Version").and_then(serde_json::Value::as_u64) != Some(1) {
        return Err(failed("its output has no 'Version' 1".into()));
    }
    Keys::of_json(&json).map_err(failed)
}
