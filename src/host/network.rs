//! DNS servers and proxies.

use nanoserde::SerJson;

use super::{Environment, files};
use crate::elf::root::Root;
use crate::redact;

/// DNS servers and proxies.
#[derive(Clone, Debug, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Network {
    /// Null if there is no resolv.conf.
    pub dns_servers: Option<Vec<String>>,
    pub search_domains: Vec<String>,
    pub proxies: Vec<Proxy>,
}

/// A proxy variable.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Proxy {
    pub name: String,
    /// Without user and password.
    pub value: String,
}

const VARIABLES: [&str; 8] = [
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "all_proxy",
    "ALL_PROXY",
    "no_proxy",
    "NO_PROXY",
];

/// Reads /etc/resolv.conf below `root`, and the environment.
pub(crate) fn read(root: &Root, environment: &Environment) -> Network {
    let resolver = files::read(root, "/etc/resolv.conf");
    let words_of = |wanted: &[&str]| -> Vec<String> {
        let text = resolver.as_deref().unwrap_or_default();
        let lines = text.lines().filter_map(|line| {
            let mut words = line.split_whitespace();
            wanted.contains(&words.next()?).then_some(words)
        });
        lines.flatten().map(str::to_owned).collect()
    };
    Network {
        dns_servers: resolver.is_some().then(|| words_of(&["nameserver"])),
        search_domains: words_of(&["search", "domain"]),
        proxies: VARIABLES
            .into_iter()
            .filter_map(|name| {
                Some(Proxy {
                    name: name.to_owned(),
                    value: redact::proxy(&environment.text(name)?),
                })
            })
            .collect(),
    }
}
