//! The values for `{name}` placeholders. Each secret is read once, and only if it is used.

use std::collections::BTreeMap;
use std::rc::Rc;

use zeroize::Zeroizing;

use super::error::Error as AuthError;
use super::mint;
use super::oidc::discovery::{self, Metadata};
use super::plan::{Endpoint, Exchange, Issuer, TokenPlan};
use super::template::Template;
use crate::crypto;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::Settings;
use crate::http::credential::base64_pair;
use crate::http::url::{Url, form_encode};
use crate::json::Text;
use crate::jwt::key::KeySet;
use crate::redact;
use crate::secret::Secret;
use crate::sort::Sortable;

/// The values of one login.
pub(super) struct Values<'a> {
    plan: &'a TokenPlan,
    profile: &'a str,
    /// Values known only during the login: a refresh token, a device code. They take precedence.
    pub given: BTreeMap<&'static str, Secret>,
    /// Other values of the login response.
    pub also: BTreeMap<String, Secret>,
    read: BTreeMap<String, Secret>,
    /// Values that were derived and sent: an assertion, Basic credentials of a client.
    derived: Vec<Secret>,
    signing: Option<mint::Signing>,
    /// Values known only during the login that are not secret.
    pub public: BTreeMap<&'static str, String>,
    metadata: Option<Rc<Metadata>>,
    keys: Option<Rc<KeySet>>,
    deadline: Deadline,
}

