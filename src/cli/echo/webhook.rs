//! The options of `c47 echo` for webhooks: `--verify` and `--exec`.

use std::ffi::OsString;
use std::time::Duration;

use super::{Echo, is_loopback};
use crate::crypto::hmac::Hash;
use crate::echo::{Exec, Signatures, Verifier};
use crate::error::Error;
use crate::hmac::{self, Part, Rule, Signed, Written};
use crate::http::credential::ensure_header_name;
use crate::outline::{Stage, owned};
use crate::quantity;
use crate::secret::{Source, split_words};

/// The most programs at the same time; fewer than a signal can kill.
pub(super) const MAX_JOBS: usize = 32;
const JOBS: usize = 4;
const TIMEOUT: Duration = Duration::from_secs(60);
const TOLERANCE: Duration = Duration::from_secs(300);

/// What `--verify` says.
struct Given {
    name: String,
    rule: Rule,
    source: Source,
}

/// Reads `--verify` and the options that belong to it.
///
/// # Errors
/// A usage error, or if a secret cannot be read.
pub(super) fn signatures(options: &Echo) -> Result<Option<Signatures>, Error> {
    let mut verifiers = Vec::new();
    let mut is_general = false;
    for text in &options.verify {
        let mut given = parse(text).map_err(|why| Error::usage(format!("--verify: {why}")))?;
        if !hmac::services().contains(&given.name.as_str()) {
            is_general = true;
            adjust(&mut given.rule, options)?;
        }
        let key = given.source.read("Secret for --verify")?;
        verifiers.push(Verifier {
            name: given.name,
            rule: given.rule,
            key,
        });
    }
    for (name, value) in [
        ("--verify-sign", &options.verify_sign),
        ("--verify-value", &options.verify_value),
        ("--verify-timestamp", &options.verify_timestamp),
    ] {
        if value.is_some() && !is_general {
            let why = format!("{name} requires --verify hmac-HASH:HEADER=SOURCE");
            return Err(Error::usage(why));
        }
    }
    if options.tolerance.is_some() && verifiers.is_empty() {
        return Err(Error::usage("--tolerance requires --verify"));
    }
    let tolerance = duration("--tolerance", options.tolerance.as_deref())?;
    let tolerance = tolerance.unwrap_or(TOLERANCE);
    Ok((!verifiers.is_empty()).then(|| Signatures::new(verifiers, tolerance)))
}

/// Reads `--exec` and the options that belong to it.
///
/// # Errors
/// A usage error.
pub(super) fn exec(options: &Echo) -> Result<Option<Exec>, Error> {
    let Some(line) = &options.exec else {
        return match (&options.exec_jobs, &options.exec_timeout) {
            (None, None) => Ok(None),
            (Some(_), _) => Err(Error::usage("--exec-jobs requires --exec")),
            (None, Some(_)) => Err(Error::usage("--exec-timeout requires --exec")),
        };
    };
    let words = split_words(line).map_err(|why| Error::usage(format!("--exec: {why}")))?;
    if words.is_empty() {
        return Err(Error::usage("--exec: no program given"));
    }
    let is_guarded = options.jwt_key.is_some() || !options.verify.is_empty();
    if !is_guarded && !is_loopback(options.bind) {
        return Err(Error::usage_hint(
            "--exec would run the program for requests of other machines",
            "require a signature with --verify, or a token with --jwt-key",
        ));
    }
    let timeout = duration("--exec-timeout", options.exec_timeout.as_deref())?;
    Ok(Some(Exec::new(
        words,
        secret_variables(options),
        timeout.unwrap_or(TIMEOUT),
        options.exec_jobs.unwrap_or(JOBS),
    )))
}

fn duration(name: &str, text: Option<&str>) -> Result<Option<Duration>, Error> {
    let read = text.map(quantity::duration).transpose();
    read.map_err(|why| Error::usage(format!("{name}: {why}")))
}

