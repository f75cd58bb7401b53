//! Every option of curl, and how c47 treats it.

use super::meaning::Meaning;

/// How an option is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Treatment {
    Handled(Meaning),
    /// The option has no effect in c47, for this reason.
    #[allow(dead_code)] // a test reads it
    Ignored(&'static str),
    /// c47 has no equivalent; the text says what to do instead.
    Refused(&'static str),
}

use Treatment::{Handled, Ignored, Refused};

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Value,
}

/// An option of curl.
#[derive(Clone, Copy, Debug)]
pub(super) struct Curl {
    /// Without the dashes.
    pub long: &'static str,
    pub short: Option<char>,
    pub takes: Takes,
    pub treatment: Treatment,
}

/// Finds an option by its name with dashes.
pub(super) fn find_long(name: &str) -> Option<&'static Curl> {
    let name = name.strip_prefix("--")?;
    // `--expand-OPTION` is OPTION with curl's own variables in the value.
    let name = match name.starts_with("expand-") {
        true => "variable",
        false => name,
    };
    OPTIONS.iter().find(|option| option.long == name)
}

/// Finds an option by its letter.
pub(super) fn find_short(letter: char) -> Option<&'static Curl> {
    OPTIONS.iter().find(|option| option.short == Some(letter))
}

const NONE: char = ' ';

const fn option(long: &'static str, short: char, takes: Takes, treatment: Treatment) -> Curl {
    Curl {
        long,
        short: if short == NONE { None } else { Some(short) },
        takes,
        treatment,
    }
}

const fn switch(long: &'static str, short: char, treatment: Treatment) -> Curl {
    option(long, short, Takes::Nothing, treatment)
}

const fn value(long: &'static str, short: char, treatment: Treatment) -> Curl {
    option(long, short, Takes::Value, treatment)
}

// Reasons why an option has no effect.
const SILENT: &str = "c47 always prints errors, and progress only on a terminal";
const STATUS: &str = "c47's exit code depends on the status";
const WHOLE: &str = "c47 writes a whole file or nothing";
const HTTP_1_1: &str = "c47 uses HTTP/1.1, which HTTP/2 servers support too";
const TUNING: &str = "it changes the connection, not the request";
const DEFAULT: &str = "c47 does this by default, or does not have the feature";
const TLS: &str = "c47 uses TLS 1.2 or later, and the scheme of the URL";

// Hints on what to do instead of an option.
const OTHER_PROTOCOL: &str = "omit it; it applies to FTP, mail or SSH";
const AUTH: &str = "c47 supports Basic, Digest, bearer tokens and API keys; see --auth";
const PROXY_AUTH: &str = "c47 supports http, https and socks5 proxies with Basic; see --proxy";
const PROXY_TLS: &str = "c47 checks an https proxy with the same roots as the server";
const TLS_LIMITS: &str = "omit it; use --tls-min and --cacert to restrict TLS";
const ROOTS: &str = "set SSL_CERT_DIR or SSL_CERT_FILE, or use --cacert FILE";
const DNS: &str = "omit it; use --resolve HOST:PORT:ADDRESS to set an address";
const SESSION_COOKIES: &str = "omit it, or use a new file; c47 also sends the cookies of a session";
const STORED: &str = "omit it; c47 stores only cookies";
const ONE_CALL: &str = "give one curl command for each call";
const TRACE: &str = "omit it; --json, --verbose and --timing show a call";
const FILES: &str = "omit it; -o and --download write whole files";
const SPEED: &str = "omit it; use --timeout to limit a call";
const INFO: &str = "give a curl command that makes a call";
const PROTOCOL_VERSION: &str = "omit it; c47 uses HTTP/1.1";
const TRUSTED: &str = "use -L; c47 never sends credentials to another origin";
const RESUME: &str = "use c47 http URL --download --continue";
const RETRY_ALL: &str = "use --retry N with c47's --retry-unsafe";
const RETRY_DELAY: &str = "omit it; c47 waits 1 s, 2 s, 4 s, or as Retry-After says";
const POST_AGAIN: &str = "use -L; c47 sends a GET after 301, 302 and 303";
const KEY_PASSWORD: &str = "decrypt the key first: openssl pkey -in KEY -out FILE";
const NETRC_FILE: &str = "set NETRC=FILE and use --netrc";
const NO_PROXY: &str = "set NO_PROXY and omit -x";
const TIME_COND: &str = "use the header -H 'If-Modified-Since: DATE'";
const FORM_ESCAPE: &str = "omit it; c47 escapes names as browsers do";
const USERNAME: &str = "omit it";
const PROTO_DEFAULT: &str = "write https:// before the host";

