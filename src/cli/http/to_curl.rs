//! `--curl`: prints the curl command of the same call, with the sources of the secrets.

use std::path::Path;
use std::time::Duration;

use super::Http;
use super::cookies::CookiePlace;
use super::plan::Plan;
use super::settings::proxy_auth;
use crate::auth::preview::{AwsSigning, Challenge, NetrcUse, Origin, Preview};
use crate::error::Error;
use crate::http::body::Body;
use crate::http::credential::Placement;
use crate::http::item::{Item, Value as ItemValue};
use crate::http::multipart::type_of;
use crate::http::part::Value;
use crate::http::proxy_address::ProxyChoice;
use crate::http::settings::Family;
use crate::http::tls::{Oldest, Trust};
use crate::http::url::remove_dot_segments;
use crate::http::{Follow, Overlay, accept_encoding};
use crate::redact::{self, Secrets};
use crate::secret::{KeySource, Source};
use crate::shell::{in_quotes, is_variable, quote};

/// The command, on one line, for a POSIX shell.
///
/// # Errors
/// When curl has no equivalent, for example for a body that does not fit in an argument.
pub(super) fn command(options: &Http, plan: &Plan) -> Result<String, Error> {
    let request = &plan.request;
    let mut words: Vec<String> = vec!["curl".into(), "-sS".into()];
    if request.method == "HEAD" {
        words.push("-I".into());
    } else if request.method != "GET" || request.body != Body::None {
        words.extend(["-X".into(), quote(&request.method)]);
    }
    for header in &request.headers {
        let Value::Plain(value) = &header.value else {
            continue;
        };
        let shown = redact::header(&header.name, value);
        let line = match shown.is_empty() {
            true => format!("{};", header.name),
            false => format!("{}: {shown}", header.name),
        };
        match header.name.as_str() {
            // curl sets its own, with its own boundary.
            "content-type" if matches!(request.body, Body::Multipart(_)) => {}
            "accept-encoding" if *value == accept_encoding() => words.push("--compressed".into()),
            _ => words.extend(["-H".into(), quote(&line)]),
        }
    }
    for (name, source) in &plan.unread_headers {
        header(
            &mut words,
            &format!("{name}: "),
            &Origin::Source(source.clone()),
        );
    }
    // Headers that curl adds and c47 does not send.
    let with_body = !matches!(request.body, Body::None | Body::Multipart(_));
    for (name, is_added) in [
        ("accept", true),
        ("user-agent", true),
        ("content-type", with_body),
        // curl requests no encoding by default; `--from-curl` would, without this header.
        ("accept-encoding", true),
    ] {
        if is_added && !request.has_header(name) {
            words.extend(["-H".into(), quote(&format!("{name}:"))]);
        }
    }
    // curl would expand them to several URLs.
    if request.url.path_and_query().contains(['[', ']', '{', '}']) {
        words.push("-g".into());
    }
    if remove_dot_segments(&request.url.path) != request.url.path {
        words.push("--path-as-is".into());
    }
    let url = credentials(plan, &mut words);
    words.extend(body(options, &request.body)?);
    words.extend(network(options, &plan.overlay, &plan.cookies));
    words.extend(proxy_user(options)?);
    words.push(url);
    Ok(words.join(" "))
}

/// Adds the credentials; returns the URL, which includes a query credential.
fn credentials(plan: &Plan, words: &mut Vec<String>) -> String {
    let url = redact::url(&plan.request.url.to_string());
    let preview = match &plan.preview {
        Preview::Headers {
            token,
            headers: others,
        } => {
            for (name, origin) in others {
                header(words, &format!("{name}: "), origin);
            }
            token
        }
        preview => preview,
    };
    match preview {
        Preview::None | Preview::Headers { .. } => {}
        Preview::Password {
            user,
            password,
            challenge,
        } => {
            if *challenge == Challenge::Digest {
                words.push("--digest".into());
            }
            words.push("-u".into());
            words.push(match value_of(password) {
                Some(value) => format!("\"{}:{value}\"", in_quotes(user)),
                None => quote(&format!("{user}:{}", redact::MASK)),
            });
        }
        Preview::Netrc(NetrcUse::Password) => words.push("--netrc".into()),
        Preview::Netrc(NetrcUse::Bearer) => {
            header(words, "authorization: Bearer ", &Origin::Hidden)
        }
        Preview::Aws(signing) => aws(signing, words),
        Preview::Signed { header: name } => {
            header(words, &format!("{name}: "), &Origin::Hidden);
        }
        Preview::Token { placement, token } => match placement {
            Placement::Bearer => header(words, "authorization: Bearer ", token),
            Placement::Header(name) => header(words, &format!("{name}: "), token),
            Placement::Query(name) => {
                let separator = if plan.request.url.query.is_some() {
                    '&'
                } else {
                    '?'
                };
                let name = crate::http::url::form_encode(name);
                return match value_of(token) {
                    Some(value) => format!("\"{}{separator}{name}={value}\"", in_quotes(&url)),
                    None => quote(&format!("{url}{separator}{name}={}", redact::MASK)),
                };
            }
        },
    }
    quote(&url)
}

