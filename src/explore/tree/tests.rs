use super::fold::Fold;
use super::search::Way;
use super::*;

const TEXT: &str = r#" {"a": [1.50, {"b c": "x\"y", "d": []}], "é": null,
  "shots": [{"name": "sh010", "frames": 120, "tags": ["a", "b"]}, {"name": "sh020", "note": {"x": true}}, 5]} "#;

fn tree(text: &str) -> Tree {
    Tree::of(text.into()).unwrap()
}

/// The visible lines: depth, key and value.
fn shown(tree: &Tree, folds: &Folds) -> Vec<String> {
    let lines = folds.lines(tree, Tree::root(), 1000).into_iter();
    lines
        .map(|node| {
            let value = tree.scalar(node).map_or_else(
                || format!("{:?}({})", tree.kind(node), tree.count(node)),
                str::to_owned,
            );
            format!(
                "{} {} {value}",
                tree.depth(node),
                tree.key(node).unwrap_or_default()
            )
        })
        .collect()
}

#[test]
fn folded_values_hide_what_is_within() {
    let tree = tree(TEXT);
    let mut folds = Folds::only_root();
    assert_eq!(
        shown(&tree, &folds),
        [
            "0  Object(3)",
            "1 a Array(2)",
            "1 é null",
            "1 shots Array(3)"
        ]
    );
    folds.set(Node(1), Fold::Open);
    assert_eq!(
        shown(&tree, &folds)[1..4],
        ["1 a Array(2)", "2  1.50", "2  Object(2)"]
    );
    folds.set(Tree::root(), Fold::Close);
    assert_eq!(shown(&tree, &folds), ["0  Object(3)"]);
    assert_eq!(shown(&tree, &Folds::none()).len(), tree.entries.len());
}

#[test]
fn moving_down_and_up_visits_the_same_lines() {
    let tree = tree(TEXT);
    for mut folds in [Folds::only_root(), Folds::none()] {
        folds.set(Node(6), Fold::Open);
        folds.set(Node(3), Fold::Close);
        let down = folds.lines(&tree, Tree::root(), 1000);
        let last = folds.last(&tree);
        let mut up: Vec<Node> =
            std::iter::successors(Some(last), |node| folds.previous(&tree, *node)).collect();
        up.reverse();
        assert_eq!(down, up);
        assert_eq!(folds.moved(&tree, Tree::root(), 1000), last);
        assert_eq!(folds.moved(&tree, last, -1000), Tree::root());
    }
}

#[test]
fn scalars_and_odd_texts_are_trees() {
    for text in ["1", "\"x\"", "[]", "{}", " null "] {
        let tree = tree(text);
        assert_eq!(tree.entries.len(), 1, "{text}");
        assert_eq!(tree.first_child(Tree::root()), None);
        assert_eq!(tree.path(Tree::root()), ".");
    }
    for wrong in ["", "{", "[1,]", "nan"] {
        assert!(Tree::of(wrong.into()).is_err(), "{wrong}");
    }
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    assert_eq!(tree(&deep).entries.len(), 128);
}

#[cfg(feature = "jq")]
#[test]
fn path_selects_the_value_in_jq() {
    let odd = r#"{"a-b": {"": [{"$x": 1, "\\(1)": 2, "\"": 3, "1a": 4, "é": 5, "\n": 6, "and": 7, "\u0000": 8}]}}"#;
    for text in [TEXT, odd] {
        let tree = tree(text);
        for at in 0..tree.entries.len() {
            let node = Node(u32::try_from(at).unwrap());
            let path = tree.path(node);
            let filter = crate::jq::Filter::compile("path", &path).unwrap();
            let outputs = filter.outputs("text", text.as_bytes()).unwrap();
            let value = tree.scalar(node).unwrap_or_default();
            if !value.is_empty() {
                let expected: serde_json::Value = serde_json::from_str(value).unwrap();
                let found: serde_json::Value = serde_json::from_str(outputs[0].json()).unwrap();
                assert_eq!(found, expected, "{path}");
            }
        }
    }
    assert_eq!(tree(r#"{"a":{"b c":[1]}}"#).path(Node(3)), r#".a."b c"[0]"#);
    assert_eq!(tree("[[1]]").path(Node(2)), ".[0][0]");
}

#[test]
fn search_wraps_and_knows_capitals() {
    let tree = tree(TEXT);
    let find = |wanted: &str, from: u32, way| {
        tree.find(wanted, Node(from), way)
            .map(|node| tree.path(node))
    };
    assert_eq!(find("SH0", 0, Way::Forward), None);
    assert_eq!(
        find("sh0", 0, Way::Forward).as_deref(),
        Some(".shots[0].name")
    );
    let first = tree.find("sh0", Tree::root(), Way::Forward).unwrap();
    let second = tree.find("sh0", first, Way::Forward).unwrap();
    assert_eq!(tree.path(second), ".shots[1].name");
    assert_eq!(tree.find("sh0", second, Way::Forward), Some(first));
    assert_eq!(tree.find("sh0", first, Way::Backward), Some(second));
    assert_eq!(tree.find("sh0", second, Way::Backward), Some(first));
    assert_eq!(find("é", 0, Way::Forward).as_deref(), Some(".\"é\""));
    assert_eq!(find("", 0, Way::Forward), None);
    assert_eq!(find("nothing", 0, Way::Backward), None);
}

#[test]
fn array_of_objects_is_a_table() {
    let tree = tree(TEXT);
    let shots = tree.member(Tree::root(), "shots").unwrap();
    let table = Table::of(&tree, shots).unwrap();
    assert_eq!(table.columns, ["name", "frames", "tags", "note"]);
    let cells = |row: usize| -> Vec<String> {
        let columns = table.columns.iter();
        columns
            .map(|column| table.cell(&tree, table.rows[row], column))
            .collect()
    };
    assert_eq!(cells(0), ["sh010", "120", "[2]", ""]);
    assert_eq!(cells(1), ["sh020", "", "", "{1}"]);
    assert_eq!(cells(2), ["", "", "", ""]);
    assert!(Table::of(&tree, Tree::root()).is_none());
    assert!(Table::of(&tree, tree.member(shots, "x").unwrap_or(Node(2))).is_none());
}

#[test]
fn members_are_found_by_keys_with_escapes_among_the_first_ones() {
    let many: Vec<String> = (0..2000).map(|n| format!("\"k{n}\":{n}")).collect();
    let text = format!("{{\"a\\\"b\":1,\"\\u0063\":2,{}}}", many.join(","));
    let tree = Tree::of(text.as_str().into()).unwrap();
    let found = |key| {
        tree.member(Tree::root(), key)
            .and_then(|node| tree.scalar(node))
    };
    assert_eq!(
        ["a\"b", "c", "k5", "k", "k1999"].map(found),
        [Some("1"), Some("2"), Some("5"), None, None]
    );
}