/// All options of curl 7.88 and the newer ones, sorted by name.
pub(super) const OPTIONS: &[Curl] = &[
    value("abstract-unix-socket", NONE, Refused(DNS)),
    value("alt-svc", NONE, Refused(STORED)),
    switch("anyauth", NONE, Refused(AUTH)),
    switch("append", 'a', Refused(OTHER_PROTOCOL)),
    value("aws-sigv4", NONE, Handled(Meaning::AwsSigv4)),
    switch("basic", NONE, Ignored(DEFAULT)),
    switch("ca-native", NONE, Refused(ROOTS)),
    value("cacert", NONE, Handled(Meaning::Cacert)),
    value("capath", NONE, Refused(ROOTS)),
    value("cert", 'E', Handled(Meaning::Cert)),
    switch("cert-status", NONE, Refused(TLS_LIMITS)),
    value("cert-type", NONE, Handled(Meaning::CertType)),
    value("ciphers", NONE, Refused(TLS_LIMITS)),
    switch("compressed", NONE, Handled(Meaning::Compressed)),
    switch("compressed-ssh", NONE, Refused(OTHER_PROTOCOL)),
    value("config", 'K', Refused(ONE_CALL)),
    value("connect-timeout", NONE, Handled(Meaning::ConnectTimeout)),
    value("connect-to", NONE, Refused(DNS)),
    value("continue-at", 'C', Refused(RESUME)),
    value("cookie", 'b', Handled(Meaning::Cookie)),
    value("cookie-jar", 'c', Handled(Meaning::CookieJar)),
    switch("create-dirs", NONE, Refused(FILES)),
    value("create-file-mode", NONE, Refused(FILES)),
    switch("crlf", NONE, Refused(OTHER_PROTOCOL)),
    value("crlfile", NONE, Refused(TLS_LIMITS)),
    value("curves", NONE, Refused(TLS_LIMITS)),
    value("data", 'd', Handled(Meaning::Data)),
    value("data-ascii", NONE, Handled(Meaning::Data)),
    value("data-binary", NONE, Handled(Meaning::DataBinary)),
    value("data-raw", NONE, Handled(Meaning::DataRaw)),
    value("data-urlencode", NONE, Handled(Meaning::DataUrlencode)),
    value("delegation", NONE, Refused(AUTH)),
    switch("digest", NONE, Handled(Meaning::Digest)),
    switch("disable", 'q', Ignored(DEFAULT)),
    switch("disable-eprt", NONE, Refused(OTHER_PROTOCOL)),
    switch("disable-epsv", NONE, Refused(OTHER_PROTOCOL)),
    switch("disallow-username-in-url", NONE, Refused(USERNAME)),
    value("dns-interface", NONE, Refused(DNS)),
    value("dns-ipv4-addr", NONE, Refused(DNS)),
    value("dns-ipv6-addr", NONE, Refused(DNS)),
    value("dns-servers", NONE, Refused(DNS)),
    switch("doh-cert-status", NONE, Refused(DNS)),
    switch("doh-insecure", NONE, Refused(DNS)),
    value("doh-url", NONE, Refused(DNS)),
    switch("dump-ca-embed", NONE, Refused(ROOTS)),
    value("dump-header", 'D', Handled(Meaning::DumpHeader)),
    value("ech", NONE, Refused(TLS_LIMITS)),
    value("egd-file", NONE, Ignored(TUNING)),
    value("engine", NONE, Refused(TLS_LIMITS)),
    value("etag-compare", NONE, Refused(ONE_CALL)),
    value("etag-save", NONE, Refused(ONE_CALL)),
    value("expect100-timeout", NONE, Ignored(TUNING)),
    switch("fail", 'f', Ignored(STATUS)),
    switch("fail-early", NONE, Ignored(SILENT)),
    switch("fail-with-body", NONE, Ignored(STATUS)),
    switch("false-start", NONE, Ignored(HTTP_1_1)),
    switch("follow", NONE, Refused(POST_AGAIN)),
    value("form", 'F', Handled(Meaning::Form)),
    switch("form-escape", NONE, Refused(FORM_ESCAPE)),
    value("form-string", NONE, Handled(Meaning::FormString)),
    value("ftp-account", NONE, Refused(OTHER_PROTOCOL)),
    value("ftp-alternative-to-user", NONE, Refused(OTHER_PROTOCOL)),
    switch("ftp-create-dirs", NONE, Refused(OTHER_PROTOCOL)),
    value("ftp-method", NONE, Refused(OTHER_PROTOCOL)),
    switch("ftp-pasv", NONE, Refused(OTHER_PROTOCOL)),
    value("ftp-port", 'P', Refused(OTHER_PROTOCOL)),
    switch("ftp-pret", NONE, Refused(OTHER_PROTOCOL)),
    switch("ftp-skip-pasv-ip", NONE, Refused(OTHER_PROTOCOL)),
    switch("ftp-ssl-ccc", NONE, Refused(OTHER_PROTOCOL)),
    value("ftp-ssl-ccc-mode", NONE, Refused(OTHER_PROTOCOL)),
    switch("ftp-ssl-control", NONE, Refused(OTHER_PROTOCOL)),
    switch("get", 'G', Handled(Meaning::Get)),
    switch("globoff", 'g', Handled(Meaning::Globoff)),
    value("happy-eyeballs-timeout-ms", NONE, Ignored(TUNING)),
    value("haproxy-clientip", NONE, Refused(PROXY_AUTH)),
    switch("haproxy-protocol", NONE, Refused(PROXY_AUTH)),
    switch("head", 'I', Handled(Meaning::Head)),
    value("header", 'H', Handled(Meaning::Header)),
    value("help", 'h', Refused(INFO)),
    value("hostpubmd5", NONE, Refused(OTHER_PROTOCOL)),
    value("hostpubsha256", NONE, Refused(OTHER_PROTOCOL)),
    value("hsts", NONE, Refused(STORED)),
    switch("http0.9", NONE, Refused(PROTOCOL_VERSION)),
    switch("http1.0", '0', Refused(PROTOCOL_VERSION)),
    switch("http1.1", NONE, Ignored(HTTP_1_1)),
    switch("http2", NONE, Ignored(HTTP_1_1)),
    switch("http2-prior-knowledge", NONE, Ignored(HTTP_1_1)),
    switch("http3", NONE, Ignored(HTTP_1_1)),
    switch("http3-only", NONE, Refused(PROTOCOL_VERSION)),
    switch("ignore-content-length", NONE, Refused(PROTOCOL_VERSION)),
    switch("include", 'i', Handled(Meaning::Include)),
    switch("insecure", 'k', Handled(Meaning::Insecure)),
    value("interface", NONE, Refused(DNS)),
    value("ip-tos", NONE, Refused(DNS)),
    value("ipfs-gateway", NONE, Refused(DNS)),
    switch("ipv4", '4', Handled(Meaning::Ipv4)),
    switch("ipv6", '6', Handled(Meaning::Ipv6)),
    value("json", NONE, Handled(Meaning::Json)),
    switch("junk-session-cookies", 'j', Refused(SESSION_COOKIES)),
    value("keepalive-cnt", NONE, Ignored(TUNING)),
    value("keepalive-time", NONE, Ignored(TUNING)),
    value("key", NONE, Handled(Meaning::Key)),
    value("key-type", NONE, Handled(Meaning::CertType)),
    value("knownhosts", NONE, Refused(OTHER_PROTOCOL)),
    value("krb", NONE, Refused(OTHER_PROTOCOL)),
    value("libcurl", NONE, Refused(TRACE)),
    value("limit-rate", NONE, Refused(SPEED)),
    switch("list-only", 'l', Refused(OTHER_PROTOCOL)),
    value("local-port", NONE, Refused(DNS)),
    switch("location", 'L', Handled(Meaning::Location)),
    switch("location-trusted", NONE, Refused(TRUSTED)),
    value("login-options", NONE, Refused(OTHER_PROTOCOL)),
    value("mail-auth", NONE, Refused(OTHER_PROTOCOL)),
    value("mail-from", NONE, Refused(OTHER_PROTOCOL)),
    value("mail-rcpt", NONE, Refused(OTHER_PROTOCOL)),
    switch("mail-rcpt-allowfails", NONE, Refused(OTHER_PROTOCOL)),
    switch("manual", 'M', Refused(INFO)),
    value("max-filesize", NONE, Handled(Meaning::MaxFilesize)),
    value("max-redirs", NONE, Handled(Meaning::MaxRedirects)),
    value("max-time", 'm', Handled(Meaning::MaxTime)),
    switch("metalink", NONE, Ignored(DEFAULT)),
    switch("mptcp", NONE, Ignored(TUNING)),
    switch("negotiate", NONE, Refused(AUTH)),
    switch("netrc", 'n', Handled(Meaning::Netrc)),
    value("netrc-file", NONE, Refused(NETRC_FILE)),
    switch("netrc-optional", NONE, Handled(Meaning::Netrc)),
    switch("next", ':', Refused(ONE_CALL)),
    switch("no-alpn", NONE, Ignored(HTTP_1_1)),
    switch("no-buffer", 'N', Handled(Meaning::NoBuffer)),
    switch("no-clobber", NONE, Refused(FILES)),
    switch("no-keepalive", NONE, Ignored(TUNING)),
    switch("no-npn", NONE, Ignored(HTTP_1_1)),
    switch("no-progress-meter", NONE, Ignored(SILENT)),
    switch("no-sessionid", NONE, Ignored(TUNING)),
    value("noproxy", NONE, Refused(NO_PROXY)),
    switch("ntlm", NONE, Refused(AUTH)),
    switch("ntlm-wb", NONE, Refused(AUTH)),
    value("oauth2-bearer", NONE, Handled(Meaning::Bearer)),
    switch("out-null", NONE, Refused(FILES)),
    value("output", 'o', Handled(Meaning::Output)),
    value("output-dir", NONE, Handled(Meaning::OutputDir)),
    switch("parallel", 'Z', Ignored(DEFAULT)),
    switch("parallel-immediate", NONE, Ignored(DEFAULT)),
    value("parallel-max", NONE, Ignored(DEFAULT)),
    value("parallel-max-host", NONE, Ignored(DEFAULT)),
    value("pass", NONE, Refused(KEY_PASSWORD)),
    switch("path-as-is", NONE, Handled(Meaning::PathAsIs)),
    value("pinnedpubkey", NONE, Refused(TLS_LIMITS)),
    switch("post301", NONE, Refused(POST_AGAIN)),
    switch("post302", NONE, Refused(POST_AGAIN)),
    switch("post303", NONE, Refused(POST_AGAIN)),
    value("preproxy", NONE, Refused(PROXY_AUTH)),
    switch("progress-bar", '#', Ignored(SILENT)),
    value("proto", NONE, Handled(Meaning::Proto)),
    value("proto-default", NONE, Refused(PROTO_DEFAULT)),
    value("proto-redir", NONE, Handled(Meaning::Proto)),
    value("proxy", 'x', Handled(Meaning::Proxy)),
    switch("proxy-anyauth", NONE, Refused(PROXY_AUTH)),
    switch("proxy-basic", NONE, Ignored(DEFAULT)),
    switch("proxy-ca-native", NONE, Refused(PROXY_TLS)),
    value("proxy-cacert", NONE, Refused(PROXY_TLS)),
    value("proxy-capath", NONE, Refused(PROXY_TLS)),
    value("proxy-cert", NONE, Refused(PROXY_TLS)),
    value("proxy-cert-type", NONE, Refused(PROXY_TLS)),
    value("proxy-ciphers", NONE, Refused(PROXY_TLS)),
    value("proxy-crlfile", NONE, Refused(PROXY_TLS)),
    switch("proxy-digest", NONE, Refused(PROXY_AUTH)),
    value("proxy-header", NONE, Refused(PROXY_AUTH)),
    switch("proxy-http2", NONE, Refused(PROXY_TLS)),
    switch("proxy-insecure", NONE, Refused(PROXY_TLS)),
    value("proxy-key", NONE, Refused(PROXY_TLS)),
    value("proxy-key-type", NONE, Refused(PROXY_TLS)),
    switch("proxy-negotiate", NONE, Refused(PROXY_AUTH)),
    switch("proxy-ntlm", NONE, Refused(PROXY_AUTH)),
    value("proxy-pass", NONE, Refused(PROXY_TLS)),
    value("proxy-pinnedpubkey", NONE, Refused(PROXY_TLS)),
    value("proxy-service-name", NONE, Refused(PROXY_AUTH)),
    switch("proxy-ssl-allow-beast", NONE, Ignored(TLS)),
    switch("proxy-ssl-auto-client-cert", NONE, Ignored(TLS)),
    value("proxy-tls13-ciphers", NONE, Refused(PROXY_TLS)),
    value("proxy-tlsauthtype", NONE, Refused(PROXY_TLS)),
    value("proxy-tlspassword", NONE, Refused(PROXY_TLS)),
    value("proxy-tlsuser", NONE, Refused(PROXY_TLS)),
    switch("proxy-tlsv1", NONE, Ignored(TLS)),
    value("proxy-user", 'U', Handled(Meaning::ProxyUser)),
    value("proxy1.0", NONE, Refused(PROXY_AUTH)),
    switch("proxytunnel", 'p', Refused(PROXY_AUTH)),
    value("pubkey", NONE, Refused(OTHER_PROTOCOL)),
    value("quote", 'Q', Refused(OTHER_PROTOCOL)),
    value("random-file", NONE, Ignored(TUNING)),
    value("range", 'r', Handled(Meaning::Range)),
    value("rate", NONE, Refused(ONE_CALL)),
    switch("raw", NONE, Refused(PROTOCOL_VERSION)),
    value("referer", 'e', Handled(Meaning::Referer)),
    switch(
        "remote-header-name",
        'J',
        Handled(Meaning::RemoteHeaderName),
    ),
    switch("remote-name", 'O', Handled(Meaning::RemoteName)),
    switch("remote-name-all", NONE, Handled(Meaning::RemoteName)),
    switch("remote-time", 'R', Refused(FILES)),
    switch("remove-on-error", NONE, Ignored(WHOLE)),
    value("request", 'X', Handled(Meaning::Request)),
    value("request-target", NONE, Refused(PROTOCOL_VERSION)),
    value("resolve", NONE, Handled(Meaning::Resolve)),
    value("retry", NONE, Handled(Meaning::Retry)),
    switch("retry-all-errors", NONE, Refused(RETRY_ALL)),
    switch("retry-connrefused", NONE, Ignored(DEFAULT)),
    value("retry-delay", NONE, Refused(RETRY_DELAY)),
    value("retry-max-time", NONE, Handled(Meaning::RetryMaxTime)),
    value("sasl-authzid", NONE, Refused(OTHER_PROTOCOL)),
    switch("sasl-ir", NONE, Refused(OTHER_PROTOCOL)),
    value("service-name", NONE, Refused(AUTH)),
    switch("show-error", 'S', Ignored(SILENT)),
    value("sigalgs", NONE, Refused(TLS_LIMITS)),
    switch("silent", 's', Ignored(SILENT)),
    switch("skip-existing", NONE, Refused(FILES)),
    value("socks4", NONE, Handled(Meaning::Socks4)),
    value("socks4a", NONE, Handled(Meaning::Socks4a)),
    value("socks5", NONE, Handled(Meaning::Socks5)),
    switch("socks5-basic", NONE, Ignored(DEFAULT)),
    switch("socks5-gssapi", NONE, Refused(PROXY_AUTH)),
    switch("socks5-gssapi-nec", NONE, Refused(PROXY_AUTH)),
    value("socks5-gssapi-service", NONE, Refused(PROXY_AUTH)),
    value("socks5-hostname", NONE, Handled(Meaning::Socks5Hostname)),
    value("speed-limit", 'Y', Refused(SPEED)),
    value("speed-time", 'y', Refused(SPEED)),
    switch("ssl", NONE, Ignored(TLS)),
    switch("ssl-allow-beast", NONE, Ignored(TLS)),
    switch("ssl-auto-client-cert", NONE, Ignored(TLS)),
    switch("ssl-no-revoke", NONE, Ignored(TLS)),
    switch("ssl-reqd", NONE, Ignored(TLS)),
    switch("ssl-revoke-best-effort", NONE, Ignored(TLS)),
    value("ssl-sessions", NONE, Refused(TLS_LIMITS)),
    switch("sslv2", '2', Refused(TLS_LIMITS)),
    switch("sslv3", '3', Refused(TLS_LIMITS)),
    value("stderr", NONE, Refused(TRACE)),
    switch("styled-output", NONE, Ignored(SILENT)),
    switch("suppress-connect-headers", NONE, Ignored(DEFAULT)),
    switch("tcp-fastopen", NONE, Ignored(TUNING)),
    switch("tcp-nodelay", NONE, Ignored(TUNING)),
    value("telnet-option", 't', Refused(OTHER_PROTOCOL)),
    value("tftp-blksize", NONE, Refused(OTHER_PROTOCOL)),
    switch("tftp-no-options", NONE, Refused(OTHER_PROTOCOL)),
    value("time-cond", 'z', Refused(TIME_COND)),
    switch("tls-earlydata", NONE, Refused(TLS_LIMITS)),
    value("tls-max", NONE, Refused(TLS_LIMITS)),
    value("tls13-ciphers", NONE, Refused(TLS_LIMITS)),
    value("tlsauthtype", NONE, Refused(TLS_LIMITS)),
    value("tlspassword", NONE, Refused(TLS_LIMITS)),
    value("tlsuser", NONE, Refused(TLS_LIMITS)),
    switch("tlsv1", '1', Ignored(TLS)),
    switch("tlsv1.0", NONE, Ignored(TLS)),
    switch("tlsv1.1", NONE, Ignored(TLS)),
    switch("tlsv1.2", NONE, Ignored(TLS)),
    switch("tlsv1.3", NONE, Handled(Meaning::Tls13)),
    switch("tr-encoding", NONE, Refused(PROTOCOL_VERSION)),
    value("trace", NONE, Refused(TRACE)),
    value("trace-ascii", NONE, Refused(TRACE)),
    value("trace-config", NONE, Ignored(DEFAULT)),
    switch("trace-ids", NONE, Ignored(DEFAULT)),
    switch("trace-time", NONE, Ignored(DEFAULT)),
    value("unix-socket", NONE, Handled(Meaning::UnixSocket)),
    value("upload-file", 'T', Handled(Meaning::UploadFile)),
    value("upload-flags", NONE, Refused(OTHER_PROTOCOL)),
    value("url", NONE, Handled(Meaning::Url)),
    value("url-query", NONE, Handled(Meaning::UrlQuery)),
    switch("use-ascii", 'B', Refused(OTHER_PROTOCOL)),
    value("user", 'u', Handled(Meaning::User)),
    value("user-agent", 'A', Handled(Meaning::UserAgent)),
    value("variable", NONE, Refused(ONE_CALL)),
    switch("verbose", 'v', Handled(Meaning::Verbose)),
    switch("version", 'V', Refused(INFO)),
    value("vlan-priority", NONE, Refused(DNS)),
    value("write-out", 'w', Refused(TRACE)),
    switch("xattr", NONE, Refused(FILES)),
];

