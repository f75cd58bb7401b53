//! The options of `c47 http`.

use argh::{ArgsInfo, FromArgs};

/// Make an HTTP request; credentials stay at their origin.
#[derive(FromArgs, ArgsInfo, Default)]
#[argh(
    subcommand,
    name = "http",
    help_triggers("-h", "--help"),
    example = "c47 http https://kitsu.lan/api/data/projects --auth bearer=env:TOKEN",
    example = "c47 http kitsu.lan/api/data/shots name=sh010 frames:=120 data[fps]:=24",
    example = "c47 http cue.lan/Shows --body - --auth jwt=HS256:file:cue.key --claim sub=me"
)]
pub(in crate::cli) struct Http {
    /// the method, the URL and the items: [METHOD] URL [ITEM …]. The default method is GET, or POST
    /// with a body
    #[argh(positional, arg_name = "word")]
    pub(super) words: Vec<String>,

    /// send credentials from a source. The schemes are bearer=SOURCE, basic=USER:SOURCE,
    /// digest=USER:SOURCE, header=NAME:SOURCE, query=NAME:SOURCE, jwt=ALG:SOURCE (mints a token for
    /// this call), hmac=HASH:SOURCE (signs the request), helper=PROGRAM ARGS (a program that prints
    /// headers as JSON), netrc or netrc=bearer (read $NETRC, or ~/.netrc), and aws, aws=PROFILE or
    /// aws=KEYID:SOURCE (signs the request for AWS)
    #[argh(option, arg_name = "scheme=source")]
    pub(super) auth: Option<String>,

    /// use the credentials of a profile. The URL must be below the profile's URL
    #[argh(option, arg_name = "name")]
    pub(super) profile: Option<String>,

    /// add a claim to the minted token, as k=text or k:=json. May be repeated
    #[argh(option, arg_name = "k=v")]
    pub(super) claim: Vec<String>,

    /// set the lifetime of the minted token. The default is 5m
    #[argh(option, arg_name = "duration")]
    pub(super) ttl: Option<String>,

    /// set the key ID in the header of the minted token
    #[argh(option, arg_name = "id")]
    pub(super) kid: Option<String>,

    /// add a random ID (jti) to the minted token
    #[argh(switch)]
    pub(super) jti: bool,

    /// set the AWS region of the signature. By default it is in the host name, AWS_REGION or the AWS
    /// profile
    #[argh(option, arg_name = "name")]
    pub(super) region: Option<String>,

    /// set the AWS service of the signature, such as s3. By default it is in the host name
    #[argh(option, arg_name = "name")]
    pub(super) service: Option<String>,

    /// print a presigned URL that is valid for this long, at most 7d, and send nothing
    #[argh(option, arg_name = "duration")]
    pub(super) presign: Option<String>,

    /// sign this with --auth hmac: a text with {method}, {path}, {query}, {target}, {url}, {host},
    /// {body}, {body_sha256}, {timestamp}, {nonce} and {header:NAME}. The default is {body}
    #[argh(option, arg_name = "template")]
    pub(super) hmac_sign: Option<String>,

    /// send the signature of --auth hmac in this header, as 'NAME: TEMPLATE' with {hex}, {base64} or
    /// {base64url}. The default is 'X-Hub-Signature-256: sha256={hex}'
    #[argh(option, arg_name = "header")]
    pub(super) hmac_header: Option<String>,

    /// send the time that is signed by --auth hmac in this header, in seconds since 1970
    #[argh(option, arg_name = "name")]
    pub(super) hmac_timestamp: Option<String>,

    /// send the random text that is signed by --auth hmac in this header
    #[argh(option, arg_name = "name")]
    pub(super) hmac_nonce: Option<String>,

    /// allow credentials over plain http to another machine
    #[argh(switch)]
    pub(super) allow_plaintext: bool,

    /// keep cookies in a file, in the format of curl. The file is read first, and created if it does
    /// not exist. The cookies in it are credentials. By default cookies are kept for this call only
    #[argh(option, arg_name = "file")]
    pub(super) cookies: Option<String>,

