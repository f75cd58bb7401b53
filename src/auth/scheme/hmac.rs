//! `hmac`: c47 signs each request with a shared secret, as webhooks and some services require it.

use std::rc::Rc;
use std::sync::Arc;

use super::definition::{
    Definition, HmacOptions, OptionForm, Scheme, SchemeOptions, SharedScheme, named_key,
};
use crate::auth::context::{Context, Issued, TokenRequirement};
use crate::auth::preview::Preview;
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::Service;
use crate::config::key::{Key, Kind};
use crate::config::read::Reader;
use crate::crypto;
use crate::crypto::hmac::Mac;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::hex;
use crate::hmac::{Mark, Part, Piece, Rule, Signed, Written};
use crate::http::credential::{Credential, ensure_settable_header};
use crate::http::part::Header;
use crate::http::signer::{Signature, Signer, Signing, Unsigned};
use crate::secret::Secret;
use crate::timestamp::Timestamp;

/// The syntax in `--auth`.
pub(super) const FORM: &[&str] = &["hmac=HASH:SOURCE"];

/// The rule without `algorithm`.
const DEFAULT: &str = "sha256";

const NONCE_BYTES: usize = 16;

const KEYS: &[Key] = &[
    ("key", Kind::Key),
    ("algorithm", Kind::Text),
    ("signed", Kind::Text),
    ("header", Kind::Text),
    ("value", Kind::Text),
    ("timestamp_header", Kind::Text),
    ("nonce_header", Kind::Text),
];

pub(super) const DEFINITION: Definition = Definition {
    name: "hmac",
    option: Some(OptionForm {
        syntax: FORM,
        parse,
    }),
    keys: &[KEYS],
    from_profile,
};

/// A rule and its secret.
#[derive(Debug)]
struct Hmac {
    rule: Rule,
    key: SecretRef,
}

fn parse(rest: Option<&str>, options: &mut SchemeOptions) -> Result<SharedScheme, String> {
    let (name, key) = named_key("hmac", "HASH", rest)?;
    let mut rule = Rule::named(&name)?;
    let HmacOptions {
        signed,
        header,
        timestamp_header,
        nonce_header,
        ..
    } = options.hmac.take().unwrap_or_default();
    if let Some(text) = signed {
        rule.signed = Signed::parse(&text).map_err(|why| format!("--hmac-sign: {why}"))?;
    }
    if let Some(text) = header {
        let form = "--hmac-header: write NAME: TEMPLATE, for example 'X-Signature: {hex}'";
        let (name, template) = text.split_once(':').ok_or(form)?;
        rule.header = name.to_owned();
        rule.written = vec![
            Written::parse(template.trim_start()).map_err(|why| format!("--hmac-header: {why}"))?,
        ];
    }
    rule.timestamp_header = timestamp_header.or(rule.timestamp_header);
    rule.nonce_header = nonce_header.or(rule.nonce_header);
    ensure_usable(&rule)?;
    Ok(Rc::new(Hmac {
        rule,
        key: SecretRef::Source(key),
    }))
}

fn from_profile(reader: &Reader, _: &crate::http::url::Url) -> Result<SharedScheme, Error> {
    let wrong = |key: &'static str| move |why: String| reader.wrong(key, why);
    let key = reader
        .key("key")?
        .ok_or_else(|| reader.missing("key", " to sign with"))?;
    let name = reader.text("algorithm")?;
    let mut rule = Rule::named(name.as_deref().unwrap_or(DEFAULT)).map_err(wrong("algorithm"))?;
    if let Some(text) = reader.lines("signed")? {
        rule.signed = Signed::parse(&text).map_err(wrong("signed"))?;
    }
    if let Some(text) = reader.text("value")? {
        rule.written = vec![Written::parse(&text).map_err(wrong("value"))?];
    }
    if let Some(name) = reader.text("header")? {
        rule.header = name;
    }
    rule.timestamp_header = reader.text("timestamp_header")?.or(rule.timestamp_header);
    rule.nonce_header = reader.text("nonce_header")?.or(rule.nonce_header);
    ensure_usable(&rule).map_err(wrong("auth"))?;
    Ok(Rc::new(Hmac { rule, key }))
}

