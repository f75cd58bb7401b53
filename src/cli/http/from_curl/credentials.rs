//! The credentials of a curl command: from a source where the command has a variable, else as
//! pasted.

use super::aws;
use super::headers::Headers;
use super::url::CurlUrl;
use crate::cli::http::Http;
use crate::curl::{Command, Given, Meaning};
use crate::error::Error;
use crate::secret::Source;

/// Adds the credentials; `--auth` and `--profile` next to `--from-curl` override them.
///
/// # Errors
/// When c47 has no equivalent for them.
pub(super) fn add(
    command: &Command,
    call: &mut Http,
    url: &mut CurlUrl,
    headers: &mut Headers,
) -> Result<(), Error> {
    if call.auth.is_some() || call.profile.is_some() {
        headers.remove("authorization");
        url.take_user_info();
        return Ok(());
    }
    let mut found = Vec::new();
    if let Some(given) = command.last(Meaning::AwsSigv4) {
        found.push(aws::add(given, command, call, headers)?);
        url.take_user_info();
    }
    for (name, before, source) in std::mem::take(&mut headers.sourced) {
        found.push(from_header(&name, &before, &source)?);
    }
    if let Some((name, source)) = url.sourced.take() {
        found.push(format!("query={name}:{}", source.as_written()));
    }
    if let Some(given) = command.last(Meaning::Bearer) {
        match given.value.text_and_source() {
            Some(("", source)) => found.push(format!("bearer={}", source.as_written())),
            Some(_) | None => headers.add("Authorization", format!("Bearer {}", given.text()?)),
        }
    }
    if let (Some(given), false) = (command.last(Meaning::User), command.has(Meaning::AwsSigv4)) {
        found.extend(from_user(given, command.has(Meaning::Digest), url)?);
    }
    if found.is_empty() && command.has(Meaning::Netrc) && !command.has(Meaning::User) {
        found.push("netrc".to_owned());
    }
    match found.as_slice() {
        [] => {}
        [one] => call.auth = Some(one.clone()),
        [..] => {
            return Err(Error::usage_hint(
                "the curl command takes two secrets from variables; --auth supports one",
                "write one secret to a file and use the item Name:@FILE",
            ));
        }
    }
    Ok(())
}

fn from_header(name: &str, before: &str, source: &Source) -> Result<String, Error> {
    let is_authorization = name.eq_ignore_ascii_case("authorization");
    let source = source.as_written();
    match before {
        "" => Ok(format!("header={name}:{source}")),
        scheme if is_authorization && scheme.trim_end().eq_ignore_ascii_case("bearer") => {
            Ok(format!("bearer={source}"))
        }
        _ => Err(Error::usage_hint(
            format!("c47 has no equivalent of a variable inside the value of header '{name}'"),
            "use the variable as the whole value or after 'Bearer'; for Basic, use -u \"USER:$PASSWORD\"",
        )),
    }
}

/// `-u USER:PASSWORD`, `-u USER` (prompts for the password), `-u "USER:$PASSWORD"`.
fn from_user(given: &Given, is_digest: bool, url: &mut CurlUrl) -> Result<Option<String>, Error> {
    let scheme = if is_digest { "digest" } else { "basic" };
    url.take_user_info();
    if let Some((before, source)) = given.value.text_and_source() {
        let user = before
            .strip_suffix(':')
            .filter(|user| !user.contains(':'))
            .ok_or_else(|| given.has_variable())?;
        return Ok(Some(format!("{scheme}={user}:{}", source.as_written())));
    }
    match given.text()?.split_once(':') {
        None => Ok(Some(format!("{scheme}={}:prompt", given.text()?))),
        Some(_) if is_digest => Err(given.refused(
            "with --digest and a literal password",
            "write -u \"USER:$PASSWORD\", or add --auth digest=USER:SOURCE",
        )),
        Some((user, password)) => {
            url.set_user_info(user, password);
            Ok(None)
        }
    }
}