impl<'a> Values<'a> {
    pub(super) fn new(profile: &'a str, plan: &'a TokenPlan, deadline: Deadline) -> Values<'a> {
        Values {
            plan,
            profile,
            given: BTreeMap::new(),
            also: BTreeMap::new(),
            read: BTreeMap::new(),
            derived: Vec::new(),
            signing: None,
            public: BTreeMap::new(),
            metadata: None,
            keys: None,
            deadline,
        }
    }

    /// Looks up a name.
    ///
    /// # Errors
    /// If its source cannot be read.
    fn get(&mut self, name: &str) -> Result<Option<Secret>, Error> {
        if let Some(secret) = self.given.get(name).or_else(|| self.also.get(name)) {
            return Ok(Some(secret.clone()));
        }
        let public = self.public.get(name);
        if let Some(text) = public.or_else(|| self.plan.texts.get(name)) {
            return Ok(Some(Secret::new(text.as_bytes().to_vec())));
        }
        match name {
            "jwt" if self.plan.jwt.is_some() => {
                let token = self.signing()?.mint()?;
                self.derived.push(token.clone());
                Ok(Some(token))
            }
            "client_basic" => {
                // RFC 6749 §2.3.1: both are form-encoded first.
                let mut part = |name| -> Result<Zeroizing<String>, Error> {
                    let secret = self.get(name)?;
                    let bytes = secret.as_ref().map_or(&[][..], Secret::expose);
                    let text = Zeroizing::new(String::from_utf8_lossy(bytes).into_owned());
                    Ok(Zeroizing::new(form_encode(&text)))
                };
                let (id, secret) = (part("client_id")?, part("client_secret")?);
                let encoded = base64_pair(id.as_bytes(), secret.as_bytes());
                let encoded = Secret::new(encoded.as_bytes().to_vec());
                self.derived.push(encoded.clone());
                Ok(Some(encoded))
            }
            _ => self.secret(name),
        }
    }

    /// Fills a template with values.
    ///
    /// # Errors
    /// As [`Values::get`].
    pub(super) fn fill(&mut self, template: &Template) -> Result<Option<Secret>, Error> {
        let deadline = self.deadline;
        template.fill(&mut |name| self.get(name), deadline)
    }

    fn secret(&mut self, name: &str) -> Result<Option<Secret>, Error> {
        if let Some(secret) = self.read.get(name) {
            return Ok(Some(secret.clone()));
        }
        let Some(source) = self.plan.secrets.get(name) else {
            return Ok(None);
        };
        let who = match (name, self.plan.user.as_str()) {
            ("password", user) if !user.is_empty() => format!("Password for {user}"),
            (name, _) => format!("{}: {name}", self.profile),
        };
        let secret = source.read_text(&who, self.deadline)?;
        self.read.insert(name.to_owned(), secret.clone());
        Ok(Some(secret))
    }

    /// The key that signs `{jwt}`.
    pub(super) fn signing(&mut self) -> Result<&mint::Signing, Error> {
        if self.signing.is_none()
            && let Some(spec) = &self.plan.jwt
        {
            self.signing = Some(mint::Signing::read(spec, self.deadline)?);
        }
        self.signing
            .as_ref()
            .ok_or_else(|| Error::usage("no signing key given"))
    }

    /// The plan's issuer.
    ///
    /// # Errors
    /// If it has none.
    pub(super) fn issuer(&self) -> Result<&'a Issuer, Error> {
        let issuer = self.plan.issuer.as_ref();
        issuer.ok_or_else(|| Error::usage("no issuer given"))
    }

    /// The metadata of the plan's issuer, requested once.
    ///
    /// # Errors
    /// If it cannot be used.
    pub(super) fn metadata(&mut self, settings: &Settings) -> Result<Rc<Metadata>, Error> {
        if let Some(metadata) = &self.metadata {
            return Ok(Rc::clone(metadata));
        }
        let issuer = self.issuer()?;
        let metadata = discovery::discover(self.profile, issuer, settings, self.deadline)?;
        Ok(Rc::clone(self.metadata.insert(Rc::new(metadata))))
    }

    /// The keys of the plan's issuer, requested once.
    ///
    /// # Errors
    /// If they cannot be used.
    pub(super) fn keys(&mut self, settings: &Settings) -> Result<Rc<KeySet>, Error> {
        if let Some(keys) = &self.keys {
            return Ok(Rc::clone(keys));
        }
        let metadata = self.metadata(settings)?;
        let keys = discovery::keys(self.profile, &metadata, settings, self.deadline)?;
        Ok(Rc::clone(self.keys.insert(Rc::new(keys))))
    }

    /// An endpoint of the plan's issuer.
    ///
    /// # Errors
    /// If the issuer does not have it.
    pub(super) fn endpoint(
        &mut self,
        endpoint: Endpoint,
        settings: &Settings,
    ) -> Result<Url, Error> {
        let metadata = self.metadata(settings)?;
        metadata.endpoint(endpoint).cloned().ok_or_else(|| {
            Error::Auth(AuthError::Failed {
                profile: self.profile.to_owned(),
                why: format!("the issuer has no {}", endpoint.member()),
                hint: None,
            })
        })
    }

    /// The salted fingerprint of the secrets that these requests use.
    ///
    /// # Errors
    /// If a source cannot be read.
    pub(super) fn fingerprint(
        &mut self,
        exchanges: &[&Exchange],
        salt: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let names: Vec<String> = exchanges
            .iter()
            .flat_map(|exchange| exchange.templates())
            .flat_map(|template| template.names())
            .map(|(name, _)| name.to_owned())
            .collect();
        let mut all = Zeroizing::new(Vec::with_capacity(64 << 10));
        let mut add = |bytes: &[u8]| {
            all.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
            all.extend_from_slice(bytes);
        };
        for name in names {
            let secret = match name.as_str() {
                "jwt" => Some(self.signing()?.secret().clone()),
                "client_basic" => self.secret("client_secret")?,
                name => self.secret(name)?,
            };
            add(name.as_bytes());
            add(secret.as_ref().map_or(&[][..], Secret::expose));
        }
        Ok(crypto::fingerprint(salt, &all))
    }

    /// The salted fingerprint of the secret with this name.
    ///
    /// # Errors
    /// If its source cannot be read.
    pub(super) fn mark(&mut self, name: &str, salt: &[u8]) -> Result<Vec<u8>, Error> {
        let secret = self.secret(name)?;
        let bytes = secret.as_ref().map_or(&[][..], Secret::expose);
        Ok(crypto::fingerprint(salt, bytes))
    }

    /// Masks secrets in the service's error text. The service may repeat what it received, in plain
    /// or encoded form.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let signing = self.signing.iter().map(mint::Signing::secret);
        let secrets = self
            .read
            .values()
            .chain(self.given.values())
            .chain(self.also.values());
        let mut forms: Vec<Zeroizing<String>> = Vec::new();
        for secret in secrets.chain(&self.derived).chain(signing) {
            // A very short secret would match everywhere.
            let Ok(secret) = secret.expose_text() else {
                continue;
            };
            if secret.len() > 3 {
                forms.push(Zeroizing::new(secret.to_owned()));
                forms.push(Zeroizing::new(form_encode(secret)));
                let json = Zeroizing::new(Text::string(secret).as_str().to_owned());
                forms.push(Zeroizing::new(json.trim_matches('"').to_owned()));
            }
        }
        // Longest first: a secret may contain a shorter one.
        forms.order_by_key(|form| std::cmp::Reverse(form.len()));
        let masked = forms.iter().fold(text.to_owned(), |text, form| {
            text.replace(form.as_str(), redact::MASK)
        });
        redact::text(&masked)
    }
}
