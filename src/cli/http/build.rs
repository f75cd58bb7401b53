//! Builds a plan from options and items. All usage errors are found here, before anything is sent
//! and before any secret is read.

use std::time::Duration;

use super::cookies::CookiePlace;
use super::credentials::{self, Credentials};
use super::format::{Parts, Show};
use super::items::{self, ensure_compressible};
use super::jq::Jq;
use super::plan::Plan;
use super::settings::{ensure_retries, overlay, proxy_auth};
use super::status::Verbosity;
use super::target::{self, Target};
use super::{Http, download, pasted};
use crate::auth::Profile;
use crate::auth::preview::Preview;
use crate::cli::environment;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body::Body;
use crate::http::credential::Credential;
use crate::http::guard;
use crate::http::item::Item;
use crate::http::part::{Header, Value};
use crate::http::request::Request;
use crate::http::url::{Url, UserInfo};
use crate::redact::{self, Secrets};
use crate::secret::{Secret, Source};

/// The largest body that is held in memory to be formatted or to become a part of JSON.
pub(super) const IN_MEMORY: u64 = 256 << 20;

/// Reads the options into a plan.
///
/// # Errors
/// A usage error names the option or item.
pub(super) fn plan(options: &Http) -> Result<Plan, Error> {
    let show = show(options)?;
    let jq = Jq::of(options, &show)?;
    let target = target::read(options)?;
    pasted::warn_on_terminal(options, &target.url)?;
    plan_for(options, target, show, jq)
}

/// The plan of a call at `target`, which is that of the options. Nothing is printed.
///
/// # Errors
/// As [`plan`].
pub(super) fn plan_for(
    options: &Http,
    target: Target,
    show: Show,
    jq: Option<Jq>,
) -> Result<Plan, Error> {
    let Target {
        method,
        mut url,
        items,
        profile,
    } = target;
    let credentials = credentials::read(options, &mut url, profile)?;
    let overlay = overlay(options)?.over(credentials.overlay());
    ensure_retries(&overlay)?;
    let proxy_auth = proxy_auth(options)?;
    let mut settings = environment::settings().with(&overlay);
    let deadline = deadline(options, settings.limits.whole);
    let parts = parts(items, options, &mut url, deadline)?;
    let credentials = match parts.has_header("authorization") {
        true => credentials.with_authorization_item()?,
        false => credentials,
    };
    let body = parts.body(options, deadline)?;
    ensure_compressible(options, &parts, &body)?;
    let mut request = Request {
        method: method.unwrap_or_else(|| usual_method(&body).to_owned()),
        url,
        headers: items::headers(&parts, &body, options),
        credential: Credential::None,
        body,
        path_prefix: None,
        cookies: None,
    };
    let preview = credentials.scheme.preview(&credentials.service);
    let profile = credentials.profile.as_ref();
    let own_headers = profile.is_some_and(|profile| has_secret_header(profile, &parts));
    if preview != Preview::None || own_headers || request.carries_secret() {
        guard::ensure_confidential(&request.url.origin, &settings)?;
    }
    let secrets = secrets(options)?;
    let reading = Reading::of(options, secrets, deadline);
    let unread_headers = match profile {
        Some(profile) => add_profile(profile, &parts, reading, &mut request)?,
        None => Vec::new(),
    };
    if let Show::Download(wanted) = &show {
        download::prepare(wanted, &request, &mut settings)?;
    }
    if let (Some(auth), false) = (proxy_auth, options.offline || options.curl) {
        settings.proxies.credentials = Some(proxy_credentials(auth, deadline)?);
    }
    Ok(Plan {
        issuer: credentials.issuer(settings.clone(), deadline)?,
        deadline,
        dead_token_statuses: dead_token_statuses(&credentials),
        cookies: CookiePlace::of(options, credentials.profile.as_ref())?,
        pages: credentials.pages(),
        in_memory: settings.limits.body.unwrap_or(IN_MEMORY),
        request,
        unread_headers,
        settings,
        overlay,
        preview,
        show,
        jq,
        level: Verbosity::from_switch(options.quiet),
        secrets,
    })
}

/// The deadline of everything that follows: time spent waiting for the files of items is part of the
/// call's time. The limit of a profile is one for each call of a series.
fn deadline(options: &Http, limit: Option<Duration>) -> Deadline {
    let is_series = options.paginate || options.until.is_some() || options.while_.is_some();
    let is_whole = options.timeout.is_some() || !is_series;
    Deadline::after(limit.filter(|_| is_whole))
}

fn parts(
    items: Vec<Item>,
    options: &Http,
    url: &mut Url,
    deadline: Deadline,
) -> Result<items::Parts, Error> {
    // A file item makes the body a form, because JSON cannot contain a file.
    let is_form = options.form || options.multipart || items.iter().any(Item::is_file);
    let mut parts = items::Parts::default();
    for item in items {
        parts.add(item, is_form, url, deadline)?;
    }
    Ok(parts)
}

fn usual_method(body: &Body) -> &'static str {
    match body {
        Body::None => "GET",
        Body::Bytes { .. } | Body::File { .. } | Body::Multipart(_) | Body::Gzip(_) => "POST",
    }
}

