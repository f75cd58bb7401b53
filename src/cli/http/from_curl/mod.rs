//! `--from-curl`: converts a curl command to the options and items of the same call. Options of c47
//! on the command line override those of curl.

mod aws;
mod body;
mod cookies;
mod credentials;
mod data;
mod form;
mod headers;
mod transfer;
mod url;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Http;
use super::target;
use crate::curl::{Command, Given, MAX_LENGTH, Meaning};
use crate::error::Error;
use crate::http::item::Item;
use crate::io_error::reason;
use crate::redact;
use body::Body;
use headers::Headers;

/// The options of the call, merged with those of the curl command, if any.
///
/// # Errors
/// Names the part of the curl command that c47 has no equivalent for.
pub(super) fn resolved(options: Http) -> Result<Http, Error> {
    let Some(given) = options.from_curl.as_deref() else {
        return Ok(options);
    };
    let command = Command::parse(&text(given)?)?;
    if given == "-" {
        ensure_stdin_is_free(&command)?;
    }
    let mut call = options;
    let own_items = std::mem::take(&mut call.words);
    let has_own_body = call.body.is_some() || call.raw.is_some();
    let (body, query) = match has_own_body {
        true => (Body::None, None),
        false => self::body(&command)?,
    };
    let mut url = url::read(&command, query)?;
    let mut headers = headers::read(&command)?;
    cookies::add(&command, &mut call, &mut headers)?;
    headers.describe(&command, &body)?;
    if let Body::File { path, .. } = &body
        && command.has(Meaning::UploadFile)
    {
        url.name_file(path);
    }
    credentials::add(&command, &mut call, &mut url, &mut headers)?;
    transfer::add(&command, &mut call, &url.text)?;
    let has_body = has_own_body || body.is_some();
    call.words.extend(method(&command, has_body)?);
    call.words.push(url.text);
    call.words.extend(items(headers, &own_items)?);
    match body {
        Body::None => {}
        Body::Text(text) => call.raw = Some(text),
        Body::File { path, .. } => call.body = Some(path),
        Body::Form(items) => {
            call.multipart = true;
            call.words.extend(items);
        }
    }
    call.words.extend(own_items);
    Ok(call)
}

/// The text of the command: an argument, a file, or stdin.
fn text(given: &str) -> Result<String, Error> {
    let command = given.trim_start();
    let command = command.strip_prefix("$ ").unwrap_or(command).trim_start();
    if command.starts_with("curl") && command.contains(char::is_whitespace) {
        return Ok(given.to_owned());
    }
    if given == "-" {
        return bounded(io::stdin().lock(), "standard input");
    }
    let path = Path::new(given);
    if given.contains(char::is_whitespace) && !path.exists() {
        return Ok(given.to_owned()); // it is no curl command, and that will be said
    }
    bounded(File::open(path).map_err(Error::file("read", path))?, given)
}

fn bounded(from: impl Read, name: &str) -> Result<String, Error> {
    let mut bytes = Vec::new();
    from.take(MAX_LENGTH + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::malformed(name, reason(&error)))?;
    if bytes.len() as u64 > MAX_LENGTH {
        return Err(Error::usage("the curl command is longer than 1 MiB"));
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::usage(format!("the curl command in {name} is not UTF-8 text")))
}

