//! From options and items to a request and how it is made. All that can be wrong is found here,
//! before anything is sent.

use std::path::PathBuf;
use std::time::Duration;

use super::show::Parts as Shown;
use super::{Http, download, netrc};
use crate::cli::environment;
use crate::error::Error;
use crate::http::auth::{Auth, Credential};
use crate::http::body::{self, Body};
use crate::http::download::Download;
use crate::http::item::{Item, Value as ItemValue};
use crate::http::multipart::{Content, Multipart, Part};
use crate::http::proxy::Proxies;
use crate::http::request::{Header, Request, USER_AGENT, Value};
use crate::http::retry::{Methods, Policy};
use crate::http::stream::Watch;
use crate::http::tls::{Oldest, Options as TlsOptions, Trust};
use crate::http::url::{Scheme, Url};
use crate::http::{self, Family, Follow, Intake, Limits, Network, Override, Settings};
use crate::json::Text;
use crate::jwt::claim::Claim;
use crate::timestamp::Timestamp;
use crate::{quantity, redact};

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

pub(super) fn settings(options: &Http) -> Result<Settings, Error> {
    let whole = duration("--timeout", options.timeout.as_deref())?;
    let connect = duration("--connect-timeout", options.connect_timeout.as_deref())?;
    let idle = Duration::from_secs(60);
    let body = match &options.max_body {
        Some(text) => {
            Some(quantity::size(text).map_err(|why| Error::usage(format!("--max-body: {why}")))?)
        }
        None => None,
    };
    let limits = Limits {
        connect: connect.unwrap_or(Duration::from_secs(10)),
        // Who gives the call more time means the wait for the first byte too.
        idle: whole.map_or(idle, |whole| whole.max(idle)),
        whole,
        body,
    };
    Ok(Settings {
        limits,
        tls: tls(options)?,
        proxies: Proxies {
            always: options.proxy.clone(),
            ..environment::proxies()
        },
        network: network(options)?,
        intake: Intake::default(),
        watch: Watch::default(),
    })
}

fn retry(options: &Http) -> Result<Policy, Error> {
    if options.retry.is_none() && (options.retry_max_time.is_some() || options.retry_unsafe) {
        return Err(Error::usage(
            "--retry-max-time and --retry-unsafe belong to --retry N",
        ));
    }
    let max_time = duration("--retry-max-time", options.retry_max_time.as_deref())?;
    Ok(Policy {
        retries: options.retry.unwrap_or(0),
        max_time: max_time.unwrap_or(Duration::from_secs(600)),
        methods: if options.retry_unsafe {
            Methods::All
        } else {
            Methods::Idempotent
        },
    })
}

fn network(options: &Http) -> Result<Network, Error> {
    let family = match (options.ipv4, options.ipv6) {
        (false, false) => Family::Any,
        (true, false) => Family::Ipv4,
        (false, true) => Family::Ipv6,
        (true, true) => return Err(Error::usage("-4 and -6 exclude each other")),
    };
    let overrides: Result<_, _> = options
        .resolve
        .iter()
        .map(|text| Override::parse(text))
        .collect();
    let overrides = overrides.map_err(|why| Error::usage(format!("--resolve: {why}")))?;
    let unix_socket = options.unix_socket.as_ref().map(PathBuf::from);
    if unix_socket.is_some() && options.proxy.is_some() {
        return Err(Error::usage("--unix-socket and --proxy exclude each other"));
    }
    Ok(Network {
        family,
        overrides,
        unix_socket,
    })
}

fn tls(options: &Http) -> Result<TlsOptions, Error> {
    let trust = match (&options.cacert, options.insecure) {
        (Some(_), true) => return Err(Error::usage("--cacert and --insecure exclude each other")),
        (Some(path), false) => Trust::Only(path.into()),
        (None, true) => Trust::Anybody,
        (None, false) => environment::trust(),
    };
    let client = match (&options.cert, &options.key) {
        (Some(cert), Some(key)) => Some((cert.into(), key.into())),
        (Some(cert), None) => Some((cert.into(), cert.into())), // both may stand in one file
        (None, Some(_)) => return Err(Error::usage("--key belongs to --cert FILE")),
        (None, None) => None,
    };
    let oldest = match options.tls_min.as_deref() {
        None | Some("1.2") => Oldest::Tls12,
        Some("1.3") => Oldest::Tls13,
        Some(_) => return Err(Error::usage("--tls-min is 1.2 or 1.3")),
    };
    Ok(TlsOptions {
        trust,
        client,
        oldest,
    })
}

/// What the items add up to.
#[derive(Default)]
struct Parts {
    headers: Vec<(String, Option<String>)>,
    json: Vec<(String, Text)>,
    form: Vec<(String, String)>,
    /// Each with the number of form fields that stand before it.
    files: Vec<(usize, Part)>,
}

impl Parts {
    fn has_header(&self, name: &str) -> bool {
        let mut headers = self.headers.iter();
        headers.any(|(known, value)| value.is_some() && known.eq_ignore_ascii_case(name))
    }

