//! Builds a profile from its keys.

use super::expand::Variables;
use super::read::Reader;
use super::value::{Place, Table};
use crate::auth::secret_ref::SecretRef;
use crate::auth::service::{Named, Service, Share};
use crate::auth::{Profile, scheme};
use crate::error::Error;
use crate::http::Overlay;
use crate::http::page_settings::{PageSettings, Parameter};
use crate::http::proxy_address::ProxyChoice;
use crate::http::settings::Plaintext;
use crate::http::tls::Trust;

/// Builds a profile from its keys.
pub(super) fn build(
    name: &str,
    table: &Table,
    place: Option<&Place>,
    variables: Variables,
) -> Result<Profile, Error> {
    let reader = Reader {
        table,
        what: format!("profile {name}"),
        place,
        variables,
    };
    let mut url = reader
        .url("url", None)?
        .ok_or_else(|| reader.missing("url", ""))?;
    let trimmed = url.path.trim_end_matches('/').to_owned();
    url.path = if trimmed.is_empty() {
        "/".into()
    } else {
        trimmed
    };
    if !url.is_below("/") {
        return Err(reader.wrong("url", "the path must not contain '..'"));
    }
    let scheme = scheme::from_profile(&reader, &url)?;
    let mut headers = reader.headers("headers")?;
    if let Some(plan) = scheme.token_plan() {
        // Headers with values of the login are sent with the token.
        headers.retain(|header| !plan.headers.contains(header));
    }
    let user = reader.text("user")?;
    for (header, template) in &headers {
        for (value, _) in template.names() {
            if value != "user" || user.is_none() {
                let why = format!("{header}: no value for {{{value}}}");
                return Err(reader.wrong("headers", why));
            }
        }
    }
    let overlay = overlay(&reader)?;
    let share = reader.choice("share", &Share::NAMES)?;
    Ok(Profile {
        service: Service {
            named: Named::Profile,
            name: name.to_owned(),
            url,
            user,
            share: share.unwrap_or(Share::User),
        },
        scheme,
        headers,
        overlay,
        pages: pages(&reader)?,
        dead_token_statuses: reader
            .statuses("dead_token_statuses")
            .unwrap_or_else(|| vec![401]),
        cookies: reader.switch("cookies"),
    })
}

/// The settings that the profile overrides.
fn overlay(reader: &Reader) -> Result<Overlay, Error> {
    let password = match reader.secret("cert_key_password")? {
        Some(SecretRef::Source(source)) => Some(source),
        Some(SecretRef::Literal(_)) => {
            let why = "must be a source: env:NAME, file:PATH, command:PROGRAM ARGS or prompt";
            return Err(reader.wrong("cert_key_password", why));
        }
        None => None,
    };
    let client = match (reader.key_file("cert")?, reader.key_file("cert_key")?) {
        (Some(cert), Some(key)) => Some((cert, key.with_password(password))),
        // The certificate and the key may be in one file.
        (Some(cert), None) => Some((cert.clone(), cert.with_password(password))),
        (None, Some(_)) => return Err(reader.missing("cert", " for 'cert_key'")),
        (None, None) => None,
    };
    Ok(Overlay {
        timeout: reader.duration("timeout")?,
        connect_timeout: reader.duration("connect_timeout")?,
        retries: reader.integer("retry")?,
        trust: reader.key_file("cacert")?.map(Trust::Only),
        client,
        proxy: proxy(reader)?,
        plaintext: reader
            .switch("allow_plaintext")
            .then_some(Plaintext::Allowed),
        ..Overlay::default()
    })
}

/// Where the pages of a list are. An empty text removes a key of the preset.
fn pages(reader: &Reader) -> Result<PageSettings, Error> {
    let Some(reader) = reader.below("pages") else {
        return Ok(PageSettings::default());
    };
    let text = |key: &str| -> Result<Option<String>, Error> {
        Ok(reader.text(key)?.filter(|text| !text.is_empty()))
    };
    let parameter = text("page_param")?.as_deref().map(Parameter::parse);
    Ok(PageSettings {
        next: text("next")?,
        parameter: parameter
            .transpose()
            .map_err(|why| reader.wrong("page_param", why))?,
        items: text("items")?,
    })
}

fn proxy(reader: &Reader) -> Result<Option<ProxyChoice>, Error> {
    let text = reader.text("proxy")?;
    let choice = text.as_deref().map(ProxyChoice::parse).transpose();
    choice.map_err(|why| reader.wrong("proxy", why))
}
