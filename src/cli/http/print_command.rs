//! `--print-command`: prints the c47 command of a call, quoted for a shell. Sources replace the
//! secrets.

use super::{Http, settings, target};
use crate::error::Error;
use crate::exit::Exit;
use crate::http::item::{Item, Value, written_name};
use crate::http::url::{Url, UserInfo, percent_decode};
use crate::json::Text;
use crate::output;
use crate::redact;
use crate::shell::quote;

/// The longest argument that Linux accepts.
const MAX_ARGUMENT: usize = 128 << 10;

/// Prints the command, and on stderr the steps that are needed before it works.
///
/// # Errors
/// When the options or items are invalid, or too long for an argument.
pub(super) fn print(call: &Http) -> Result<Exit, Error> {
    settings::overlay(call)?;
    target::items(call)?;
    let sourced = Sourced::of(call)?;
    let words = words(call, &sourced);
    if words.iter().any(|word| word.len() >= MAX_ARGUMENT) {
        return Err(Error::usage_hint(
            "the body is too long for an argument",
            "write it to a file and use --data-binary @FILE",
        ));
    }
    let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
    output::line(words.join(" "))?;
    for note in &sourced.notes {
        output::say(format_args!("c47 http: {note}"));
    }
    Ok(Exit::Done)
}

fn words(call: &Http, sourced: &Sourced) -> Vec<String> {
    let mut options = Vec::new();
    for (name, value) in values(call, sourced) {
        options.extend(value.into_iter().flat_map(|value| [name.to_owned(), value]));
    }
    for (name, values) in [
        ("--var", &sourced.variables),
        ("--claim", &call.claim),
        ("--resolve", &call.resolve),
    ] {
        options.extend(
            values
                .iter()
                .flat_map(|value| [name.to_owned(), value.clone()]),
        );
    }
    let on = switches(call).into_iter().filter(|(_, is_on)| *is_on);
    options.extend(on.map(|(name, _)| name.to_owned()));
    let mut all = vec!["c47".to_owned(), "http".to_owned()];
    let begins_with_dash = |word: &String| word.starts_with('-') && word != "-";
    if sourced.words.iter().any(begins_with_dash) {
        all.append(&mut options);
        all.push("--".to_owned());
    }
    all.extend(sourced.words.iter().cloned());
    all.append(&mut options);
    all
}

