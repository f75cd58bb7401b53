//! What can be written next in a line: methods, paths, items and values.

use super::graphql::Schema;
use super::line::{Line, Word};
use super::openapi::{Api, Need, Operation, is_name};
use super::seen::Seen;
use super::values::Values;
use crate::http::arguments::USUAL_METHODS;
use crate::http::item::written_name;
use crate::http::url::form_encode;
use crate::shell::quote;
use crate::sort::Sortable;

/// The most candidates.
const MAX_CANDIDATES: usize = 500;

/// What is known about a service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Knowledge {
    pub api: Option<Api>,
    pub schema: Option<Schema>,
    pub seen: Seen,
    pub values: Values,
}

/// A text that can replace the word at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub text: String,
    /// What it is, for people.
    pub about: String,
    pub end: End,
}

/// Whether a candidate is a whole word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Word,
    /// Something follows in the same word.
    Part,
}

/// The candidates, and what they replace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Completion {
    /// Where the replaced text starts, in bytes. It ends at the cursor.
    pub start: usize,
    pub candidates: Vec<Candidate>,
}

/// The completion at the end of `text`, the line before the cursor.
pub(crate) fn complete(text: &str, knowledge: &Knowledge) -> Completion {
    // Within quotes and filters nothing is offered.
    let Ok(line) = Line::parse(text) else {
        return within_quotes(text, knowledge);
    };
    if line.filter.is_some() || text.trim_end().ends_with('|') {
        return Completion::default();
    }
    let is_new = text.is_empty() || text.ends_with([' ', '\t']);
    let mut words = line.words;
    let word = match is_new {
        true => Word {
            start: text.len(),
            end: text.len(),
            ..Word::default()
        },
        false => words.pop().unwrap_or_default(),
    };
    let start = word.start;
    let typed = word.written();
    let mut candidates = match role(&words) {
        Role::First => first(&typed, knowledge),
        Role::Target(method) => targets(Some(&method), &typed, knowledge),
        Role::Item { method, target } => items(&method, &target, &words, &typed, knowledge),
    };
    candidates.truncate(MAX_CANDIDATES);
    Completion { start, candidates }
}

/// What a word is.
enum Role {
    /// The method or the target.
    First,
    Target(String),
    Item {
        method: Option<String>,
        target: String,
    },
}

fn role(before: &[Word]) -> Role {
    let written: Vec<String> = before.iter().map(Word::written).collect();
    let method = |word: &String| {
        let upper = word.to_ascii_uppercase();
        USUAL_METHODS.contains(&upper.as_str()).then_some(upper)
    };
    match written.as_slice() {
        [] => Role::First,
        [first] => match method(first) {
            Some(method) => Role::Target(method),
            None => Role::Item {
                method: None,
                target: first.clone(),
            },
        },
        [first, second, ..] => {
            let method = method(first);
            let target = match method.is_some() {
                true => second.clone(),
                false => first.clone(),
            };
            Role::Item { method, target }
        }
    }
}

fn first(typed: &str, knowledge: &Knowledge) -> Vec<Candidate> {
    if typed.starts_with('/') {
        return targets(None, typed, knowledge);
    }
    let upper = typed.to_ascii_uppercase();
    let fitting = USUAL_METHODS
        .into_iter()
        .filter(|method| method.starts_with(&upper));
    let methods = fitting.map(|method| Candidate {
        text: method.to_owned(),
        about: String::new(),
        end: End::Word,
    });
    let names = knowledge.values.names().into_iter().filter_map(|name| {
        let text = format!("${name}");
        (!typed.is_empty() && text.starts_with(typed)).then(|| Candidate {
            text,
            about: "value".to_owned(),
            end: End::Word,
        })
    });
    methods.chain(names).collect()
}

/// Paths, up to the next name in braces, which ids of earlier responses replace.
fn targets(method: Option<&str>, typed: &str, knowledge: &Knowledge) -> Vec<Candidate> {
    let operations = knowledge.api.iter().flat_map(|api| &api.operations);
    let own = operations.filter(|one| method.unwrap_or("GET") == one.method);
    let mut found: Vec<Candidate> = Vec::new();
    for operation in own {
        for candidate in of_template(operation, typed, &knowledge.seen) {
            let is_known = found.iter().any(|known| known.text == candidate.text);
            if !is_known && found.len() < MAX_CANDIDATES {
                found.push(candidate);
            }
        }
    }
    match found.is_empty() {
        true => containing(method, typed, knowledge),
        false => found,
    }
}

