use super::*;

fn base(url: &str) -> Url {
    Url::parse(url).unwrap()
}

fn api(text: &str) -> Result<Api, String> {
    Api::parse(text.as_bytes(), &base("https://k.lan/api"))
}

const THREE: &str = r##"{"openapi": "3.1.0", "servers": [{"url": "/api"}], "basePath": "/other", "paths": {
  "/data/projects": {
    "get": {"summary": "Get all", "parameters": [
      {"$ref": "#/components/parameters/page"},
      {"name": "order", "in": "query", "required": true, "schema": {"type": "string", "enum": ["asc", "desc"]}},
      {"$ref": "https://elsewhere.lan/x.json#/a"}]},
    "post": {"requestBody": {"$ref": "#/components/requestBodies/project"}}},
  "/data/projects/{project_id}": {
    "parameters": [{"name": "project_id", "in": "path", "required": true}],
    "get": {"description": "One project\nwith more"}},
  "/data/projects/all": {"get": {}},
  "no-path": {"get": {}}},
 "components": {
  "parameters": {"page": {"name": "page", "in": "query", "schema": {"type": "integer"}}},
  "requestBodies": {"project": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/New"}}}}},
  "schemas": {
    "New": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"$ref": "#/components/schemas/New"}],
            "required": ["name"], "properties": {"name": {"type": "string"}, "id": {"type": "string", "readOnly": true}}},
    "Base": {"properties": {"fps": {"type": ["number", "null"]}, "parent": {"$ref": "#/components/schemas/Loop"}}},
    "Loop": {"$ref": "#/components/schemas/Loop"}}}}"##;

#[test]
fn operations_of_version_3_have_their_parameters() {
    let api = api(THREE).unwrap();
    let calls: Vec<String> = api
        .operations
        .iter()
        .map(|one| format!("{} {} {}", one.method, one.path, one.summary))
        .collect();
    assert_eq!(
        calls,
        [
            "GET /data/projects Get all",
            "POST /data/projects ",
            "GET /data/projects/all ",
            "GET /data/projects/{project_id} One project",
        ]
    );
    let names = |at: usize| -> Vec<String> {
        let parameters = api.operations[at].parameters.iter();
        parameters
            .map(|one| format!("{}{}", one.name, one.place.separator().unwrap_or("")))
            .collect()
    };
    assert_eq!(names(0), ["page==", "order=="]);
    assert_eq!(api.operations[0].parameters[1].choices, ["asc", "desc"]);
    assert_eq!(api.operations[0].parameters[1].need, Need::Required);
    assert_eq!(names(1), ["name=", "fps:=", "parent:="]);
    assert_eq!(names(3), ["project_id"]);
}

#[test]
fn version_2_has_base_path_and_body() {
    let api = api(
        r##"{"swagger": "2.0", "basePath": "/api/v1", "paths": {"/shots": {"post": {"parameters": [
          {"in": "body", "name": "b", "schema": {"$ref": "#/definitions/S"}},
          {"in": "query", "name": "q", "type": "string", "enum": ["a"]},
          {"in": "formData", "name": "f"}]}}},
          "definitions": {"S": {"properties": {"n": {"type": "integer"}}}}}"##,
    )
    .unwrap();
    let [operation] = api.operations.as_slice() else {
        panic!("{api:?}");
    };
    assert_eq!(operation.path, "/v1/shots");
    let found: Vec<(&str, Place)> = operation
        .parameters
        .iter()
        .map(|one| (one.name.as_str(), one.place))
        .collect();
    assert_eq!(
        found,
        [("n", Place::Json), ("q", Place::Query), ("f", Place::Field)]
    );
    assert_eq!(operation.parameters[1].choices, ["a"]);
}

#[test]
fn other_documents_are_refused() {
    for text in [
        "",
        "[]",
        "{}",
        "{\"openapi\": \"4.0\", \"paths\": {}}",
        "{\"openapi\": \"3.0.0\"}",
        "{\"swagger\": 1, \"paths\": {}}",
    ] {
        assert!(api(text).is_err(), "{text}");
    }
    let deep = format!(
        "{{\"openapi\":\"3.0.0\",\"paths\":{}{}}}",
        "[".repeat(5000),
        "]".repeat(5000)
    );
    assert!(api(&deep).is_err());
    // Members of an unexpected type are skipped.
    let odd = r#"{"openapi":"3.0.0","paths":{"/a":{"get":{"parameters":[1,{"in":"query"},{"name":2,"in":"query"}],
                 "requestBody":{"content":{"application/json":{"schema":{"properties":{"x":1},"allOf":2}}}}},"put":5},"/b":[]}}"#;
    assert_eq!(api(odd).unwrap().operations.len(), 2);
}

#[test]
fn operation_of_a_call_and_the_nearest_path_are_found() {
    let api = api(THREE).unwrap();
    let path = |path: &str| api.operation("GET", path).map(|one| one.path.as_str());
    assert_eq!(path("/data/projects?page=1"), Some("/data/projects"));
    assert_eq!(
        path("/data/projects/47"),
        Some("/data/projects/{project_id}")
    );
    assert_eq!(path("/data/projects/all"), Some("/data/projects/all"));
    assert_eq!(path("/data/projects/"), None);
    assert_eq!(api.nearest("GET", "/data/project"), Some("/data/projects"));
    assert_eq!(api.nearest("GET", "/nothing/near"), None);
}
