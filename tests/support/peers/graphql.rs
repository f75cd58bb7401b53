//! A GraphQL service: ariadne, behind werkzeug.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::process::Process;
use super::{missing, python};

/// A service that prints its port and ends with the tests. `shots` has one field that fails;
/// `received` is the Authorization header.
const SERVE: &str = r#"
from ariadne import MutationType, ObjectType, QueryType, make_executable_schema
from ariadne.wsgi import GraphQL
from werkzeug.serving import make_server

SCHEMA = '''
type Shot { name: String! frames: Int! note: String tags: [String!]! }
input ShotInput { name: String! frames: Int! = 24 tags: [String!]! = [] }
type Query { shots: [Shot!]! shot(name: String!): Shot received: String }
type Mutation { addShot(shot: ShotInput!): Shot! }
'''
query, mutation, shot = QueryType(), MutationType(), ObjectType("Shot")
SHOTS = [{"name": "sh010", "frames": 120, "tags": []}, {"name": "sh020", "frames": 48, "tags": []}]

@query.field("shots")
def shots(*_):
    return SHOTS

@query.field("shot")
def one(*_, name):
    return next((shot for shot in SHOTS if shot["name"] == name), None)

@query.field("received")
def received(_, info):
    return info.context["request"].get("HTTP_AUTHORIZATION")

@mutation.field("addShot")
def add(*_, shot):
    return shot

@shot.field("note")
def note(shot, _):
    raise Exception("no note\nof \x1b[1m" + shot["name"])

import logging
logging.disable()
schema = make_executable_schema(SCHEMA, query, mutation, shot)
server = make_server("127.0.0.1", 0, GraphQL(schema), threaded=True)
print(server.port, flush=True)
server.serve_forever()
"#;

/// A running service, one for all tests.
pub struct GraphQl {
    port: u16,
    _process: Process,
}

impl GraphQl {
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/graphql", self.port)
    }
}

/// The running service, started by the first call.
pub fn graphql() -> Option<&'static GraphQl> {
    static SERVICE: OnceLock<Option<GraphQl>> = OnceLock::new();
    let python = python(&["ariadne", "werkzeug"])?;
    let running = SERVICE.get_or_init(|| {
        let mut command = Command::new(python);
        command.args(["-c", SERVE]).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Process::start(command).ok()?;
        let mut line = String::new();
        BufReader::new(process.stdout()).read_line(&mut line).ok()?;
        let port = line.trim().parse().ok()?;
        Some(GraphQl {
            port,
            _process: process,
        })
    });
    running
        .as_ref()
        .or_else(|| missing("the GraphQL service does not start"))
}
