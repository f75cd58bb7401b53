//! From options and items to a request and how it is made. All that can be wrong is found here,
//! before anything is sent.

use std::path::PathBuf;

use super::items::{Parts, ensure_compressible, headers};
use super::settings::{duration, retry, settings};
use super::show::Parts as Shown;
use super::{Http, download, netrc};
use crate::error::Error;
use crate::http::auth::{Auth, Credential};
use crate::http::body::Body;
use crate::http::download::Download;
use crate::http::item::Item;
use crate::http::request::Request;
use crate::http::retry::Policy;
use crate::http::url::{Scheme, Url};
use crate::http::{Follow, Settings};
use crate::jwt::claim::Claim;
use crate::redact;
use crate::timestamp::Timestamp;

/// A body that is shown whole, laid out or in JSON, is held in memory: up to this.
const IN_MEMORY: u64 = 256 << 20;

/// The encodings an answer may have, unless an item says others.
pub const ACCEPT_ENCODING: &str = "gzip, deflate, br";

/// What is to be done.
pub struct Plan {
    pub request: Request,
    pub settings: Settings,
    pub follow: Follow,
    pub retry: Policy,
    /// Where the credential comes from.
    pub auth: Auth,
    pub show: Show,
    /// The largest body held in memory.
    pub in_memory: u64,
}

/// What becomes of the answer.
pub enum Show {
    Body,
    Stream,
    Head,
    Parts(Shown),
    File(PathBuf),
    Download(Download),
    Json,
}

/// Reads the options into a plan.
///
/// # Errors
/// A usage error names the option or item; a secret that cannot be had is exit 9.
pub fn plan(options: &Http) -> Result<Plan, Error> {
    let show = show(options)?;
    let (method, url, items) = words(&options.words)?;
    let mut url = Url::parse(url).map_err(Error::usage)?;
    let auth = auth(options, &mut url)?;
    let settings = settings(options)?;
    let items: Result<Vec<Item>, String> = items.iter().map(|item| Item::parse(item)).collect();
    let items = items.map_err(Error::usage)?;
    // A file among them makes it a form: JSON carries none.
    let uploads = items.iter().any(|item| matches!(item, Item::File { .. }));
    let mut parts = Parts::default();
    for item in items {
        parts.add(item, options.form || uploads, &mut url)?;
    }
    // What the user wrote is never replaced by what a file says, and never joined by a second.
    let auth = match (parts.has_header("authorization"), options.auth.as_deref()) {
        (true, Some(text)) if text.starts_with("netrc") => Auth::None,
        (true, _) if auth.is_authorization() => {
            return Err(Error::usage(
                "Authorization stands in an item too: one of them",
            ));
        }
        _ => auth,
    };
    let body = parts.body(options)?;
    ensure_compressible(options, &parts, &body)?;
    let method = method
        .unwrap_or(if matches!(body, Body::None) {
            "GET"
        } else {
            "POST"
        })
        .to_owned();
    let mut request = Request {
        method,
        url,
        headers: Vec::new(),
        credential: Credential::None,
        body,
        path_prefix: None,
    };
    request.headers = headers(&parts, &request.body, options);
    ensure_not_in_plaintext(options, &request, &auth, &settings)?;
    request.credential = match options.offline || options.curl {
        true => auth.masked(), // nothing is sent: no source is asked
        false => auth.credential(Timestamp::now())?,
    };
    let max_redirects = options.max_redirects.unwrap_or(10);
    let follow = if options.follow {
        Follow::UpTo(max_redirects)
    } else {
        Follow::No
    };
    let in_memory = settings.limits.body.unwrap_or(IN_MEMORY);
    let mut plan = Plan {
        request,
        settings,
        follow,
        retry: retry(options)?,
        auth,
        show,
        in_memory,
    };
    if let Show::Download(wanted) = &plan.show {
        download::prepare(wanted, &plan.request, &mut plan.settings)?;
    }
    Ok(plan)
}

