//! `c47 http`: one HTTP call.

mod build;
mod chart;
mod credentials;
mod download;
mod from_curl;
mod items;
mod narrator;
mod offline;
mod pasted;
mod plan;
mod print_command;
mod report;
mod run;
mod save;
mod settings;
mod show;
mod status;
mod target;
mod to_curl;

use argh::{ArgsInfo, FromArgs};

use crate::auth::scheme;
use crate::outline::{Details, Group, Kind, Layout};

/// Make one HTTP call, with credentials that no one else sees.
#[derive(FromArgs, ArgsInfo, Default)]
#[argh(
    subcommand,
    name = "http",
    help_triggers("-h", "--help"),
    example = "c47 http https://kitsu.studio.lan/api/data/projects --auth bearer=env:TOKEN
      reads, with a token from the environment
  c47 http kitsu.studio.lan/api/data/shots name=sh010 frames:=120 data[fps]:=24
      writes JSON: key=value is a string, key:=json any value, a[b] nests
  c47 http cue.studio.lan:8448/show.ShowInterface/GetShows --body - --auth jwt=HS256:file:/etc/cue.key --claim sub=me
      posts what stands on stdin, with a JSON Web Token minted for this call"
)]
pub(super) struct Http {
    /// [METHOD] URL [ITEM ...], see the notes
    #[argh(positional, arg_name = "word")]
    words: Vec<String>,

    /// credentials: bearer=SOURCE, basic=USER:SOURCE, digest=USER:SOURCE, header=NAME:SOURCE,
    /// query=NAME:SOURCE, jwt=ALG:SOURCE (a token minted for this call), netrc or netrc=bearer
    /// (from $NETRC, else ~/.netrc)
    #[argh(option, arg_name = "scheme=source")]
    auth: Option<String>,

    /// the profile whose credentials go along; the URL must be within its own
    #[argh(option, arg_name = "name")]
    profile: Option<String>,

    /// a claim of the minted token: k=text or k:=json; may be repeated
    #[argh(option, arg_name = "k=v")]
    claim: Vec<String>,

    /// lifetime of the minted token (default: 5m)
    #[argh(option, arg_name = "duration")]
    ttl: Option<String>,

    /// key id in the minted token's header
    #[argh(option, arg_name = "id")]
    kid: Option<String>,

    /// give the minted token a random id (jti)
    #[argh(switch)]
    jti: bool,

    /// send credentials over plain http to another machine
    #[argh(switch)]
    allow_plaintext: bool,

    /// send key=value items as an urlencoded form
    #[argh(switch)]
    form: bool,

    /// send the bytes of this file as they are (- is stdin); @file is the same
    #[argh(option, arg_name = "file")]
    body: Option<String>,

    /// send this text as it is
    #[argh(option, arg_name = "text")]
    raw: Option<String>,

    /// send key=value items as a multipart form, as key@file items are
    #[argh(switch)]
    multipart: bool,

    /// make the call of a curl command: 'curl …', a file that holds it, or - for stdin
    #[argh(option, arg_name = "command")]
    from_curl: Option<String>,

    /// print the c47 command that makes this call, with sources in place of secrets, and send
    /// nothing
    #[argh(switch)]
    print_command: bool,

    /// send the body gzipped; a file of more than 4 MiB and a form with files go out in chunks,
    /// which not every server takes
    #[argh(switch)]
    compress: bool,

    /// try up to n times more after a failed connection or 408, 429, 502, 503, 504, waiting 1 s,
    /// 2 s, 4 s … 60 s or as long as Retry-After says; GET, HEAD, PUT, DELETE, OPTIONS and TRACE
    /// only, and any method when nothing was sent (default: 0)
    #[argh(option, arg_name = "n")]
    retry: Option<u32>,

    /// begin no further try later than this after the first (default: 10m)
    #[argh(option, arg_name = "duration")]
    retry_max_time: Option<String>,

    /// try other methods again too, although the first try may have had its effect
    #[argh(switch)]
    retry_unsafe: bool,

    /// show the heads of request and response on stderr, secrets masked
    #[argh(switch, short = 'v')]
    verbose: bool,

    /// show secrets in -v, --print, --json and --offline, of the request and the response; default:
    /// ***
    #[argh(switch)]
    show_secrets: bool,

    /// do not report a response outside 2xx, retries and progress on stderr; failures still are
    #[argh(switch, short = 'q')]
    quiet: bool,

    /// print the answer's head instead of its body
    #[argh(switch)]
    headers: bool,

    /// write the body of a 2xx answer to this file, whole or not at all
    #[argh(option, short = 'o', arg_name = "file")]
    output: Option<String>,

    /// download: into -o's file, or a new one (in -o's directory) named as the server says, else
    /// as the URL ends; prints the name. NAME.part is what has come so far
    #[argh(switch)]
    download: bool,

    /// go on where an earlier --download was cut, if the file is still the same
    #[argh(switch, long = "continue")]
    resume: bool,

    /// let --download replace a file that is there
    #[argh(switch)]
    overwrite: bool,

    /// the SHA-256 that the downloaded file must have
    #[argh(option, arg_name = "hex")]
    sha256: Option<String>,

    /// print request, response and timing as JSON
    #[argh(switch)]
    json: bool,

    /// print parts on stdout, any of H, B (request) and h, b (response), secrets masked
    #[argh(option, arg_name = "letters")]
    print: Option<String>,

    /// pass on each line of the body as it comes
    #[argh(switch)]
    stream: bool,

    /// draw where the time went, on stderr
    #[argh(switch)]
    timing: bool,