/// The signature of AWS. Without sources of c47, the keys are the variables that AWS tools export.
fn aws(signing: &AwsSigning, words: &mut Vec<String>) {
    let variable = |name: &str| Origin::Source(Source::Env(name.into()));
    let part = |given: &Option<String>, name: &str| match given {
        Some(text) => in_quotes(text),
        None => format!("${{{name}}}"),
    };
    let region = part(&signing.region, "AWS_REGION");
    let service = part(&signing.service, "AWS_SERVICE");
    words.push("--aws-sigv4".into());
    words.push(format!("\"aws:amz:{region}:{service}\""));
    words.push("-u".into());
    let (id, secret) = match &signing.keys {
        Some((id, secret)) => (in_quotes(id), secret.clone()),
        None => (
            "${AWS_ACCESS_KEY_ID}".into(),
            variable("AWS_SECRET_ACCESS_KEY"),
        ),
    };
    let secret = value_of(&secret).unwrap_or_else(|| redact::MASK.into());
    words.push(format!("\"{id}:{secret}\""));
    let token = match (&signing.keys, &signing.session_token) {
        (_, Some(token)) => token.clone(),
        (Some(_), None) => return,
        // curl does not send a header without a value.
        (None, None) => variable("AWS_SESSION_TOKEN"),
    };
    header(words, "x-amz-security-token: ", &token);
}

fn header(words: &mut Vec<String>, start: &str, token: &Origin) {
    words.push("-H".into());
    words.push(match value_of(token) {
        Some(value) => format!("\"{}{value}\"", in_quotes(start)),
        None => quote(&format!("{start}{}", redact::MASK)),
    });
}

/// The shell expression for a secret, for use within double quotes; `None` if it is unknown.
fn value_of(origin: &Origin) -> Option<String> {
    let command = |words: &[String]| {
        let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
        words.join(" ")
    };
    Some(match origin {
        Origin::Hidden => return None,
        Origin::Printed(words) => format!("$({})", command(words)),
        Origin::Source(Source::Env(name)) => {
            let name = name.display().to_string();
            match is_variable(&name) {
                true => format!("${{{name}}}"),
                false => format!("$(printenv {})", quote(&name)),
            }
        }
        Origin::Source(Source::File(path)) => {
            let path = path.display().to_string();
            let directory = if path.starts_with('-') { "./" } else { "" };
            format!("$(cat {})", quote(&format!("{directory}{path}")))
        }
        Origin::Source(Source::Command(program)) => format!("$({} | head -n 1)", command(program)),
        Origin::Source(Source::Prompt) => "$(stty -echo; head -n 1 </dev/tty; stty echo)".into(),
    })
}

fn body(options: &Http, body: &Body) -> Result<Vec<String>, Error> {
    match body {
        Body::Multipart(_) => form(options),
        Body::Gzip(_) => Err(Error::usage(
            "curl cannot compress a request body; omit --compress",
        )),
        Body::None => Ok(Vec::new()),
        Body::File { path, .. } => Ok(vec![
            "--data-binary".into(),
            quote(&format!("@{}", path.display())),
        ]),
        Body::Bytes { .. } => {
            let text = String::from_utf8(super::offline::body(body, Secrets::Hidden)?)
                .ok()
                .filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(|| {
                Error::usage_hint(
                    "the body is not text and cannot be an argument of curl",
                    "use --body FILE, which becomes --data-binary @FILE",
                )
            })?;
            Ok(vec!["--data-raw".into(), quote(&text)])
        }
    }
}