    /// send key=value items as an urlencoded form
    #[argh(switch)]
    pub(super) form: bool,

    /// send the bytes of a file, or of stdin for -. The form @FILE does the same
    #[argh(option, arg_name = "file")]
    pub(super) body: Option<String>,

    /// send a text as the body
    #[argh(option, arg_name = "text")]
    pub(super) raw: Option<String>,

    /// send a GraphQL document: a file, - for stdin, or the text. A text has braces: '{ projects { name
    /// } }'. Errors in the response are printed on stderr, and the exit code is 1
    #[argh(option, arg_name = "file")]
    pub(super) graphql: Option<String>,

    /// set a variable of the GraphQL document, as k=text or k:=json. Items of a body are written the
    /// same way: k[a]=text is nested, k=@FILE reads a file. May be repeated
    #[argh(option, arg_name = "k=v")]
    pub(super) var: Vec<String>,

    /// run this operation of a GraphQL document that has several
    #[argh(option, arg_name = "name")]
    pub(super) operation: Option<String>,

    /// send key=value items as a multipart form. A key@file item selects a multipart form by itself
    #[argh(switch)]
    pub(super) multipart: bool,

    /// make the call of a curl command. The command is an argument ('curl …'), a file that contains
    /// it, or - for stdin
    #[argh(option, arg_name = "command")]
    pub(super) from_curl: Option<String>,

    /// print the c47 command of this call, and send nothing. Sources replace the secrets
    #[argh(switch)]
    pub(super) print_command: bool,

    /// compress the body with gzip. A file larger than 4 MiB, and a form with files, is sent in
    /// chunks, which some servers do not support
    #[argh(switch)]
    pub(super) compress: bool,

    /// retry up to N times after a temporary failure. These are a failed connection and the
    /// statuses 408, 429, 502, 503 and 504. The wait is 1 s, 2 s, 4 s … 60 s, or as long as
    /// Retry-After says. Only GET, HEAD, PUT, DELETE, OPTIONS and TRACE are retried, and any method
    /// if nothing was sent. The default is 0
    #[argh(option, arg_name = "n")]
    pub(super) retry: Option<u32>,

    /// start no retry later than this after the first attempt. The default is 10m
    #[argh(option, arg_name = "duration")]
    pub(super) retry_max_time: Option<String>,

    /// also retry POST and PATCH. The server may process the request twice
    #[argh(switch)]
    pub(super) retry_unsafe: bool,

    /// print the headers of request and response on stderr. Secrets are masked
    #[argh(switch, short = 'v')]
    pub(super) verbose: bool,

    /// print secrets instead of ***, with -v, --print, --json and --offline. This applies to the
    /// request and the response
    #[argh(switch)]
    pub(super) show_secrets: bool,

    /// print no progress, retries or status on stderr. Errors are still printed
    #[argh(switch, short = 'q')]
    pub(super) quiet: bool,

    /// print the response headers instead of the body
    #[argh(switch)]
    pub(super) headers: bool,

    /// write the body of a 2xx response to a file. The file is replaced only by a complete body
    #[argh(option, short = 'o', arg_name = "file")]
    pub(super) output: Option<String>,

    /// save the body under the name that the server gives. Without such a name, the last part of
    /// the URL is used. With -o, save to that file or into that directory. Prints the name of the
    /// file. NAME.part holds an incomplete download
    #[argh(switch)]
    pub(super) download: bool,

    /// resume an interrupted --download. The download restarts if the file has changed on the
    /// server
    #[argh(switch, long = "continue")]
    pub(super) resume: bool,

    /// allow --download to overwrite a file
    #[argh(switch)]
    pub(super) overwrite: bool,

    /// verify the SHA-256 of the downloaded file
    #[argh(option, arg_name = "hex")]
    pub(super) sha256: Option<String>,

    /// print request, response and timing as JSON
    #[argh(switch)]
    pub(super) json: bool,

