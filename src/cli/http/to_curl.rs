//! `--curl`: the curl command that makes the same call, with a secret's source in its place.

use super::Http;
use super::build::Plan;
use crate::error::Error;
use crate::http::auth::{Auth, Minted, Pending};
use crate::http::body::Body;
use crate::http::multipart::{Content, Part};
use crate::http::request::Value;
use crate::http::stream::Segment;
use crate::redact;
use crate::secret::Source;

/// The command, on one line, for a POSIX shell.
///
/// # Errors
/// When the call has no equivalent: a body that no argument can hold.
pub fn command(options: &Http, plan: &Plan) -> Result<String, Error> {
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
            "accept-encoding" if value == super::build::ACCEPT_ENCODING => {
                words.push("--compressed".into())
            }
            // curl chooses the boundary.
            "content-type" if matches!(request.body, Body::Multipart(_)) => {}
            _ => words.extend(["-H".into(), quote(&line)]),
        }
    }
    // What curl adds by itself and we do not send.
    let with_body = request.body != Body::None;
    for (name, is_added) in [
        ("accept", true),
        ("user-agent", true),
        (
            "content-type",
            with_body && !matches!(request.body, Body::Multipart(_)),
        ),
    ] {
        if is_added && !request.has_header(name) {
            words.extend(["-H".into(), quote(&format!("{name}:"))]);
        }
    }
    let url = credentials(options, plan, &mut words);
    words.extend(body(&request.body)?);
    words.extend(network(options));
    words.push(url);
    Ok(words.join(" "))
}

/// Adds what authenticates; returns the URL, with a query credential in it.
fn credentials(options: &Http, plan: &Plan, words: &mut Vec<String>) -> String {
    let url = redact::url(&plan.request.url.to_string());
    match &plan.auth {
        Auth::None => {}
        Auth::Basic {
            user,
            password: Pending::From(source),
        } => {
            words.extend(
                [
                    "-u".into(),
                    format!("{}:{}", in_quotes(user), value_of(source)),
                ]
                .map(join_user),
            );
        }
        Auth::Digest { user, password } => {
            words.push("--digest".into());
            words.extend(
                [
                    "-u".into(),
                    format!("{}:{}", in_quotes(user), value_of(password)),
                ]
                .map(join_user),
            );
        }
        // It stood in the URL or in netrc.
        Auth::Basic { user, .. } if options.auth.is_none() => {
            words.extend(["-u".into(), quote(&format!("{user}:{}", redact::MASK))]);
        }
        Auth::Basic { .. } => words.push("--netrc".into()),
        Auth::Bearer(Pending::From(source)) => header(words, "authorization: Bearer ", source),
        Auth::Bearer(Pending::Had(_)) => {
            words.extend([
                "-H".into(),
                quote(&format!("authorization: Bearer {}", redact::MASK)),
            ]);
        }
        Auth::Header { name, value } => header(words, &format!("{name}: "), value),
        Auth::Jwt(minted) => {
            words.extend([
                "-H".into(),
                format!("\"authorization: Bearer {}\"", sign(minted, options)),
            ]);
        }
        Auth::Query { name, value } => {
            let separator = if plan.request.url.query.is_some() {
                '&'
            } else {
                '?'
            };
            let name = crate::http::url::form_encode(name);
            return format!(
                "\"{}{separator}{name}={}\"",
                in_quotes(&url),
                value_of(value)
            );
        }
    }
    quote(&url)
}

fn join_user(word: String) -> String {
    if word == "-u" {
        word
    } else {
        format!("\"{word}\"")
    }
}

fn header(words: &mut Vec<String>, start: &str, source: &Source) {
    words.extend([
        "-H".into(),
        format!("\"{}{}\"", in_quotes(start), value_of(source)),
    ]);
}

/// What a shell puts in a source's place, within double quotes.
fn value_of(source: &Source) -> String {
    match source {
        Source::Env(name) => format!("${{{}}}", name.display()),
        Source::File(path) => format!("$(cat {})", quote(&path.display().to_string())),
        Source::Command(program) => {
            let words: Vec<String> = program.iter().map(|word| quote(word)).collect();
            format!("$({} | head -n 1)", words.join(" "))
        }
        Source::Prompt => "$(stty -echo; head -n 1 </dev/tty; stty echo)".into(),
    }
}

