//! `--auth` of `c47 host check`: whether this machine can log in within a time limit.
//!
//! Everything is done in a thread, because reading the configuration or the token cache blocks if a
//! file server is down. The thread has an earlier deadline, so that its own reason is reported if
//! possible.

use std::path::PathBuf;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::auth::context::Storage;
use crate::auth::service::Service;
use crate::auth::{Context, Issuer, Places, Profile, TokenRequirement};
use crate::cli::{environment, http, profile};
use crate::deadline::Deadline;
use crate::elf::root::Root;
use crate::error::Error;
use crate::error::kind::ErrorKind;
use crate::host::check::Check;
use crate::host::clock::{TOLERANCE_S, ahead_s, clock_difference};
use crate::host::mounts;
use crate::http::request::Request;
use crate::http::url::Url;
use crate::http::{Caller, Response, Settings};
use crate::quantity::format_duration;
use crate::redact;
use crate::secret::forbid_prompts;
use crate::sort::Sortable;
use crate::timestamp::Timestamp;

/// The default time limit.
pub(super) const DEFAULT_LIMIT: Duration = Duration::from_secs(10);
/// The most time that is kept for reporting.
const RESERVE: Duration = Duration::from_millis(250);

/// Why the check failed, and a word for programs.
struct Failed {
    kind: &'static str,
    why: String,
}

/// The result of the thread.
enum Outcome {
    /// The profile cannot be used.
    Misconfigured(Error),
    Checked(Result<String, Failed>),
}

/// Checks a profile, or a path below its URL.
///
/// # Errors
/// If the profile does not exist or has an error.
pub(super) fn check(target: &str, limit: Duration) -> Result<Check, Error> {
    forbid_prompts();
    let name = format!("auth {target}");
    let started = Instant::now();
    let deadline = Deadline::after(Some(limit.saturating_sub(RESERVE.min(limit / 4))));
    let probes: Vec<_> = directories()
        .into_iter()
        .map(|path| (mounts::space_in_background(&Root::Host, &path), path))
        .collect();
    let (sender, receiver) = channel();
    let given = target.to_owned();
    thread::Builder::new()
        .spawn(move || sender.send(attempt(&given, deadline)))
        .map_err(|source| Error::System {
            action: "start a thread",
            source,
        })?;
    let failed = match receiver.recv_timeout(limit) {
        Ok(Outcome::Misconfigured(error)) => return Err(error),
        Ok(Outcome::Checked(Ok(detail))) => return Ok(Check::new(name, Ok(detail))),
        Ok(Outcome::Checked(Err(failed))) => failed,
        Err(RecvTimeoutError::Timeout) => {
            let silent = probes.iter().filter(|(probe, _)| probe.is_pending());
            let silent: Vec<String> = silent
                .map(|(_, path)| format!("; {} does not respond", path.display()))
                .collect();
            let after = format_duration(started.elapsed());
            Failed {
                kind: ErrorKind::TimedOut.word(),
                why: format!("not finished after {after}{}", silent.concat()),
            }
        }
        Err(RecvTimeoutError::Disconnected) => Failed {
            kind: ErrorKind::System.word(),
            why: "the check ended early".into(),
        },
    };
    Ok(Check::failed(name, failed.kind, failed.why))
}

/// The directories that a login reads and writes.
fn directories() -> Vec<PathBuf> {
    let files = environment::configuration_files().candidates.into_iter();
    let mut all: Vec<PathBuf> = files.map(|candidate| candidate.path).collect();
    if let Places::In { cache, state } = environment::places() {
        all.extend([cache, state]);
    }
    all.order();
    all.dedup();
    all
}

fn attempt(target: &str, deadline: Deadline) -> Outcome {
    match prepared(target) {
        Ok((profile, url)) => Outcome::Checked(log_in(&profile, url, deadline)),
        Err(error) => Outcome::Misconfigured(error),
    }
}

/// The profile, and the URL to call.
fn prepared(target: &str) -> Result<(Profile, Url), Error> {
    let target = target.strip_prefix('@').unwrap_or(target);
    let (name, path) = match target.find('/') {
        Some(at) => target.split_at(at),
        None => (target, ""),
    };
    let profile = profile::load()?.profile(name)?;
    let url = profile.join(path).map_err(Error::usage)?;
    Ok((profile, url))
}

