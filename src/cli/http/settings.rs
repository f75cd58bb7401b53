//! How the call is made, whatever it asks for: time, size, TLS, proxies, addresses, retries.

use std::path::PathBuf;
use std::time::Duration;

use super::Http;
use crate::cli::environment;
use crate::error::Error;
use crate::http::proxy::Proxies;
use crate::http::retry::{Methods, Policy};
use crate::http::stream::Watch;
use crate::http::tls::{Oldest, Options as TlsOptions, Trust};
use crate::http::{Family, Intake, Limits, Network, Override, Settings};
use crate::quantity;

pub fn settings(options: &Http) -> Result<Settings, Error> {
    let whole = duration("--timeout", options.timeout.as_deref())?;
    let connect = duration("--connect-timeout", options.connect_timeout.as_deref())?;
    let idle = Duration::from_secs(60);
    let body = match &options.max_body {
        Some(text) => {
            Some(quantity::size(text).map_err(|why| Error::usage(format!("--max-body: {why}")))?)
        }
        None => None,
    };
    let limits = Limits {
        connect: connect.unwrap_or(Duration::from_secs(10)),
        // Who gives the call more time means the wait for the first byte too.
        idle: whole.map_or(idle, |whole| whole.max(idle)),
        whole,
        body,
    };
    Ok(Settings {
        limits,
        tls: tls(options)?,
        proxies: Proxies {
            always: options.proxy.clone(),
            ..environment::proxies()
        },
        network: network(options)?,
        intake: Intake::default(),
        watch: Watch::default(),
    })
}

pub fn retry(options: &Http) -> Result<Policy, Error> {
    if options.retry.is_none() && (options.retry_max_time.is_some() || options.retry_unsafe) {
        return Err(Error::usage(
            "--retry-max-time and --retry-unsafe belong to --retry N",
        ));
    }
    let max_time = duration("--retry-max-time", options.retry_max_time.as_deref())?;
    Ok(Policy {
        retries: options.retry.unwrap_or(0),
        max_time: max_time.unwrap_or(Duration::from_secs(600)),
        methods: if options.retry_unsafe {
            Methods::All
        } else {
            Methods::Idempotent
        },
    })
}

fn network(options: &Http) -> Result<Network, Error> {
    let family = match (options.ipv4, options.ipv6) {
        (false, false) => Family::Any,
        (true, false) => Family::Ipv4,
        (false, true) => Family::Ipv6,
        (true, true) => return Err(Error::usage("-4 and -6 exclude each other")),
    };
    let overrides: Result<_, _> = options
        .resolve
        .iter()
        .map(|text| Override::parse(text))
        .collect();
    let overrides = overrides.map_err(|why| Error::usage(format!("--resolve: {why}")))?;
    let unix_socket = options.unix_socket.as_ref().map(PathBuf::from);
    if unix_socket.is_some() && options.proxy.is_some() {
        return Err(Error::usage("--unix-socket and --proxy exclude each other"));
    }
    Ok(Network {
        family,
        overrides,
        unix_socket,
    })
}

fn tls(options: &Http) -> Result<TlsOptions, Error> {
    let trust = match (&options.cacert, options.insecure) {
        (Some(_), true) => return Err(Error::usage("--cacert and --insecure exclude each other")),
        (Some(path), false) => Trust::Only(path.into()),
        (None, true) => Trust::Anybody,
        (None, false) => environment::trust(),
    };
    let client = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => Some((cert.into(), key.into())),
        (Some(cert), None) => Some((cert.into(), cert.into())), // both may stand in one file
        (None, Some(_)) => return Err(Error::usage("--key belongs to --cert FILE")),
        (None, None) => None,
    };
    let oldest = match options.tls_min.as_deref() {
        None => Oldest::Tls12,
        Some(name) => {
            let found = TLS_VERSIONS.into_iter().find(|(known, _)| *known == name);
            found
                .map(|(_, oldest)| oldest)
                .ok_or_else(|| Error::usage("--tls-min is 1.2 or 1.3"))?
        }
    };
    Ok(TlsOptions {
        trust,
        client,
        oldest,
    })
}

/// The values of `--tls-min`.
const TLS_VERSIONS: [(&str, Oldest); 2] = [("1.2", Oldest::Tls12), ("1.3", Oldest::Tls13)];

/// The names among them.
pub fn tls_versions() -> Vec<String> {
    TLS_VERSIONS.map(|(name, _)| name.to_owned()).to_vec()
}

/// A duration that an option gives.
pub fn duration(name: &str, text: Option<&str>) -> Result<Option<Duration>, Error> {
    text.map(quantity::duration)
        .transpose()
        .map_err(|why| Error::usage(format!("{name}: {why}")))
}
