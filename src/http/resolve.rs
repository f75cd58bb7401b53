//! Resolves host names within a time limit; names of this machine never reach DNS.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::failure::{Failure, LookupError};
use super::lookup;
use super::settings::{Override, overridden};
use super::url::Origin;
use super::wire::Wire;
use crate::io_error::reason;

/// Resolves the host of a URI, or the proxy that forwards the request.
#[derive(Debug)]
pub(super) struct Lookup {
    /// The proxy to connect to instead.
    pub instead: Option<(String, u16)>,
    pub overrides: Vec<Override>,
    /// Unused if the connection is to a Unix socket.
    pub is_needed: bool,
    pub wire: Wire,
}

impl Resolver for Lookup {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (host, port) = match &self.instead {
            Some((host, port)) => (host.clone(), *port),
            None => host_and_port(uri)?,
        };
        if !self.is_needed {
            return Ok(self.empty());
        }
        let given: Vec<SocketAddr> = overridden(&self.overrides, &host, port)
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect();
        let found = if given.is_empty() {
            addresses(&host, port, timeout)?
        } else {
            given
        };
        let mut wanted = self.empty();
        for address in config.ip_family().keep_wanted(found.into_iter()).take(16) {
            wanted.push(address);
        }
        self.wire
            .with_timing(|timing| timing.resolve = Some(timing.lap()));
        if wanted.is_empty() {
            return Err(Failure::Resolve {
                host,
                why: LookupError::NoSuitableAddress,
                hint: None,
            }
            .into());
        }
        Ok(wanted)
    }
}

fn host_and_port(uri: &Uri) -> Result<(String, u16), ureq::Error> {
    let default = match uri.scheme_str() {
        Some("https") => 443,
        Some("socks4" | "socks4a" | "socks5" | "socks5h") => 1080,
        _ => 80,
    };
    let host = uri.host().ok_or(ureq::Error::HostNotFound)?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok((host.to_owned(), uri.port_u16().unwrap_or(default)))
}

fn addresses(host: &str, port: u16, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    // RFC 6761 §6.3: never sent to DNS, so that credentials for this machine stay on it, and to
    // work without /etc/hosts.
    let origin = Origin {
        scheme: super::url::Scheme::Http,
        host: host.to_owned(),
        port,
    };
    if origin.is_loopback() {
        return Ok(vec![
            SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port),
            SocketAddr::new(Ipv6Addr::LOCALHOST.into(), port),
        ]);
    }
    // The channel only says that the result is there: a channel is compiled for each type.
    let (sender, receiver) = mpsc::channel::<()>();
    let place = Arc::new(Mutex::new(None));
    let result = place.clone();
    let asked = host.to_owned();
    // getaddrinfo has no time limit, so a thread waits for it and is abandoned after a timeout.
    std::thread::Builder::new()
        .spawn(move || {
            let found = lookup::addresses(&asked, port);
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
            let _ = sender.send(());
        })
        .map_err(|error| {
            // Its kind, "would block", would be read as a timeout.
            let why = format!("cannot start a thread: {}", reason(&error));
            ureq::Error::Io(std::io::Error::other(why))
        })?;
    let answer = if timeout.after.is_not_happening() {
        receiver.recv().ok()
    } else {
        receiver.recv_timeout(*timeout.after).ok()
    };
    let mut result = result.lock().unwrap_or_else(PoisonError::into_inner);
    match answer.and_then(|()| result.take()) {
        Some(Ok(found)) => Ok(found),
        Some(Err(why)) => Err(no_such_host(host, why).into()),
        None if has_resolver_configuration() => Err(ureq::Error::Timeout(timeout.reason)),
        None => Err(no_such_host(host, LookupError::NoResponse).into()),
    }
}

fn has_resolver_configuration() -> bool {
    Path::new("/etc/resolv.conf").exists()
}

fn no_such_host(host: &str, why: LookupError) -> Failure {
    let hint = (!has_resolver_configuration()).then_some("this machine has no /etc/resolv.conf");
    Failure::Resolve {
        host: host.to_owned(),
        why,
        hint,
    }
}