/// Checks the headers of a rule, and that they have every value that is signed.
fn ensure_usable(rule: &Rule) -> Result<(), String> {
    let headers = [&rule.timestamp_header, &rule.nonce_header];
    for name in headers.into_iter().flatten().chain([&rule.header]) {
        ensure_settable_header(name)?;
    }
    rule.ensure_complete()
}

impl Scheme for Hmac {
    fn issue(&self, _: &Service, _: &TokenRequirement, context: &Context) -> Result<Issued, Error> {
        let signer = HmacSigner {
            rule: self.rule.clone(),
            key: self.key.read("Key for HMAC", context.deadline)?,
        };
        let credential = Credential::Signed(Signing::new(Arc::new(signer)));
        Ok(Issued::lasting(credential, None))
    }

    fn preview(&self, _: &Service) -> Preview {
        Preview::Signed {
            header: self.rule.header.clone(),
        }
    }
}

/// Signs requests.
#[derive(Debug)]
struct HmacSigner {
    rule: Rule,
    key: Secret,
}

impl HmacSigner {
    /// Whether a value is part of the signed text or of the header.
    fn uses(&self, part: &Part, mark: Mark) -> bool {
        self.rule.signed.has(part) || self.rule.written.iter().any(|form| form.has(&mark))
    }
}

impl Signer for HmacSigner {
    fn sign(&self, request: &Unsigned<'_>, deadline: Deadline) -> Result<Signature, Error> {
        let timestamp = Timestamp::now().0.to_string();
        let nonce = match self.uses(&Part::Nonce, Mark::Nonce) || self.rule.nonce_header.is_some() {
            true => hex::encode(
                &crypto::random(NONCE_BYTES).map_err(|source| Error::System {
                    action: "get random numbers",
                    source,
                })?,
            ),
            false => String::new(),
        };
        let mut headers = Vec::new();
        for (name, value) in [
            (&self.rule.timestamp_header, &timestamp),
            (&self.rule.nonce_header, &nonce),
        ] {
            headers.extend(name.iter().map(|name| Header::plain(name, value.clone())));
        }
        let mut mac = Mac::new(self.rule.hash, self.key.expose());
        for piece in self.rule.signed.pieces() {
            let part = match piece {
                Piece::Text(text) => {
                    mac.update(text.as_bytes());
                    continue;
                }
                Piece::Field(part) => part,
            };
            match part {
                Part::Method => mac.update(request.method.as_bytes()),
                Part::Path => mac.update(request.url.path.as_bytes()),
                Part::Query => mac.update(request.url.query.as_deref().unwrap_or("").as_bytes()),
                Part::Target => mac.update(request.url.path_and_query().as_bytes()),
                Part::Url => mac.update(request.url.to_string().as_bytes()),
                Part::Host => mac.update(&header(request, &headers, "host")?),
                Part::Body => request.read_body(deadline, &mut |piece| mac.update(piece))?,
                Part::BodySha256 => mac.update(request.body_sha256(deadline)?.as_bytes()),
                Part::Timestamp => mac.update(timestamp.as_bytes()),
                Part::Nonce => mac.update(nonce.as_bytes()),
                Part::Header(name) => mac.update(&header(request, &headers, name)?),
            }
        }
        let signature = mac.finish();
        if let Some(form) = self.rule.written.first() {
            let value = form.write(&signature, &timestamp, &nonce);
            headers.push(Header::secret(
                &self.rule.header,
                Secret::new(value.into_bytes()),
            ));
        }
        Ok(Signature {
            headers,
            query: Vec::new(),
        })
    }
}

/// The value of a header that is signed. `added` are sent with the signature.
fn header(
    request: &Unsigned<'_>,
    added: &[Header],
    name: &str,
) -> Result<zeroize::Zeroizing<Vec<u8>>, Error> {
    let own = added
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case(name));
    let value = match own {
        Some(header) => Some(zeroize::Zeroizing::new(header.bytes().to_vec())),
        None => request.header(name),
    };
    value.ok_or_else(|| {
        Error::usage(format!(
            "the header '{name}' is signed, but the request has none"
        ))
    })
}