    /// print the request as it would go out, secrets masked, and send nothing
    #[argh(switch)]
    offline: bool,

    /// print the curl command that makes this call, and send nothing
    #[argh(switch)]
    curl: bool,

    /// follow redirects; credentials and headers never go to another origin
    #[argh(switch)]
    follow: bool,

    /// how many redirects to follow (default: 10)
    #[argh(option, arg_name = "n")]
    max_redirects: Option<u32>,

    /// with --follow: send the body to another origin too, after 307, 308 and others that keep it
    #[argh(switch)]
    redirect_body: bool,

    /// time limit for the whole call, e.g. 2.5s; a bare number is seconds (default: none, but 60 s
    /// without a byte end it)
    #[argh(option, arg_name = "duration")]
    timeout: Option<String>,

    /// time limit for DNS and connect (default: 10s)
    #[argh(option, arg_name = "duration")]
    connect_timeout: Option<String>,

    /// largest body taken, decoded, e.g. 2G or 1.5GB (default: none; 256M where it is held in memory)
    #[argh(option, arg_name = "size")]
    max_body: Option<String>,

    /// trust the roots in this PEM file, or from this source, and no others
    #[argh(option, arg_name = "file")]
    cacert: Option<String>,

    /// client certificate chain in PEM: a file, or its source
    #[argh(option, arg_name = "file")]
    cert: Option<String>,

    /// private key of the client certificate in PEM: a file, or its source
    #[argh(option, arg_name = "file")]
    key: Option<String>,

    /// do not check the server's certificate
    #[argh(switch)]
    insecure: bool,

    /// the oldest TLS version spoken: 1.2 or 1.3 (default: 1.2)
    #[argh(option, arg_name = "version")]
    tls_min: Option<String>,

    /// an address for a host and port, HOST:PORT:ADDRESS, that DNS is not asked for; may be
    /// repeated
    #[argh(option, arg_name = "host:port:address")]
    resolve: Vec<String>,

    /// connect to this Unix socket instead of the URL's host
    #[argh(option, arg_name = "path")]
    unix_socket: Option<String>,

    /// use IPv4 addresses only
    #[argh(switch, short = '4')]
    ipv4: bool,

    /// use IPv6 addresses only
    #[argh(switch, short = '6')]
    ipv6: bool,

    /// proxy: http://, https://, socks5://HOST:PORT (default: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY,
    /// less NO_PROXY)
    #[argh(option, arg_name = "url")]
    proxy: Option<String>,

    /// credentials for the proxy, USER:SOURCE
    #[argh(option, arg_name = "user:source")]
    proxy_auth: Option<String>,
}

/// How its help is laid out.
pub(super) const LAYOUTS: &[Layout] = &[Layout {
    command: "http",
    usage: "[OPTIONS] [METHOD] URL [ITEM…]",
    groups: &[
        Group {
            name: "Request",
            daily: &["--form", "--body", "--offline", "--curl"],
            more: &[
                "--raw",
                "--multipart",
                "--compress",
                "--from-curl",
                "--print-command",
            ],
        },
        Group {
            name: "Credentials",
            daily: &["--auth", "--profile", "--claim"],
            more: &["--ttl", "--kid", "--jti", "--allow-plaintext"],
        },
        Group {
            name: "Response",
            daily: &["--verbose", "--headers", "--output", "--json", "--quiet"],
            more: &[
                "--print",
                "--stream",
                "--timing",
                "--max-body",
                "--show-secrets",
            ],
        },
        Group {
            name: "Download",
            daily: &["--download", "--continue", "--sha256"],
            more: &["--overwrite"],
        },
        Group {
            name: "Retry",
            daily: &["--retry"],
            more: &["--retry-max-time", "--retry-unsafe"],
        },
        Group {
            name: "Network",
            daily: &["--follow", "--timeout", "--proxy"],
            more: &[
                "--proxy-auth",
                "--max-redirects",
                "--redirect-body",
                "--connect-timeout",
                "--resolve",
                "--unix-socket",
                "--ipv4",
                "--ipv6",
            ],
        },
        Group {
            name: "TLS",
            daily: &["--cacert", "--cert", "--key", "--insecure"],
            more: &["--tls-min"],
        },
    ],
}];

/// The kinds of its values.
pub(super) const DETAILS: Details = Details {
    command: "http",
    values: &[
        ("word", Kind::RequestWord(target::methods)),
        ("--auth", Kind::Staged(scheme::option_stages)),
        ("--profile", Kind::Profile),
        ("--claim", Kind::Word),
        ("--ttl", Kind::Duration),
        ("--kid", Kind::Word),
        ("--body", Kind::File),
        ("--raw", Kind::Word),
        ("--from-curl", Kind::File),
        (
            "--retry",
            Kind::Integer {
                least: 0,
                most: u32::MAX as u64,
            },
        ),
        ("--retry-max-time", Kind::Duration),
        ("--output", Kind::File),
        ("--sha256", Kind::Word),
        ("--print", Kind::Word),
        (
            "--max-redirects",
            Kind::Integer {
                least: 0,
                most: u32::MAX as u64,
            },
        ),
        ("--timeout", Kind::Duration),
        ("--connect-timeout", Kind::Duration),
        ("--max-body", Kind::Size),
        ("--cacert", Kind::File),
        ("--cert", Kind::File),
        ("--key", Kind::File),
        ("--tls-min", Kind::choice(settings::tls_versions)),
        ("--resolve", Kind::Word),
        ("--unix-socket", Kind::File),
        ("--proxy", Kind::Word),
        ("--proxy-auth", Kind::Word),
    ],
    json: &[report::JSON],
};
