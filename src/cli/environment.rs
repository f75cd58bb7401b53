//! What the environment says of the network, read in one place.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use crate::http::proxy::Proxies;
use crate::http::stream::Watch;
use crate::http::tls::{Oldest, Options, Trust};
use crate::http::{Intake, Limits, Network, Settings};

/// HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, in either case; the lower one wins.
pub fn proxies() -> Proxies {
    // In a CGI script HTTP_PROXY is a header the client sent (CVE-2016-5385).
    let in_cgi = env::var_os("REQUEST_METHOD").is_some();
    Proxies {
        always: None,
        https: text("https_proxy").or_else(|| text("HTTPS_PROXY")),
        http: text("http_proxy").or_else(|| text("HTTP_PROXY").filter(|_| !in_cgi)),
        all: text("all_proxy").or_else(|| text("ALL_PROXY")),
        none: text("no_proxy")
            .or_else(|| text("NO_PROXY"))
            .unwrap_or_default(),
    }
}

/// The machine's roots, or those of SSL_CERT_FILE and SSL_CERT_DIR.
pub fn trust() -> Trust {
    Trust::System {
        bundle: path("SSL_CERT_FILE"),
        directory: path("SSL_CERT_DIR"),
    }
}

/// How a call is made that no options speak of.
pub fn settings() -> Settings {
    Settings {
        limits: Limits {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            whole: Some(Duration::from_secs(120)),
            body: None,
        },
        tls: Options {
            trust: trust(),
            client: None,
            oldest: Oldest::default(),
        },
        proxies: proxies(),
        network: Network::default(),
        intake: Intake::default(),
        watch: Watch::default(),
    }
}

fn text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn path(name: &str) -> Option<PathBuf> {
    let value = env::var_os(name).filter(|value| !value.is_empty());
    value.map(PathBuf::from)
}
