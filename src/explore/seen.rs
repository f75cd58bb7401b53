//! The ids in earlier responses, by the kind of what they identify: `project`, `shot`.

use std::collections::BTreeMap;

use super::tree::{Kind, Node, Tree};

/// The most kinds, the most ids of a kind, and the longest id in bytes.
const MAX_KINDS: usize = 200;
const MAX_IDS: usize = 100;
const MAX_ID_BYTES: usize = 200;
/// The most values of a response that are read.
const MAX_NODES: usize = 200_000;

/// An id, and the name of what it identifies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    pub text: String,
    pub name: String,
}

/// The ids of earlier responses.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen(BTreeMap<String, Vec<Id>>);

impl Seen {
    /// Adds the ids of a response to a call of `path`.
    pub(crate) fn add(&mut self, path: &str, tree: &Tree) {
        let collection = collection(path).unwrap_or_default();
        let nodes = std::iter::successors(Some(Tree::root()), |node| tree.following(*node));
        for node in nodes.take(MAX_NODES) {
            if tree.kind(node) == Kind::Object {
                self.add_object(&collection, tree, node);
            }
        }
    }

    fn add_object(&mut self, collection: &str, tree: &Tree, object: Node) {
        let kind = kind_of_object(tree, object);
        let named = ["name", "full_name", "title", "code", "label"];
        let name = named
            .into_iter()
            .find_map(|key| tree.string(tree.member(object, key)?));
        let name = name.unwrap_or_default();
        for child in tree.first_members(object) {
            let key = tree.key(child).unwrap_or_default();
            let (kind, name) = match key.as_str() {
                "id" | "_id" | "uuid" => {
                    let kind = kind.clone().unwrap_or_else(|| collection.to_owned());
                    (Some(kind), name.as_str())
                }
                key => (kind_of_key(key), ""),
            };
            if let Some((kind, id)) = kind.zip(id_text(tree, child)) {
                self.insert(&kind, id, name);
            }
        }
    }

    fn insert(&mut self, kind: &str, text: String, name: &str) {
        if kind.is_empty() || self.0.len() >= MAX_KINDS && !self.0.contains_key(kind) {
            return;
        }
        let ids = self.0.entry(kind.to_owned()).or_default();
        match ids.iter_mut().find(|known| known.text == text) {
            Some(known) if known.name.is_empty() => known.name = name.to_owned(),
            Some(_) => {}
            None => {
                // The newest are the most useful.
                if ids.len() >= MAX_IDS {
                    ids.pop();
                }
                ids.insert(
                    0,
                    Id {
                        text,
                        name: name.chars().take(80).collect(),
                    },
                );
            }
        }
    }

    /// The ids for a parameter of a path, such as `project_id` after `projects`.
    pub(crate) fn ids(&self, parameter: &str, before: &str) -> &[Id] {
        let kinds = [
            kind_of_key(parameter),
            Some(singular(before)),
            Some(parameter.to_owned()),
        ];
        let found = kinds
            .into_iter()
            .flatten()
            .find_map(|kind| self.0.get(&kind));
        found.map_or(&[], Vec::as_slice)
    }
}

/// A value that can be an id: a short text or an integer.
pub(super) fn id_text(tree: &Tree, node: Node) -> Option<String> {
    let text = match tree.kind(node) {
        Kind::String => tree.string(node)?,
        Kind::Word => {
            let word = tree.scalar(node)?;
            let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| word.to_owned())?
        }
        Kind::Object | Kind::Array => return None,
    };
    let is_id = !text.is_empty()
        && text.len() <= MAX_ID_BYTES
        && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    is_id.then_some(text)
}

/// The kind of what an object is, from its member `type`.
pub(super) fn kind_of_object(tree: &Tree, object: Node) -> Option<String> {
    let kind = tree.string(tree.member(object, "type")?)?;
    let is_name = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_name.then(|| kind.to_ascii_lowercase())
}

/// The kind in a key: `project_id` and `projectId` are ids of projects.
pub(super) fn kind_of_key(key: &str) -> Option<String> {
    let kind = key.strip_suffix("_id").or_else(|| key.strip_suffix("Id"))?;
    (!kind.is_empty()).then(|| kind.to_ascii_lowercase())
}

/// The kind of the elements of a list at a path: `/data/projects` is one of projects.
pub(super) fn collection(path: &str) -> Option<String> {
    let path = path.split(['?', '#']).next()?;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    (!last.is_empty()).then(|| singular(last))
}

/// A noun without the ending of the plural.
pub(super) fn singular(noun: &str) -> String {
    let noun = noun.to_ascii_lowercase();
    match (noun.strip_suffix("ies"), noun.strip_suffix('s')) {
        (Some(start), _) => format!("{start}y"),
        (None, Some(start)) if !start.ends_with('s') => start.to_owned(),
        (None, _) => noun,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_found_by_kind() {
        let mut seen = Seen::default();
        let text = r#"{"data":[{"id":"a1","name":"night","project_status_id":"s1","x_id":null},
                      {"id":47,"parent_id":"a b"}],"shot":{"type":"Shot","id":"c3","code":"sh010"}}"#;
        seen.add("/data/projects?page=1", &Tree::of(text.into()).unwrap());
        let texts = |parameter: &str, before: &str| -> Vec<String> {
            let ids = seen.ids(parameter, before).iter();
            ids.map(|id| format!("{} {}", id.text, id.name)).collect()
        };
        assert_eq!(texts("project_id", "projects"), ["47 ", "a1 night"]);
        assert_eq!(texts("id", "projects"), ["47 ", "a1 night"]);
        assert_eq!(texts("shot_id", "shots"), ["c3 sh010"]);
        assert_eq!(texts("project_status_id", ""), ["s1 "]);
        assert!(texts("parent_id", "").is_empty() && texts("x_id", "").is_empty());
        assert_eq!(singular("entities"), "entity");
        assert_eq!(singular("Shots"), "shot");
        assert_eq!(singular("class"), "class");
    }

    #[test]
    fn numbers_of_ids_and_kinds_are_bounded() {
        let mut seen = Seen::default();
        let elements: Vec<String> = (0..1000)
            .map(|n| format!("{{\"id\":{n},\"k{n}_id\":1}}"))
            .collect();
        let text = format!("[{}]", elements.join(","));
        seen.add("/x", &Tree::of(text.into()).unwrap());
        assert!(seen.0.len() <= MAX_KINDS);
        assert_eq!(seen.ids("x_id", "").len(), MAX_IDS);
        assert_eq!(seen.ids("x_id", "")[0].text, "999");
    }
}
