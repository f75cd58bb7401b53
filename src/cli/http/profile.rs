//! A call with a profile: its address, its settings, its credentials, and another try where a
//! token turns out to be dead.

use std::time::Duration;

use super::{Http, build, netrc, settings};
use crate::auth::plan::{Scheme, Send};
use crate::auth::template::Given;
use crate::auth::{self, Profile, Surroundings, Want};
use crate::config::{self, Config};
use crate::error::Error;
use crate::http::auth::{Auth, Credential, Pending};
use crate::http::item::Item;
use crate::http::request::{Header, Request, Value};
use crate::http::retry::Attempts;
use crate::http::url::{Url, UserInfo};
use crate::http::{self, Answer, Follow, Hop, Settings};
use crate::secret::{Secret, Source};
use crate::timestamp::Timestamp;
use crate::{escape, output, redact};

/// A profile in use.
pub struct Session {
    profile: Profile,
    surroundings: Surroundings<'static>,
    token: Option<Secret>,
}

/// The profile the options name, by `@NAME/path` or `--profile`, put under the options: what is
/// given on the command line stays.
///
/// # Errors
/// When there is no such profile, or the URL is not within it.
pub fn apply(options: &mut Http) -> Result<Option<Profile>, Error> {
    let (method, url, _) = match build::words(&options.words) {
        Ok(found) => found,
        // It is told where the words are needed.
        Err(_) => return Ok(None),
    };
    let at = usize::from(method.is_some());
    let (mut profile, url) = match (url.strip_prefix('@'), &options.profile) {
        (None, None) => return Ok(None),
        (Some(word), given) => {
            let end = word.find(['/', '?', '#']).unwrap_or(word.len());
            let (name, path) = word.split_at(end);
            if given.as_deref().is_some_and(|given| given != name) {
                return Err(Error::usage(format!(
                    "'@{name}' and --profile name different profiles"
                )));
            }
            let profile = load()?.profile(name)?;
            let url = profile.join(path).map_err(Error::usage)?;
            (profile, url.to_string())
        }
        (None, Some(name)) => {
            let profile = load()?.profile(name)?;
            let parsed = Url::parse(url).map_err(Error::usage)?;
            if !profile.covers(&parsed) {
                return Err(Error::usage_hint(
                    format!("{parsed} is not within profile {name}, {}", profile.url),
                    format!("its credentials go nowhere else; write @{name}/path"),
                ));
            }
            (profile, url.to_owned())
        }
    };
    if options.auth.is_some() {
        return Err(Error::usage(
            "--auth and a profile both bring credentials: one of them",
        ));
    }
    if let Some(word) = options.words.get_mut(at) {
        *word = url;
    }
    profile.allow_plaintext |= options.allow_plaintext;
    options.allow_plaintext = profile.allow_plaintext;
    network(options, &profile);
    Ok(Some(profile))
}

/// All profiles.
pub fn load() -> Result<Config, Error> {
    Config::load(&config::paths())
}

/// How a profile's service is called where there is no call of the user's own.
pub fn settings(profile: &Profile) -> Result<Settings, Error> {
    let mut options = Http::default();
    network(&mut options, profile);
    settings::settings(&options)
}

/// What a profile's token is gotten with, when nobody is there to log in.
///
/// # Errors
/// When there is no place to keep one, and one would be kept.
pub fn surroundings(profile: &Profile, settings: Settings) -> Result<Surroundings<'static>, Error> {
    Ok(Surroundings {
        cache: match auth::is_renewable(&profile.scheme) {
            true => config::cache_directory()?,
            false => std::path::PathBuf::new(),
        },
        settings,
        tell: None,
    })
}

fn network(options: &mut Http, profile: &Profile) {
    let path = |path: &Option<std::path::PathBuf>| path.as_ref().map(|p| p.display().to_string());
    let time = |time: Option<Duration>| time.map(|time| format!("{}ms", time.as_millis()));
    if options.cacert.is_none() && !options.insecure {
        options.cacert = path(&profile.cacert);
    }
    if options.cert.is_none() && options.key.is_none() {
        (options.cert, options.key) = (path(&profile.cert), path(&profile.cert_key));
    }
    options.retry = options.retry.or(profile.retry);
    options.proxy = options.proxy.take().or_else(|| profile.proxy.clone());
    options.timeout = options.timeout.take().or_else(|| time(profile.timeout));
    options.connect_timeout = options
        .connect_timeout
        .take()
        .or_else(|| time(profile.connect_timeout));
}

/// Puts the profile's headers and credential into the request.
///
/// # Errors
/// When they cannot be had.
pub fn authorise(
    profile: Option<Profile>,
    options: &Http,
    plan: &mut build::Plan,
) -> Result<Option<Session>, Error> {
    let Some(profile) = profile else {
        return Ok(None);
    };
    auth::ensure_not_in_plaintext(&profile, &plan.request.url, &plan.settings)?;
    add_headers(&profile, options, &mut plan.request)?;
    plan.request.path_prefix = Some(profile.path_prefix().to_owned());
    let surroundings = surroundings(&profile, plan.settings.clone())?;
    if options.offline || options.curl {
        // Nothing is sent: no source is asked, nobody logs in.
        plan.auth = described(&profile);
        plan.request.credential = plan.auth.masked();
        return Ok(None);
    }
    let mut session = Session {
        profile,
        surroundings,
        token: None,
    };
    session.renew(&mut plan.request, &Want::default())?;
    Ok(Some(session))
}

