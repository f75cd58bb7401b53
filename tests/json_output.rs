//! The `--json` output of commands has the declared members, and the manual lists them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::process::Command;

use crate::documentation::documents;
use crate::support::echo::Echo;
use crate::support::exr::exr;
use crate::support::server::{Response, Server};
use crate::support::{Output, Run, Scratch, c47};
use ::c47::testing::{Field, JsonOutput, JsonType, Presence, Shape};
use serde_json::{Map, Value, json};

/// Arrays that are empty on some machines.
const OF_SOME_MACHINES: [(&str, &str); 1] = [("host", "gpu.devices[]")];

/// Errors in the objects, and the members that occurred.
#[derive(Default)]
struct Found {
    faults: BTreeSet<String>,
    seen: BTreeSet<String>,
}

impl Found {
    fn object(&mut self, fields: &[Field], above: &str, object: &Map<String, Value>) {
        for (name, value) in object {
            let path = format!("{above}{name}");
            match fields.iter().find(|field| field.path == path) {
                None => {
                    self.faults.insert(format!("{path} is not declared"));
                }
                Some(field) => self.member(fields, field, value),
            }
        }
        let here = fields.iter().filter_map(|field| {
            let name = field.path.strip_prefix(above)?;
            (!name.contains('.')).then_some(name)
        });
        for name in here.filter(|&name| !object.contains_key(name)) {
            self.faults.insert(format!("{above}{name} is absent"));
        }
    }

    fn member(&mut self, fields: &[Field], field: &Field, value: &Value) {
        let path = field.path;
        self.seen.insert(path.to_owned());
        let is_right = match (field.json_type, value) {
            (_, Value::Null) => field.presence == Presence::Nullable,
            (JsonType::String, Value::String(_))
            | (JsonType::Number, Value::Number(_))
            | (JsonType::Boolean, Value::Bool(_))
            | (JsonType::Any, _) => true,
            (JsonType::Object, Value::Object(object)) => {
                self.object(fields, &format!("{path}."), object);
                true
            }
            (JsonType::Objects, Value::Array(elements)) => elements.iter().all(|element| {
                let object = element.as_object();
                if let Some(object) = object {
                    self.object(fields, &format!("{path}[]."), object);
                }
                object.is_some()
            }),
            (JsonType::Strings, Value::Array(elements)) => elements.iter().all(Value::is_string),
            (JsonType::Numbers, Value::Array(elements)) => elements.iter().all(Value::is_number),
            (JsonType::Lists, Value::Array(lists)) => lists.iter().all(|list| {
                let list = list.as_array();
                list.is_some_and(|list| list.iter().all(Value::is_string))
            }),
            (
                JsonType::String
                | JsonType::Number
                | JsonType::Boolean
                | JsonType::Object
                | JsonType::Objects
                | JsonType::Strings
                | JsonType::Numbers
                | JsonType::Lists,
                _,
            ) => false,
        };
        if !is_right {
            self.faults.insert(format!("{path} is {value}"));
        }
    }
}

/// The objects in an output of this shape.
fn objects(shape: Shape, output: &Output) -> Vec<Value> {
    let text = output.stdout_text();
    match shape {
        Shape::Object => vec![serde_json::from_str(text).unwrap()],
        Shape::Array => serde_json::from_str(text).unwrap(),
        Shape::Lines => text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    }
}

#[cfg(feature = "jq")]
#[test]
fn filter_of_every_command_gets_the_declared_members() {
    let whole = ::c47::testing::whole();
    let mut checked = 0;
    for command in whole.all() {
        if !command.options.iter().any(|option| option.long == "--jq") {
            continue;
        }
        let words = command.path[1..].join(" ");
        for output in command.json {
            let mut found = Found::default();
            for sample in samples(&words, output, "--jq=.") {
                found.object(output.fields, "", sample.as_object().unwrap());
            }
            assert!(!found.seen.is_empty(), "{words}");
            assert_eq!(found.faults, BTreeSet::new(), "{words} {}", output.when);
            checked += 1;
        }
    }
    assert!(checked > 20, "{checked}");
}

