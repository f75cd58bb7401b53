//! Where the keys come from: plain data, decided from the environment and the files.

use std::path::PathBuf;
use std::time::Duration;

use super::keys::Keys;
use crate::crypto::sha256;
use crate::hex;
use crate::http::url::Url;
use crate::secret::Secret;

/// The origin of keys.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// The keys themselves.
    Static(Keys),
    /// A program prints them.
    Process(Vec<String>),
    /// A role, assumed with other keys.
    Role(Box<Role>),
    /// A role, assumed with a token in a file.
    WebIdentity(WebIdentity),
    /// IAM Identity Center, after `aws sso login`.
    Sso(Sso),
    /// An endpoint of the container.
    Container(Container),
    /// The metadata service of the instance.
    Metadata(Metadata),
    /// The role of a queue of Deadline Cloud, assumed with other keys.
    QueueRole(Box<QueueRole>),
}

/// AssumeRole of STS.
#[derive(Clone, Debug)]
pub(crate) struct Role {
    pub base: Origin,
    pub arn: String,
    pub session_name: Option<String>,
    pub external_id: Option<String>,
    pub duration: Option<String>,
    pub mfa_serial: Option<String>,
    pub sts: Sts,
}

/// The endpoint of STS.
#[derive(Clone, Debug)]
pub(crate) struct Sts {
    pub url: Url,
    pub region: String,
}

/// AssumeRoleWithWebIdentity of STS.
#[derive(Clone, Debug)]
pub(crate) struct WebIdentity {
    pub token_file: PathBuf,
    pub arn: String,
    pub session_name: Option<String>,
    pub sts: Sts,
}

/// GetRoleCredentials of IAM Identity Center.
#[derive(Clone, Debug)]
pub(crate) struct Sso {
    pub url: Url,
    pub account: String,
    pub role: String,
    /// The file with the token of `aws sso login`.
    pub cache: PathBuf,
    /// The command that renews the token.
    pub login: String,
}

/// The credentials endpoint of ECS and EKS.
#[derive(Clone, Debug)]
pub(crate) struct Container {
    pub url: Url,
    pub authorization: Authorization,
}

/// The Authorization header for the endpoint of a container.
#[derive(Clone, Debug)]
pub(crate) enum Authorization {
    None,
    Token(Secret),
    File(PathBuf),
}

/// The metadata service.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub url: Url,
    pub timeout: Duration,
    /// Where else credentials were looked for, for the message if there are none.
    pub searched: String,
}

/// AssumeQueueRoleForUser or AssumeQueueRoleForRead of Deadline Cloud.
#[derive(Clone, Debug)]
pub(crate) struct QueueRole {
    pub base: Origin,
    pub url: Url,
    pub region: String,
}

/// Which processes may share the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All processes of the user.
    User,
    /// Those on the same machine.
    Node,
    /// None: the keys are in the environment or a file, or the endpoint belongs to one container.
    None,
}

impl Origin {
    /// Which processes may share the keys.
    pub(crate) fn scope(&self) -> Scope {
        match self {
            Origin::Static(_) => Scope::None,
            Origin::Container(_) => Scope::None,
            Origin::Metadata(_) => Scope::Node,
            Origin::Process(_) | Origin::WebIdentity(_) | Origin::Sso(_) => Scope::User,
            Origin::Role(role) => role.base.scope_of_derived(),
            Origin::QueueRole(role) => role.base.scope_of_derived(),
        }
    }

    /// Keys that are derived from lasting ones can be shared by all processes.
    fn scope_of_derived(&self) -> Scope {
        match self {
            Origin::Static(_) => Scope::User,
            other => other.scope(),
        }
    }

    /// The words of the program that is run, if there is one.
    pub(crate) fn program(&self) -> Option<&[String]> {
        match self {
            Origin::Process(words) => Some(words),
            Origin::Role(role) => role.base.program(),
            Origin::QueueRole(role) => role.base.program(),
            Origin::Static(_)
            | Origin::WebIdentity(_)
            | Origin::Sso(_)
            | Origin::Container(_)
            | Origin::Metadata(_) => None,
        }
    }

    /// Whether a person types a code.
    pub(crate) fn asks(&self) -> bool {
        match self {
            Origin::Role(role) => role.mfa_serial.is_some() || role.base.asks(),
            Origin::QueueRole(role) => role.base.asks(),
            Origin::Static(_)
            | Origin::Process(_)
            | Origin::WebIdentity(_)
            | Origin::Sso(_)
            | Origin::Container(_)
            | Origin::Metadata(_) => false,
        }
    }

    /// A hash of everything that decides which keys it returns, for the key of the cache.
    pub(crate) fn identity(&self) -> String {
        let mut parts = Vec::new();
        self.identify(&mut parts);
        hex::encode(&sha256(parts.join("\0").as_bytes()))
    }

    fn identify(&self, parts: &mut Vec<String>) {
        let mut add = |part: &str| parts.push(part.to_owned());
        match self {
            Origin::Static(keys) => {
                add("keys");
                add(&keys.access_key);
                // A corrected secret or a new session is another origin.
                let token = keys.session_token.as_ref().map_or(&[][..], Secret::expose);
                let both = Secret::new([keys.secret_key.expose(), b"\0", token].concat());
                add(&hex::encode(&sha256(both.expose())));
            }
            Origin::Process(words) => {
                add("process");
                words.iter().for_each(|word| add(word));
            }
            Origin::Role(role) => {
                add("role");
                add(&role.arn);
                add(&role.sts.url.to_string());
                for part in [
                    &role.session_name,
                    &role.external_id,
                    &role.duration,
                    &role.mfa_serial,
                ] {
                    add(part.as_deref().unwrap_or_default());
                }
                role.base.identify(parts);
            }
            Origin::WebIdentity(identity) => {
                add("web identity");
                add(&identity.arn);
                add(&identity.token_file.display().to_string());
                add(identity.session_name.as_deref().unwrap_or_default());
                add(&identity.sts.url.to_string());
            }
            Origin::Sso(sso) => {
                add("sso");
                add(&sso.url.to_string());
                add(&sso.account);
                add(&sso.role);
                add(&sso.cache.display().to_string());
            }
            Origin::Container(container) => add(&container.url.to_string()),
            Origin::Metadata(metadata) => add(&metadata.url.to_string()),
            Origin::QueueRole(role) => {
                add("queue role");
                add(&role.url.to_string());
                role.base.identify(parts);
            }
        }
    }
}