/// The long names of the options that affect a call, and whether each takes a value.
#[cfg(test)]
pub(crate) fn handled() -> impl Iterator<Item = (&'static str, bool)> {
    let is_handled = |option: &&Curl| matches!(option.treatment, Handled(_));
    let handled = OPTIONS.iter().filter(is_handled);
    handled.map(|option| (option.long, option.takes == Takes::Value))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn option_table_is_sorted_and_unique() {
        for pair in OPTIONS.windows(2) {
            assert!(pair[0].long < pair[1].long, "{}", pair[1].long);
        }
        let mut letters: Vec<char> = OPTIONS.iter().filter_map(|option| option.short).collect();
        letters.sort_unstable();
        let all = letters.len();
        letters.dedup();
        assert_eq!(letters.len(), all);
    }

    #[test]
    fn refused_options_have_a_hint_and_ignored_ones_a_reason() {
        for option in OPTIONS {
            let text = match option.treatment {
                Handled(_) => continue,
                Ignored(reason) => reason,
                Refused(hint) => hint,
            };
            assert!(!text.is_empty(), "{}", option.long);
        }
    }

    /// Parses the list of the installed curl: ` -a, --append   Append …`, `     --alt-svc <file>
    /// …`.
    #[test]
    fn every_option_of_the_installed_curl_is_in_the_table() {
        let Ok(output) = Command::new("curl").args(["--help", "all"]).output() else {
            return;
        };
        let text = String::from_utf8(output.stdout).unwrap();
        let mut known = 0;
        for line in text.lines().skip(1) {
            let (before, rest) = line.split_once("--").unwrap();
            let short = before
                .trim()
                .strip_prefix('-')
                .and_then(|s| s.chars().next());
            let name = rest.split(' ').next().unwrap();
            let value = rest[name.len()..].starts_with([' '])
                && rest[name.len() + 1..].starts_with(['<', '[']);
            let found = find_long(&format!("--{name}")).unwrap_or_else(|| panic!("--{name}"));
            assert_eq!(found.takes == Takes::Value, value, "--{name}");
            // Versions differ in added letters; no letter changes its meaning.
            assert!(short.is_none() || found.short == short, "--{name}");
            known += 1;
        }
        assert!(known > 200, "{known} options in curl's list");
    }
}