    /// filter the JSON body with jq. Each output is printed on a line, and laid out on a terminal. The
    /// body of a response outside 2xx is printed unfiltered. With --json, filters the report
    #[argh(option, arg_name = "filter")]
    pub(super) jq: Option<String>,

    /// print the strings of --jq without quotes
    #[argh(switch, short = 'r')]
    pub(super) raw_output: bool,

    /// get all pages of a list. The next page is found by the profile, by the pageInfo of a GraphQL
    /// query, or by the Link header. Prints the items as one array
    #[argh(switch)]
    pub(super) paginate: bool,

    /// find the next page with a jq filter, whose output is a URL, a path or null. With --page-param
    /// the output is the value of the parameter
    #[argh(option, arg_name = "filter")]
    pub(super) next: Option<String>,

    /// find the next page with a query parameter: NAME or NAME,start=N. It counts up from 1 or N until
    /// a page is empty
    #[argh(option, arg_name = "name")]
    pub(super) page_param: Option<String>,

    /// find the items of a page with a jq filter. By default they are the elements of an array, or
    /// the whole page
    #[argh(option, arg_name = "filter")]
    pub(super) items: Option<String>,

    /// print each item of --paginate on a line, as the pages arrive
    #[argh(switch)]
    pub(super) ndjson: bool,

    /// stop --paginate after N pages
    #[argh(option, arg_name = "n")]
    pub(super) max_pages: Option<u64>,

    /// stop --paginate after N items
    #[argh(option, arg_name = "n")]
    pub(super) max_items: Option<u64>,

    /// repeat the GET until a jq filter of its body is true. The last body is printed. --timeout limits
    /// the time; at its end the exit code is 8
    #[argh(option, arg_name = "filter")]
    pub(super) until: Option<String>,

    /// repeat the GET while a jq filter of its body is true
    #[argh(option, long = "while", arg_name = "filter")]
    pub(super) while_: Option<String>,

    /// set the time between two requests of --until and --while. The default is 5s, the least 100ms
    #[argh(option, arg_name = "duration")]
    pub(super) every: Option<String>,

    /// send a request for each line of a file, or of stdin for -. The lines are requests as NDJSON, or
    /// values for METHOD URL ITEM… with {field}, as NDJSON or as CSV (FILE.csv). Prints a line of JSON
    /// for each result
    #[argh(option, arg_name = "file")]
    pub(super) batch: Option<String>,

    /// read --batch as CSV, with a header line
    #[argh(switch)]
    pub(super) csv: bool,

    /// send up to N requests of --batch at the same time, at most 256. The default is 8
    #[argh(option, arg_name = "n")]
    pub(super) jobs: Option<usize>,

    /// send no more requests of --batch than this: 50/s, 100/m or 1000/h
    #[argh(option, arg_name = "rate")]
    pub(super) rate: Option<String>,

    /// print the results of --batch in the order of the input
    #[argh(switch)]
    pub(super) in_order: bool,

    /// go on without the invalid lines of --batch. By default nothing is sent then
    #[argh(switch)]
    pub(super) skip_invalid: bool,

    /// print the first three requests of --batch, and send nothing
    #[argh(switch)]
    pub(super) dry_run: bool,

    /// record in a file what happened to each request of --batch. The next run with it sends only what
    /// is not done
    #[argh(option, arg_name = "file")]
    pub(super) journal: Option<String>,

    /// send a key that is the same in each attempt, so that POST and PATCH can be repeated. The header is
    /// Idempotency-Key, or HEADER with --idempotency-key=HEADER. This requires --journal
    #[argh(switch)]
    pub(super) idempotency_key: bool,

    /// the value of --idempotency-key
    #[argh(option, hidden_help, arg_name = "header")]
    pub(super) idempotency_header: Option<String>,

    /// ask whether an unknown request was processed: a URL, a jq filter, or 'URL FILTER'
    #[argh(option, arg_name = "check")]
    pub(super) check: Option<String>,