/// The profile's scheme in the words of `--auth`; a token is what `c47 auth token` prints.
fn described(profile: &Profile) -> Auth {
    let words = ["c47", "auth", "token", &profile.name].map(str::to_owned);
    let printed = || Source::Command(words.to_vec());
    let source = |given: &Given| match given {
        Given::From(source) => source.clone(),
        Given::Literal(_) => printed(),
    };
    match &profile.scheme {
        Scheme::None | Scheme::Netrc => Auth::None,
        Scheme::Basic { user, password } => Auth::Basic {
            user: user.clone(),
            password: match password {
                Given::From(source) => Pending::From(source.clone()),
                Given::Literal(secret) => Pending::Had(secret.clone()),
            },
        },
        Scheme::Digest { user, password } => Auth::Digest {
            user: user.clone(),
            password: source(password),
        },
        Scheme::Bearer(given) => Auth::Bearer(Pending::From(source(given))),
        Scheme::Header { name, value } => Auth::Header {
            name: name.clone(),
            value: source(value),
        },
        Scheme::Query { name, value } => Auth::Query {
            name: name.clone(),
            value: source(value),
        },
        Scheme::Jwt(_) => Auth::Bearer(Pending::From(printed())),
        Scheme::Token(plan) => match &plan.send {
            Send::Bearer => Auth::Bearer(Pending::From(printed())),
            Send::Header(name) => Auth::Header {
                name: name.clone(),
                value: printed(),
            },
            Send::Query(name) => Auth::Query {
                name: name.clone(),
                value: printed(),
            },
        },
    }
}

/// The profile's headers, less those an item sets or leaves out.
fn add_headers(profile: &Profile, options: &Http, request: &mut Request) -> Result<(), Error> {
    let (_, _, items) = build::words(&options.words)?;
    let own: Vec<String> = items
        .iter()
        .filter_map(|item| match Item::parse(item) {
            Ok(Item::Header { name, .. } | Item::NoHeader { name }) => Some(name),
            _ => None,
        })
        .collect();
    let user = profile.user.as_ref();
    for (name, template) in &profile.headers {
        if own.iter().any(|own| own.eq_ignore_ascii_case(name)) {
            continue;
        }
        let filled =
            template.fill(&mut |_| Ok(user.map(|u| Secret::new(u.as_bytes().to_vec()))))?;
        let Some(secret) = filled else { continue };
        let value = match (redact::is_secret_header(name), secret.expose_text()) {
            (false, Ok(text)) if template.is_plain() => Value::Plain(text.to_owned()),
            _ => Value::Secret(secret),
        };
        request
            .headers
            .retain(|header| !header.name.eq_ignore_ascii_case(name));
        request.headers.push(Header {
            name: name.clone(),
            value,
        });
    }
    Ok(())
}

impl Session {
    fn renew(&mut self, request: &mut Request, want: &Want) -> Result<(), Error> {
        if matches!(self.profile.scheme, Scheme::Netrc) {
            let user = self.profile.user.clone();
            let user = user.map(|user| UserInfo {
                user,
                password: None,
            });
            let login = netrc::login(&self.profile.url, user, netrc::As::Basic)?;
            request.credential = login.credential(Timestamp::now())?;
            return Ok(());
        }
        let issued = auth::issue(&self.profile, want, &self.surroundings)?;
        for warning in &issued.warnings {
            output::say(format_args!("c47 http: {}", escape::one_line(warning)));
        }
        request.credential = issued.credential;
        self.token = issued.token;
        Ok(())
    }

    /// Puts another token in the place of the dead one; whether its scheme has others.
    fn replace(&mut self, request: &mut Request) -> Result<bool, Error> {
        if !auth::is_renewable(&self.profile.scheme) {
            return Ok(false);
        }
        let want = Want {
            except: self.token.take(),
            ..Want::default()
        };
        self.renew(request, &want)?;
        Ok(true)
    }

    /// Whether this answer means that the token is no longer good.
    fn is_dead(&self, request: &Request, answer: &Answer) -> bool {
        // After a redirect away from the service the answer says nothing about its token.
        request.credential != Credential::None
            && self
                .profile
                .dead_token_statuses
                .contains(&answer.head.status)
    }
}

/// Makes the call; where the token turns out to be dead, gets another and makes it once more.
///
/// # Errors
/// As [`http::call`], and when there is no other token.
pub fn call(
    session: &mut Option<Session>,
    attempts: &mut Attempts,
    request: &mut Request,
    settings: &Settings,
    follow: Follow,
    tell: &mut dyn FnMut(Hop),
) -> Result<Answer, Error> {
    let Some(session) = session else {
        return http::call_within(attempts, request, settings, follow, tell);
    };
    let mut again = request.clone();
    let mut answer = http::call_within(attempts, request, settings, follow, tell)?;
    if session.is_dead(request, &answer) && session.replace(&mut again)? {
        *request = again;
        answer = http::call_within(attempts, request, settings, follow, tell)?;
    }
    if session.is_dead(request, &answer) {
        tell_skew(&answer);
    }
    Ok(answer)
}

/// Gets another token for a download that was refused; whether there is one to try with.
///
/// # Errors
/// When there is no other token.
pub fn replace_dead(
    session: &mut Option<Session>,
    request: &mut Request,
    answer: &Answer,
) -> Result<bool, Error> {
    match session {
        Some(session) if session.is_dead(request, answer) => session.replace(request),
        _ => Ok(false),
    }
}

fn tell_skew(answer: &Answer) {
    let ahead = answer.head.header("date").and_then(auth::seconds_ahead);
    if let Some(skew) = auth::skew(ahead) {
        output::say(format_args!(
            "c47 http: {skew}: tokens may seem not yet valid, or expired"
        ));
    }
}
