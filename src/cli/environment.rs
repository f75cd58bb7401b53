//! What the environment says: of the network, of where files are, of variables in configuration
//! files. The one place beside secret sources and the terminal that reads it.

use std::env;
use std::path::PathBuf;

use crate::auth::{Places, host};
use crate::config::{Candidate, Named};
use crate::error::Error;
use crate::http::Settings;
use crate::http::proxy::Proxies;
use crate::http::tls::Trust;

/// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case; the lower one wins.
fn proxies() -> Proxies {
    // In a CGI script HTTP_PROXY is a header the client sent (CVE-2016-5385).
    let in_cgi = env::var_os("REQUEST_METHOD").is_some();
    Proxies {
        always: None,
        credentials: None,
        https: text("https_proxy").or_else(|| text("HTTPS_PROXY")),
        http: text("http_proxy").or_else(|| text("HTTP_PROXY").filter(|_| !in_cgi)),
        all: text("all_proxy").or_else(|| text("ALL_PROXY")),
        none: text("no_proxy")
            .or_else(|| text("NO_PROXY"))
            .unwrap_or_default(),
    }
}

/// The machine's roots, or those of SSL_CERT_FILE and SSL_CERT_DIR.
pub(super) fn trust() -> Trust {
    Trust::System {
        bundle: path("SSL_CERT_FILE"),
        directory: path("SSL_CERT_DIR"),
    }
}

/// The settings that profiles and options are laid over.
pub(super) fn settings() -> Settings {
    Settings {
        proxies: proxies(),
        ..Settings::new(trust())
    }
}

/// The configuration files in order: later ones override.
pub(super) fn configuration_files() -> Vec<Candidate> {
    let explicit = |path: PathBuf| Candidate {
        path,
        named: Named::Explicitly,
    };
    if let Some(list) = set("C47_CONFIG_PATH") {
        return env::split_paths(&list)
            .filter(|path| !path.as_os_str().is_empty())
            .map(explicit)
            .collect();
    }
    let mut paths = vec![explicit(PathBuf::from("/etc/c47/config.toml"))];
    let home = path("HOME").map(|home| home.join(".config"));
    // A relative path counts for nothing (XDG Base Directory Specification).
    let base = path("XDG_CONFIG_HOME")
        .filter(|path| path.is_absolute())
        .or(home);
    paths.extend(base.map(|base| Candidate {
        path: base.join("c47/config.toml"),
        named: Named::ByHome,
    }));
    paths
}

/// Where tokens are kept. What XDG_RUNTIME_DIR names is gone after a logout or a reboot; a refresh
/// token must not be, since a service may take the former one no more.
///
/// # Errors
/// When neither a variable nor a home names a place.
pub(super) fn places() -> Result<Places, Error> {
    if let Some(own) = path("C47_CACHE_DIR") {
        return Ok(Places {
            cache: own.clone(),
            state: own,
        });
    }
    let home = path("HOME");
    let below_home = |below: &str| home.as_ref().map(|home| home.join(below));
    let cache = path("XDG_RUNTIME_DIR")
        .map(|base| base.join("c47"))
        .or_else(|| below_home(".cache/c47"))
        .ok_or_else(|| {
            Error::usage_hint(
                "there is no place to keep a token: HOME is not set",
                "set C47_CACHE_DIR",
            )
        })?;
    // A relative path counts for nothing (XDG Base Directory Specification).
    let state = path("XDG_STATE_HOME")
        .filter(|base| base.is_absolute())
        .map(|base| base.join("c47"))
        .or_else(|| below_home(".local/state/c47"))
        .unwrap_or_else(|| cache.clone());
    Ok(Places { cache, state })
}

/// The netrc file: `$NETRC`, else `~/.netrc`.
pub(super) fn netrc() -> Option<PathBuf> {
    path("NETRC").or_else(|| path("HOME").map(|home| home.join(".netrc")))
}

/// What `${NAME}` in a configuration is replaced by. cron and farm daemons set neither USER nor
/// HOSTNAME, so the system is asked.
pub(super) fn variable(name: &str) -> Option<String> {
    let given = |name: &str| env::var(name).ok();
    match (given(name), name) {
        (Some(value), _) => Some(value),
        (None, "USER") => given("LOGNAME").or_else(host::user_name),
        (None, "HOSTNAME") => Some(host::host_name()),
        (None, _) => None,
    }
}

/// The program that long texts are read in, with its arguments.
pub(super) fn pager() -> Option<String> {
    text("PAGER")
}

/// The options of less.
pub(super) fn less_options() -> Option<String> {
    text("LESS")
}

fn set(name: &str) -> Option<std::ffi::OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    set(name).map(PathBuf::from)
}
