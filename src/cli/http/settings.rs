//! Converts the options to the settings of a call.

use std::path::PathBuf;
use std::time::Duration;

use super::Http;
use crate::error::Error;
use crate::http::proxy_address::ProxyChoice;
use crate::http::settings::{Family, Methods, Override, Plaintext, RedirectedBody};
use crate::http::tls::{Oldest, Trust};
use crate::http::{Follow, Overlay};
use crate::quantity;
use crate::redact;
use crate::secret::{KeySource, Source};

/// Reads the options.
///
/// # Errors
/// A usage error names the option.
pub(super) fn overlay(options: &Http) -> Result<Overlay, Error> {
    if options.unix_socket.is_some() && options.proxy.is_some() {
        return Err(Error::usage(
            "--unix-socket and --proxy cannot be used together",
        ));
    }
    let overrides: Result<_, _> = options
        .resolve
        .iter()
        .map(|text| Override::parse(text))
        .collect();
    Ok(Overlay {
        timeout: duration("--timeout", options.timeout.as_deref())?,
        connect_timeout: duration("--connect-timeout", options.connect_timeout.as_deref())?,
        max_body: match &options.max_body {
            Some(text) => Some(
                quantity::size(text).map_err(|why| Error::usage(format!("--max-body: {why}")))?,
            ),
            None => None,
        },
        trust: trust(options)?,
        client: client(options)?,
        oldest_tls: oldest_tls(options)?,
        proxy: options
            .proxy
            .as_deref()
            .map(ProxyChoice::parse)
            .transpose()
            .map_err(|why| Error::usage(format!("--proxy: {why}")))?,
        family: family(options)?,
        overrides: overrides.map_err(|why| Error::usage(format!("--resolve: {why}")))?,
        unix_socket: options.unix_socket.as_ref().map(PathBuf::from),
        plaintext: options.allow_plaintext.then_some(Plaintext::Allowed),
        follow: options
            .follow
            .then(|| Follow::UpTo(options.max_redirects.unwrap_or(10))),
        redirected_body: redirected_body(options)?,
        retries: options.retry,
        retry_max_time: duration("--retry-max-time", options.retry_max_time.as_deref())?,
        retry_methods: options.retry_unsafe.then_some(Methods::All),
    })
}

/// The credentials of `--proxy-auth`: a user, and the source of the password.
///
/// # Errors
/// A usage error, which never contains the text: it may be the password itself.
pub(super) fn proxy_auth(options: &Http) -> Result<Option<(String, Source)>, Error> {
    let Some(text) = &options.proxy_auth else {
        return Ok(None);
    };
    let has_own = |proxy: &str| redact::proxy(proxy) != proxy;
    if options.proxy.as_deref().is_some_and(has_own) {
        return Err(Error::usage(
            "credentials given in both --proxy and --proxy-auth; use one",
        ));
    }
    let Some((user, source)) = text.split_once(':').filter(|(user, _)| !user.is_empty()) else {
        return Err(Error::usage(
            "--proxy-auth takes USER:SOURCE, for example me:env:PROXY_PASSWORD",
        ));
    };
    let source =
        Source::parse(source).map_err(|why| Error::usage(format!("--proxy-auth: {why}")))?;
    Ok(Some((user.to_owned(), source)))
}

/// Ensures that options of retries are given only together with `--retry`.
///
/// # Errors
/// A usage error names the options.
pub(super) fn ensure_retries(overlay: &Overlay) -> Result<(), Error> {
    let is_described = overlay.retry_max_time.is_some() || overlay.retry_methods.is_some();
    match (overlay.retries, is_described) {
        (None, true) => Err(Error::usage(
            "--retry-max-time and --retry-unsafe require --retry N",
        )),
        (None, false) | (Some(_), _) => Ok(()),
    }
}

fn redirected_body(options: &Http) -> Result<Option<RedirectedBody>, Error> {
    match (options.redirect_body, options.follow) {
        (true, false) => Err(Error::usage("--redirect-body requires --follow")),
        (true, true) => Ok(Some(RedirectedBody::Allowed)),
        (false, _) => Ok(None),
    }
}

fn family(options: &Http) -> Result<Option<Family>, Error> {
    match (options.ipv4, options.ipv6) {
        (false, false) => Ok(None),
        (true, false) => Ok(Some(Family::Ipv4)),
        (false, true) => Ok(Some(Family::Ipv6)),
        (true, true) => Err(Error::usage("-4 and -6 cannot be used together")),
    }
}

fn trust(options: &Http) -> Result<Option<Trust>, Error> {
    match (&options.cacert, options.insecure) {
        (Some(_), true) => Err(Error::usage(
            "--cacert and --insecure cannot be used together",
        )),
        (Some(path), false) => Ok(Some(Trust::Only(Source::parse_public(path).into()))),
        (None, true) => Ok(Some(Trust::Anybody)),
        (None, false) => Ok(None),
    }
}

/// The source of the password of an encrypted key.
pub(super) fn key_password(options: &Http) -> Result<Option<Source>, Error> {
    let text = options.key_password.as_deref();
    let source = text.map(Source::parse).transpose();
    source.map_err(|why| Error::usage(format!("--key-password: {why}")))
}

fn client(options: &Http) -> Result<Option<(KeySource, KeySource)>, Error> {
    let certificate = |text: &str| KeySource::from(Source::parse_public(text));
    let password = key_password(options)?;
    match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => {
            let key =
                Source::parse_key(key).map_err(|why| Error::usage(format!("--key: {why}")))?;
            let key = KeySource::from(key).with_password(password);
            Ok(Some((certificate(cert), key)))
        }
        // One file may contain both.
        (Some(cert), None) => {
            let both = certificate(cert);
            Ok(Some((both.clone(), both.with_password(password))))
        }
        (None, Some(_)) => Err(Error::usage("--key requires --cert FILE")),
        (None, None) => Ok(None),
    }
}

fn oldest_tls(options: &Http) -> Result<Option<Oldest>, Error> {
    let Some(name) = options.tls_min.as_deref() else {
        return Ok(None);
    };
    let found = TLS_VERSIONS.into_iter().find(|(known, _)| *known == name);
    match found {
        Some((_, oldest)) => Ok(Some(oldest)),
        None => Err(Error::usage(format!(
            "--tls-min takes {}",
            tls_versions().join(" or ")
        ))),
    }
}

/// The values of `--tls-min`.
const TLS_VERSIONS: [(&str, Oldest); 2] = [("1.2", Oldest::Tls12), ("1.3", Oldest::Tls13)];

/// The names of the values of `--tls-min`.
pub(super) fn tls_versions() -> Vec<String> {
    TLS_VERSIONS.map(|(name, _)| name.to_owned()).to_vec()
}

/// Reads the duration of an option.
pub(super) fn duration(name: &str, text: Option<&str>) -> Result<Option<Duration>, Error> {
    text.map(quantity::duration)
        .transpose()
        .map_err(|why| Error::usage(format!("{name}: {why}")))
}
