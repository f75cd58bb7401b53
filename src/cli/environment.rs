//! Reads the environment: proxies, certificate files, directories, and variables used in
//! configuration files. Apart from secret sources and the terminal, nothing else reads it.

use std::env;
use std::path::PathBuf;

use super::passwd;
use crate::auth::{Places, aws, host};
use crate::config::{Candidate, Named, Search};
use crate::http::Settings;
use crate::http::proxy::Proxies;
use crate::http::tls::Trust;
use crate::process;

/// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY in upper or lower case; lower case wins.
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

/// All variables, for filters. Bytes that are not UTF-8 are replaced.
pub(super) fn all() -> Vec<(String, String)> {
    let text = |raw: std::ffi::OsString| raw.to_string_lossy().into_owned();
    env::vars_os()
        .map(|(name, value)| (text(name), text(value)))
        .collect()
}

/// The system's root certificates, or those in SSL_CERT_FILE and SSL_CERT_DIR.
pub(super) fn trust() -> Trust {
    Trust::System {
        bundle: path("SSL_CERT_FILE"),
        directory: path("SSL_CERT_DIR"),
    }
}

/// The base settings. Profiles and options override them.
pub(super) fn settings() -> Settings {
    Settings {
        proxies: proxies(),
        ..Settings::new(trust())
    }
}

/// The home directory: HOME, or the one in /etc/passwd if cron or a farm daemon does not set HOME.
///
/// # Errors
/// The reason why it is unknown.
fn home() -> Result<PathBuf, String> {
    if let Some(home) = path("HOME") {
        return Ok(home);
    }
    let user = process::user_id();
    match passwd::own().map(|entry| entry.home) {
        Some(home) if home.is_absolute() => Ok(home),
        Some(_) => Err(format!(
            "HOME is not set, and the entry of user {user} in /etc/passwd has no home directory"
        )),
        None => Err(format!(
            "HOME is not set, and /etc/passwd has no entry for user {user}"
        )),
    }
}

/// The configuration files in order: later ones override.
pub(super) fn configuration_files() -> Search {
    let candidate = |path: PathBuf, named| Candidate { path, named };
    if let Some(list) = set("C47_CONFIG_PATH") {
        let paths = env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
        return Search {
            candidates: paths
                .map(|path| candidate(path, Named::Explicitly))
                .collect(),
            gap: None,
        };
    }
    let mut search = Search::default();
    let site = PathBuf::from("/etc/c47/config.toml");
    search.candidates.push(candidate(site, Named::BySite));
    // A relative path is ignored (XDG Base Directory Specification).
    let base = path("XDG_CONFIG_HOME").filter(|path| path.is_absolute());
    match base.map_or_else(|| home().map(|home| home.join(".config")), Ok) {
        Ok(base) => {
            let own = candidate(base.join("c47/config.toml"), Named::ByHome);
            search.candidates.push(own);
        }
        Err(why) => search.gap = Some(why),
    }
    search
}

/// The directories for tokens. XDG_RUNTIME_DIR is deleted at logout or reboot. Refresh tokens are
/// stored in a permanent directory, because the service may reject an older one.
pub(super) fn places() -> Places {
    if let Some(own) = path("C47_CACHE_DIR") {
        return Places::In {
            cache: own.clone(),
            state: own,
        };
    }
    let home = home();
    let below_home = |below: &str| home.as_ref().map(|home| home.join(below));
    let cache = path("XDG_RUNTIME_DIR").map(|base| base.join("c47"));
    let cache = match cache.map_or_else(|| below_home(".cache/c47"), Ok) {
        Ok(cache) => cache,
        Err(why) => return Places::Nowhere(why.clone()),
    };
    // A relative path is ignored (XDG Base Directory Specification).
    let state = path("XDG_STATE_HOME")
        .filter(|base| base.is_absolute())
        .map(|base| base.join("c47"))
        .or_else(|| below_home(".local/state/c47").ok())
        .unwrap_or_else(|| cache.clone());
    Places::In { cache, state }
}

/// The repositories in REZ_PACKAGES_PATH; `None` if only Rez can read one of them.
pub(super) fn rez_repositories() -> Option<Vec<PathBuf>> {
    let list = set("REZ_PACKAGES_PATH").unwrap_or_default();
    let paths = env::split_paths(&list).filter(|path| !path.as_os_str().is_empty());
    paths
        .map(
            |path| match path.to_str().and_then(|text| text.split_once('@')) {
                Some(("filesystem", path)) => Some(PathBuf::from(path)),
                Some((kind, _)) if !kind.contains('/') => None,
                Some(_) | None => Some(path),
            },
        )
        .collect()
}

/// Whether a browser can be opened for the person at this machine. Over ssh it would be another
/// person's display, or a slow one.
pub(super) fn has_display() -> bool {
    let is_remote = set("SSH_CONNECTION").is_some() || set("SSH_TTY").is_some();
    let display = set("WAYLAND_DISPLAY").or_else(|| set("DISPLAY"));
    display.is_some() && !is_remote
}

/// The netrc file: `$NETRC`, else `~/.netrc`.
pub(super) fn netrc() -> Option<PathBuf> {
    path("NETRC").or_else(|| home().ok().map(|home| home.join(".netrc")))
}

/// A snapshot of the variables of AWS.
pub(super) fn aws() -> aws::Environment {
    aws::Environment::new(text, home().ok())
}

/// The value of `${NAME}` in a configuration file. cron and farm daemons do not set USER, HOME and
/// HOSTNAME, so those come from the system.
pub(super) fn variable(name: &str) -> Option<String> {
    let given = |name: &str| env::var(name).ok();
    match (given(name), name) {
        (Some(value), _) => Some(value),
        (None, "USER") => given("LOGNAME").or_else(|| passwd::own().map(|entry| entry.name)),
        (None, "HOME") => home().ok()?.into_os_string().into_string().ok(),
        (None, "HOSTNAME") => Some(host::host_name()),
        (None, _) => None,
    }
}

/// The pager command with its arguments.
pub(super) fn pager() -> Option<String> {
    text("PAGER")
}

/// The options of less.
pub(super) fn less_options() -> Option<String> {
    text("LESS")
}

/// The directory for temporary files.
pub(super) fn temporary_directory() -> PathBuf {
    path("TMPDIR").unwrap_or_else(|| "/tmp".into())
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
