//! Names that other tools use for the keys of a profile.

/// The name in another tool, and the key in c47.
const SYNONYMS: &[(&str, &str)] = &[
    ("username", "user"),
    ("user_name", "user"),
    ("login", "user"),
    ("login_name", "user"),
    ("account", "user"),
    ("email", "user"),
    ("pass", "password"),
    ("passwd", "password"),
    ("passphrase", "password"),
    ("pwd", "password"),
    ("secret", "password"),
    ("base_url", "url"),
    ("baseurl", "url"),
    ("api_url", "url"),
    ("host", "url"),
    ("hostname", "url"),
    ("server", "url"),
    ("endpoint", "url"),
    ("uri", "url"),
    ("address", "url"),
    ("api_key", "token"),
    ("apikey", "token"),
    ("access_token", "token"),
    ("auth_token", "token"),
    ("bearer", "token"),
    ("type", "auth"),
    ("auth_type", "auth"),
    ("authentication", "auth"),
    ("scheme", "auth"),
    ("extends", "preset"),
    ("inherit", "preset"),
    ("template", "preset"),
    ("ca", "cacert"),
    ("ca_cert", "cacert"),
    ("ca_file", "cacert"),
    ("ca_bundle", "cacert"),
    ("cafile", "cacert"),
    ("certificate", "cert"),
    ("client_cert", "cert"),
    ("client_key", "cert_key"),
    ("private_key", "key"),
    ("alg", "algorithm"),
    ("expires", "ttl"),
    ("lifetime", "ttl"),
    ("retries", "retry"),
    ("max_retries", "retry"),
    ("http_proxy", "proxy"),
    ("https_proxy", "proxy"),
    ("token_uri", "token_url"),
    ("token_endpoint", "token_url"),
    ("insecure", "allow_plaintext"),
];

/// The key for a name of another tool, regardless of case and hyphens.
pub(super) fn meant(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase().replace('-', "_");
    SYNONYMS
        .iter()
        .find(|(other, _)| *other == word)
        .map(|(_, key)| *key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::schema::profile_keys;

    #[test]
    fn synonyms_map_to_keys_and_are_not_keys() {
        let keys = profile_keys();
        let is_key = |word: &str| keys.iter().any(|(key, _)| *key == word);
        for (word, key) in SYNONYMS {
            assert!(is_key(key), "{key}");
            // login is also a table; a string there is a user.
            assert!(!is_key(word) || *word == "login", "{word}");
        }
        assert_eq!(meant("Base-URL"), Some("url"));
        assert_eq!(meant("url"), None);
    }
}
