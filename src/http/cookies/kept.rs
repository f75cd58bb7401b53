//! The cookies of the calls of one command: in memory, or also in a file.

use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::accept::accept;
use super::cookie::{Channel, Cookie};
use super::file::CookieFile;
use super::jar::{Changed, Jar};
use super::parse;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::head::Head;
use crate::http::part::{CookieHeader, Exposure, Header, Value};
use crate::http::request::Request;
use crate::http::url::Url;
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The interval of [`Saving::Often`].
const INTERVAL: Duration = Duration::from_secs(1);

/// When changes are written to the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Saving {
    /// With each response.
    #[default]
    AtOnce,
    /// Once a second, and at the end.
    Often,
}

/// The cookies of calls. Clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cookies(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    jar: Jar,
    file: Option<CookieFile>,
    saving: Saving,
    /// Changes that are not in the file yet.
    pending: Vec<Cookie>,
    saved: Option<Instant>,
    /// Why the last change could not be saved.
    failed: Option<Error>,
}

impl Cookies {
    /// Reads the cookies in a file, which need not exist. Changes are saved to it.
    ///
    /// # Errors
    /// When it cannot be read, another user can read or write it, or it is not a file of cookies.
    pub(crate) fn in_file(path: &Path, saving: Saving) -> Result<Cookies, Error> {
        let file = CookieFile::at(path)?;
        let kept = Kept {
            jar: file.read(Timestamp::now())?,
            file: Some(file),
            saving,
            ..Kept::default()
        };
        Ok(Cookies(Arc::new(Mutex::new(kept))))
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the Cookie header of a request. The user's own header is sent too; its cookies replace those
    /// of the same name.
    pub(crate) fn add_to(&self, request: &mut Request, channel: Channel) {
        let kept = self.lock();
        let own = own_headers(&request.headers);
        let own_names = names(&own);
        let found = kept.jar.matching(&request.url, channel, Timestamp::now());
        let found = found
            .into_iter()
            .filter(|cookie| !own_names.contains(&cookie.name.as_slice()));
        let found: Vec<&Cookie> = found.collect();
        request.cookies = (!found.is_empty()).then(|| header(&found, &own));
    }

    /// Stores the cookies of a response from `url`.
    pub(crate) fn receive(&self, url: &Url, head: &Head, channel: Channel, deadline: Deadline) {
        let now = Timestamp::now();
        let mut kept = self.lock();
        for (name, value) in &head.headers {
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let cookie = parse::parse(value, now).and_then(|set| accept(set, url, channel));
            if let Some(cookie) = cookie {
                kept.store(cookie, now);
            }
        }
        if kept.is_due() {
            kept.save(deadline);
        }
    }

    /// Saves the last changes.
    ///
    /// # Errors
    /// When changes of this or of earlier responses could not be saved.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        let mut kept = self.lock();
        if kept.failed.is_none() {
            kept.save(Deadline::default());
        }
        match kept.failed.take() {
            None => Ok(()),
            Some(error) => Err(error),
        }
    }
}

impl Kept {
    fn store(&mut self, cookie: Cookie, now: Timestamp) {
        if self.jar.store(cookie.clone(), now) == Changed::Yes && self.file.is_some() {
            let identity = cookie.identity();
            self.pending.retain(|it| it.identity() != identity);
            self.pending.push(cookie);
        }
    }

    fn is_due(&self) -> bool {
        match (self.saving, self.saved) {
            (Saving::AtOnce, _) | (Saving::Often, None) => true,
            (Saving::Often, Some(saved)) => saved.elapsed() >= INTERVAL,
        }
    }

    /// Writes the pending changes to the file, and reads those of other processes.
    fn save(&mut self, deadline: Deadline) {
        let Some(file) = self.file.as_ref().filter(|_| !self.pending.is_empty()) else {
            return;
        };
        match file.merge(&self.pending, deadline) {
            Ok(mut merged) => {
                merged.keep_channels(&self.jar);
                self.jar = merged;
                self.pending.clear();
                self.failed = None;
            }
            // The call goes on: the request has had its effect. The next response tries again.
            Err(error) => self.failed = Some(error),
        }
        self.saved = Some(Instant::now());
    }
}

/// The values of the user's Cookie headers.
fn own_headers(headers: &[Header]) -> Vec<&[u8]> {
    let cookies = headers
        .iter()
        .filter(|header| header.name.eq_ignore_ascii_case("cookie"));
    let values = cookies.map(|header| match &header.value {
        Value::Plain(text) => text.as_bytes(),
        Value::Secret(secret) => secret.expose(),
    });
    values.filter(|value| !value.is_empty()).collect()
}

fn names<'a>(headers: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let pairs = headers
        .iter()
        .flat_map(|value| value.split(|&byte| byte == b';'));
    pairs
        .filter_map(|pair| pair.split(|&byte| byte == b'=').next())
        .map(<[u8]>::trim_ascii)
        .collect()
}

fn header(cookies: &[&Cookie], own: &[&[u8]]) -> CookieHeader {
    let length = |cookie: &&&Cookie| cookie.name.len() + cookie.value.expose().len() + 3;
    let own_length: usize = own.iter().map(|value| value.len() + 2).sum();
    let length = cookies.iter().map(|it| length(&it)).sum::<usize>() + own_length;
    let mut value = Zeroizing::new(Vec::with_capacity(length));
    for cookie in cookies {
        if !value.is_empty() {
            value.extend_from_slice(b"; ");
        }
        value.extend_from_slice(&cookie.name);
        value.push(b'=');
        value.extend_from_slice(cookie.value.expose());
    }
    for own in own {
        value.extend_from_slice(b"; ");
        value.extend_from_slice(own);
    }
    let is_public = |cookie: &&Cookie| cookie.channel == Channel::PlainText;
    CookieHeader {
        value: Secret::new(mem::take(&mut value)),
        exposure: match cookies.iter().all(is_public) {
            true => Exposure::KnownInPlainText,
            false => Exposure::Confidential,
        },
    }
}