/// Paths that contain what is typed after the first slash, the shortest first.
fn containing(method: Option<&str>, typed: &str, knowledge: &Knowledge) -> Vec<Candidate> {
    let part = typed.trim_start_matches('/').to_ascii_lowercase();
    if part.is_empty() || !typed.starts_with('/') {
        return Vec::new();
    }
    let operations = knowledge.api.iter().flat_map(|api| &api.operations);
    let own = operations.filter(|one| method.unwrap_or("GET") == one.method);
    let mut fitting: Vec<&Operation> = own
        .filter(|one| one.path.to_ascii_lowercase().contains(&part))
        .collect();
    fitting.order_by_key(|one| one.path.len());
    let mut found: Vec<Candidate> = Vec::new();
    for operation in fitting.into_iter().take(MAX_CANDIDATES) {
        let template: Vec<&str> = operation.path.split('/').skip(1).collect();
        let candidate = candidate(String::new(), &template, operation, None);
        if !found.iter().any(|known| known.text == candidate.text) {
            found.push(candidate);
        }
    }
    found
}

/// The candidates of one path.
fn of_template(operation: &Operation, typed: &str, seen: &Seen) -> Vec<Candidate> {
    let template: Vec<&str> = operation.path.split('/').collect();
    let given: Vec<&str> = typed.split('/').collect();
    let (Some((last, before)), true) = (given.split_last(), given.len() <= template.len()) else {
        return Vec::new();
    };
    let fits = |(part, given): (&&str, &&str)| part == given || is_name(part) && !given.is_empty();
    if !template.iter().zip(before).all(fits) {
        return Vec::new();
    }
    let rest = template.get(before.len()..).unwrap_or_default();
    let Some((next, after)) = rest.split_first() else {
        return Vec::new();
    };
    let start = before
        .iter()
        .map(|part| format!("{part}/"))
        .collect::<String>();
    if is_name(next) {
        let name = next.trim_matches(['{', '}']);
        let kind = template
            .get(before.len().wrapping_sub(1))
            .copied()
            .unwrap_or_default();
        let ids = seen.ids(name, kind).iter();
        let fitting = ids.filter(|id| id.text.starts_with(last) || id.name.starts_with(last));
        let candidates = fitting.map(|id| {
            let text = format!("{start}{}", form_encode(&id.text));
            candidate(text, after, operation, Some(&id.name))
        });
        return candidates.collect();
    }
    match next.starts_with(last) {
        true => vec![candidate(format!("{start}{next}"), after, operation, None)],
        false => Vec::new(),
    }
}

/// A path that continues up to the next name in braces.
fn candidate(text: String, after: &[&str], operation: &Operation, name: Option<&str>) -> Candidate {
    let mut text = text;
    let mut end = End::Word;
    for part in after {
        text.push('/');
        if is_name(part) {
            end = End::Part;
            break;
        }
        text.push_str(part);
    }
    let about = [
        name.unwrap_or_default(),
        &operation.path,
        &operation.summary,
    ];
    let about: Vec<&str> = about
        .into_iter()
        .filter(|part| !part.is_empty() && *part != text)
        .collect();
    Candidate {
        about: about.join("  "),
        text,
        end,
    }
}

/// Parameters that are not given yet, and the values of one that is.
fn items(
    method: &Option<String>,
    target: &str,
    before: &[Word],
    typed: &str,
    knowledge: &Knowledge,
) -> Vec<Candidate> {
    let Some(api) = &knowledge.api else {
        return Vec::new();
    };
    let methods = match method {
        Some(method) => vec![method.as_str()],
        None => vec!["GET", "POST"],
    };
    let operations = methods
        .into_iter()
        .filter_map(|method| api.operation(method, target));
    let given: Vec<String> = before.iter().map(Word::written).collect();
    let mut found = Vec::new();
    for parameter in operations.flat_map(|operation| &operation.parameters) {
        let separator = parameter.place.separator();
        let (Some(separator), Some(name)) = (separator, written_name(&parameter.name)) else {
            continue;
        };
        let start = format!("{name}{separator}");
        if let Some(value) = typed.strip_prefix(&start) {
            let fitting = parameter
                .choices
                .iter()
                .filter(|choice| choice.starts_with(value));
            found.extend(fitting.map(|choice| Candidate {
                text: quote(&format!("{start}{choice}")),
                about: String::new(),
                end: End::Word,
            }));
        } else if start.starts_with(typed) && !given.iter().any(|item| item.starts_with(&start)) {
            let need = match parameter.need {
                Need::Required => "required",
                Need::Optional => "",
            };
            let about = [need, &parameter.about]
                .into_iter()
                .filter(|part| !part.is_empty());
            found.push(Candidate {
                text: start,
                about: about.collect::<Vec<&str>>().join(", "),
                end: End::Part,
            });
        }
    }
    found
}

