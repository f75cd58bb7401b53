//! Hands requests to a program: the body on stdin, the rest in variables of the environment. No shell is
//! used, and the number, the time and the output of the programs are limited.

use std::ffi::OsString;
use std::net::IpAddr;
use std::os::unix::ffi::OsStringExt;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use nanoserde::SerJson;

use super::Secrets;
use super::request::{Refusal, RequestHeader, split_target};
use crate::deadline::Deadline;
use crate::program::{self, Call, Excess};
use crate::redact;

/// The beginning of the names of all variables. A header cannot set a variable with another name, such as
/// LD_PRELOAD or HTTP_PROXY.
pub(crate) const PREFIX: &str = "C47_REQUEST_";
/// How much of its stdout and of its stderr is kept.
const MAX_OUTPUT: usize = 64 << 10;
/// Credentials, which other programs of the user could read in the environment (RFC 3875 §4.1.18).
const WITHHELD: [&str; 2] = ["authorization", "proxy-authorization"];

/// A program that gets requests.
#[derive(Debug)]
pub struct Exec {
    words: Vec<String>,
    /// Variables with secrets of the server, which the program does not get.
    removed: Vec<OsString>,
    /// The time for the program, and for waiting until it may start.
    timeout: Duration,
    jobs: usize,
    running: Mutex<usize>,
    ended: Condvar,
}

/// A program that has ended.
#[derive(Clone, Debug)]
pub struct Ran {
    /// `None`: it was killed.
    pub exit_code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
    ending: String,
}

#[derive(SerJson)]
struct Success {
    exit_code: i32,
}

/// A place among the programs that run at the same time.
struct Place<'a>(&'a Exec);

impl Exec {
    pub(crate) fn new(
        words: Vec<String>,
        removed: Vec<OsString>,
        timeout: Duration,
        jobs: usize,
    ) -> Exec {
        Exec {
            words,
            removed,
            timeout,
            jobs,
            running: Mutex::new(0),
            ended: Condvar::new(),
        }
    }

    /// Runs the program for a request, when it is its turn.
    ///
    /// # Errors
    /// With 503 if it was not its turn in time, with 500 if the program cannot be started or was killed.
    pub(super) fn run(
        &self,
        header: &RequestHeader,
        body: &[u8],
        client: IpAddr,
        verified: Option<&str>,
        secrets: Secrets,
    ) -> Result<Ran, Refusal> {
        let _place = self
            .place()
            .ok_or_else(|| Refusal::new(503, "too many programs are running"))?;
        let ended = program::run(&Call {
            words: program::words(&self.words),
            variables: &variables(header, client, verified),
            removed: &self.removed,
            input: body,
            max_output: MAX_OUTPUT,
            excess: Excess::Discarded,
            deadline: Deadline::after(Some(self.timeout)),
        })
        .map_err(|failure| Refusal::new(500, format!("the program: {failure}")))?;
        let shown = |bytes: &[u8]| {
            let text = String::from_utf8_lossy(bytes);
            match secrets {
                Secrets::Hidden => redact::text(&text),
                Secrets::Shown => text.into_owned(),
            }
        };
        Ok(Ran {
            exit_code: ended.status.code(),
            stdout: shown(&ended.stdout),
            stderr: shown(&ended.stderr),
            ending: program::ending(ended.status),
        })
    }

    /// Waits for a place.
    fn place(&self) -> Option<Place<'_>> {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = |running: &mut usize| *running >= self.jobs;
        let waited = self
            .ended
            .wait_timeout_while(running, self.timeout, is_full);
        let (mut running, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return None;
        }
        *running += 1;
        Some(Place(self))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut running = self
            .0
            .running
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *running -= 1;
        self.0.ended.notify_one();
    }
}

impl Ran {
    /// The refusal of the request, if the program did not exit with 0. What it printed is not part of
    /// it, because that goes to the client.
    pub(super) fn failure(&self) -> Option<Refusal> {
        let why = format!("the program: {}", self.ending);
        (self.exit_code != Some(0)).then(|| Refusal::new(500, why))
    }

    /// The body of the response.
    pub(super) fn to_body(&self) -> String {
        let exit_code = self.exit_code.unwrap_or_default();
        Success { exit_code }.serialize_json() + "\n"
    }
}

/// The variables that describe a request.
fn variables(
    header: &RequestHeader,
    client: IpAddr,
    verified: Option<&str>,
) -> Vec<(String, OsString)> {
    let (path, query) = split_target(&header.target);
    let mut variables: Vec<(String, OsString)> = [
        ("METHOD", header.method.as_str()),
        ("TARGET", &header.target),
        ("PATH", path),
        ("QUERY", query),
        ("CLIENT", &client.to_string()),
        ("VERIFIED", verified.unwrap_or_default()),
    ]
    .map(|(name, value)| (format!("{PREFIX}{name}"), value.into()))
    .into();
    for (name, value) in &header.headers {
        // `X_Event` would have the variable of `X-Event`, which a proxy may have checked.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_withheld = WITHHELD.iter().any(|own| own.eq_ignore_ascii_case(name));
        if is_withheld || !name.bytes().all(is_plain) || value.contains(&0) {
            continue;
        }
        let name = name.to_ascii_uppercase().replace('-', "_");
        let name = format!("{PREFIX}HEADER_{name}");
        match variables.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => {
                let joined = [known.as_encoded_bytes(), b", ", value].concat();
                *known = OsString::from_vec(joined);
            }
            None => variables.push((name, OsString::from_vec(value.clone()))),
        }
    }
    variables
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::echo::request::parse;

    #[test]
    fn variables_have_the_prefix_and_no_credentials() {
        let header = b"POST /a/b?c=d HTTP/1.1\r\nHost: h\r\nLD_PRELOAD: x\r\nX-Event: a\r\nx-event: b\r\n\
            X_Event: evil\r\nX.Event: evil\r\nAuthorization: Bearer s\r\nProxy: http://x\r\nPATH: /evil\r\n\r\n";
        let header = parse(header, 20).unwrap();
        let all = variables(&header, [127, 0, 0, 1].into(), Some("github"));
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            all,
            [
                ("C47_REQUEST_METHOD", "POST"),
                ("C47_REQUEST_TARGET", "/a/b?c=d"),
                ("C47_REQUEST_PATH", "/a/b"),
                ("C47_REQUEST_QUERY", "c=d"),
                ("C47_REQUEST_CLIENT", "127.0.0.1"),
                ("C47_REQUEST_VERIFIED", "github"),
                ("C47_REQUEST_HEADER_HOST", "h"),
                ("C47_REQUEST_HEADER_X_EVENT", "a, b"),
                ("C47_REQUEST_HEADER_PROXY", "http://x"),
                ("C47_REQUEST_HEADER_PATH", "/evil"),
            ]
        );
    }
}
