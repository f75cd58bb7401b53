use super::*;
use crate::http::url::Url;

fn template(url: &str, items: &[&str], encoding: Encoding) -> Result<Template, String> {
    let items = items
        .iter()
        .map(|item| Item::parse(item).unwrap())
        .collect();
    Template::parse(None, url, items, encoding)
}

fn fill(url: &str, items: &[&str], row: &str) -> Result<Record, String> {
    let fields = Fields::of_json(row.as_bytes()).unwrap();
    template(url, items, Encoding::Json)?.fill(3, &fields)
}

fn filled_url(url: &str, row: &str) -> Result<String, String> {
    let record = fill(url, &[], row)?;
    Url::parse(&record.url).map(|url| url.to_string())
}

#[test]
fn values_are_encoded_for_their_place() {
    let record = fill(
        "https://kitsu.lan/shots/{id}/v{v}?name={name}&raw=1",
        &[
            "X-Shot:{name}",
            "q=={name}",
            "name={name}",
            "frame:={v}",
            "data:={\"n\":\"{name}\"}",
        ],
        r#"{"id":"a/b c","v":7,"name":"é&=\"x\" y"}"#,
    )
    .unwrap();
    assert_eq!(record.line, 3);
    assert_eq!(record.id.as_deref(), Some("a/b c"));
    assert_eq!(
        record.url,
        "https://kitsu.lan/shots/a%2Fb%20c/v7?name=%C3%A9%26%3D%22x%22%20y&raw=1"
    );
    let name = "é&=\"x\" y".to_owned();
    assert_eq!(record.headers, [("X-Shot".to_owned(), name.clone())]);
    assert_eq!(record.query, [("q".to_owned(), name)]);
    let Content::Json(text) = record.content else {
        panic!("{:?}", record.content);
    };
    assert_eq!(
        text.as_str(),
        r#"{"name":"é&=\"x\" y","frame":7,"data":{"n":"é&=\"x\" y"}}"#
    );
}

