//! `--aws-sigv4`: a signature of AWS, with the keys of `-u`.

use super::headers::Headers;
use crate::cli::http::Http;
use crate::curl::{Command, Given, Meaning};
use crate::error::Error;
use crate::secret::Source;

/// The variables that AWS tools export.
const KEYS: &str = "${AWS_ACCESS_KEY_ID}:${AWS_SECRET_ACCESS_KEY}";
const TOKEN: &str = "AWS_SESSION_TOKEN";
const REGIONS: [&str; 2] = ["${AWS_REGION}", "${AWS_DEFAULT_REGION}"];

/// The value of `--auth`. Sets the region and the service, unless c47's own options are given.
///
/// # Errors
/// When c47 has no equivalent for the provider or the keys.
pub(super) fn add(
    given: &Given,
    command: &Command,
    call: &mut Http,
    headers: &mut Headers,
) -> Result<String, Error> {
    let text = given.value.with_variables();
    let text = text.ok_or_else(|| given.has_variable())?;
    let mut parts = text.split(':');
    let is_aws = parts
        .next()
        .is_some_and(|name| name.eq_ignore_ascii_case("aws"));
    let is_amz = parts
        .next()
        .is_none_or(|name| name.eq_ignore_ascii_case("amz"));
    if !is_aws || !is_amz {
        return Err(given.refused("with this provider", "use aws:amz:REGION:SERVICE"));
    }
    let mut set = |place: &mut Option<String>, known: &[&str]| match parts.next() {
        Some(part) if !part.is_empty() && !known.contains(&part) => {
            if part.contains("${") {
                return Err(given.has_variable());
            }
            place.get_or_insert_with(|| part.to_owned());
            Ok(())
        }
        Some(_) | None => Ok(()),
    };
    set(&mut call.region, &REGIONS)?;
    set(&mut call.service, &[])?;
    let is_token = |source: &Source| *source == Source::Env(TOKEN.into());
    let user = command.last(Meaning::User).ok_or_else(|| {
        given.refused(
            "without -u",
            "add -u \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"",
        )
    })?;
    if user.value.with_variables().as_deref() == Some(KEYS) {
        headers
            .sourced
            .retain(|(_, before, source)| !(before.is_empty() && is_token(source)));
        return Ok("aws".into());
    }
    match (user.value.text_and_source(), user.value.text()) {
        (Some((id, source)), _) if id.ends_with(':') && id.len() > 1 => {
            Ok(format!("aws={id}{}", source.as_written()))
        }
        (None, Some(id)) if !id.contains(':') && !id.is_empty() => Ok(format!("aws={id}:prompt")),
        (Some(_) | None, _) => Err(user.refused(
            "with --aws-sigv4 and these keys",
            "write -u \"KEYID:$SECRET\", or -u \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\"",
        )),
    }
}