/// A form with files, made from its items.
fn form(options: &Http) -> Result<Vec<String>, Error> {
    let mut words = Vec::new();
    for item in super::target::items(options)? {
        match item {
            Item::File {
                name,
                path,
                content_type,
                file_name,
            } => {
                // curl derives other types from file names.
                let shown = file_name.as_deref().unwrap_or(&path);
                let last = shown.rsplit('/').next().unwrap_or(shown);
                let kind = content_type.unwrap_or_else(|| type_of(last).to_owned());
                let shown = file_name.map(|name| format!(";filename={}", in_form(&name)));
                let shown = shown.unwrap_or_default();
                let path = in_form(&path);
                words.extend([
                    "-F".into(),
                    quote(&format!("{name}=@{path};type={kind}{shown}")),
                ]);
            }
            Item::Field { name, value } => {
                let (option, field) = match value {
                    ItemValue::Literal(text) => (
                        "--form-string",
                        format!("{name}={}", redact::member(&name, &text)),
                    ),
                    ItemValue::File(path) => ("-F", format!("{name}=<{path}")),
                };
                words.extend([option.to_owned(), quote(&field)]);
            }
            Item::Header { .. }
            | Item::NoHeader { .. }
            | Item::Query { .. }
            | Item::Json { .. } => {}
        }
    }
    Ok(words)
}

/// The credentials of the proxy, with the source of the password.
fn proxy_user(options: &Http) -> Result<Vec<String>, Error> {
    let Some((user, source)) = proxy_auth(options)? else {
        return Ok(Vec::new());
    };
    let word = match value_of(&Origin::Source(source)) {
        Some(value) => format!("\"{}:{value}\"", in_quotes(&user)),
        None => quote(&format!("{user}:{}", redact::MASK)),
    };
    Ok(vec!["--proxy-user".into(), word])
}

/// A key or certificate as a file: curl supports no other source; bash makes a file of it with
/// `<(…)`.
fn file_of(key: &KeySource) -> String {
    if let Some(path) = key.file() {
        return quote(&path.display().to_string());
    }
    let origin = Origin::Source(key.source().clone());
    let value = value_of(&origin).unwrap_or_else(|| redact::MASK.to_owned());
    format!("<(printf '%s\\n' \"{value}\")")
}

/// A value of `-F`, in double quotes if it contains a separator.
fn in_form(value: &str) -> String {
    match value.contains([',', ';', '"']) {
        true => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
        false => value.to_owned(),
    }
}

fn network(options: &Http, overlay: &Overlay, cookies: &CookiePlace) -> Vec<String> {
    let mut words = Vec::new();
    let mut with_value = |name: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{name} {}", quote(&value))));
    };
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64().to_string());
    let path = |path: &Path| path.display().to_string();
    if let Some(Follow::UpTo(limit)) = overlay.follow {
        with_value("-L --max-redirs", Some(limit.to_string()));
    }
    with_value("-m", seconds(overlay.timeout));
    with_value("--connect-timeout", seconds(overlay.connect_timeout));
    with_value("-x", overlay.proxy.as_ref().map(ProxyChoice::shown));
    with_value("--unix-socket", overlay.unix_socket.as_deref().map(path));
    with_value("-o", options.output.clone());
    if let Some(file) = cookies.file() {
        let file = path(file);
        with_value("-b", Some(file.clone()));
        with_value("-c", Some(file));
    } else if overlay.follow.is_some() {
        // Otherwise curl ignores the cookies of redirects.
        with_value("-b", Some(String::new()));
    }
    for address in &options.resolve {
        with_value("--resolve", Some(address.clone()));
    }
    if let Some(Trust::Only(bundle)) = &overlay.trust {
        words.push(format!("--cacert {}", file_of(bundle)));
    }
    if let Some((certificate, key)) = &overlay.client {
        words.push(format!("--cert {}", file_of(certificate)));
        if key != certificate {
            words.push(format!("--key {}", file_of(key)));
        }
    }
    let switches = [
        ("-k", overlay.trust == Some(Trust::Anybody)),
        ("-4", overlay.family == Some(Family::Ipv4)),
        ("-6", overlay.family == Some(Family::Ipv6)),
        ("--tlsv1.3", overlay.oldest_tls == Some(Oldest::Tls13)),
    ];
    words.extend(
        switches
            .iter()
            .filter(|(_, is_on)| *is_on)
            .map(|(name, _)| (*name).to_owned()),
    );
    words
}