/// Reads the body, and with `-G` the data for the query.
///
/// # Errors
/// When there are two bodies, or a file cannot be read.
fn body(command: &Command) -> Result<(Body, Option<String>), Error> {
    let data = data::read(command)?;
    if command.has(Meaning::Get) {
        return match data {
            Body::None => Ok((Body::None, None)),
            Body::Text(text) => Ok((Body::None, Some(text))),
            Body::File { .. } | Body::Form(_) => Err(Error::usage_hint(
                "c47 has no equivalent of curl's -G with a file",
                "use --data-urlencode NAME@FILE to put a file's text into the query",
            )),
        };
    }
    let form = form::read(command)?;
    let upload = match command.last(Meaning::UploadFile) {
        None => Body::None,
        Some(given) => match given.text()? {
            "." | "" => return Err(given.refused("with this file", "use -T FILE or -T -")),
            path if path.contains(['{', '}', '[', ']']) && !command.has(Meaning::Globoff) => {
                return Err(given.refused("with {…} or […]", "upload one file"));
            }
            path => Body::File {
                path: path.to_owned(),
                is_upload: true,
            },
        },
    };
    let mut bodies = [data, form, upload].into_iter().filter(Body::is_some);
    match (bodies.next(), bodies.next()) {
        (Some(_), Some(_)) => Err(Error::usage(
            "the curl command has two bodies; use only one of -d, -F and -T",
        )),
        (Some(body), None) => Ok((body, None)),
        (None, _) => Ok((Body::None, None)),
    }
}

/// Ensures that nothing else reads stdin when the command comes from it.
fn ensure_stdin_is_free(command: &Command) -> Result<(), Error> {
    let readers = [
        Meaning::Data,
        Meaning::DataBinary,
        Meaning::DataUrlencode,
        Meaning::Json,
        Meaning::Form,
        Meaning::UploadFile,
    ];
    let reads_stdin = |given: &&Given| {
        let text = given.value.text().unwrap_or_default();
        match given.meaning == Meaning::UploadFile {
            true => text == "-",
            false => ["@-", "<-"].iter().any(|end| text.ends_with(end)),
        }
    };
    match command.all_of(&readers).find(reads_stdin) {
        None => Ok(()),
        Some(given) => Err(Error::usage_hint(
            format!("--from-curl - and curl's {} both read stdin", given.name),
            "pass the curl command as an argument or in a file",
        )),
    }
}

/// The method, if it differs from the default of c47.
fn method(command: &Command, has_body: bool) -> Result<Option<String>, Error> {
    let given = command.last(Meaning::Request);
    let method = match given {
        Some(given) => {
            let text = given.text()?;
            let is_usual = target::methods().contains(&text.to_ascii_uppercase());
            if !is_usual && (text.is_empty() || !text.bytes().all(|b| b.is_ascii_uppercase())) {
                return Err(given.refused(
                    &format!("'{text}'"),
                    "use only the capital letters A to Z in a method",
                ));
            }
            text.to_ascii_uppercase()
        }
        None if command.has(Meaning::Head) && has_body => {
            return Err(Error::usage_hint(
                "curl's -I takes no body",
                "use -G to send the data in the URL",
            ));
        }
        None if command.has(Meaning::Head) => "HEAD".to_owned(),
        None if command.has(Meaning::UploadFile) => "PUT".to_owned(),
        None if has_body => "POST".to_owned(),
        None => "GET".to_owned(),
    };
    let guessed = if has_body { "POST" } else { "GET" };
    Ok(Some(method).filter(|method| method != guessed))
}