#[test]
fn json_has_the_declared_members() {
    let whole = ::c47::testing::whole();
    let mut faults: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut checked = 0;
    for command in whole.all() {
        let words = command.path[1..].join(" ");
        if words == "pick" && cfg!(not(feature = "tui")) {
            continue; // such a build has no list
        }
        for output in command.json {
            let mut found = Found::default();
            for sample in samples(&words, output, "--json") {
                found.object(output.fields, "", sample.as_object().unwrap());
            }
            for field in output.fields {
                let of_some = OF_SOME_MACHINES
                    .iter()
                    .any(|(command, path)| *command == words && field.path.starts_with(path));
                if !of_some && !found.seen.contains(field.path) {
                    found
                        .faults
                        .insert(format!("{} occurs in no sample", field.path));
                }
            }
            if !found.faults.is_empty() {
                faults.insert(format!("{words} {}", output.when), found.faults);
            }
            checked += 1;
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    assert!(checked > 20, "{checked}");
}

/// Output of the command in which all members occur. `form` is the option that asks for JSON.
fn samples(command: &str, output: &JsonOutput, form: &str) -> Vec<Value> {
    let shape = output.shape;
    let of = |run: Run, code: i32| objects(shape, &run.run().expect_code(code));
    match (command, output.when) {
        ("", "With --version --json") => of(c47().args(["--version", "--json"]), 0),
        ("auth profiles" | "auth token" | "config show", "") => {
            with_profiles(command, shape, form, 0)
        }
        ("auth status", "") => with_profiles(command, shape, form, 0),
        ("config check", "") => with_profiles(command, shape, form, 2),
        ("echo", "With --json, the first line") => echo_lines(form).drain(..1).collect(),
        ("echo", "With --json, each further line") => echo_lines(form).drain(1..).collect(),
        ("elf diff", "") => {
            let scratch = two_builds();
            let run = c47().args(["elf", "diff", form, "a.so", "b.so"]);
            of(run.current_dir(scratch.path()), 1)
        }
        ("elf dupes", "") => {
            let scratch = twin_libraries();
            of(
                c47()
                    .args(["elf", "dupes", form])
                    .arg(scratch.path().join("apps")),
                0,
            )
        }
        ("elf fits", "") => {
            let scratch = unfit_plugin();
            let run = c47().args(["elf", "fits", form, "plugin.so", "--in", "program"]);
            of(run.current_dir(scratch.path()), 1)
        }
        ("elf fits", "With --json --why") => {
            let scratch = unfit_plugin();
            let run = c47().args(["elf", "fits", form, "plugin.so", "--in", "program"]);
            of(run.args(["--why", "x"]).current_dir(scratch.path()), 0)
        }
        ("elf glibc", "") => {
            let run = c47().args(["elf", "glibc", form, "--target", "centos7", "/usr/bin/env"]);
            objects(shape, &run.run())
        }
        ("elf glibc", "With --json --summary") => {
            let run = c47().args(["elf", "glibc", form, "--summary"]);
            of(run.args(["--target", "centos7", "/usr/bin/env"]), 1)
        }
        ("elf info", "With --json --summary") => of(
            c47().args(["elf", "info", form, "--summary", "/usr/bin/env"]),
            0,
        ),
        ("elf dupes", "With --json --summary") => {
            let scratch = twin_libraries();
            of(
                c47()
                    .args(["elf", "dupes", form, "--summary"])
                    .arg(scratch.path().join("apps")),
                0,
            )
        }
        ("elf info", "") => of(c47().args(["elf", "info", form, "/usr/bin/env"]), 0),
        ("elf ldd", "") => {
            let scratch = lacking_libraries();
            let run = c47().args(["elf", "ldd", form, "program"]);
            of(
                run.args(["--library-path", "old"])
                    .current_dir(scratch.path()),
                1,
            )
        }
        ("elf ldd", "With --json --why") => of(
            c47().args(["elf", "ldd", form, "--why", "libc", "/usr/bin/env"]),
            0,
        ),
        ("elf rpath", "") => {
            let scratch = twin_libraries();
            of(
                c47()
                    .args(["elf", "rpath", form])
                    .arg(scratch.path().join("apps/maya/plugin.so")),
                0,
            )
        }
        ("host", "") => host_reports(form),
        ("host check", "") => of(c47().args(["host", "check", form, "--cpu", "v1"]), 0),
        ("host diff", "") => {
            let scratch = Scratch::new("host");
            let report = |name: &str, more: &str| {
                let text =
                    format!("{{\"system\":{{\"hostname\":\"{name}\"}},\"libraries\":{{}}{more}}}");
                scratch.write(name, text);
            };
            report("a", "");
            report("b", ",\"limits\":[]");
            report("c", ",\"rez\":null");
            let run = c47().args(["host", "diff", form, "--all", "a", "b", "c"]);
            of(run.current_dir(scratch.path()), 0)
        }
        ("http", "") => http_reports(),
        ("http", "With --batch, one line for each request") => batch_results(),
        ("http", "In the file of --summary") => batch_summary(),
        ("journal show" | "journal merge", "") => journal_reports(command, form),
        ("jwt decode", "") => of(c47().args(["jwt", "decode", form, &token()]), 0),
        ("jwt verify", "") => {
            let run = c47()
                .env("KEY", KEY)
                .args(["jwt", "verify", form, "--key", "env:KEY"]);
            of(run.arg(token()), 0)
        }
        ("links", "") => {
            let scratch = Scratch::new("links");
            of(c47().args(["links", form, "--dir"]).arg(scratch.path()), 0)
        }
        ("man", "With --all --json") => {
            let scratch = Scratch::new("man");
            of(c47().args(["man", form, "--all"]).arg(scratch.path()), 0)
        }
        ("rez check", "") => {
            let scratch = Scratch::new("repository");
            fs::create_dir_all(scratch.path().join("tool/1.0")).unwrap();
            of(c47().args(["rez", "check", form]).arg(scratch.path()), 1)
        }
        ("rez install", "") => {
            let scratch = Scratch::new("repository");
            of(
                c47()
                    .args(["rez", "install", form, "--repo"])
                    .arg(scratch.path()),
                0,
            )
        }
        ("seq check", "") => {
            let scratch = Scratch::new("check");
            for frame in [1, 2, 4] {
                scratch.write(&format!("a.{frame}.exr"), exr(8, 4).bytes);
            }
            scratch.write("a.3.exr", "");
            scratch.write("a.txt", "");
            let run = c47().args(["seq", "check", "--all", "--deep", form]);
            of(run.arg(scratch.path()), 1)
        }
        ("pick", "") => {
            let run = c47().args(["pick", form, "--filter", "a"]);
            let lines = of(run.stdin("a\n"), 0);
            #[cfg(feature = "jq")]
            let lines = {
                let run = c47().args(["pick", form, "--filter", "a", "--show", "."]);
                [lines, of(run.stdin("{\"a\":1}"), 0)].concat()
            };
            lines
        }
        ("seq range", "") => {
            let run = c47().args(["seq", "range", form, "1-9", "--chunk", "4"]);
            let empty = c47().args(["seq", "range", form, "1", "--minus", "1"]);
            let expanded = c47().args(["seq", "range", form, "1-2x0.5", "--expand"]);
            [of(run, 0), of(empty, 1), of(expanded, 0)].concat()
        }
        ("selftest", "") => of(c47().args(["selftest", form]), 0),
        ("seq sums", "") => {
            let scratch = Scratch::new("sums");
            scratch.write("a.exr", "a");
            let run = c47().args(["seq", "sums", form, "a.exr", "b.1-2#.exr"]);
            scratch.write("b.1.exr", "b");
            of(run.current_dir(scratch.path()), 7)
        }
        ("seq sums", "With --json and --check or --mhl") => {
            let scratch = Scratch::new("sums");
            scratch.write("d/a.exr", "a");
            let run = || {
                c47()
                    .current_dir(scratch.path())
                    .args(["seq", "sums", form, "--mhl"])
            };
            let made = of(run().arg("d"), 0);
            scratch.write("d/a.exr", "changed");
            made.into_iter()
                .chain(of(run().args(["--check", "d"]), 1))
                .collect()
        }
        ("seq ls", "") => {
            let scratch = Scratch::new("sequences");
            for name in ["a.1.exr", "a.3.exr", "b.txt"] {
                scratch.write(name, "");
            }
            let run = c47().args(["seq", "ls", "--all", "--size", form]);
            of(run.arg(scratch.path()), 0)
        }
        ("seq mv" | "seq cp" | "seq ln" | "seq rm", "") => {
            let scratch = Scratch::new("sequences");
            scratch.write("a.1.exr", "frame");
            let words = command.split(' ').chain(["a.1#.exr"]);
            let target = ["b.#.exr"].into_iter().filter(|_| command != "seq rm");
            let run = c47().args(words.chain(target).chain([form]));
            of(run.current_dir(scratch.path()), 0)
        }
        (command, when) => panic!("no sample of the JSON of {command:?}, {when:?}"),
    }
}

const KEY: &str = "a key of thirty-two bytes or more";

fn token() -> String {
    let sign = [
        "jwt", "sign", "--alg", "HS256", "--key", "env:KEY", "--ttl", "5m", "--kid", "k",
    ];
    let output = c47().env("KEY", KEY).args(sign).run().expect_code(0);
    output.stdout_text().trim_end().to_owned()
}

/// The `--json` output of a command with two valid profiles, and for `config check` also one without a
/// user.
fn with_profiles(command: &str, shape: Shape, form: &str, code: i32) -> Vec<Value> {
    let scratch = Scratch::new("profiles");
    let unsound = match command {
        "config check" => "[profile.unsound]\nurl = \"https://b.lan\"\nauth = \"basic\"\n",
        _ => "",
    };
    let text = format!(
        "[profile.kitsu]\nurl = \"https://kitsu.studio.lan/api\"\nauth = \"basic\"\n\
         user = \"bot\"\npassword = \"env:KITSU_PASSWORD\"\n\
         [profile.open]\nurl = \"https://a.lan\"\nauth = \"none\"\n\
         [profile.signed]\nurl = \"https://c.lan\"\nauth = \"bearer\"\n\
         token = \"env:TOKEN\"\n{unsound}"
    );
    let file = scratch.write("profiles.toml", text);
    let run = c47().args(command.split(' ')).arg(form);
    let run = match command {
        "auth token" => run.arg("signed").env("TOKEN", token()),
        _ => run,
    };
    let run = run.env("C47_CONFIG_PATH", file).env("HOME", scratch.path());
    objects(shape, &run.run().expect_code(code))
}

/// The output of `c47 echo --json` for a call.
fn echo_lines(form: &str) -> Vec<Value> {
    let echo = Echo::start(&[form, "--count", "1"]);
    let first = json!({ "listening": format!("http://{}", echo.address) });
    echo.raw("GET /a?b=c HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let output = echo.child.wait().expect_code(0);
    let mut lines = vec![first];
    lines.extend(
        objects(Shape::Lines, &output)
            .into_iter()
            .filter(|line| line.get("listening").is_none()),
    );
    lines
}

fn gcc(scratch: &Scratch, arguments: &str) {
    let mut command = Command::new("gcc");
    command
        .args(arguments.split(' '))
        .current_dir(scratch.path());
    assert!(command.status().expect("gcc").success(), "gcc {arguments}");
}

/// Applications with different builds of the same library.
fn twin_libraries() -> Scratch {
    let scratch = Scratch::new("twins");
    scratch.write("x.c", "int x(void) { return 1; }");
    scratch.write("y.c", "int y(void) { return 2; }");
    scratch.write(
        "plugin.c",
        "int x(void); int y(void); int p(void) { return x() + y(); }",
    );
    fs::create_dir_all(scratch.path().join("apps/maya")).unwrap();
    fs::create_dir_all(scratch.path().join("apps/nuke")).unwrap();
    let library = "-shared -fPIC -Wl,-soname";
    gcc(
        &scratch,
        &format!("{library},libtbb.so.2 -o apps/nuke/libtbb.so.2 x.c"),
    );
    gcc(
        &scratch,
        &format!("{library},libtbb.so.2 -o apps/maya/libtbb.so.2 y.c"),
    );
    gcc(
        &scratch,
        &format!("{library},libtbb-0123abcd.so.12 -o apps/maya/libtbb-0123abcd.so.12 x.c"),
    );
    gcc(
        &scratch,
        "-shared -fPIC -o apps/maya/plugin.so plugin.c apps/maya/libtbb.so.2 \
         apps/maya/libtbb-0123abcd.so.12 -Wl,-rpath,$ORIGIN"
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .as_str(),
    );
    scratch
}

/// Two builds of a library: symbols are gone, new, changed and needed.
fn two_builds() -> Scratch {
    let scratch = Scratch::new("builds");
    scratch.write(
        "a.c",
        "int table[2]; int _Z1fv(void) { return 1; } int _Z1gv(void) { return 2; }",
    );
    scratch.write(
        "b.c",
        "int table[4]; int _Z1gv(void) { return 2; } int _Z1hv(void) { return 3; }
        int puts(const char *); int use(void) { return puts(\"\"); }",
    );
    scratch.write("a.map", "V1 { global: *; };\n");
    scratch.write("b.map", "V1 { global: table; };\nV2 { global: *; } V1;\n");
    for build in ["a", "b"] {
        let script = format!("-Wl,--version-script,{build}.map");
        gcc(
            &scratch,
            &format!("-shared -fPIC -fno-builtin {script} -o {build}.so {build}.c"),
        );
    }
    scratch
}

/// `plugin.so`, which does not fit in `program`: a symbol is undefined, and two libtbb meet.
fn unfit_plugin() -> Scratch {
    let scratch = Scratch::new("unfit");
    scratch.write(
        "x.c",
        "int x(void) { return 1; } int init_71(void) { return 2; }",
    );
    scratch.write(
        "plugin.c",
        "int x(void); int init_70(void); int p(void) { return x() + init_70(); }",
    );
    scratch.write("main.c", "int main(void) { return 0; }");
    let library = "-shared -fPIC -Wl,-soname";
    for soname in ["libtbb.so.2", "libtbb.so.12"] {
        gcc(&scratch, &format!("{library},{soname} -o {soname} x.c"));
    }
    let here = "-Wl,--no-as-needed,-rpath,$ORIGIN";
    gcc(&scratch, &format!("-o program main.c {here} libtbb.so.2"));
    gcc(
        &scratch,
        &format!("-shared -fPIC -o plugin.so plugin.c {here} libtbb.so.12"),
    );
    scratch
}

/// A program for which a library, and a version of another one, are missing.
fn lacking_libraries() -> Scratch {
    let scratch = Scratch::new("lacking");
    scratch.write("a.c", "int a(void) { return 1; }");
    scratch.write("b.c", "int b(void) { return 1; }");
    scratch.write(
        "main.c",
        "int a(void); int b(void); int main(void) { return a() + b(); }",
    );
    scratch.write("new.map", "V1 { global: *; };\nV2 { global: a; } V1;\n");
    scratch.write("old.map", "V1 { global: *; };\n");
    for directory in ["new", "old"] {
        fs::create_dir(scratch.path().join(directory)).unwrap();
        let script = format!("-Wl,--version-script,{directory}.map");
        gcc(
            &scratch,
            &format!("-shared -fPIC {script} -Wl,-soname,liba.so -o {directory}/liba.so a.c"),
        );
    }
    gcc(
        &scratch,
        "-shared -fPIC -Wl,-soname,libb.so -o new/libb.so b.c",
    );
    gcc(&scratch, "-o program main.c new/liba.so new/libb.so");
    scratch
}

/// A machine with a Rez context, a proxy, a hazard and an expired root.
fn host_reports(form: &str) -> Vec<Value> {
    let scratch = Scratch::new("host");
    let server = Server::start(|_| Response::ok("")).may_be_idle();
    let mut run = c47()
        .args(["host", form, "--url", &server.url("/")])
        .env("REZ_USED_RESOLVE", "platform-linux nuke-15.1")
        .env("PYTHONHOME", "/nonexistent/python")
        .env("NO_PROXY", "127.0.0.1")
        .env("https_proxy", "http://proxy.lan:3128/");
    run = run.env("SSL_CERT_FILE", scratch.write("root.pem", EXPIRED));
    vec![run.run().expect_code(0).json()]
}

/// A certificate that expired in 2020.
const EXPIRED: &str = "\
-----BEGIN CERTIFICATE-----
MIIBxzCCAW6gAwIBAgIUYsj1YiZJYlO6q+ohSwAysjS9HFIwCgYIKoZIzj0EAwIw
FjEUMBIGA1UEAwwLYzQ3IHRlc3QgY2EwHhcNMjAwMTAxMDAwMDAwWhcNMjEwMTAx
MDAwMDAwWjAbMRkwFwYDVQQDDBBjNDcgdGVzdCBleHBpcmVkMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAESv3rnbMOgnkT3aCAPmIBmrby0Ht5O/mE0O6uV1ZbsKWN
R0+ZRaStYFXUqG/LLkNmrFkRtYtEZSGrae7ZM405jKOBlDCBkTAMBgNVHRMBAf8E
AjAAMB0GA1UdDgQWBBRaPF2zoGpifvlZzjuclL5OYn7Z/DAfBgNVHSMEGDAWgBTA
WRp7P2KR9l8XVI1N9Hsr0i5qezAsBgNVHREEJTAjgglsb2NhbGhvc3SHBH8AAAGH
EAAAAAAAAAAAAAAAAAAAAAEwEwYDVR0lBAwwCgYIKwYBBQUHAwEwCgYIKoZIzj0E
AwIDRwAwRAIgJzuSUVefCXNT3pmX7WOkuR0qTcmFj7ntOaahupA/wOwCIG/16qF3
AsF6E8fJ6P7bYIba+EXAbGhOqaWr6BRhvJQm
-----END CERTIFICATE-----
";

fn http_reports() -> Vec<Value> {
    let server = Server::start(|_| Response::json(r#"{"a": [1]}"#));
    let run = c47().args(["http", "--json", &server.url("/")]);
    vec![run.run().expect_code(0).json()]
}

/// Runs a batch of which one request has no response; the file is `in.ndjson`.
fn batch(scratch: &Scratch, words: &[&str]) -> Output {
    let server = Server::start(|request| match request.target.as_str() {
        "/close" => Response::close(),
        "/bytes" => Response::ok([0xff]),
        _ => Response::json(r#"{"a": [1]}"#),
    });
    let line = |path: &str| {
        let url = server.url(path);
        format!("{{\"id\":\"{path}\",\"method\":\"POST\",\"url\":\"{url}\"}}\n")
    };
    let input = ["/a", "/bytes", "/close"].map(line).concat();
    scratch.write("in.ndjson", input);
    let run = c47().args(["http", "--batch", "in.ndjson"]).args(words);
    run.current_dir(scratch.path()).run()
}

fn batch_results() -> Vec<Value> {
    let scratch = Scratch::new("batch");
    let (printed, saved) = (batch(&scratch, &[]), batch(&scratch, &["-o", "out"]));
    [printed, saved]
        .iter()
        .flat_map(|output| output.stdout_text().lines())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn batch_summary() -> Vec<Value> {
    let scratch = Scratch::new("batch");
    batch(&scratch, &["--summary", "s.json"]);
    let text = fs::read(scratch.path().join("s.json")).unwrap();
    vec![serde_json::from_slice(&text).unwrap()]
}

fn journal_reports(command: &str, form: &str) -> Vec<Value> {
    let scratch = Scratch::new("batch");
    batch(&scratch, &["--shard", "1/1", "--journal", "j"]);
    let run = c47().args(command.split(' ')).args([form, "j"]);
    let output = run.current_dir(scratch.path()).run().expect_code(1);
    objects(Shape::Object, &output)
}

#[test]
fn manual_lists_the_members() {
    for command in ::c47::testing::whole().all() {
        let page = c47()
            .arg("man")
            .args(&command.path[1..])
            .run()
            .expect_code(0);
        let page = page.stdout_text();
        assert_eq!(page.contains(".SH JSON OUTPUT"), !command.json.is_empty());
        let outputs = command.json.iter().chain(command.failure);
        for field in outputs.flat_map(|output| output.fields) {
            assert!(
                page.contains(&format!("\\fB{}\\fR", field.path)),
                "{}",
                field.path
            );
        }
    }
}

#[test]
fn documents_list_no_members() {
    let whole = ::c47::testing::whole();
    let version = whole.json[0].fields;
    let mut examples = 0;
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for line in text.lines().filter(|line| line.starts_with("{\"version\"")) {
            // Values that differ between builds are left out.
            let example: Value = serde_json::from_str(&line.replace(":…", ":null")).unwrap();
            let mut found = Found::default();
            found.object(version, "", example.as_object().unwrap());
            assert_eq!(found.faults, BTreeSet::new());
            examples += 1;
        }
        // `{"name","value"}` would be a second list of members.
        for object in text.split("{\"").skip(1) {
            let (name, rest) = object.split_once('"').unwrap();
            assert!(
                rest.starts_with(':'),
                "a list of members starts with {name}"
            );
        }
    }
    assert_eq!(examples, 1);
}

/// An error of a command with valid options: the other arguments, the kind of the error, and what
/// must be kept alive meanwhile.
struct Failing {
    words: Vec<String>,
    kind: &'static str,
    _port: Option<TcpListener>,
}

fn failing(command: &str) -> Failing {
    let of = |kind, words: &[&str]| Failing {
        words: words.iter().map(|&word| word.to_owned()).collect(),
        kind,
        _port: None,
    };
    match command {
        "auth profiles" | "config check" => of("usage", &[]),
        "auth status" | "auth token" | "config show" => of("usage", &["nosuch"]),
        "echo" => {
            let taken = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = taken.local_addr().unwrap().port().to_string();
            Failing {
                _port: Some(taken),
                ..of("listen", &["--port", &port])
            }
        }
        "elf glibc" => of("usage", &[]),
        "elf dupes" | "elf info" | "elf ldd" | "elf rpath" => of("file", &["/nonexistent"]),
        "elf diff" => of("file", &["/nonexistent", "/nonexistent"]),
        "elf fits" => of("file", &["/nonexistent", "--in", "/nonexistent"]),
        "host" => of("usage", &["--url", "ftp://a.lan/"]),
        "host check" => of("usage", &[]),
        "host diff" => of("file", &["/nonexistent", "/nonexistent"]),
        "http" => of("connect", &["http://127.0.0.1:1/"]),
        "journal show" | "journal merge" => of("file", &["/nonexistent"]),
        "jwt decode" => of("token", &["x"]),
        "jwt verify" => of("secret", &["--key", "env:NONE", "x.y.z"]),
        "links" => of("usage", &["--dir", "/nonexistent"]),
        "man" => of("usage", &[]),
        "pick" => of("usage", &["--height", "0"]),
        "rez check" => of("file", &["/nonexistent"]),
        "rez install" => of("repository", &["--repo", "/nonexistent"]),
        "selftest" => of("usage", &["surplus"]),
        "seq check" => of("file", &["/nonexistent"]),
        "seq ls" => of("file", &["/nonexistent"]),
        "seq range" => of("usage", &["1-10:3"]),
        "seq sums" => of("file", &["/nonexistent"]),
        "seq mv" | "seq cp" | "seq ln" => of("nothing", &["nowhere.#.exr", "."]),
        "seq rm" => of("nothing", &["nowhere.1#.exr"]),
        other => panic!("no failure of {other} with --json"),
    }
}

/// Checks that the object on stdout, the error on stderr and the exit code agree.
fn ensure_reported(output: &Output, kind: &str) {
    let report = output.json();
    let mut found = Found::default();
    found.object(
        ::c47::testing::FAILURE.fields,
        "",
        report.as_object().unwrap(),
    );
    assert_eq!(found.faults, BTreeSet::new(), "{}", output.tell());
    let error = &report["error"];
    assert_eq!(error["kind"], kind, "{}", output.tell());
    assert_eq!(error["exit"], output.code, "{}", output.tell());
    assert_ne!(output.code, 0);
    let stderr = output.stderr_text();
    let complaint = format!(": {}\n", error["message"].as_str().unwrap());
    assert!(stderr.contains(&complaint), "{}", output.tell());
    let hint = error["hint"].as_str();
    let hints = stderr.lines().filter(|line| line.starts_with("hint: "));
    assert_eq!(
        hints.collect::<Vec<_>>(),
        hint.map(|hint| format!("hint: {hint}")).as_slice(),
        "{}",
        output.tell()
    );
}

#[test]
fn every_command_with_json_reports_errors_as_json() {
    let scratch = Scratch::new("failures");
    let broken = scratch.write("broken.toml", "[profile.a\n");
    let sound = scratch.write("sound.toml", "");
    let mut checked = 0;
    for command in ::c47::testing::whole().all() {
        let words = &command.path[1..];
        let has_json = command.options.iter().any(|option| option.long == "--json");
        assert_eq!(command.failure.is_some(), has_json || words.is_empty());
        if !has_json {
            continue;
        }
        let run = || c47().args(words).current_dir(scratch.path());
        let name = words.join(" ");
        let failing = failing(&name);
        let config = match name.as_str() {
            "auth profiles" | "config check" => &broken,
            _ => &sound,
        };
        let output = run()
            .env("C47_CONFIG_PATH", config)
            .arg("--json")
            .args(&failing.words)
            .run();
        ensure_reported(&output, failing.kind);
        // An unknown option, before and after --json.
        ensure_reported(&run().args(["--json", "--no-such"]).run(), "usage");
        ensure_reported(&run().args(["--no-such", "--json"]).run(), "usage");
        checked += 1;
    }
    assert!(checked > 15, "{checked}");
    let output = c47().args(["--version", "--json", "surplus"]).run();
    ensure_reported(&output, "usage");
    assert!(
        output.stderr_text().contains("'surplus'"),
        "{}",
        output.tell()
    );
}

#[test]
fn value_json_is_not_the_option() {
    for words in [
        &["http", ":1", "-o", "--json"][..],
        &["http", ":1", "--", "--json"],
        &["jwt", "sign", "--json"],
        &["no-such", "--json"],
        &["--json"],
    ] {
        let output = c47().args(words).run();
        assert!(
            output.code != 0 && output.stdout.is_empty(),
            "{}",
            output.tell()
        );
    }
}

#[test]
fn refused_login_is_reported_as_json() {
    let scratch = Scratch::new("refused");
    let server = Server::start(|_| Response::new("401 Unauthorized", "", r#"{"login": false}"#));
    let config = format!(
        "[profile.kitsu]\nurl = '{}'\npreset = 'kitsu'\nuser = 'bot'\npassword = 'env:PW'\n",
        server.url("/api")
    );
    let output = c47()
        .env("C47_CONFIG_PATH", scratch.write("c47.toml", config))
        .env("PW", "a-wrong-password")
        .args(["http", "@kitsu/x", "--json"])
        .run()
        .expect_code(9);
    ensure_reported(&output, "login_refused");
}

/// The other files have their reports, in order.
#[test]
fn unreadable_file_has_an_error_in_place_of_its_report() {
    for command in ["info", "ldd", "rpath"] {
        let output = c47()
            .args([
                "elf",
                command,
                "--json",
                "/usr/bin/env",
                "/nonexistent",
                "/usr/bin/env",
            ])
            .run()
            .expect_code(7);
        let lines = objects(Shape::Lines, &output);
        let failed: Vec<bool> = lines
            .iter()
            .map(|line| line.get("error").is_some())
            .collect();
        assert_eq!(failed, [false, true, false], "{}", output.tell());
        assert_eq!(lines[1]["error"]["kind"], "file");
    }
}