/// The fields of a GraphQL query that is being written: `query='{ projects { na`.
fn within_quotes(text: &str, knowledge: &Knowledge) -> Completion {
    let (Some(schema), Some(start)) = (&knowledge.schema, text.rfind("query='")) else {
        return Completion::default();
    };
    let document = text.get(start + "query='".len()..).unwrap_or_default();
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let typed = document.trim_end_matches(is_name).len();
    let (before, typed) = document.split_at_checked(typed).unwrap_or_default();
    let fields = schema.fields(before).into_iter();
    let fitting = fields.filter(|field| field.name.starts_with(typed));
    Completion {
        start: text.len() - typed.len(),
        candidates: fitting
            .take(MAX_CANDIDATES)
            .map(|field| Candidate {
                text: field.name.clone(),
                about: field.about(),
                end: End::Part,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::Tree;
    use super::*;
    use crate::http::url::Url;

    fn knowledge() -> Knowledge {
        let text = r#"{"openapi":"3.0.0","paths":{
          "/data/projects":{"get":{"summary":"All","parameters":[
              {"name":"page","in":"query"},{"name":"order","in":"query","schema":{"enum":["asc","desc"]}}]},
            "post":{"requestBody":{"content":{"application/json":{"schema":{"required":["name"],
              "properties":{"name":{"type":"string"},"fps":{"type":"number"}}}}}}}},
          "/data/projects/{project_id}":{"get":{}},
          "/data/projects/{project_id}/shots":{"get":{}},
          "/data/persons":{"get":{}}}}"#;
        let mut knowledge = Knowledge {
            api: Some(Api::parse(text.as_bytes(), &Url::parse("https://k.lan").unwrap()).unwrap()),
            ..Knowledge::default()
        };
        let list = Tree::of(r#"[{"id":"a1","name":"night"}]"#.into()).unwrap();
        knowledge.seen.add("/data/projects", &list);
        knowledge.values.set("last", "1".into()).unwrap();
        knowledge
    }

    fn texts(line: &str) -> Vec<String> {
        let completion = complete(line, &knowledge());
        let texts = completion.candidates.into_iter().map(|one| match one.end {
            End::Word => one.text,
            End::Part => format!("{}…", one.text),
        });
        texts.collect()
    }

    #[test]
    fn methods_paths_and_ids_are_completed() {
        assert_eq!(texts("G"), ["GET"]);
        assert_eq!(texts("pa"), ["PATCH"]);
        assert_eq!(texts("").len(), 7);
        assert_eq!(texts("$l"), ["$last"]);
        assert_eq!(
            texts("GET /"),
            ["/data/persons", "/data/projects", "/data/projects/…"]
        );
        assert_eq!(texts("GET /data/pe"), ["/data/persons"]);
        assert_eq!(
            texts("/data/projects/"),
            ["/data/projects/a1", "/data/projects/a1/shots"]
        );
        assert_eq!(
            texts("GET /data/projects/ni"),
            ["/data/projects/a1", "/data/projects/a1/shots"]
        );
        assert_eq!(
            texts("GET /data/projects/zzz/s"),
            ["/data/projects/zzz/shots"]
        );
        assert_eq!(texts("POST /data/"), ["/data/projects"]);
        assert!(texts("GET /nothing").is_empty());
        assert_eq!(texts("GET /pro"), ["/data/projects", "/data/projects/…"]);
        assert_eq!(complete("GET /data/pe", &knowledge()).start, 4);
    }

    #[test]
    fn items_and_their_values_are_completed() {
        assert_eq!(texts("GET /data/projects "), ["page==…", "order==…"]);
        assert_eq!(texts("GET /data/projects page==2 o"), ["order==…"]);
        assert_eq!(
            texts("GET /data/projects order=="),
            ["order==asc", "order==desc"]
        );
        assert_eq!(texts("GET /data/projects order==d"), ["order==desc"]);
        let mut found = texts("POST /data/projects ");
        found.sort();
        assert_eq!(found, ["fps:=…", "name=…"]);
        assert_eq!(texts("/data/projects n"), ["name=…"]);
        assert!(texts("GET /data/projects | .").is_empty());
        assert!(texts("GET /data/projects |").is_empty());
        assert!(texts("GET '/data").is_empty());
    }
}