    fn add(&mut self, item: Item, form: bool, url: &mut Url) -> Result<(), Error> {
        match item {
            Item::Header { name, .. } if is_framing(&name) => Err(Error::usage(format!(
                "'{name}' follows from the body; it cannot be set"
            )))?,
            Item::Header { name, value } => {
                let value = content(value)?;
                // An editor's last line break is no part of a header.
                let value = value.strip_suffix('\n').unwrap_or(&value).to_owned();
                if value.chars().any(|c| c.is_control() && c != '\t') {
                    return Err(Error::usage(format!(
                        "header '{name}' holds a control character"
                    )));
                }
                self.headers.push((name, Some(value)));
            }
            Item::NoHeader { name } => self.headers.push((name, None)),
            Item::Query { name, value } => url.push_query(&name, &content(value)?),
            Item::Field { name, value } if form => self.form.push((name, content(value)?)),
            Item::Field { name, value } => self.json.push((name, Text::string(&content(value)?))),
            Item::Json { name, .. } if form => {
                return Err(Error::usage(format!(
                    "'{name}:=' is JSON, which a form does not carry"
                )));
            }
            Item::Json { name, value } => {
                let text = Text::parse(content(value)?).map_err(|why| {
                    Error::usage_hint(
                        format!("'{name}:=' is no JSON: {why}"),
                        "a string is written key=value",
                    )
                })?;
                self.json.push((name, text));
            }
            Item::File {
                name,
                path,
                content_type,
                file_name,
            } => {
                let part = Part::file(name, &path, file_name, content_type)?;
                self.files.push((self.form.len(), part));
            }
        }
        Ok(())
    }

    /// Fields and files in the order they were given: some services want the file last.
    fn multipart(&self) -> Result<Body, Error> {
        let text = |(name, value): &(String, String)| Part {
            name: name.clone(),
            content: Content::Text(value.clone()),
        };
        let mut parts = Vec::new();
        let mut fields = self.form.iter();
        for (fields_before, file) in &self.files {
            let missing = fields_before.saturating_sub(self.form.len() - fields.len());
            parts.extend(fields.by_ref().take(missing).map(text));
            parts.push(file.clone());
        }
        parts.extend(fields.map(text));
        Multipart::new(parts).map(Body::Multipart)
    }

    fn body(&self, options: &Http) -> Result<Body, Error> {
        let has_fields = !self.json.is_empty() || !self.form.is_empty() || !self.files.is_empty();
        let body = match &options.body {
            Some(_) if has_fields || options.form => Err(Error::usage(
                "--body sends a file as it is: it takes no key=value or key@file items and no --form",
            )),
            // curl's and xh's `@` is a habit.
            Some(path) => Body::from_path(path.strip_prefix('@').unwrap_or(path)),
            None if !self.files.is_empty() => self.multipart(),
            None if options.form => Ok(body::form_of(&self.form)),
            None if has_fields => body::json_of(&self.json).map_err(Error::usage),
            None => Ok(Body::None),
        }?;
        if options.compress {
            http::gzip(body)
        } else {
            Ok(body)
        }
    }
}

/// Headers that say where a message ends: a second opinion is a smuggled request.
fn is_framing(name: &str) -> bool {
    name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding")
}

fn content(value: ItemValue) -> Result<String, Error> {
    match value {
        ItemValue::Literal(text) => Ok(text),
        ItemValue::File(path) => body::read_text(&path),
    }
}

/// The headers that come by themselves, less those an item leaves out or sets, then the items'.
fn headers(parts: &Parts, body: &Body, options: &Http) -> Vec<Header> {
    let plain = |name: &str, value: &str| Header {
        name: name.to_owned(),
        value: Value::Plain(value.to_owned()),
    };
    let is_json = body.content_type() == Some("application/json");
    let accept = if is_json {
        "application/json, */*;q=0.5"
    } else {
        "*/*"
    };
    // A range of an encoded file could not be told from one of the file.
    let accept_encoding = if options.download {
        "identity"
    } else {
        ACCEPT_ENCODING
    };
    let mut headers = vec![
        plain("user-agent", USER_AGENT),
        plain("accept", accept),
        plain("accept-encoding", accept_encoding),
    ];
    if let Some(content_type) = body.content_type() {
        headers.push(plain("content-type", content_type));
    }
    if options.compress {
        headers.push(plain("content-encoding", "gzip"));
    }
    headers.retain(|header| {
        !parts
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(&header.name))
    });
    headers.extend(
        parts
            .headers
            .iter()
            .filter_map(|(name, value)| Some(plain(name, value.as_deref()?))),
    );
    headers
}

fn ensure_compressible(options: &Http, parts: &Parts, body: &Body) -> Result<(), Error> {
    if options.compress && matches!(body, Body::None) {
        return Err(Error::usage("--compress needs a body to compress"));
    }
    if options.compress && parts.has_header("content-encoding") {
        return Err(Error::usage(
            "Content-Encoding stands in an item and --compress sets it: one of them",
        ));
    }
    Ok(())
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

fn duration(name: &str, text: Option<&str>) -> Result<Option<Duration>, Error> {
    text.map(quantity::duration)
        .transpose()
        .map_err(|why| Error::usage(format!("{name}: {why}")))
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
