//! The key `issuer` of the schemes whose endpoints come from the metadata of an issuer.

use crate::auth::plan::{Issuer, TokenPlan};
use crate::config::read::{Reader, service_url};
use crate::error::Error;
use crate::http::url::Scheme as UrlScheme;

/// The `issuer` of a profile: its URL with `{domain}` and `{realm}` from the keys of these names.
///
/// # Errors
/// If it is not an https URL, or one of this machine.
pub(super) fn issuer(reader: &Reader) -> Result<Option<Issuer>, Error> {
    let Some(mut name) = reader.text("issuer")? else {
        return Ok(None);
    };
    for key in ["domain", "realm"] {
        let placeholder = format!("{{{key}}}");
        if name.contains(&placeholder) {
            name = name.replace(&placeholder, &reader.need(key)?);
        }
    }
    let wrong = |why: String| reader.wrong("issuer", why);
    if !name.contains("://") {
        return Err(wrong("must be a complete URL".into()));
    }
    let url = service_url(&name).map_err(wrong)?;
    if url.origin.scheme != UrlScheme::Https && !url.origin.is_loopback() {
        let why = "must be https: over plain http anyone on the network can replace its keys";
        return Err(wrong(why.into()));
    }
    let client_id = reader.need("client_id")?;
    Ok(Some(Issuer {
        name,
        url,
        client_id,
    }))
}

/// Makes the issuer a part of the plan and of its cache key: a refresh token is never sent to another
/// issuer.
pub(super) fn with_issuer(plan: &mut TokenPlan, issuer: Issuer) {
    for part in [Some(&issuer.name), plan.texts.get("resource")] {
        plan.variant.push('\n');
        plan.variant.push_str(part.map_or("", String::as_str));
    }
    plan.issuer = Some(issuer);
}
