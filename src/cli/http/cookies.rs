//! `--cookies FILE` and `cookies = true` of a profile: where the cookies of the calls are kept.

use std::path::{Path, PathBuf};

use super::Http;
use crate::auth::{self, Profile};
use crate::cli::environment;
use crate::cli::profile::warn;
use crate::error::Error;
use crate::http::cookies::{Channel, Cookies, Saving};
use crate::http::request::Request;
use crate::http::{Settings, guard};

/// Where cookies are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum CookiePlace {
    /// For the calls of this command only.
    Memory,
    /// In the file of `--cookies`.
    Given(PathBuf),
    /// In the private file of a profile.
    OfProfile(PathBuf),
}

impl CookiePlace {
    /// Reads the option and the profile, but no file.
    ///
    /// # Errors
    /// A usage error names the option.
    pub(super) fn of(options: &Http, profile: Option<&Profile>) -> Result<CookiePlace, Error> {
        match options.cookies.as_deref() {
            Some("" | "-") => {
                return Err(Error::usage("--cookies takes the name of a file"));
            }
            Some(path) => return Ok(CookiePlace::Given(path.into())),
            None => {}
        }
        let Some(profile) = profile.filter(|profile| profile.cookies) else {
            return Ok(CookiePlace::Memory);
        };
        Ok(
            match auth::cookie_file(&profile.service, &environment::places()) {
                Ok(Some(path)) => CookiePlace::OfProfile(path),
                Ok(None) => CookiePlace::Memory,
                Err(why) => {
                    warn("c47 http", &[not_kept(&why)]);
                    CookiePlace::Memory
                }
            },
        )
    }

    /// The file, if there is one.
    pub(super) fn file(&self) -> Option<&Path> {
        match self {
            CookiePlace::Memory => None,
            CookiePlace::Given(path) | CookiePlace::OfProfile(path) => Some(path),
        }
    }

    /// Reads the cookies, before anything is sent.
    ///
    /// # Errors
    /// When the file cannot be read, other users can access it, or it is not a file of cookies.
    pub(super) fn open(&self, saving: Saving) -> Result<Cookies, Error> {
        match self {
            CookiePlace::Memory => Ok(Cookies::default()),
            CookiePlace::Given(path) => Cookies::in_file(path, saving),
            CookiePlace::OfProfile(path) => match auth::ensure_cookie_directory(path)? {
                None => Cookies::in_file(path, saving),
                Some(why) => {
                    warn("c47 http", &[not_kept(&why)]);
                    Ok(Cookies::default())
                }
            },
        }
    }

    /// Reads the cookies for a request that is only printed. Nothing is created.
    ///
    /// # Errors
    /// As [`CookiePlace::open`].
    pub(super) fn open_for_print(&self) -> Result<Cookies, Error> {
        match self.file().filter(|path| path.exists()) {
            Some(_) => self.open(Saving::AtOnce),
            None => Ok(Cookies::default()),
        }
    }
}

fn not_kept(why: &str) -> String {
    format!("cookies are not kept: {why}")
}

/// Adds the cookies to a request that is only printed.
///
/// # Errors
/// When they may not be sent.
pub(super) fn show_in(
    request: &mut Request,
    cookies: &Cookies,
    settings: &Settings,
) -> Result<(), Error> {
    let origin = &request.url.origin;
    let channel = match guard::is_confidential(origin, settings)? {
        true => Channel::Confidential,
        false => Channel::PlainText,
    };
    cookies.add_to(request, channel);
    match request.cookies {
        Some(_) => guard::ensure_confidential(&request.url.origin, settings),
        None => Ok(()),
    }
}
