//! The options of a curl command that control the transfer and the output of the response.

use super::url::CurlUrl;
use crate::cli::http::Http;
use crate::curl::{Command, Given, Meaning};
use crate::error::Error;
use crate::http::url::form_encode;

/// Adds them where the option of c47 itself is not given.
///
/// # Errors
/// Names the option that c47 has no equivalent for.
pub(super) fn add(command: &Command, call: &mut Http, url: &str) -> Result<(), Error> {
    time(command, call)?;
    tls(command, call)?;
    network(command, call)?;
    protocols(command, url)?;
    let has_own_output = call.json
        || call.headers
        || call.stream
        || call.download
        || call.print.is_some()
        || call.output.is_some();
    if !has_own_output {
        response(command, call, url)?;
    }
    Ok(())
}

fn set(place: &mut Option<String>, value: Option<&str>) {
    if place.is_none() {
        *place = value.map(str::to_owned);
    }
}

fn time(command: &Command, call: &mut Http) -> Result<(), Error> {
    let duration = |meaning| command.last(meaning).map_or(Ok(None), seconds);
    set(&mut call.timeout, duration(Meaning::MaxTime)?.as_deref());
    let connect = duration(Meaning::ConnectTimeout)?;
    set(&mut call.connect_timeout, connect.as_deref());
    if let Some(given) = command.last(Meaning::Retry) {
        let retries = number(given)?;
        call.retry = call.retry.or(Some(retries));
        let most = duration(Meaning::RetryMaxTime)?;
        set(&mut call.retry_max_time, most.as_deref());
    }
    call.follow |= command.has(Meaning::Location);
    if let Some(given) = command.last(Meaning::MaxRedirects).filter(|_| call.follow) {
        call.max_redirects = call.max_redirects.or(Some(number(given)?));
    }
    set(&mut call.max_body, command.text(Meaning::MaxFilesize)?);
    Ok(())
}

/// Converts seconds, possibly with a fraction, to a duration of c47; 0 means no limit.
fn seconds(given: &Given) -> Result<Option<String>, Error> {
    let wrong = || given.refused("with this time", "use seconds, for example 30 or 2.5");
    let text = given.text()?;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
        return Err(wrong());
    }
    let whole: u64 = whole.parse().map_err(|_| wrong())?;
    let thousandths: String = fraction.chars().chain("000".chars()).take(3).collect();
    let rest: u64 = thousandths.parse().map_err(|_| wrong())?;
    Ok(match (whole, rest) {
        (0, 0) => None,
        (whole, 0) => Some(format!("{whole}s")),
        (whole, rest) => Some(format!(
            "{}ms",
            whole.saturating_mul(1000).saturating_add(rest)
        )),
    })
}

fn number(given: &Given) -> Result<u32, Error> {
    let text = given.text()?;
    text.parse()
        .map_err(|_| given.refused(&format!("'{text}'"), "use a whole number"))
}

fn tls(command: &Command, call: &mut Http) -> Result<(), Error> {
    if command.has(Meaning::Insecure) && call.cacert.is_none() {
        call.insecure = true;
    } else if !call.insecure {
        set(&mut call.cacert, command.text(Meaning::Cacert)?);
    }
    for given in command.all(Meaning::CertType) {
        let kind = given.text()?;
        if !kind.eq_ignore_ascii_case("PEM") {
            return Err(given.refused(
                &format!("'{kind}'"),
                "convert it to PEM: openssl pkcs12 -in FILE -nodes -out FILE",
            ));
        }
    }
    if let Some(given) = command.last(Meaning::Cert) {
        let path = given.text()?;
        if path.contains(':') {
            return Err(given.refused(
                "with a password",
                "decrypt the key first: openssl pkey -in KEY -out FILE",
            ));
        }
        set(&mut call.cert, Some(path));
    }
    set(&mut call.key, command.text(Meaning::Key)?);
    if command.has(Meaning::Tls13) {
        set(&mut call.tls_min, Some("1.3"));
    }
    Ok(())
}

/// `--proto =https`: the URL must be https; c47 never follows a redirect from https to http.
fn protocols(command: &Command, url: &str) -> Result<(), Error> {
    for given in command.all(Meaning::Proto) {
        let allowed = given.text()?.strip_prefix('=');
        let scheme = url.split("://").next().unwrap_or_default();
        let is_allowed = allowed.is_some_and(|list| {
            let mut names = list.split(',').map(str::trim);
            names.any(|name| name.eq_ignore_ascii_case(scheme))
        });
        if !is_allowed {
            let what = format!("'{}' with an {scheme} URL", given.text()?);
            return Err(given.refused(&what, "use =https with an https URL"));
        }
    }
    Ok(())
}