fn show(options: &Http) -> Result<Show, Error> {
    if let Some(wanted) = download::wanted(options)? {
        return Ok(Show::Download(wanted));
    }
    let mut ways = Vec::new();
    ways.extend(options.json.then_some(("--json", Show::Json)));
    ways.extend(options.headers.then_some(("--headers", Show::Head)));
    ways.extend(options.stream.then_some(("--stream", Show::Stream)));
    if let Some(letters) = &options.print {
        let parts = Shown::parse(letters).map_err(|why| Error::usage(format!("--print: {why}")))?;
        ways.push(("--print", Show::Parts(parts)));
    }
    ways.extend(match options.output.as_deref() {
        None => None,
        Some("-") => Some(("--output", Show::Body)),
        Some(path) => Some(("--output", Show::File(path.into()))),
    });
    if let [(one, _), (other, _), ..] = ways.as_slice() {
        return Err(Error::usage(format!(
            "{one} and {other} exclude each other"
        )));
    }
    Ok(ways.pop().map_or(Show::Body, |(_, show)| show))
}

/// Method, URL and items. The first word is the method when it is in capitals, or a usual one, and
/// another word follows.
pub(super) fn words(words: &[String]) -> Result<(Option<&str>, &str, &[String]), Error> {
    const USUAL: [&str; 7] = ["get", "head", "post", "put", "patch", "delete", "options"];
    let is_method = |word: &str| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase()) || USUAL.contains(&word)
    };
    match words {
        [] => Err(Error::usage_hint(
            "a URL is missing",
            "c47 http [METHOD] URL [ITEM …]",
        )),
        [method, url, items @ ..] if is_method(method) => {
            let usual = USUAL.iter().position(|usual| usual == method);
            const CAPITALS: [&str; 7] =
                ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
            let method = usual
                .and_then(|at| CAPITALS.get(at).copied())
                .unwrap_or(method);
            Ok((Some(method), url, items))
        }
        [url, items @ ..] => Ok((None, url, items)),
    }
}

fn auth(options: &Http, url: &mut Url) -> Result<Auth, Error> {
    let user_info = url.user_info.take();
    let mut auth = match (options.auth.as_deref(), user_info) {
        (Some("netrc" | "netrc=basic"), user) => netrc::login(url, user, netrc::As::Basic)?,
        (Some("netrc=bearer"), user) => netrc::login(url, user, netrc::As::Bearer)?,
        (Some(_), Some(_)) => {
            return Err(Error::usage(
                "credentials stand in the URL and in --auth: one of them",
            ));
        }
        (Some(text), None) => {
            Auth::parse(text).map_err(|why| Error::usage(format!("--auth: {why}")))?
        }
        (None, Some(user_info)) => Auth::from_user_info(user_info),
        (None, None) => Auth::None,
    };
    match &mut auth {
        Auth::Jwt(minted) => {
            for claim in &options.claim {
                minted.claims.push(
                    Claim::parse(claim).map_err(|why| Error::usage(format!("--claim: {why}")))?,
                );
            }
            if let Some(ttl) = duration("--ttl", options.ttl.as_deref())? {
                minted.ttl = ttl;
            }
            minted.kid.clone_from(&options.kid);
            minted.jti = options.jti;
        }
        _ => {
            let given = [
                ("--claim", !options.claim.is_empty()),
                ("--ttl", options.ttl.is_some()),
                ("--kid", options.kid.is_some()),
                ("--jti", options.jti),
            ];
            if let Some((name, _)) = given.iter().find(|(_, is_given)| *is_given) {
                return Err(Error::usage(format!(
                    "{name} belongs to --auth jwt=ALG:SOURCE"
                )));
            }
        }
    }
    Ok(auth)
}

/// Credentials go over plain http to this machine only, and not through a proxy.
fn ensure_not_in_plaintext(
    options: &Http,
    request: &Request,
    auth: &Auth,
    settings: &Settings,
) -> Result<(), Error> {
    let origin = &request.url.origin;
    let has_credentials = !auth.is_none()
        || request
            .headers
            .iter()
            .any(|header| redact::is_secret_header(&header.name));
    if !has_credentials || options.allow_plaintext || origin.scheme == Scheme::Https {
        return Ok(());
    }
    if settings.network.unix_socket.is_some() {
        return Ok(()); // it stays on this machine
    }
    let route = settings.proxies.route(origin).map_err(Error::usage)?;
    if origin.is_loopback() && matches!(route, crate::http::proxy::Route::Direct) {
        return Ok(());
    }
    Err(Error::usage_hint(
        format!("credentials would go in plain text to {origin}"),
        "use https, or --allow-plaintext where the network may see them",
    ))
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
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_method_is_guessed() {
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
    fn items_become_the_request() {
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
    fn plain_http_carries_no_credentials() {
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
    fn what_does_not_go_together() {
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
