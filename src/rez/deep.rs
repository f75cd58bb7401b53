//! Checks each package with Rez itself: `rez python` loads and resolves them.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::check::{Finding, Kind};
use super::error::Error as RezError;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::process_limits;

const SCRIPT: &str = include_str!("deep.py");
/// A large repository takes minutes. The limit keeps a job from hanging if a server is down.
const TIME_LIMIT: Duration = Duration::from_secs(60 * 60);
/// Limit for the size of the output.
const MOST_BYTES: u64 = 64 << 20;
/// The prefix of our lines. A package may print other lines.
const MARK: &str = "c47 ";

/// Checks every package of a repository with `rez` from PATH. Requirements are searched in
/// `others`, or if there are none, in the repositories that Rez is configured with.
///
/// # Errors
/// When there is no Rez, or it does not finish.
pub(crate) fn findings(repository: &Path, others: &[PathBuf]) -> Result<Vec<Finding>, Error> {
    let failed = |why: String| Error::Rez(RezError::NoVerdict(why));
    let repository = std::path::absolute(repository).map_err(Error::file("read", repository))?;
    let mut command = Command::new("rez");
    command
        .args(["python", "-c", SCRIPT])
        .arg(&repository)
        .args(others);
    let child = process_limits::restore_limits_for(&mut command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Error::Rez(RezError::NoRez));
        }
        Err(error) => return Err(failed(crate::io_error::reason(&error))),
    };
    let lines = lines(&mut child).map_err(failed);
    // It may have exited already.
    let _ = child.kill();
    let _ = child.wait();
    verdict(&lines?).map_err(failed)
}

/// All lines with our prefix that the program prints.
fn lines(child: &mut Child) -> Result<Vec<String>, String> {
    let stdout = child.stdout.take().ok_or("cannot read its output")?;
    let (sender, receiver) = mpsc::channel();
    // A pipe cannot be read with a deadline, so a thread reads it. It ends with the process.
    let reader = move || {
        let mut bounded = BufReader::new(stdout.take(MOST_BYTES));
        let mut line = Vec::new();
        while bounded
            .read_until(b'\n', &mut line)
            .is_ok_and(|length| length > 0)
        {
            let text = String::from_utf8_lossy(&line);
            let ours = text.trim_end().strip_prefix(MARK).map(str::to_owned);
            if ours.is_some_and(|ours| sender.send(ours).is_err()) {
                return;
            }
            line.clear();
        }
    };
    let started = std::thread::Builder::new().spawn(reader);
    started
        .map_err(|error| format!("cannot start a thread: {}", crate::io_error::reason(&error)))?;
    let deadline = Deadline::after(Some(TIME_LIMIT));
    let mut lines = Vec::new();
    loop {
        match receiver.recv_timeout(deadline.left().unwrap_or(TIME_LIMIT)) {
            Ok(line) => lines.push(line),
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(lines),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                return Err("it did not finish within an hour".into());
            }
        }
    }
}

fn verdict(lines: &[String]) -> Result<Vec<Finding>, String> {
    let mut findings = Vec::new();
    let mut is_whole = false;
    for line in lines {
        let value: serde_json::Value =
            serde_json::from_str(line).map_err(|_| "its output is invalid")?;
        let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
        match (text("path"), text("what")) {
            (Some(path), Some(what)) => findings.push(Finding {
                kind: Kind::Rez,
                path: PathBuf::from(path),
                what: format!("rez reports: {what}"),
                cure: "correct the package, or hide the version: rez pkg-ignore".into(),
            }),
            _ => is_whole = value.get("packages").is_some(),
        }
    }
    match is_whole {
        true => Ok(findings),
        false => Err("'rez python' exited early; try 'rez python -c \"import rez\"'".into()),
    }
}
