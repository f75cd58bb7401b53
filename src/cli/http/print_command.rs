//! `--print-command`: prints the c47 command of a call, quoted for a shell. Sources replace the
//! secrets.

use super::sourced::Sourced;
use super::{Http, settings, target};
use crate::error::Error;
use crate::exit::Exit;
use crate::http::item::Item;
use crate::output;
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
fn values(call: &Http, sourced: &Sourced) -> [(&'static str, Option<String>); 42] {
    let number = |number: Option<u32>| number.map(|number| number.to_string());
    let large = |number: Option<u64>| number.map(|number| number.to_string());
    [
        ("--auth", sourced.auth.clone()),
        ("--profile", call.profile.clone()),
        ("--ttl", call.ttl.clone()),
        ("--kid", call.kid.clone()),
        ("--region", call.region.clone()),
        ("--service", call.service.clone()),
        ("--presign", call.presign.clone()),
        ("--cookies", call.cookies.clone()),
        ("--hmac-sign", call.hmac_sign.clone()),
        ("--hmac-header", call.hmac_header.clone()),
        ("--hmac-timestamp", call.hmac_timestamp.clone()),
        ("--hmac-nonce", call.hmac_nonce.clone()),
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

/// The words of the command, without the notes.
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
}