/// Reads `NAME=SOURCE` or `hmac-HASH:HEADER=SOURCE`.
///
/// # Errors
/// The message never contains the source, which may be a secret given by mistake.
fn parse(text: &str) -> Result<Given, String> {
    let form = || {
        let services: Vec<String> = hmac::services()
            .iter()
            .map(|name| format!("{name}=SOURCE"))
            .collect();
        format!("write {} or hmac-HASH:HEADER=SOURCE", services.join(", "))
    };
    let (name, source) = text.split_once('=').ok_or_else(form)?;
    let rule = match name.strip_prefix("hmac-") {
        Some(rest) => {
            let (hash, header) = rest.split_once(':').ok_or_else(form)?;
            Rule::in_header(Hash::parse(hash)?, header)?
        }
        None if hmac::services().contains(&name) => Rule::named(name)?,
        None => return Err(form()),
    };
    Ok(Given {
        name: name.to_owned(),
        rule,
        source: Source::parse(source)?,
    })
}

/// Applies the options to a general rule.
fn adjust(rule: &mut Rule, options: &Echo) -> Result<(), Error> {
    let wrong = |name: &'static str| move |why: String| Error::usage(format!("{name}: {why}"));
    if let Some(text) = &options.verify_sign {
        rule.signed = Signed::parse(text).map_err(wrong("--verify-sign"))?;
        if rule.signed.has(&Part::Url) {
            return Err(Error::usage(
                "--verify-sign: {url} is not known to a server; use {host} and {target}",
            ));
        }
    }
    if let Some(text) = &options.verify_value {
        rule.written = vec![Written::parse(text).map_err(wrong("--verify-value"))?];
    }
    if let Some(name) = &options.verify_timestamp {
        ensure_header_name(name).map_err(wrong("--verify-timestamp"))?;
        rule.timestamp_header = Some(name.clone());
    }
    rule.ensure_complete().map_err(wrong("--verify-sign"))?;
    // A time that anyone can change limits nothing.
    let has_time = rule.timestamp_header.is_some()
        || rule
            .written
            .iter()
            .any(|form| form.has(&hmac::Mark::Timestamp));
    if has_time && !rule.signed.has(&Part::Timestamp) {
        return Err(Error::usage(
            "--verify-sign: the timestamp must be signed, as {timestamp}",
        ));
    }
    Ok(())
}

/// The variables that the secrets come from. A program that gets requests does not get them.
fn secret_variables(options: &Echo) -> Vec<OsString> {
    let sources = options
        .verify
        .iter()
        .filter_map(|text| parse(text).ok())
        .map(|given| given.source)
        .chain(options.jwt_key.clone());
    sources
        .filter_map(|source| match source {
            Source::Env(name) => Some(name),
            Source::File(_) | Source::Command(_) | Source::Prompt => None,
        })
        .collect()
}

/// The stages of a value of `--verify`, for completions.
pub(super) fn stages() -> Vec<Stage> {
    let services = hmac::services().into_iter().map(|name| format!("{name}="));
    let hashes = hmac::names()
        .into_iter()
        .filter(|name| Hash::parse(name).is_ok());
    let general = hashes.map(|name| format!("hmac-{name}:"));
    let mut stages = vec![Stage {
        after: String::new(),
        words: services.clone().chain(general).collect(),
        files: false,
    }];
    stages.extend(services.map(|after| Stage {
        after,
        words: owned(&Source::PREFIXES),
        files: false,
    }));
    stages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_given_by_mistake_is_not_repeated() {
        for wrong in [
            "hunter2",
            "github=hunter2",
            "hunter2=env:S",
            "hmac-md5:X-A=hunter2",
            "hmac-sha256=hunter2",
            "hmac-sha256:X A=hunter2",
        ] {
            let why = parse(wrong).err().unwrap();
            assert!(!why.contains("hunter2"), "{why}");
        }
        let given = parse("hmac-sha256:X-Sign=env:S").unwrap();
        assert_eq!(
            (given.name.as_str(), given.rule.header.as_str()),
            ("hmac-sha256:X-Sign", "X-Sign")
        );
    }
}
