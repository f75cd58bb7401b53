//! Finds the origin of the keys, in the order of the AWS CLI: the environment, then the profile (a role,
//! a web identity, IAM Identity Center, keys, a program), then the container, then the metadata service.

use super::container;
use super::endpoint::{self, endpoint_url};
use super::environment::Environment;
use super::ini::Section;
use super::keys::Keys;
use super::metadata;
use super::origin::{Origin, Role, Sso, Sts, WebIdentity};
use super::process;
use super::profiles::{Profiles, wrong};
use super::sso;
use crate::error::Error;
use crate::secret::Secret;
use crate::shell::quote;

/// The longest chain of roles.
const MAX_ROLES: usize = 8;

/// The origin of the keys, and the region of the profile or the environment.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    pub origin: Origin,
    pub region: Option<String>,
    /// The profile of AWS, if one was found.
    pub profile: String,
}

/// Finds the origin of the keys of `profile`, or of the default one.
///
/// # Errors
/// If a file is invalid, a profile does not exist, or it is incomplete.
pub(crate) fn resolve(environment: &Environment, profile: Option<&str>) -> Result<Resolved, Error> {
    let profiles = Profiles::load(environment)?;
    let named = environment.first(&["AWS_PROFILE", "AWS_DEFAULT_PROFILE"]);
    let name = profile.map(str::to_owned).or(named.clone());
    let is_named = name.is_some();
    let name = name.unwrap_or_else(|| "default".to_owned());
    let own = profiles
        .get(&name)
        .and_then(|section| section.get("region"));
    let region = self::region(environment).or_else(|| own.cloned());
    let chain = Chain {
        environment,
        profiles: &profiles,
        region: region.as_deref(),
    };
    // A profile on the command line is preferred to keys in the environment.
    let origin = match profile {
        None => chain.environment_keys()?,
        Some(_) => None,
    };
    let origin = match origin {
        Some(origin) => origin,
        None => {
            if is_named && profiles.get(&name).is_none() {
                return Err(Error::usage(format!(
                    "AWS profile '{name}' not found in {}",
                    profiles.shown_paths()
                )));
            }
            match chain.of_profile(&name, profile.is_none(), &mut Vec::new())? {
                Some(origin) => origin,
                None => chain.of_machine(&name)?,
            }
        }
    };
    Ok(Resolved {
        origin,
        region,
        profile: name,
    })
}

/// The region in the environment.
pub(crate) fn region(environment: &Environment) -> Option<String> {
    environment.first(&["AWS_REGION", "AWS_DEFAULT_REGION"])
}

struct Chain<'a> {
    environment: &'a Environment,
    profiles: &'a Profiles,
    region: Option<&'a str>,
}

