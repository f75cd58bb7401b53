//! What `c47 http` declares in addition to its options: their groups in the help, and the kinds of
//! their values.

use super::{report, settings, target};
use crate::auth::scheme;
use crate::batch::rate::Rate;
use crate::batch::run::MAX_JOBS;
use crate::batch::{result_line, summary};
use crate::outline::{Details, Group, Kind, Layout};

/// The groups of the options in its help.
pub(in crate::cli) const LAYOUTS: &[Layout] = &[Layout {
    command: "http",
    usage: "[OPTIONS] [METHOD] URL [ITEM…]",
    groups: &[
        Group {
            name: "Request",
            daily: &["--form", "--body", "--graphql", "--offline"],
            more: &[
                "--curl",
                "--var",
                "--operation",
                "--raw",
                "--multipart",
                "--compress",
                "--from-curl",
                "--print-command",
            ],
        },
        Group {
            name: "Credentials",
            daily: &["--auth", "--profile"],
            more: &[
                "--claim",
                "--ttl",
                "--kid",
                "--jti",
                "--region",
                "--service",
                "--presign",
                "--cookies",
                "--hmac-sign",
                "--hmac-header",
                "--hmac-timestamp",
                "--hmac-nonce",
                "--allow-plaintext",
            ],
        },
        Group {
            name: "Response",
            daily: &[
                "--verbose",
                "--headers",
                "--output",
                "--json",
                "--jq",
                "--quiet",
            ],
            more: &[
                "--raw-output",
                "--print",
                "--stream",
                "--timing",
                "--max-body",
                "--show-secrets",
            ],
        },
        Group {
            name: "Pages and waiting",
            daily: &["--paginate", "--until"],
            more: &[
                "--next",
                "--page-param",
                "--items",
                "--ndjson",
                "--max-pages",
                "--max-items",
                "--while",
                "--every",
            ],
        },
        Group {
            name: "Batch",
            daily: &["--batch"],
            more: &[
                "--csv",
                "--jobs",
                "--rate",
                "--in-order",
                "--skip-invalid",
                "--dry-run",
                "--journal",
                "--idempotency-key",
                "--check",
                "--shard",
                "--summary",
            ],
        },
        Group {
            name: "Download",
            daily: &["--download"],
            more: &["--continue", "--overwrite", "--sha256"],
        },
        Group {
            name: "Network",
            daily: &["--retry", "--follow", "--timeout", "--proxy"],
            more: &[
                "--retry-max-time",
                "--retry-unsafe",
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
            daily: &["--cacert", "--insecure"],
            more: &["--cert", "--key", "--key-password", "--tls-min"],
        },
    ],
}];

/// What the values of its options are, for completions.
pub(in crate::cli) const DETAILS: Details = Details {
    command: "http",
    values: &[
        ("word", Kind::RequestWord(target::methods)),
        ("--auth", Kind::Staged(scheme::option_stages)),
        ("--profile", Kind::Profile),
        ("--claim", Kind::Word),
        ("--ttl", Kind::Duration),
        ("--kid", Kind::Word),
        ("--region", Kind::Word),
        ("--service", Kind::Word),
        ("--presign", Kind::Duration),
        ("--cookies", Kind::File),
        ("--hmac-sign", Kind::Word),
        ("--hmac-header", Kind::Word),
        ("--hmac-timestamp", Kind::Word),
        ("--hmac-nonce", Kind::Word),
        ("--body", Kind::File),
        ("--raw", Kind::Word),
        ("--from-curl", Kind::File),
        ("--graphql", Kind::File),
        ("--var", Kind::Word),
        ("--operation", Kind::Word),
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
        ("--jq", Kind::Word),
        ("--next", Kind::Word),
        ("--page-param", Kind::Word),
        ("--items", Kind::Word),
        (
            "--max-pages",
            Kind::Integer {
                least: 1,
                most: u64::MAX,
            },
        ),
        (
            "--max-items",
            Kind::Integer {
                least: 1,
                most: u64::MAX,
            },
        ),
        ("--until", Kind::Word),
        ("--while", Kind::Word),
        ("--every", Kind::Duration),
        ("--batch", Kind::File),
        (
            "--jobs",
            Kind::Integer {
                least: 1,
                most: MAX_JOBS as u64,
            },
        ),
        ("--rate", Kind::Form(|text| Rate::parse(text).map(drop))),
        ("--journal", Kind::File),
        ("--check", Kind::Word),
        ("--shard", Kind::Word),
        ("--summary", Kind::File),
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
        ("--key-password", Kind::Source),
        ("--tls-min", Kind::choice(settings::tls_versions)),
        ("--resolve", Kind::Word),
        ("--unix-socket", Kind::File),
        ("--proxy", Kind::Word),
        ("--proxy-auth", Kind::Word),
    ],
    json: &[report::JSON, result_line::JSON, summary::JSON],
};
