//! Warns about secrets on the command line, which every user of the machine can read. They work,
//! but the warning names a safer way.

use super::Http;
use super::target;
use crate::cli::profile::warn;
use crate::error::Error;
use crate::http::item::{Item, Value};
use crate::http::url::Url;
use crate::json::Text;
use crate::output;
use crate::process_limits::forbid_core_files;
use crate::redact;

/// Prints one warning, on a terminal, about the first secret in the items and options, and protects
/// the memory that contains it.
///
/// # Errors
/// When an item is invalid.
pub(super) fn warn_on_terminal(options: &Http, url: &Url) -> Result<(), Error> {
    let Some(instead) = instead(options, url, &target::items(options)?) else {
        return Ok(());
    };
    forbid_core_files();
    if output::stderr_is_terminal() {
        let warning = match options.from_curl {
            Some(_) => format!("the curl command contains a secret; use {instead}"),
            None => format!(
                "a secret on the command line can be read by all users of this machine; use {instead}"
            ),
        };
        warn("c47 http", &[warning]);
    }
    Ok(())
}

/// The safer replacement for the first secret.
fn instead(options: &Http, url: &Url, items: &[Item]) -> Option<String> {
    if let Some(user_info) = &url.user_info {
        return Some(match &user_info.password {
            Some(_) => format!("--auth basic={}:SOURCE", user_info.user),
            // A name alone is a token, as a rule: `https://TOKEN@host`.
            None => "--auth basic=USER:SOURCE or bearer=SOURCE".into(),
        });
    }
    let proxy = options.proxy.as_deref();
    if proxy.is_some_and(|proxy| redact::proxy(proxy) != proxy) {
        return Some("--proxy-auth USER:SOURCE".into());
    }
    let query = url.query.as_deref().unwrap_or_default();
    if redact::query(query) != query {
        return Some("--auth query=NAME:SOURCE".into());
    }
    let raw = options.raw.as_deref();
    if raw.is_some_and(|raw| redact::text_body(raw) != raw) {
        return Some("--body FILE".into());
    }
    let variables = options.var.iter().filter_map(|text| Item::parse(text).ok());
    let variables = variables.filter_map(|item| for_item(&item));
    let mut variables = variables.map(|instead| format!("--var {instead}"));
    items.iter().find_map(for_item).or_else(|| variables.next())
}

fn for_item(item: &Item) -> Option<String> {
    match item {
        Item::Header {
            name,
            value: Value::Literal(value),
        } if !value.is_empty() && redact::is_secret_header(name) => {
            Some(match name.eq_ignore_ascii_case("authorization") {
                true => "--auth bearer=SOURCE or basic=USER:SOURCE".into(),
                false => format!("--auth header={name}:SOURCE"),
            })
        }
        Item::Query {
            name,
            value: Value::Literal(value),
        } if redact::member(name, value) != value.as_str() => {
            Some(format!("--auth query={name}:SOURCE"))
        }
        Item::Field {
            name,
            value: Value::Literal(value),
        } if redact::member(name, value) != value.as_str() => Some(format!("{name}=@FILE")),
        Item::Json {
            name,
            value: Value::Literal(value),
        } if is_secret_json(name, value) => Some(format!("{name}:=@FILE")),
        Item::Header { .. }
        | Item::NoHeader { .. }
        | Item::Query { .. }
        | Item::Field { .. }
        | Item::Json { .. }
        | Item::File { .. } => None,
    }
}

/// Whether a JSON value is a secret by its name, or holds one.
fn is_secret_json(name: &str, value: &str) -> bool {
    let Ok(text) = Text::parse(value.to_owned()) else {
        return false;
    };
    let whole = Text::object([(name, &text)]);
    redact::body(&whole).as_str() != whole.as_str()
}