impl Chain<'_> {
    fn environment_keys(&self) -> Result<Option<Origin>, Error> {
        let Some(access_key) = self.environment.text("AWS_ACCESS_KEY_ID") else {
            return Ok(None);
        };
        let secret = self.environment.secret("AWS_SECRET_ACCESS_KEY");
        let secret = secret.ok_or_else(|| {
            Error::usage("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not")
        })?;
        let token = self.environment.secret("AWS_SESSION_TOKEN");
        let keys = Keys::new(access_key, secret, token)
            .map_err(|why| Error::usage(format!("AWS_ACCESS_KEY_ID and others: {why}")))?;
        Ok(Some(Origin::Static(keys)))
    }

    /// The origin in a profile; `None` if it has none. `visited` has the profiles of the chain.
    fn of_profile(
        &self,
        name: &str,
        with_environment: bool,
        visited: &mut Vec<String>,
    ) -> Result<Option<Origin>, Error> {
        let empty = Section::new();
        let section = self.profiles.get(name).unwrap_or(&empty);
        let is_start = visited.is_empty();
        visited.push(name.to_owned());
        let has_keys = keys_in(section);
        // In a chain, the keys of a profile are preferred to its role: it may refer to itself.
        let is_role = section.contains_key("role_arn")
            && !section.contains_key("web_identity_token_file")
            && (is_start || !has_keys);
        if is_role {
            return self.role(name, section, visited).map(Some);
        }
        if let Some(identity) = self.web_identity(name, section, with_environment)? {
            return Ok(Some(identity));
        }
        if section.contains_key("sso_account_id") || section.contains_key("sso_role_name") {
            return self.sso(name, section).map(Some);
        }
        if has_keys {
            return static_keys(name, section).map(Some);
        }
        match section.get("credential_process") {
            Some(line) => process::origin(name, line).map(Some),
            None => Ok(None),
        }
    }

    fn role(
        &self,
        name: &str,
        section: &Section,
        visited: &mut Vec<String>,
    ) -> Result<Origin, Error> {
        let value = |key: &str| section.get(key).cloned();
        let wrong = |why: String| wrong(name, why);
        let base = match (value("source_profile"), value("credential_source")) {
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "it has both source_profile and credential_source".into(),
                ));
            }
            (None, None) => {
                return Err(wrong(
                    "role_arn requires source_profile or credential_source".into(),
                ));
            }
            (None, Some(source)) => self.credential_source(name, &source)?,
            (Some(source), None) => {
                let Some(other) = self.profiles.get(&source) else {
                    return Err(wrong(format!(
                        "its source_profile '{source}' does not exist"
                    )));
                };
                let is_itself = source == name && keys_in(other);
                if visited.contains(&source) && !is_itself {
                    let chain = [visited.as_slice(), &[source]].concat().join(", ");
                    return Err(wrong(format!("its source_profile makes a loop: {chain}")));
                }
                if visited.len() > MAX_ROLES {
                    return Err(wrong(format!("its chain has more than {MAX_ROLES} roles")));
                }
                let origin = self.of_profile(&source, false, visited)?;
                origin.ok_or_else(|| {
                    wrong(format!("its source_profile '{source}' has no credentials"))
                })?
            }
        };
        Ok(Origin::Role(Box::new(Role {
            base,
            arn: value("role_arn").unwrap_or_default(),
            session_name: value("role_session_name"),
            external_id: value("external_id"),
            duration: value("duration_seconds")
                .map(|text| match text.parse::<u32>() {
                    Ok(_) => Ok(text),
                    Err(_) => Err(wrong("duration_seconds must be a number".into())),
                })
                .transpose()?,
            mfa_serial: value("mfa_serial"),
            sts: self.sts(name)?,
        })))
    }

    fn credential_source(&self, name: &str, source: &str) -> Result<Origin, Error> {
        match source {
            "Environment" => self.environment_keys()?.ok_or_else(|| {
                wrong(name, "its credential_source is Environment, and AWS_ACCESS_KEY_ID is not set")
            }),
            "EcsContainer" => container::origin(self.environment)?.ok_or_else(|| {
                wrong(
                    name,
                    "its credential_source is EcsContainer, and AWS_CONTAINER_CREDENTIALS_RELATIVE_URI \
                     and AWS_CONTAINER_CREDENTIALS_FULL_URI are not set",
                )
            }),
            "Ec2InstanceMetadata" => self.metadata(name),
            _ => Err(wrong(
                name,
                "credential_source must be Environment, EcsContainer or Ec2InstanceMetadata",
            )),
        }
    }

    fn web_identity(
        &self,
        name: &str,
        section: &Section,
        with_environment: bool,
    ) -> Result<Option<Origin>, Error> {
        let value = |key: &str, variable: &str| {
            let given = self.environment.text(variable).filter(|_| with_environment);
            given.or_else(|| section.get(key).map(String::as_str))
        };
        let file = value("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE");
        let Some(file) = file else { return Ok(None) };
        let arn = value("role_arn", "AWS_ROLE_ARN").ok_or_else(|| {
            Error::usage("a web identity requires AWS_ROLE_ARN, or role_arn in the AWS profile")
        })?;
        let session_name = value("role_session_name", "AWS_ROLE_SESSION_NAME");
        Ok(Some(Origin::WebIdentity(WebIdentity {
            token_file: self.environment.expand(file),
            arn: arn.to_owned(),
            session_name: session_name.map(str::to_owned),
            sts: self.sts(name)?,
        })))
    }

    fn sso(&self, name: &str, section: &Section) -> Result<Origin, Error> {
        let session_name = section.get("sso_session");
        let session = match session_name {
            None => section,
            Some(session) => self.profiles.sso_session(session).ok_or_else(|| {
                wrong(name, format!("its sso_session '{session}' does not exist"))
            })?,
        };
        let need = |section: &Section, key: &str| {
            let value = section.get(key).cloned();
            value.ok_or_else(|| wrong(name, format!("'{key}' is missing")))
        };
        let region = need(session, "sso_region")?;
        let start = need(session, "sso_start_url")?;
        let given = self.endpoint(name, "sso", "AWS_ENDPOINT_URL_SSO");
        let url =
            given.unwrap_or_else(|| format!("https://{}", endpoint::host("portal.sso", &region)));
        let directory = self.environment.below_home(sso::CACHE);
        let directory = directory.ok_or_else(|| Error::usage("HOME is not set"))?;
        let login = match session_name {
            Some(session) => format!("aws sso login --sso-session {}", quote(session)),
            None => format!("aws sso login --profile {}", quote(name)),
        };
        Ok(Origin::Sso(Sso {
            url: endpoint_url(&url)?,
            account: need(section, "sso_account_id")?,
            role: need(section, "sso_role_name")?,
            cache: directory.join(sso::file_name(session_name.map_or(&start, |name| name))),
            login,
        }))
    }

    /// The container, else the metadata service.
    fn of_machine(&self, name: &str) -> Result<Origin, Error> {
        match container::origin(self.environment)? {
            Some(origin) => Ok(origin),
            None => self.metadata(name),
        }
    }

    fn metadata(&self, name: &str) -> Result<Origin, Error> {
        let searched = format!(
            "AWS_ACCESS_KEY_ID is not set, and {} have no credentials for the AWS profile '{name}'",
            self.profiles.shown_paths()
        );
        metadata::origin(self.environment, searched)
    }

    fn sts(&self, profile: &str) -> Result<Sts, Error> {
        let region = self.region.unwrap_or("us-east-1").to_owned();
        let given = self.endpoint(profile, "sts", "AWS_ENDPOINT_URL_STS");
        let url = given.unwrap_or_else(|| match self.region {
            Some(region) => format!("https://{}", endpoint::host("sts", region)),
            None => "https://sts.amazonaws.com".into(),
        });
        Ok(Sts {
            url: endpoint_url(&url)?,
            region,
        })
    }

    /// The endpoint of a service in the environment or the profile.
    fn endpoint(&self, profile: &str, service: &str, variable: &str) -> Option<String> {
        if self
            .environment
            .is_true("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
        {
            return None;
        }
        let given = self.environment.first(&[variable, "AWS_ENDPOINT_URL"]);
        given.or_else(|| self.profiles.endpoint_url(profile, service))
    }
}

fn keys_in(section: &Section) -> bool {
    ["aws_access_key_id", "aws_secret_access_key"]
        .iter()
        .any(|key| section.contains_key(*key))
}

fn static_keys(name: &str, section: &Section) -> Result<Origin, Error> {
    let need = |key: &str| {
        let value = section.get(key);
        value.ok_or_else(|| wrong(name, format!("'{key}' is missing")))
    };
    let secret = |text: &String| Secret::new(text.as_bytes().to_vec());
    let token = section
        .get("aws_session_token")
        .or_else(|| section.get("aws_security_token"));
    let keys = Keys::new(
        need("aws_access_key_id")?,
        secret(need("aws_secret_access_key")?),
        token.map(secret),
    );
    keys.map(Origin::Static).map_err(|why| wrong(name, why))
}