    /// send one of N parts of --batch: I/N, or auto for the task of a farm
    #[argh(option, arg_name = "i/n")]
    pub(super) shard: Option<String>,

    /// write numbers and percentiles of --batch to a file, as JSON
    #[argh(option, arg_name = "file")]
    pub(super) summary: Option<String>,

    /// print parts of request and response: letters of HBhb. H and B are the headers and body of
    /// the request, h and b those of the response. Secrets are masked
    #[argh(option, arg_name = "letters")]
    pub(super) print: Option<String>,

    /// print each line of the body as it arrives
    #[argh(switch)]
    pub(super) stream: bool,

    /// print a chart of the time of each step on stderr
    #[argh(switch)]
    pub(super) timing: bool,

    /// print the request, and send nothing. Secrets are masked
    #[argh(switch)]
    pub(super) offline: bool,

    /// print the curl command of this call, and send nothing
    #[argh(switch)]
    pub(super) curl: bool,

    /// follow redirects. Credentials and headers are never sent to another origin
    #[argh(switch)]
    pub(super) follow: bool,

    /// set how many redirects to follow. The default is 10
    #[argh(option, arg_name = "n")]
    pub(super) max_redirects: Option<u32>,

    /// allow redirects to send the body to another origin. This requires --follow, and applies to
    /// 307, 308 and other redirects that keep the body
    #[argh(switch)]
    pub(super) redirect_body: bool,

    /// limit the time of the whole call, e.g. 2.5s. A bare number is in seconds. By default there
    /// is no limit, but the call ends after 60 s without a byte
    #[argh(option, arg_name = "duration")]
    pub(super) timeout: Option<String>,

    /// limit the time for DNS and connect. The default is 10s
    #[argh(option, arg_name = "duration")]
    pub(super) connect_timeout: Option<String>,

    /// limit the size of the decoded body, e.g. 2G or 1.5GB. By default there is no limit, but 256M
    /// for a body that is held in memory
    #[argh(option, arg_name = "size")]
    pub(super) max_body: Option<String>,

    /// trust only the roots in a PEM file, or from a source
    #[argh(option, arg_name = "file")]
    pub(super) cacert: Option<String>,

    /// send a client certificate chain from a PEM file, or a source
    #[argh(option, arg_name = "file")]
    pub(super) cert: Option<String>,

    /// use the private key from a PEM file, or a source. It belongs to the certificate of --cert
    #[argh(option, arg_name = "file")]
    pub(super) key: Option<String>,

    /// decrypt the private key with a password from a source. It is the key of --key, or that in
    /// --auth jwt=ALG:SOURCE
    #[argh(option, arg_name = "source")]
    pub(super) key_password: Option<String>,

    /// do not check the server's certificate
    #[argh(switch)]
    pub(super) insecure: bool,

    /// set the oldest TLS version to accept: 1.2 or 1.3. The default is 1.2
    #[argh(option, arg_name = "version")]
    pub(super) tls_min: Option<String>,

    /// use an address for a host and port instead of DNS. May be repeated
    #[argh(option, arg_name = "host:port:address")]
    pub(super) resolve: Vec<String>,

    /// connect to a Unix socket instead of the URL's host
    #[argh(option, arg_name = "path")]
    pub(super) unix_socket: Option<String>,

    /// use IPv4 addresses only
    #[argh(switch, short = '4')]
    pub(super) ipv4: bool,

    /// use IPv6 addresses only
    #[argh(switch, short = '6')]
    pub(super) ipv6: bool,

    /// use a proxy: http://, https:// or socks5://HOST:PORT. The default is HTTPS_PROXY, HTTP_PROXY
    /// or ALL_PROXY, except for hosts in NO_PROXY
    #[argh(option, arg_name = "url")]
    pub(super) proxy: Option<String>,

    /// send credentials from a source to the proxy
    #[argh(option, arg_name = "user:source")]
    pub(super) proxy_auth: Option<String>,
}