/// The options that take one value. A test checks that none is missing.
fn values(call: &Http, sourced: &Sourced) -> [(&'static str, Option<String>); 34] {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let large = |number: Option<u64>| number.map(|number| number.to_string());
    [
        ("--auth", sourced.auth.clone()),
        ("--profile", call.profile.clone()),
        ("--ttl", call.ttl.clone()),
        ("--kid", call.kid.clone()),
        ("--body", call.body.clone()),
        ("--raw", sourced.raw.clone()),
        ("--graphql", call.graphql.clone()),
        ("--operation", call.operation.clone()),
        ("--retry", number(call.retry)),
        ("--retry-max-time", call.retry_max_time.clone()),
        ("--output", call.output.clone()),
        ("--sha256", call.sha256.clone()),
        ("--jq", call.jq.clone()),
        ("--next", call.next.clone()),
        ("--page-param", call.page_param.clone()),
        ("--items", call.items.clone()),
        ("--max-pages", large(call.max_pages)),
        ("--max-items", large(call.max_items)),
        ("--until", call.until.clone()),
        ("--while", call.while_.clone()),
        ("--every", call.every.clone()),
        ("--print", call.print.clone()),
        ("--max-redirects", number(call.max_redirects)),
        ("--timeout", call.timeout.clone()),
        ("--connect-timeout", call.connect_timeout.clone()),
        ("--max-body", call.max_body.clone()),
        ("--cacert", call.cacert.clone()),
        ("--cert", call.cert.clone()),
        ("--key", call.key.clone()),
        ("--key-password", call.key_password.clone()),
        ("--tls-min", call.tls_min.clone()),
        ("--unix-socket", call.unix_socket.clone()),
        ("--proxy", sourced.proxy.clone()),
        ("--proxy-auth", call.proxy_auth.clone()),
    ]
}

/// The options without a value.
fn switches(call: &Http) -> Vec<(&'static str, bool)> {
    vec![
        ("--jti", call.jti),
        ("--allow-plaintext", call.allow_plaintext),
        ("--form", call.form),
        ("--multipart", call.multipart && !has_file(call)),
        ("--compress", call.compress),
        ("--retry-unsafe", call.retry_unsafe),
        ("--verbose", call.verbose),
        ("--quiet", call.quiet),
        ("--show-secrets", call.show_secrets),
        ("--headers", call.headers),
        ("--download", call.download),
        ("--continue", call.resume),
        ("--overwrite", call.overwrite),
        ("--json", call.json),
        ("--raw-output", call.raw_output),
        ("--paginate", call.paginate),
        ("--ndjson", call.ndjson),
        ("--stream", call.stream),
        ("--timing", call.timing),
        ("--offline", call.offline),
        ("--curl", call.curl),
        ("--follow", call.follow),
        ("--redirect-body", call.redirect_body),
        ("--insecure", call.insecure),
        ("--ipv4", call.ipv4),
        ("--ipv6", call.ipv6),
    ]
}

/// Whether a file item makes the body a multipart form.
fn has_file(call: &Http) -> bool {
    let items = target::items(call).unwrap_or_default();
    items.iter().any(Item::is_file)
}

/// The parts that may contain secrets, with sources in their place.
#[derive(Default)]
struct Sourced {
    words: Vec<String>,
    auth: Option<String>,
    raw: Option<String>,
    /// The values of `--var`.
    variables: Vec<String>,
    proxy: Option<String>,
    /// The steps that are needed because a secret was removed.
    notes: Vec<String>,
}

impl Sourced {
    fn of(call: &Http) -> Result<Sourced, Error> {
        let mut sourced = Sourced {
            auth: call.auth.clone(),
            ..Sourced::default()
        };
        let items = target::items(call)?.len();
        let (before, items) = call
            .words
            .split_at_checked(call.words.len() - items)
            .unwrap_or_default();
        let (method, url) = before
            .split_at_checked(before.len() - 1)
            .unwrap_or_default();
        sourced.words.extend(method.iter().cloned());
        for url in url {
            let shown = match url.starts_with('@') {
                true => url.clone(),
                false => sourced.user_info(url)?,
            };
            let items: Vec<String> = items.iter().filter_map(|word| sourced.item(word)).collect();
            let query = sourced.query(&shown);
            sourced.words.extend(query);
            sourced.words.extend(items);
        }
        sourced.raw = call.raw.as_deref().map(|text| {
            let shown = redact::text_body(text);
            sourced.note_mask(
                shown != text,
                "write the body to a file, and use --body FILE",
            );
            shown
        });
        sourced.variables = call
            .var
            .iter()
            .filter_map(|word| sourced.item(word))
            .collect();
        sourced.proxy = call.proxy.as_deref().map(|text| {
            let shown = redact::proxy(text);
            sourced.note_mask(
                shown != text,
                "set HTTPS_PROXY or HTTP_PROXY instead of --proxy",
            );
            shown
        });
        Ok(sourced)
    }

    fn note_mask(&mut self, is_masked: bool, instead: &str) {
        if is_masked {
            let mask = redact::MASK;
            self.notes
                .push(format!("{mask} replaces a secret; {instead}"));
        }
    }

    /// Moves a secret to `--auth`, if it is free, with an environment variable as the source.
    fn take_auth(&mut self, form: &str, variable: &str, of: &str) -> bool {
        let variable = variable_name(variable);
        if self.auth.is_some() {
            return false;
        }
        self.auth = Some(format!("{form}env:{variable}"));
        self.notes
            .push(format!("set the variable {variable} to the secret of {of}"));
        true
    }

    /// A file as the source of a secret for which `--auth` has no place.
    fn file(&mut self, name: &str) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let plain: String = name
            .chars()
            .map(|c| {
                if is_plain(c) {
                    c.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let file = format!("{plain}.secret");
        self.notes
            .push(format!("write the secret of '{name}' to the file {file}"));
        file
    }

    /// Removes the password from the URL.
    fn user_info(&mut self, text: &str) -> Result<String, Error> {
        let url = Url::parse(text).map_err(Error::usage)?;
        let Some(UserInfo {
            user,
            password: Some(password),
        }) = url.user_info.as_ref()
        else {
            return Ok(text.to_owned());
        };
        // Without a password the user is the secret, as with API keys.
        let is_taken = match password.expose().is_empty() {
            true => self.take_auth(
                "header=Authorization:",
                "AUTHORIZATION",
                "the login: 'Basic ', and the base64 of the user and a colon",
            ),
            false => self.take_auth(
                &format!("basic={user}:"),
                "PASSWORD",
                &format!("user '{user}'"),
            ),
        };
        let origin = url.origin.to_string();
        let origin = match is_taken {
            true => origin,
            false => {
                self.note_mask(true, "use --auth basic=USER:SOURCE");
                origin.replacen("://", &format!("://{}@", redact::MASK), 1)
            }
        };
        Ok(format!("{origin}{}", url.path_and_query()))
    }

    /// Removes secrets from the query of the URL, and returns items for them.
    fn query(&mut self, url: &str) -> Vec<String> {
        let Some((path, query)) = url.split_once('?') else {
            return vec![url.to_owned()];
        };
        let mut items = Vec::new();
        let mut members = Vec::new();
        for member in query.split('&') {
            if redact::query(member) == member {
                members.push(member);
                continue;
            }
            let name = member.split('=').next().unwrap_or_default();
            let name = String::from_utf8_lossy(&percent_decode(name)).into_owned();
            if !self.take_auth(&format!("query={name}:"), &name, &format!("'{name}'")) {
                let written = written_name(&name).unwrap_or_default();
                items.push(format!("{written}{}", self.source_file("==@", &name)));
            }
        }
        let url = match members.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", members.join("&")),
        };
        std::iter::once(url).chain(items).collect()
    }

    /// The item, or none if `--auth` replaces it.
    fn item(&mut self, word: &str) -> Option<String> {
        let Ok(item) = Item::parse(word) else {
            return Some(word.to_owned());
        };
        Some(match item {
            Item::Header {
                name,
                value: Value::Literal(value),
            } if redact::header(&name, &value) != value => return self.header(&name, &value),
            Item::Query {
                name,
                value: Value::Literal(value),
            } if redact::member(&name, &value) != value => {
                format!("{}{}", name_in(word, "=="), self.source_file("==@", &name))
            }
            Item::Field {
                name,
                value: Value::Literal(value),
            } if redact::member(&name, &value) != value => {
                format!("{}{}", name_in(word, "="), self.source_file("=@", &name))
            }
            Item::Json {
                name,
                value: Value::Literal(value),
            } if redacted_member(&name, &value) => {
                format!("{}{}", name_in(word, ":="), self.source_file(":=@", &name))
            }
            Item::Header { .. }
            | Item::NoHeader { .. }
            | Item::Query { .. }
            | Item::Field { .. }
            | Item::Json { .. }
            | Item::File { .. } => word.to_owned(),
        })
    }

    fn source_file(&mut self, separator: &str, name: &str) -> String {
        format!("{separator}{}", self.file(name))
    }

    fn header(&mut self, name: &str, value: &str) -> Option<String> {
        let of = format!("'{name}'");
        let is_bearer = name.eq_ignore_ascii_case("authorization")
            && value
                .split_once(' ')
                .is_some_and(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let is_taken = match is_bearer {
            true => self.take_auth("bearer=", "TOKEN", &of),
            false => self.take_auth(&format!("header={name}:"), name, &of),
        };
        (!is_taken).then(|| format!("{name}:@{}", self.file(name)))
    }
}

/// The name of an item as written, with its backslashes.
fn name_in<'a>(word: &'a str, separator: &str) -> &'a str {
    let mut from = 0;
    while let Some(at) = word.get(from..).and_then(|rest| rest.find(separator)) {
        let name = word.get(..from + at).unwrap_or_default();
        if !name.ends_with('\\') {
            return name;
        }
        from += at + 1;
    }
    word
}

fn redacted_member(name: &str, value: &str) -> bool {
    let object = format!("{{{}:{value}}}", Text::string(name).as_str());
    Text::parse(object.clone()).is_ok_and(|text| redact::body(&text).as_str() != object)
}

/// An environment variable for a secret: `X_API_KEY`.
fn variable_name(name: &str) -> String {
    let letters = name.chars().map(|c| match c.is_ascii_alphanumeric() {
        true => c.to_ascii_uppercase(),
        false => '_',
    });
    let name: String = letters.collect();
    match name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => name,
        false => "SECRET".to_owned(),
    }
}

/// The command without the notes.
#[cfg(test)]
pub(super) fn shown(call: &Http) -> Vec<String> {
    words(call, &Sourced::of(call).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use argh::ArgsInfo;

    use super::*;
    use crate::cli::http::batch::of_batches;

    #[test]
    fn print_command_prints_every_option() {
        let call = Http::default();
        let sourced = Sourced::default();
        let mut known = vec![
            "--help",
            "--from-curl",
            "--print-command",
            "--claim",
            "--resolve",
            "--var",
            // --batch refuses --print-command.
            "--batch",
            "--idempotency-header",
        ];
        known.extend(of_batches(&call).map(|(name, _)| name));
        known.extend(values(&call, &sourced).map(|(name, _)| name));
        known.extend(switches(&call).into_iter().map(|(name, _)| name));
        for flag in Http::get_args_info().flags {
            assert!(known.contains(&flag.long), "{} is not printed", flag.long);
        }
    }

    #[test]
    fn written_names_keep_their_backslashes() {
        assert_eq!(name_in("a\\:b=c", "="), "a\\:b");
        assert_eq!(name_in("a\\=b=c", "="), "a\\=b");
    }
}
