//! The call that a value of a response leads to: a link, or an id of something.

use super::openapi::{Api, Operation, is_name};
use super::seen::{collection, id_text, kind_of_key, kind_of_object, singular};
use super::service::Place;
use super::tree::{Kind, Node, Tree};
use crate::http::url::form_encode;

/// The path that a value leads to. `path` is that of the call whose response it is in.
///
/// # Errors
/// Why there is none.
pub(crate) fn follow(
    place: &Place,
    api: Option<&Api>,
    path: &str,
    tree: &Tree,
    node: Node,
) -> Result<String, String> {
    if let Some(link) = tree.string(node).filter(|text| is_link(text)) {
        return place.path_of(&link).map_err(|error| error.to_string());
    }
    // An object is followed by its id.
    let node = match tree.kind(node) {
        Kind::Object => tree.member(node, "id").unwrap_or(node),
        Kind::Array | Kind::String | Kind::Word => node,
    };
    let id = id_text(tree, node).ok_or("the value is neither a link nor an id")?;
    let key = tree.key(node).unwrap_or_default();
    let kind = kind(path, tree, node, &key).ok_or("the value is neither a link nor an id")?;
    let known = api.and_then(|api| operation(api, &kind));
    match known {
        Some(operation) => Ok(filled(&operation.path, &id)),
        // An element of a list usually has its own path below it.
        None if matches!(key.as_str(), "id" | "_id")
            && collection(path).as_deref() == Some(&kind) =>
        {
            let path = path.split(['?', '#']).next().unwrap_or_default();
            Ok(format!(
                "{}/{}",
                path.trim_end_matches('/'),
                form_encode(&id)
            ))
        }
        None => Err(format!(
            "no path for a {kind} is known; --openapi gives the paths"
        )),
    }
}

fn is_link(text: &str) -> bool {
    text.starts_with("http://") || text.starts_with("https://") || text.starts_with('/')
}

/// The kind of what an id identifies.
fn kind(path: &str, tree: &Tree, node: Node, key: &str) -> Option<String> {
    if let Some(kind) = kind_of_key(key) {
        return Some(kind);
    }
    if !matches!(key, "id" | "_id" | "uuid") {
        return match tree.parent(node) {
            // An element of `shot_ids` or `persons`.
            Some(list) if tree.kind(list) == Kind::Array => {
                let key = tree.key(list)?;
                kind_of_key(&singular(&key)).or_else(|| Some(singular(&key)))
            }
            Some(_) | None => None,
        };
    }
    let object = tree.parent(node)?;
    kind_of_object(tree, object)
        .or_else(|| within(tree, object))
        .or_else(|| collection(path))
}

/// The kind in the key of an object: the id in `"project": {"id": 1}` is one of a project.
fn within(tree: &Tree, object: Node) -> Option<String> {
    let key = tree.key(object)?;
    (!matches!(key.as_str(), "data" | "result" | "attributes")).then(|| singular(&key))
}

/// The operation that reads one thing of a kind: `GET /data/projects/{project_id}`.
fn operation<'a>(api: &'a Api, kind: &str) -> Option<&'a Operation> {
    let fitting = api.operations.iter().filter(|one| {
        let mut parts = one.path.rsplit('/');
        let (last, before) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        one.method == "GET"
            && one.path.matches('{').count() == 1
            && is_name(last)
            && (singular(before) == kind
                || kind_of_key(last.trim_matches(['{', '}'])).as_deref() == Some(kind)
                    && !before.is_empty())
    });
    // `/data/projects/{id}` rather than `/actions/projects/open/{project_id}`.
    fitting.min_by_key(|one| {
        let before = one.path.rsplit('/').nth(1).unwrap_or_default();
        (
            singular(before) != kind,
            one.path.matches('/').count(),
            one.path.len(),
        )
    })
}

/// A path with the id in place of the name in braces.
fn filled(template: &str, id: &str) -> String {
    let parts = template.split('/').map(|part| match is_name(part) {
        true => form_encode(id),
        false => part.to_owned(),
    });
    let parts: Vec<String> = parts.collect();
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::url::Url;

    fn followed(
        api: Option<&Api>,
        path: &str,
        text: &str,
        value: &[&str],
    ) -> Result<String, String> {
        let place = Place::Profile {
            name: "kitsu".into(),
            url: Url::parse("https://k.lan/api").unwrap(),
        };
        let tree = Tree::of(text.into()).unwrap();
        let node = value
            .iter()
            .fold(Tree::root(), |node, key| match key.parse::<usize>() {
                Ok(at) => tree.children(node).nth(at).unwrap(),
                Err(_) => tree.member(node, key).unwrap(),
            });
        follow(&place, api, path, &tree, node)
    }

    fn api() -> Api {
        let paths = [
            "/actions/projects/open/{project_id}",
            "/data/projects/{project_id}",
            "/data/shots/{shot_id}",
            "/data/projects/{project_id}/shots/{shot_id}",
            "/data/persons/{id}",
        ];
        let paths: Vec<String> = paths
            .iter()
            .map(|path| format!("\"{path}\":{{\"get\":{{}}}}"))
            .collect();
        let text = format!(
            "{{\"openapi\":\"3.0.0\",\"paths\":{{{}}}}}",
            paths.join(",")
        );
        Api::parse(text.as_bytes(), &Url::parse("https://k.lan/api").unwrap()).unwrap()
    }

    #[test]
    fn ids_lead_to_the_path_of_their_kind() {
        let api = api();
        let text = r#"[{"id":"a/1","project_id":"p1","type":"Shot","persons":["u1"],"project":{"id":7},"name":"x"}]"#;
        for (value, expected) in [
            (&["0", "id"][..], "/data/shots/a%2F1"),
            (&["0"], "/data/shots/a%2F1"),
            (&["0", "project_id"], "/data/projects/p1"),
            (&["0", "persons", "0"], "/data/persons/u1"),
            (&["0", "project", "id"], "/data/projects/7"),
            (&["0", "project"], "/data/projects/7"),
        ] {
            assert_eq!(
                followed(Some(&api), "/x", text, value),
                Ok(expected.into()),
                "{value:?}"
            );
        }
        assert!(followed(Some(&api), "/x", text, &["0", "name"]).is_err());
        assert!(followed(None, "/x", text, &["0", "project_id"]).is_err());
        let list = r#"[{"id":1}]"#;
        let path = "/data/projects?page=2";
        assert_eq!(
            followed(None, path, list, &["0", "id"]),
            Ok("/data/projects/1".into())
        );
        assert_eq!(
            followed(None, path, list, &["0"]),
            Ok("/data/projects/1".into())
        );
    }

    #[test]
    fn links_lead_to_paths_of_the_service_only() {
        let text = r#"{"a":"https://k.lan/api/x?page=2","b":"/api/y","c":"https://evil.lan/api/x","d":"/admin"}"#;
        assert_eq!(followed(None, "/x", text, &["a"]), Ok("/x?page=2".into()));
        assert_eq!(followed(None, "/x", text, &["b"]), Ok("/y".into()));
        assert!(followed(None, "/x", text, &["c"]).is_err());
        assert!(followed(None, "/x", text, &["d"]).is_err());
    }
}
