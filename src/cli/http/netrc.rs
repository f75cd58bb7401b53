//! `--auth netrc`: the login that stands in `$NETRC`, else `~/.netrc`.

use std::env;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::http::auth::{Auth, Pending};
use crate::http::netrc;
use crate::http::url::{Url, UserInfo};
use crate::output;
use crate::secret::Source;

/// How the password of an entry is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum As {
    Basic,
    /// The password is a token.
    Bearer,
}

/// The login for the URL's host; a user in the URL picks the entry.
pub fn login(url: &Url, user_info: Option<UserInfo>, scheme: As) -> Result<Auth, Error> {
    if user_info
        .as_ref()
        .is_some_and(|info| info.password.is_some())
    {
        return Err(Error::usage(
            "a password stands in the URL, and --auth netrc asks for another",
        ));
    }
    let path = path().ok_or_else(|| Error::usage("--auth netrc: neither NETRC nor HOME is set"))?;
    let source = Source::File(path.clone());
    let secret = source.read("netrc")?;
    warn_of_readers(&path);
    let fail = |why: String| Error::Secret(source.failed(why));
    let text = std::str::from_utf8(secret.expose()).map_err(|_| fail("it is not UTF-8".into()))?;
    let host = &url.origin.host;
    let user = user_info.as_ref().map(|info| info.user.as_str());
    let found = netrc::find(text, host, user).map_err(fail)?;
    let found = found.ok_or_else(|| match user {
        Some(user) => fail(format!("it has no password of '{user}' for '{host}'")),
        None => fail(format!("it has no password for '{host}'")),
    })?;
    Ok(match scheme {
        As::Basic => Auth::Basic {
            user: found.user,
            password: Pending::Had(found.password),
        },
        As::Bearer => Auth::Bearer(Pending::Had(found.password)),
    })
}

fn path() -> Option<PathBuf> {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    match set("NETRC") {
        Some(path) => Some(path.into()),
        None => set("HOME").map(|home| Path::new(&home).join(".netrc")),
    }
}

fn warn_of_readers(path: &Path) {
    let mode = std::fs::metadata(path).map_or(0, |found| found.permissions().mode());
    if mode & 0o077 != 0 {
        output::say(format_args!(
            "c47 http: {} can be read by others: chmod 600 {0}",
            path.display()
        ));
    }
}