/// Reads the proxy's password from its source.
pub(super) fn proxy_credentials(
    (user, source): (String, Source),
    deadline: Deadline,
) -> Result<UserInfo, Error> {
    let password = source.read_until(&format!("Password of {user} at the proxy"), deadline)?;
    Ok(UserInfo {
        user,
        password: Some(password),
    })
}

/// Whether secrets are shown where they would be masked by default.
fn secrets(options: &Http) -> Result<Secrets, Error> {
    if options.show_secrets && options.curl {
        return Err(Error::usage(
            "--show-secrets cannot be used with --curl, which prints the sources of secrets",
        ));
    }
    let is_shown = options.verbose || options.json || options.offline || options.print.is_some();
    match (options.show_secrets, is_shown) {
        (true, false) => Err(Error::usage(
            "--show-secrets requires -v, --print, --json or --offline",
        )),
        (shown, _) => Ok(Secrets::from_switch(shown)),
    }
}

fn dead_token_statuses(credentials: &Credentials) -> Vec<u16> {
    let profile = credentials.profile.as_ref();
    profile.map_or_else(Vec::new, |profile| profile.dead_token_statuses.clone())
}

/// Whether the profile adds a header that contains a secret.
fn has_secret_header(profile: &Profile, parts: &items::Parts) -> bool {
    profile.headers.iter().any(|(name, template)| {
        !parts.names_header(name) && (redact::is_secret_header(name) || !template.is_plain())
    })
}

/// Whether the profile adds a header that contains a secret to the requests of a batch.
pub(super) fn has_secret_headers(profile: &Profile) -> bool {
    has_secret_header(profile, &items::Parts::default())
}

/// The profile's headers that come from a source, except those that an item sets or removes.
fn sources_of_headers(profile: &Profile, parts: &items::Parts) -> Vec<(String, Source)> {
    let sources = profile.headers.iter().filter_map(|(name, template)| {
        let source = template.source().filter(|_| !parts.names_header(name))?;
        Some((name.clone(), source.clone()))
    });
    sources.collect()
}

/// Whether the sources of the profile's headers are read.
#[derive(Clone, Copy, Debug)]
enum Reading {
    /// The request is only printed.
    Skipped,
    Until(Deadline),
}

impl Reading {
    fn of(options: &Http, secrets: Secrets, deadline: Deadline) -> Reading {
        match options.curl || (options.offline && secrets == Secrets::Hidden) {
            true => Reading::Skipped,
            false => Reading::Until(deadline),
        }
    }
}

/// Adds the profile's headers and path prefix; returns the headers whose sources were not read.
fn add_profile(
    profile: &Profile,
    parts: &items::Parts,
    reading: Reading,
    request: &mut Request,
) -> Result<Vec<(String, Source)>, Error> {
    let (unread, deadline) = match reading {
        Reading::Skipped => (sources_of_headers(profile, parts), Deadline::default()),
        Reading::Until(deadline) => (Vec::new(), deadline),
    };
    add_headers(profile, parts, &unread, &mut request.headers, deadline)?;
    request.path_prefix = Some(profile.path_prefix().to_owned());
    Ok(unread)
}

/// Adds the profile's headers, except those that an item sets or removes.
fn add_headers(
    profile: &Profile,
    parts: &items::Parts,
    unread: &[(String, Source)],
    headers: &mut Vec<Header>,
    deadline: Deadline,
) -> Result<(), Error> {
    let user = profile.service.user.as_ref();
    for (name, template) in &profile.headers {
        if parts.names_header(name) {
            continue;
        }
        let filled = match unread.iter().any(|(known, _)| known == name) {
            true => Some(Secret::new(redact::MASK.into())),
            false => {
                let mut value = |_: &str| Ok(user.map(|u| Secret::new(u.as_bytes().to_vec())));
                template.fill(&mut value, deadline)?
            }
        };
        let Some(secret) = filled else { continue };
        let value = match (redact::is_secret_header(name), secret.expose_text()) {
            (false, Ok(text)) if template.is_plain() => Value::Plain(text.to_owned()),
            _ => Value::Secret(secret),
        };
        headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
        headers.push(Header {
            name: name.clone(),
            value,
        });
    }
    Ok(())
}

/// The headers that the profile adds to every request of a batch. Those from a source are masked if the
/// requests are only printed.
pub(in crate::cli) fn profile_headers(
    profile: &Profile,
    is_printed: bool,
    deadline: Deadline,
) -> Result<Vec<Header>, Error> {
    let parts = items::Parts::default();
    let unread = match is_printed {
        true => sources_of_headers(profile, &parts),
        false => Vec::new(),
    };
    let mut headers = Vec::new();
    add_headers(profile, &parts, &unread, &mut headers, deadline)?;
    Ok(headers)
}

