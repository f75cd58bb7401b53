//! What the `{name}`s of a login stand for. Secrets are read once, and only those asked for.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::mint;
use super::plan::{Exchange, TokenPlan};
use crate::crypto;
use crate::error::Error;
use crate::http::credential::base64_pair;
use crate::http::url::form_encode;
use crate::redact;
use crate::secret::Secret;

/// The values of one login.
pub(super) struct Values<'a> {
    plan: &'a TokenPlan,
    profile: &'a str,
    /// Values that come up on the way: a refresh token, a device code. They go before others.
    pub given: BTreeMap<&'static str, Secret>,
    read: BTreeMap<String, Secret>,
    signing: Option<mint::Signing>,
}

impl<'a> Values<'a> {
    pub(super) fn new(profile: &'a str, plan: &'a TokenPlan) -> Values<'a> {
        Values {
            plan,
            profile,
            given: BTreeMap::new(),
            read: BTreeMap::new(),
            signing: None,
        }
    }

    /// The value of a name.
    ///
    /// # Errors
    /// When its source has none.
    pub(super) fn get(&mut self, name: &str) -> Result<Option<Secret>, Error> {
        if let Some(secret) = self.given.get(name) {
            return Ok(Some(secret.clone()));
        }
        if let Some(text) = self.plan.texts.get(name) {
            return Ok(Some(Secret::new(text.as_bytes().to_vec())));
        }
        match name {
            "jwt" if self.plan.jwt.is_some() => self.signing()?.mint().map(Some),
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
                Ok(Some(Secret::new(encoded.as_bytes().to_vec())))
            }
            _ => self.secret(name),
        }
    }

    fn secret(&mut self, name: &str) -> Result<Option<Secret>, Error> {
        if let Some(secret) = self.read.get(name) {
            return Ok(Some(secret.clone()));
        }
        let Some(source) = self.plan.secrets.get(name) else {
            return Ok(None);
        };
        let who = match (name, self.plan.user.as_str()) {
            ("password", user) if !user.is_empty() => format!("Password of {user}"),
            (name, _) => format!("{}: {name}", self.profile),
        };
        let secret = source.read_text(&who)?;
        self.read.insert(name.to_owned(), secret.clone());
        Ok(Some(secret))
    }

    /// The key that signs `{jwt}`, read once.
    pub(super) fn signing(&mut self) -> Result<&mint::Signing, Error> {
        if self.signing.is_none()
            && let Some(order) = &self.plan.jwt
        {
            self.signing = Some(mint::Signing::read(order)?);
        }
        self.signing
            .as_ref()
            .ok_or_else(|| Error::usage("there is no key to sign with"))
    }

    /// Reads the secrets that these exchanges need, and tells what they leave behind under `salt`.
    ///
    /// # Errors
    /// When a source has none.
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

    /// A service's words as they may be shown: a service may repeat what it was sent.
    pub(super) fn without_secrets(&self, text: &str) -> String {
        let mut text = redact::text(text);
        for secret in self.read.values().chain(self.given.values()) {
            match secret.expose_text() {
                // So short a secret would be found everywhere.
                Ok(secret) if secret.len() > 3 => text = text.replace(secret, redact::MASK),
                _ => {}
            }
        }
        text
    }
}