/// Gets the credentials, and makes a call with them.
fn log_in(profile: &Profile, url: Url, deadline: Deadline) -> Result<String, Failed> {
    let settings = limited(profile::settings(profile), deadline);
    let context = Context {
        deadline,
        ..profile::context(profile, settings.clone())
    };
    let mut issuer = Issuer::of(profile, context);
    let issued = issuer
        .issue(&TokenRequirement::default())
        .map_err(|error| refused(&error, &profile.service, deadline))?;
    if issued.storage == Storage::Failed {
        return Err(Failed {
            kind: ErrorKind::TokenCache.word(),
            why: issued.warnings.join("; "),
        });
    }
    let valid = issued.expires.map(|end| {
        let left = end.0.saturating_sub(Timestamp::now().0);
        let left = Duration::from_secs(u64::try_from(left).unwrap_or(0));
        format!("token valid for {}; ", format_duration(left))
    });
    let mut request = Request::get(url);
    let headers =
        http::profile_headers(profile, false, deadline).map_err(|error| failure(&error))?;
    let is_replaced = |name: &str| {
        headers
            .iter()
            .any(|own| own.name.eq_ignore_ascii_case(name))
    };
    request.headers.retain(|header| !is_replaced(&header.name));
    request.headers.extend(headers);
    request.credential = issued.credential;
    request.path_prefix = Some(profile.path_prefix().to_owned());
    let called = Instant::now();
    let response = Caller::new(settings)
        .until(deadline)
        .renewing(Box::new(|renewal| {
            Ok(issuer.renew(renewal)?.map(|issued| issued.credential))
        }))
        .call(&mut request)
        .map_err(|error| refused(&error, &profile.service, deadline))?;
    let accepted = judged(&response, &profile.dead_token_statuses)?;
    let took = format_duration(called.elapsed());
    Ok(format!(
        "{}{accepted} after {took}",
        valid.unwrap_or_default()
    ))
}

/// The settings with time limits that end before the deadline, so that the error names what did not
/// respond.
fn limited(mut settings: Settings, deadline: Deadline) -> Settings {
    if let Some(left) = deadline.left() {
        let limits = &mut settings.limits;
        limits.connect = limits.connect.min(left * 8 / 10);
        limits.idle = limits.idle.min(left * 9 / 10);
        limits.whole = Some(limits.whole.map_or(left, |own| own.min(left)));
    }
    settings
}

/// Whether the service accepted the credentials, and its clock is right.
fn judged(response: &Response, dead_token_statuses: &[u16]) -> Result<String, Failed> {
    let status = response.head.status;
    let ahead = ahead_s(response.head.header("date"), Timestamp::now()).ok();
    if let Some(ahead) = ahead.filter(|ahead| ahead.unsigned_abs() >= TOLERANCE_S) {
        return Err(Failed {
            kind: "clock",
            why: format!(
                "status {status}, but its clock is {}",
                clock_difference(ahead)
            ),
        });
    }
    let failed = |kind, what: &str| {
        let why = format!("the service {what} with status {status}");
        Err(Failed { kind, why })
    };
    match status {
        _ if dead_token_statuses.contains(&status) => {
            failed("rejected", "rejected the credentials")
        }
        500..=599 => failed("status", "failed"),
        _ => Ok(format!("status {status}")),
    }
}

/// The failure of a login. If the service refused it, a wrong clock may be the cause.
fn refused(error: &Error, service: &Service, deadline: Deadline) -> Failed {
    let failed = failure(error);
    if error.kind() != ErrorKind::LoginRefused {
        return failed;
    }
    let settings = limited(environment::settings(), deadline);
    let mut request = Request::get(service.url.clone());
    let response = Caller::new(settings).until(deadline).call(&mut request);
    let ahead = response
        .ok()
        .and_then(|response| ahead_s(response.head.header("date"), Timestamp::now()).ok());
    match ahead.filter(|ahead| ahead.unsigned_abs() >= TOLERANCE_S) {
        Some(ahead) => Failed {
            kind: "clock",
            why: format!("{}; its clock is {}", failed.why, clock_difference(ahead)),
        },
        None => failed,
    }
}

fn failure(error: &Error) -> Failed {
    Failed {
        kind: error.kind().word(),
        why: redact::url(&error.to_string()),
    }
}