#[test]
fn paths_that_values_would_change_are_refused() {
    for (value, why) in [
        ("", "empty"),
        (".", "'..'"),
        ("..", "'..'"),
        ("../x", "'..'"),
        ("a/../b", "'..'"),
        ("a\\\\..\\\\b", "'..'"),
        ("..;x", "'..'"),
        ("a\\u0000b", "control"),
        ("a\\nb", "control"),
    ] {
        let row = format!("{{\"x\":\"{value}\"}}");
        let found = filled_url("http://a.lan/p/{x}/q", &row).unwrap_err();
        assert!(
            found.contains(why) && found.contains("'x'"),
            "{value}: {found}"
        );
    }
    // The parts around the field count too.
    assert!(filled_url("http://a.lan/.{x}/q", r#"{"x":"."}"#).is_err());
    assert!(filled_url("http://a.lan/{x}{x}/q", r#"{"x":"."}"#).is_err());
    for (value, expected) in [
        ("a", "http://a.lan/p/a/q"),
        ("...", "http://a.lan/p/.../q"),
        ("a.b", "http://a.lan/p/a.b/q"),
        ("%2e%2e", "http://a.lan/p/%252e%252e/q"),
        ("a?b#c", "http://a.lan/p/a%3Fb%23c/q"),
    ] {
        let row = format!("{{\"x\":\"{value}\"}}");
        assert_eq!(
            filled_url("http://a.lan/p/{x}/q", &row).as_deref(),
            Ok(expected)
        );
    }
}

#[test]
fn fields_stand_only_where_a_value_does() {
    for (url, items, why) in [
        ("http://{h}/x", &[][..], "the host"),
        ("http://a.lan:{p}/x", &[], "the host"),
        ("{u}", &[], "the host"),
        ("http://{u}@a.lan/", &[], "the host"),
        ("http://a.lan/?{n}=1", &[], "the name of a query parameter"),
        ("http://a.lan/?{n}", &[], "the name of a query parameter"),
        ("http://a.lan/{", &[], "a brace"),
        (
            "http://a.lan/",
            &["{n}==1"],
            "the name of a query parameter",
        ),
        ("http://a.lan/", &["{n}=1"], "the name of a body field"),
        ("http://a.lan/", &["{n}:=1"], "the name of a body field"),
        ("http://a.lan/", &["n:={\"{k}\":1}"], "the name of a member"),
        ("http://a.lan/", &["n@{f}"], "upload"),
        ("http://a.lan/", &["n=@{f}"], "cannot be read"),
    ] {
        let found = template(url, items, Encoding::Json).unwrap_err();
        assert!(found.contains(why), "{url} {items:?}: {found}");
    }
    assert!(Template::parse(Some("{m}"), "http://a.lan/", vec![], Encoding::Json).is_err());
    assert!(template("http://a.lan/", &["n:=1"], Encoding::Form).is_err());
    let braces = template("http://a.lan/{{x}}?a={{}}", &[], Encoding::Json).unwrap();
    let record = braces.fill(1, &Fields::of_json(b"{}").unwrap()).unwrap();
    assert_eq!(record.url, "http://a.lan/{x}?a={}");
}

#[test]
fn missing_fields_and_columns_are_named() {
    assert_eq!(
        fill("http://a.lan/{x}", &[], r#"{"y":1}"#).unwrap_err(),
        "it has no field 'x'"
    );
    let items = ["H:{h}", "q=={q}", "t={t}", "j:=[{j},\"{s}\"]"];
    let all = template("http://a.lan/{p}?u={u}", &items, Encoding::Json).unwrap();
    let mut names: Vec<String> = ["p", "u", "h", "q", "t", "j", "s"]
        .map(str::to_owned)
        .into();
    assert_eq!(all.ensure_fields(&names), Ok(()));
    while let Some(last) = names.pop() {
        let why = all.ensure_fields(&names).unwrap_err();
        assert!(why.contains("no column"), "{last}: {why}");
    }
    let form = template("http://a.lan/", &["a={x}"], Encoding::Form).unwrap();
    assert!(form.ensure_fields(&[]).is_err());
}

#[test]
fn a_header_never_ends_early() {
    for value in ["a\\r\\nX: y", "a\\nb", "a\\u0000"] {
        let row = format!("{{\"x\":\"{value}\"}}");
        assert!(fill("http://a.lan/", &["H:{x}"], &row).is_err(), "{value}");
    }
}

/// Values of any characters: the request has the same parts, and each is the value again.
#[test]
fn no_value_changes_the_shape_of_a_request() {
    let alphabet: Vec<char> = "a0 /?#&=;:@%+\"'\\{}[],<>|^`~é\u{2028}\u{1F600}.\t-_!$*()"
        .chars()
        .collect();
    let mut state = 47_u32;
    let mut next = |below: usize| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 12) as usize % below
    };
    let items = [
        "H:v {x}!",
        "q=={x}",
        "t=<{x}>",
        "j:={\"k\":[{x},\"{x}\"]}",
        "z=1",
    ];
    let url = "https://u.lan/p/{x}/v{x}w/end?a=1&b={x}&c";
    let (json, form) = (
        template(url, &items, Encoding::Json).unwrap(),
        template(url, &["t=<{x}>", "z=1"], Encoding::Form).unwrap(),
    );
    let mut filled = 0;
    for _ in 0..3000 {
        let length = 1 + next(8);
        let value: String = (0..length)
            .map(|_| alphabet[next(alphabet.len())])
            .collect();
        let row = crate::json::Text::object([("x", &crate::json::Text::string(&value))]);
        let fields = Fields::of_json(row.as_str().as_bytes()).unwrap();
        let record = match json.fill(1, &fields) {
            Ok(record) => record,
            Err(why) => {
                let climbs = value.contains('.') || value.contains('\t');
                assert!(climbs, "{value:?}: {why}");
                continue;
            }
        };
        filled += 1;
        let parsed = Url::parse(&record.url).unwrap();
        assert_eq!(parsed.origin.to_string(), "https://u.lan");
        let decode = |text: &str| String::from_utf8(percent_decode(text)).unwrap();
        let path: Vec<String> = parsed.path.split('/').map(decode).collect();
        assert_eq!(path, ["", "p", &value, &format!("v{value}w"), "end"]);
        let query = parsed.query.clone().unwrap();
        let query: Vec<String> = query.split('&').map(decode).collect();
        assert_eq!(query, ["a=1", &format!("b={value}"), "c"]);
        assert_eq!(record.headers, [("H".to_owned(), format!("v {value}!"))]);
        assert_eq!(record.query, [("q".to_owned(), value.clone())]);
        let Content::Json(text) = &record.content else {
            panic!("{:?}", record.content);
        };
        let read: serde_json::Value = text.read().unwrap();
        let expected = serde_json::json!({
            "t": format!("<{value}>"), "j": {"k": [value, value]}, "z": "1"
        });
        assert_eq!(read, expected);
        let request = form.fill(1, &fields).unwrap().request(parsed).unwrap();
        let mut body = String::new();
        std::io::Read::read_to_string(&mut request.body.stream(), &mut body).unwrap();
        let pairs: Vec<String> = body.split('&').map(decode).collect();
        assert_eq!(pairs, [format!("t=<{value}>"), "z=1".to_owned()]);
    }
    assert!(filled > 2000, "{filled}");
}
