//! Reads the operations of a document.

use serde_json::Value;

use super::document::{Document, list, text};
use super::schema::{MAX_PARAMETERS, about, choices, members, need};
use super::{Api, Operation, Parameter, Place};
use crate::http::url::Url;

const METHODS: [&str; 8] = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace",
];
/// The most operations that are read.
const MAX_OPERATIONS: usize = 20_000;
/// The longest path.
const MAX_PATH_BYTES: usize = 1024;

pub(super) fn api(bytes: &[u8], base: &Url) -> Result<Api, String> {
    let document = Document::parse(bytes)?;
    let root = document.root();
    let version = ["openapi", "swagger"].into_iter().find_map(|name| {
        let version = root.get(name)?;
        Some(
            version
                .as_str()
                .map_or_else(|| version.to_string(), str::to_owned),
        )
    });
    match version.as_deref() {
        Some(version) if version.starts_with("3.") || version.starts_with("2.") => {}
        Some(other) => {
            let other: String = other.chars().take(20).collect();
            return Err(format!("OpenAPI {other} is not supported; use 2.0 or 3.x"));
        }
        None => {
            return Err("it is not an OpenAPI document: it has no openapi or swagger".to_owned());
        }
    }
    let paths = root.get("paths").and_then(Value::as_object);
    let paths = paths.ok_or("it has no paths")?;
    let prefix = prefix(root, base);
    let mut operations = Vec::new();
    for (path, item) in paths {
        let is_path = path.starts_with('/') && path.len() <= MAX_PATH_BYTES;
        let Some(item) = document.resolved(item).filter(|_| is_path) else {
            continue;
        };
        for method in METHODS {
            let Some(operation) = item
                .get(method)
                .filter(|_| operations.len() < MAX_OPERATIONS)
            else {
                continue;
            };
            operations.push(Operation {
                method: method.to_ascii_uppercase(),
                path: below(&prefix, path, base),
                summary: summary(operation),
                parameters: parameters(&document, item, operation),
            });
        }
    }
    Ok(Api { operations })
}

fn summary(operation: &Value) -> String {
    let summary = text(operation, "summary");
    match summary.is_empty() {
        true => text(operation, "description"),
        false => summary,
    }
}

/// The path before those of the document: `basePath`, or that of the first server.
fn prefix(root: &Value, base: &Url) -> String {
    let server = list(root, "servers").first();
    let server = server
        .and_then(|server| server.get("url"))
        .and_then(Value::as_str);
    let server = server.filter(|url| !url.contains('{'));
    // Documents of version 3 may have one that means nothing.
    let own = root.get("swagger").and(root.get("basePath"));
    let path = match (own.and_then(Value::as_str), server) {
        (Some(path), _) => path.to_owned(),
        (None, Some(url)) => base
            .join(url)
            .map_or_else(|_| String::new(), |url| url.path),
        (None, None) => String::new(),
    };
    path.trim_end_matches('/').to_owned()
}

/// A path of the document as a path below the URL of the service.
fn below(prefix: &str, path: &str, base: &Url) -> String {
    let whole = format!("{prefix}{path}");
    let own = base.path.trim_end_matches('/');
    match whole.strip_prefix(own).filter(|rest| rest.starts_with('/')) {
        Some(rest) => rest.to_owned(),
        // A proxy adds the path of the service.
        None => path.to_owned(),
    }
}

/// The parameters of the path item and the operation, and the members of the body.
fn parameters(document: &Document, item: &Value, operation: &Value) -> Vec<Parameter> {
    let mut found: Vec<Parameter> = Vec::new();
    let lists = [operation, item].map(|value| list(value, "parameters"));
    for parameter in lists.into_iter().flatten().take(MAX_PARAMETERS) {
        let Some(parameter) = document.resolved(parameter) else {
            continue;
        };
        let schema = document.member(parameter, "schema").unwrap_or(&Value::Null);
        let place = match parameter.get("in").and_then(Value::as_str) {
            Some("path") => Place::Path,
            Some("query") => Place::Query,
            Some("header") => Place::Header,
            Some("formData") => Place::Field,
            Some("body") => {
                found.extend(members(document, schema));
                continue;
            }
            Some(_) | None => continue,
        };
        let name = text(parameter, "name");
        let is_known = found
            .iter()
            .any(|known| known.name == name && known.place == place);
        if name.is_empty() || is_known {
            continue;
        }
        // In 2.0 the type is in the parameter itself.
        let listed = [schema, parameter].map(choices);
        let own = text(parameter, "description");
        found.push(Parameter {
            name,
            place,
            need: need(parameter.get("required") == Some(&Value::Bool(true))),
            choices: listed.into_iter().flatten().collect(),
            about: match own.is_empty() {
                true => about(schema),
                false => own,
            },
        });
    }
    let body = document.member(operation, "requestBody");
    let content = body
        .and_then(|body| body.get("content"))
        .and_then(Value::as_object);
    let json = content.and_then(|content| {
        let mut kinds = content.iter();
        kinds
            .find(|(kind, _)| kind.contains("json"))
            .map(|(_, media)| media)
    });
    if let Some(schema) = json.and_then(|media| media.get("schema")) {
        found.extend(members(document, schema));
    }
    found.truncate(MAX_PARAMETERS);
    found
}