fn show(options: &Http) -> Result<Show, Error> {
    if let Some(wanted) = download::wanted(options)? {
        return Ok(Show::Download(wanted));
    }
    let mut ways = Vec::new();
    ways.extend(options.json.then_some(("--json", Show::Json)));
    ways.extend(options.headers.then_some(("--headers", Show::Headers)));
    ways.extend(options.stream.then_some(("--stream", Show::Stream)));
    if let Some(letters) = &options.print {
        let parts = Parts::parse(letters).map_err(|why| Error::usage(format!("--print: {why}")))?;
        ways.push(("--print", Show::Parts(parts)));
    }
    ways.extend(match options.output.as_deref() {
        None => None,
        Some("-") => Some(("--output", Show::Body)),
        Some(path) => Some(("--output", Show::File(path.into()))),
    });
    if let [(one, _), (other, _), ..] = ways.as_slice() {
        return Err(Error::usage(format!(
            "{one} and {other} cannot be used together"
        )));
    }
    Ok(ways.pop().map_or(Show::Body, |(_, show)| show))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(words: &str, change: impl FnOnce(&mut Http)) -> Result<Plan, String> {
        let mut options = Http {
            words: words.split(' ').map(str::to_owned).collect(),
            ..Http::default()
        };
        change(&mut options);
        plan(&options).map_err(|error| error.to_string())
    }

    fn request(words: &str) -> Request {
        planned(words, |_| {}).unwrap().request
    }

    fn body(request: &Request) -> String {
        match &request.body {
            Body::Bytes { bytes, .. } => String::from_utf8(bytes.clone()).unwrap(),
            other @ (Body::None | Body::File { .. } | Body::Multipart(_) | Body::Gzip(_)) => {
                format!("{other:?}")
            }
        }
    }

    #[test]
    fn default_method_depends_on_the_body() {
        for (words, method) in [
            ("localhost", "GET"),
            ("localhost a=b", "POST"),
            ("localhost a==b X:y", "GET"),
            ("PURGE localhost", "PURGE"),
            ("put localhost a=b", "PUT"),
            ("GET localhost a=b", "GET"),
            ("LOCALHOST", "GET"),
        ] {
            assert_eq!(request(words).method, method, "{words}");
        }
    }

    #[test]
    fn items_set_url_headers_and_body() {
        let request = request("localhost/x?a=1 b==2 X-One:1 User-Agent: c[d]=é e:=1.10");
        assert_eq!(request.url.to_string(), "http://localhost/x?a=1&b=2");
        assert_eq!(body(&request), r#"{"c":{"d":"é"},"e":1.10}"#);
        let names: Vec<&str> = request
            .headers
            .iter()
            .map(|header| header.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["accept", "accept-encoding", "content-type", "X-One"]
        );
    }

    #[test]
    fn credentials_over_plain_http_are_refused() {
        let bearer = |options: &mut Http| options.auth = Some("bearer=file:Cargo.toml".into());
        let refused = planned("http://a.lan", bearer).unwrap_err_text();
        assert!(refused.contains("plain text"), "{refused}");
        assert!(
            planned("http://a.lan X-Api-Key:k", |_| {})
                .unwrap_err_text()
                .contains("plain text")
        );
        assert!(
            planned("http://me:pass@a.lan", |_| {})
                .unwrap_err_text()
                .contains("plain text")
        );
        let through_proxy = planned("http://localhost X-Api-Key:k", |options| {
            options.proxy = Some("http://p:1".into())
        });
        assert!(through_proxy.unwrap_err_text().contains("plain text"));
        assert!(planned("http://127.0.0.1 X-Api-Key:k", |_| {}).is_ok());
        assert!(planned("https://a.lan X-Api-Key:k", |_| {}).is_ok());
        assert!(
            planned("http://a.lan X-Api-Key:k", |options| options
                .allow_plaintext =
                true)
            .is_ok()
        );
    }

    #[test]
    fn auth_help_names_every_scheme() {
        use argh::ArgsInfo;
        let info = Http::get_args_info();
        let auth = info.flags.iter().find(|flag| flag.long == "--auth");
        let description = auth.map(|flag| flag.description).unwrap_or_default();
        let words: Vec<&str> = description.split([' ', ',', '(', ')']).collect();
        for form in crate::auth::scheme::option_forms() {
            assert!(
                words.contains(&form) || form.contains(' ') && description.contains(form),
                "the help of --auth does not name {form}"
            );
        }
    }

    #[test]
    fn conflicting_options_are_refused() {
        assert!(planned("localhost a=b", |options| options.body = Some("x".into())).is_err());
        assert!(planned("localhost a:=1", |options| options.form = true).is_err());
        assert!(
            planned("localhost", |options| (options.json, options.headers) =
                (true, true))
            .is_err()
        );
        assert!(planned("localhost", |options| options.claim = vec!["a=b".into()]).is_err());
        assert!(planned("localhost", |options| options.key = Some("k".into())).is_err());
        assert!(
            planned("https://me@a.lan", |options| options.auth =
                Some("bearer=env:T".into()))
            .is_err()
        );
        assert!(planned("localhost X:a\u{7f}b", |_| {}).is_err());
    }

    trait ErrText {
        fn unwrap_err_text(self) -> String;
    }

    impl ErrText for Result<Plan, String> {
        fn unwrap_err_text(self) -> String {
            match self {
                Ok(_) => panic!("it was planned"),
                Err(text) => text,
            }
        }
    }
}
