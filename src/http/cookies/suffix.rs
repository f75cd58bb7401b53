//! Domains that belong to many owners, such as co.uk: no cookie is set for them. The public suffix list
//! would add 700 KiB to the binary. A rule and a short list cover the common cases; a leaf.

/// The names under which the registries of countries give out domains, as in co.uk.
const REGISTRY_LABELS: [&str; 49] = [
    "ac", "asn", "asso", "biz", "co", "com", "coop", "ed", "edu", "fin", "firm", "gen", "go",
    "gob", "gouv", "gov", "govt", "gv", "id", "ind", "info", "int", "k12", "ltd", "me", "med",
    "mil", "mobi", "muni", "name", "ne", "net", "nhs", "nic", "nom", "or", "org", "plc", "police",
    "priv", "pro", "res", "sch", "school", "sld", "store", "tm", "tv", "web",
];

/// Domains of hosting services, whose subdomains belong to their customers.
const HOSTING: [&str; 58] = [
    "amazonaws.com",
    "amplifyapp.com",
    "appspot.com",
    "awsapprunner.com",
    "azurecontainer.io",
    "azureedge.net",
    "azurestaticapps.net",
    "azurewebsites.net",
    "backblazeb2.com",
    "bitbucket.io",
    "blogspot.com",
    "cloudapp.net",
    "cloudfront.net",
    "cloudfunctions.net",
    "codespaces.github.com",
    "core.windows.net",
    "ddns.net",
    "deno.dev",
    "digitaloceanspaces.com",
    "duckdns.org",
    "dynv6.net",
    "elasticbeanstalk.com",
    "fbsbx.com",
    "firebaseapp.com",
    "fly.dev",
    "ghost.io",
    "github.dev",
    "github.io",
    "githubusercontent.com",
    "gitlab.io",
    "glitch.me",
    "herokuapp.com",
    "hosted.app",
    "localtunnel.me",
    "netlify.app",
    "ngrok.app",
    "ngrok.dev",
    "ngrok.io",
    "ngrok-free.app",
    "ngrok-free.dev",
    "no-ip.org",
    "ondigitalocean.app",
    "onrender.com",
    "pages.dev",
    "r2.dev",
    "railway.app",
    "readthedocs.io",
    "render.com",
    "repl.co",
    "run.app",
    "surge.sh",
    "trafficmanager.net",
    "translate.goog",
    "trycloudflare.com",
    "vercel.app",
    "web.app",
    "windows.net",
    "workers.dev",
];

/// Hosting domains that have regions in front of the names of customers: eu-west-1.amazonaws.com. No
/// domain below them is one owner's for certain.
const WITH_REGIONS: [&str; 7] = [
    "amazonaws.com",
    "awsapprunner.com",
    "azurestaticapps.net",
    "backblazeb2.com",
    "digitaloceanspaces.com",
    "elasticbeanstalk.com",
    "windows.net",
];

/// Whether a domain may belong to several owners, as far as can be told without the list.
pub(super) fn is_shared(domain: &str) -> bool {
    let Some((label, top)) = domain.split_once('.') else {
        return true;
    };
    let is_registry = top.len() == 2 && REGISTRY_LABELS.contains(&label);
    let is_region = |hosting: &str| {
        let rest = domain.strip_suffix(hosting);
        rest.is_some_and(|rest| rest.ends_with('.'))
    };
    let has_region = WITH_REGIONS.into_iter().any(is_region);
    is_registry || HOSTING.contains(&domain) || has_region
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_domains_are_recognized_by_rule_and_list() {
        for shared in [
            "lan",
            "com",
            "uk",
            "co.uk",
            "com.au",
            "ac.jp",
            "gouv.fr",
            "github.io",
            "s3.amazonaws.com",
            "eu-west-1.amazonaws.com",
            "blob.core.windows.net",
        ] {
            assert!(is_shared(shared), "{shared}");
        }
        for own in [
            "studio.lan",
            "studio.com",
            "studio.co.uk",
            "www.co.com",
            "a.de",
            "studio.github.io",
            "net.studio.fr",
            "co.studio",
        ] {
            assert!(!is_shared(own), "{own}");
        }
        assert!(WITH_REGIONS.iter().all(|with| HOSTING.contains(with)));
    }
}