fn network(command: &Command, call: &mut Http) -> Result<(), Error> {
    for given in command.all(Meaning::Resolve) {
        let text = given.text()?;
        let text = text.strip_prefix('+').unwrap_or(text);
        if text.starts_with('-') || text.contains(',') {
            return Err(given.refused(
                &format!("'{text}'"),
                "use HOST:PORT:ADDRESS with one address",
            ));
        }
        call.resolve.push(text.to_owned());
    }
    set(&mut call.unix_socket, command.text(Meaning::UnixSocket)?);
    if !call.ipv4 && !call.ipv6 {
        call.ipv4 = command.has(Meaning::Ipv4);
        call.ipv6 = command.has(Meaning::Ipv6);
    }
    set(&mut call.proxy, proxy(command)?.as_deref());
    call.verbose |= command.has(Meaning::Verbose);
    Ok(())
}

/// The proxy with its scheme, port and user.
fn proxy(command: &Command) -> Result<Option<String>, Error> {
    let ways = [
        (Meaning::Proxy, "http"),
        (Meaning::Socks4, "socks4"),
        (Meaning::Socks4a, "socks4a"),
        (Meaning::Socks5, "socks5"),
        (Meaning::Socks5Hostname, "socks5h"),
    ];
    let Some(given) = command.all_of(&ways.map(|(meaning, _)| meaning)).last() else {
        return Ok(None);
    };
    let text = given.text()?;
    if text.is_empty() {
        return Ok(Some(String::new()));
    }
    let mut ways = ways.into_iter();
    let by_option = ways.find(|(meaning, _)| *meaning == given.meaning);
    let by_option = by_option.map_or("http", |(_, scheme)| scheme);
    let (scheme, rest) = text.split_once("://").unwrap_or((by_option, text));
    let rest = rest.trim_end_matches('/');
    let (own_user, host) = match rest.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, rest),
    };
    let user = match command.text(Meaning::ProxyUser)? {
        None => own_user,
        Some(login) => {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            Some(format!("{}:{}", form_encode(user), form_encode(password)))
        }
    };
    let has_port = host.rsplit(']').next().unwrap_or(host).contains(':');
    // The default port of curl for an http proxy is 1080.
    let port = if has_port || scheme == "https" {
        ""
    } else {
        ":1080"
    };
    let user = user.map_or_else(String::new, |user| format!("{user}@"));
    Ok(Some(format!("{scheme}://{user}{host}{port}")))
}

fn response(command: &Command, call: &mut Http, url: &str) -> Result<(), Error> {
    let mut heads = command.has(Meaning::Include);
    if let Some(given) = command.last(Meaning::DumpHeader) {
        if given.text()? != "-" {
            return Err(given.refused("with a file", "use -i, or c47's --json"));
        }
        heads = true;
    }
    let output = output(command, url)?;
    let is_download = command.has(Meaning::RemoteHeaderName) && command.has(Meaning::RemoteName);
    if (output.is_some() || is_download) && (heads || command.has(Meaning::Head)) {
        return Err(Error::usage_hint(
            "c47 has no equivalent of curl's -i or -I with -o or -O",
            "remove one; -v prints the headers on stderr",
        ));
    }
    if is_download {
        call.download = true;
        set(&mut call.output, command.text(Meaning::OutputDir)?);
    } else if output.is_some() {
        call.output = output;
    } else if command.has(Meaning::Head) {
        call.headers = true;
    } else if heads {
        call.print = Some("hb".to_owned());
    } else {
        call.stream = command.has(Meaning::NoBuffer);
    }
    Ok(())
}

/// The file of `-o` or `-O`; `-o -` is stdout.
fn output(command: &Command, url: &str) -> Result<Option<String>, Error> {
    let given = command
        .all_of(&[Meaning::Output, Meaning::RemoteName])
        .last();
    let Some(given) = given else {
        return Ok(None);
    };
    let name = if given.meaning == Meaning::RemoteName {
        CurlUrl::file_name(url)
            .ok_or_else(|| given.refused("with a URL without a file name", "use -o FILE"))?
    } else {
        given.text()?.to_owned()
    };
    if name == "-" {
        return Ok(None);
    }
    Ok(Some(match command.text(Meaning::OutputDir)? {
        Some(directory) => format!("{}/{name}", directory.trim_end_matches('/')),
        None => name,
    }))
}