/// The items of the headers, except those that an item on the command line sets or removes.
fn items(headers: Headers, own_items: &[String]) -> Result<Vec<String>, Error> {
    if let Some(url) = own_items
        .iter()
        .find(|item| item.contains("://"))
        .filter(|item| {
            let scheme = item.split("://").next().unwrap_or_default();
            matches!(scheme, "http" | "https")
        })
    {
        return Err(Error::usage_hint(
            format!("'{}' is a second URL", redact::url(url)),
            "--from-curl takes the URL from the curl command; add only items",
        ));
    }
    let own: Result<Vec<Item>, String> = own_items.iter().map(|item| Item::parse(item)).collect();
    let own = own
        .map_err(|why| Error::usage_hint(why, "--from-curl takes the URL from the curl command"))?;
    let own_names: Vec<&str> = own
        .iter()
        .filter_map(|item| match item {
            Item::Header { name, .. } | Item::NoHeader { name } => Some(name.as_str()),
            Item::Query { .. } | Item::Field { .. } | Item::Json { .. } | Item::File { .. } => None,
        })
        .collect();
    Ok(headers.items(&own_names))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::http::print_command;

    /// A handled option changes the printed command or is named in an error.
    #[test]
    fn every_handled_curl_option_changes_the_call() {
        let made = |text: String| {
            let call = Http {
                from_curl: Some(text),
                ..Http::default()
            };
            let call = resolved(call).map_err(|error| error.to_string());
            call.map(|call| print_command::shown(&call))
        };
        for (name, takes_value) in crate::curl::handled() {
            let (around, value) = match name {
                "aws-sigv4" => ("-u 'AKIA:$S'", "aws:amz"),
                "cert-type" | "key-type" => ("", "DER"),
                "cookie-jar" => ("", "no/such/jar"),
                "compressed" => ("-H Accept-Encoding:zstd", ""),
                "cookie" | "form" | "form-string" | "header" => ("", "a=b;x:y"),
                "digest" => ("-u me", ""),
                "get" => ("-d a=b", ""),
                "globoff" => ("--url-query +x --url http://a.lan/[1]", ""),
                "location" => ("--max-redirs 1", ""),
                "max-redirs" => ("-L", "1"),
                "output-dir" => ("-O", "dir"),
                "path-as-is" => ("--url http://a.lan/b/../c", ""),
                "proxy-user" => ("-x p:1", "me:pw"),
                "remote-header-name" => ("-O", ""),
                "retry-max-time" => ("--retry 1", "1"),
                _ if takes_value => ("", "1"),
                _ => ("", ""),
            };
            let url = if around.contains("--url ") {
                ""
            } else {
                "http://a.lan/x"
            };
            let without = made(format!("curl {around} {url}"));
            let with = made(format!("curl {around} --{name} '{value}' {url}").replace("''", ""));
            assert_ne!(with, without, "--{name}");
        }
    }

    /// Tries every option with and without a value, alone and in pairs.
    #[test]
    fn no_option_panics_whatever_its_value() {
        let values = [
            "''",
            "a=b",
            "a",
            "@",
            "@/no/such",
            "<x",
            "=",
            ":",
            "a:b",
            "a;type=b",
            "-1",
            "1.5",
            "é:é",
            "$A",
            "a:$A",
            "\"a: $A\"",
            "https://[::1]:1/{a}",
            "'\"'",
            "99999999999999999999",
            ".",
            "://",
            "?#",
        ];
        let options = [
            "-X",
            "-H",
            "-d",
            "--data-raw",
            "--data-binary",
            "--data-urlencode",
            "--json",
            "-F",
            "--form-string",
            "-G",
            "--url-query",
            "--url",
            "-u",
            "--oauth2-bearer",
            "--digest",
            "-n",
            "-k",
            "-L",
            "--max-redirs",
            "-I",
            "-i",
            "-D",
            "-o",
            "-O",
            "-J",
            "--output-dir",
            "-A",
            "-e",
            "-b",
            "-T",
            "-r",
            "-x",
            "-U",
            "--socks5",
            "--resolve",
            "--cacert",
            "--cert",
            "--cert-type",
            "--key",
            "-m",
            "--connect-timeout",
            "--retry",
            "--retry-max-time",
            "--unix-socket",
            "-4",
            "--tlsv1.3",
            "-v",
            "-N",
            "--max-filesize",
            "-g",
            "--path-as-is",
            "--compressed",
            "--proto",
        ];
        let mut made = 0;
        for option in options {
            for value in values {
                for more in ["", " -G", " -I", " -d x", " -O"] {
                    let text = format!("curl {option} {value} https://a.lan/x{more}");
                    let call = Http {
                        from_curl: Some(text),
                        ..Http::default()
                    };
                    made += usize::from(resolved(call).is_ok());
                }
            }
        }
        assert!(made > 1000, "{made}");
    }
}
