//! The environment variables of AWS: a snapshot, taken by the command line.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::secret::Secret;

/// The variables in a snapshot.
const VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY_ID",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_DEADLINE",
    "AWS_ENDPOINT_URL_SSO",
    "AWS_ENDPOINT_URL_STS",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    "AWS_METADATA_SERVICE_TIMEOUT",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "DEADLINE_FARM_ID",
    "DEADLINE_QUEUE_ID",
];

/// The variables that are set, and the home directory.
#[derive(Clone, Debug, Default)]
pub(crate) struct Environment {
    /// Some of them are secrets.
    values: BTreeMap<&'static str, Secret>,
    home: Option<PathBuf>,
}

impl Environment {
    /// Takes a snapshot. `variable` returns the value of a variable, if it is set and not empty.
    pub(crate) fn new(
        variable: impl Fn(&str) -> Option<String>,
        home: Option<PathBuf>,
    ) -> Environment {
        let values = VARIABLES.iter().filter_map(|name| {
            let value = variable(name)?;
            Some((*name, Secret::new(value.into_bytes())))
        });
        Environment {
            values: values.collect(),
            home,
        }
    }

    /// A variable that is a secret.
    pub(super) fn secret(&self, name: &str) -> Option<Secret> {
        self.values.get(name).cloned()
    }

    /// A variable that is not a secret.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.values
            .get(name)
            .and_then(|value| value.expose_text().ok())
    }

    /// The first of these variables that is set.
    pub(super) fn first(&self, names: &[&str]) -> Option<String> {
        names
            .iter()
            .find_map(|name| self.text(name).map(str::to_owned))
    }

    /// Whether a variable is `true`.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.text(name)
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A path, in which `~` is the home directory.
    pub(super) fn expand(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) | (None, _) => PathBuf::from(path),
        }
    }

    /// A path below the home directory.
    pub(super) fn below_home(&self, path: &str) -> Option<PathBuf> {
        self.home.as_deref().map(|home: &Path| home.join(path))
    }
}