/// A token is minted by c47 there too.
fn sign(minted: &Minted, options: &Http) -> String {
    let mut words = vec![
        "c47 jwt sign".to_owned(),
        format!("--alg {}", minted.algorithm.name()),
        format!("--key {}", quote(&source_text(&minted.key))),
        format!("--ttl {}s", minted.ttl.as_secs()),
    ];
    words.extend(
        options
            .claim
            .iter()
            .map(|claim| format!("--claim {}", quote(claim))),
    );
    words.extend(
        options
            .kid
            .iter()
            .map(|kid| format!("--kid {}", quote(kid))),
    );
    words.extend(minted.jti.then(|| "--jti".to_owned()));
    format!("$({})", words.join(" "))
}

fn source_text(source: &Source) -> String {
    match source {
        Source::Command(words) => {
            let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
            format!("command:{}", words.join(" "))
        }
        other => other.to_string(),
    }
}

fn body(body: &Body) -> Result<Vec<String>, Error> {
    match body {
        Body::None => Ok(Vec::new()),
        Body::File { path, .. } => Ok(vec![
            "--data-binary".into(),
            quote(&format!("@{}", path.display())),
        ]),
        Body::Multipart(form) => Ok(form.masked().parts.iter().flat_map(field).collect()),
        Body::Gzip(_) => Err(Error::usage("curl cannot compress what it sends")),
        Body::Bytes { .. } => {
            let text = String::from_utf8(super::offline::body(body)?)
                .ok()
                .filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(|| {
                Error::usage_hint(
                    "the body is no text, which an argument of curl cannot hold",
                    "--body FILE becomes --data-binary @FILE",
                )
            })?;
            Ok(vec!["--data-raw".into(), quote(&text)])
        }
    }
}

/// A field of a form with files.
fn field(part: &Part) -> [String; 2] {
    match &part.content {
        Content::Text(value) => [
            "--form-string".into(),
            quote(&format!("{}={value}", part.name)),
        ],
        Content::File {
            bytes,
            file_name,
            content_type,
        } => {
            let path = match bytes {
                Segment::File { path, .. } => path.display().to_string(),
                Segment::Text(_) => "-".into(),
            };
            let place = format!("@{path};type={content_type};filename={file_name}");
            ["-F".into(), quote(&format!("{}={place}", part.name))]
        }
    }
}

fn network(options: &Http) -> Vec<String> {
    let mut words = Vec::new();
    let mut with_value = |name: &str, value: Option<String>| {
        words.extend(value.map(|value| format!("{name} {}", quote(&value))));
    };
    let seconds = |text: &Option<String>| {
        let duration = text
            .as_deref()
            .and_then(|text| crate::quantity::duration(text).ok());
        duration.map(|duration| duration.as_secs_f64().to_string())
    };
    if options.follow {
        with_value(
            "-L --max-redirs",
            Some(options.max_redirects.unwrap_or(10).to_string()),
        );
    }
    with_value("-m", seconds(&options.timeout));
    with_value("--connect-timeout", seconds(&options.connect_timeout));
    with_value("--cacert", options.cacert.clone());
    with_value("--cert", options.cert.clone());
    with_value("--key", options.key.clone());
    with_value("-x", options.proxy.as_deref().map(redact::url));
    with_value("--unix-socket", options.unix_socket.clone());
    with_value("-o", options.output.clone());
    with_value("--retry", options.retry.map(|retries| retries.to_string()));
    for address in &options.resolve {
        with_value("--resolve", Some(address.clone()));
    }
    let switches = [
        ("-k", options.insecure),
        ("-4", options.ipv4),
        ("-6", options.ipv6),
        ("--tlsv1.3", options.tls_min.as_deref() == Some("1.3")),
    ];
    words.extend(
        switches
            .iter()
            .filter(|(_, is_on)| *is_on)
            .map(|(name, _)| (*name).to_owned()),
    );
    words
}

/// A word for a POSIX shell: as it is where it is harmless, else in single quotes.
fn quote(word: &str) -> String {
    let is_harmless = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(is_harmless) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Text within double quotes, without a meaning to the shell.
fn in_quotes(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        if matches!(c, '"' | '\\' | '$' | '`') {
            out.push('\\');
        }
        out.push(c);
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_a_shell() {
        assert_eq!(quote("a/b:c"), "a/b:c");
        assert_eq!(quote("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quote(""), "''");
        assert_eq!(in_quotes("a\"$b`\\"), "a\\\"\\$b\\`\\\\");
    }
}
