//! The environment for the examples of the documentation: services with names of a studio, and a
//! shell.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::process::Process;
use super::{python, tool};
use crate::support::exr::exr;
use crate::support::{Run, Scratch, binary};

/// The home directory in the documents, instead of the scratch directory.
const HOME: &str = "/home/lena";

/// A home directory with the files of the examples, and the services that they call.
pub struct Studio {
    desk: Scratch,
    python: PathBuf,
    proxy: String,
    _services: Process,
}

/// A command in a document, and its documented output.
pub struct Example {
    pub command: String,
    pub lines: Vec<String>,
}

/// Starts the services, and creates a home directory with this configuration file.
#[track_caller]
pub fn studio(configuration: &str) -> Option<Studio> {
    let python = python(&["trustme", "rez"])?;
    tool("gcc")?;
    let desk = Scratch::new("desk");
    desk.write("bin/.keep", "");
    desk.place(binary(), "bin/c47");
    let path = desk.write(".config/c47/config.toml", configuration);
    fs::set_permissions(path, PermissionsExt::from_mode(0o600)).expect("a private file");
    put_files(&desk, python.parent().unwrap());
    put_binaries(&desk);
    let zip = ["-m", "zipfile", "-c", "plugins.zip", "plugins"];
    let zipped = Command::new(&python)
        .args(zip)
        .current_dir(desk.path())
        .status();
    assert!(zipped.expect("python").success(), "no archive");
    let mut command = Command::new(&python);
    command.args(["-c", include_str!("studio.py")]);
    command.arg(desk.path().join("studio-ca.pem"));
    command.stdin(Stdio::null()).stdout(Stdio::piped());
    let mut services = Process::start(command).expect("the services start");
    let mut port = String::new();
    let mut stdout = BufReader::new(services.stdout());
    stdout.read_line(&mut port).expect("the port");
    let proxy = format!("http://127.0.0.1:{}", port.trim());
    Some(Studio {
        desk,
        python,
        proxy,
        _services: services,
    })
}

impl Studio {
    /// Runs the examples in order in one shell, and returns the output of each.
    #[track_caller]
    pub fn run(&self, examples: &[Example]) -> Vec<Vec<String>> {
        let home = self.desk.path();
        let steps = examples.iter().map(|example| {
            json!({ "command": example.command.replace(HOME, home.to_str().unwrap()),
                "lines": example.lines })
        });
        let steps = serde_json::Value::from_iter(steps).to_string();
        let venv = self.python.parent().unwrap();
        let system = std::env::var("PATH").unwrap_or_default();
        let own = home.join("bin");
        let tools = home.join("tools");
        let path = [&own, &tools, venv]
            .map(|path| path.display().to_string())
            .join(":")
            + ":"
            + &system;
        let output = Run::of(&self.python)
            .args(["-c", include_str!("session.py")])
            .current_dir(home)
            .env("PATH", path)
            .env("HOME", home)
            .env("USER", "lena")
            .env("TERM", "xterm")
            .env("NO_COLOR", "1")
            .env("HTTPS_PROXY", &self.proxy)
            .env("http_proxy", &self.proxy)
            .env("NO_PROXY", "127.0.0.1,localhost")
            .env("SSL_CERT_FILE", home.join("studio-ca.pem"))
            .env("REZ_PACKAGES_PATH", home.join("packages"))
            .env("TMPDIR", home.join("tmp"))
            .env("SHELL", "/bin/bash")
            .env("TOKEN", "token-of-lena")
            .env("KITSU_PASSWORD", "correct-horse")
            .env("AYON_API_KEY", "ayon-key")
            .stdin(steps)
            .limit(Duration::from_secs(180))
            .run()
            .expect_code(0);
        let printed: Vec<Vec<String>> = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(printed.len(), examples.len(), "{}", output.tell());
        let shown = |line: String| line.replace(home.to_str().unwrap(), HOME);
        let lines = |lines: Vec<String>| lines.into_iter().map(shown).collect();
        printed.into_iter().map(lines).collect()
    }
}

fn put_program(desk: &Scratch, name: &str, line: &str) {
    let program = desk.write(&format!("tools/{name}"), format!("#!/bin/sh\n{line}\n"));
    fs::set_permissions(program, PermissionsExt::from_mode(0o755)).expect("a program");
}

fn put_files(desk: &Scratch, venv: &Path) {
    desk.write("sh010.png", "a picture of sh010\n");
    desk.write("sh010.exr", "pixels of sh010\n".repeat(64));
    desk.write("render.log", "frame 1 done\n".repeat(500));
    put_frames(desk);
    fs::create_dir(desk.path().join("packages")).expect("a Rez repository");
    fs::create_dir(desk.path().join("tmp")).expect("a directory");
    put_program(desk, "pass", "echo password-of-farm");
    // Without the warning of rez that pip installed it.
    let rez = format!("exec {}/rez \"$@\" 2>/dev/null", venv.display());
    put_program(desk, "rez", &rez);
    desk.write(
        "shelf.py",
        "import json, subprocess\n\
         out = subprocess.run([\"c47\", \"http\", \"@kitsu/data/projects\"],\n    \
         stdout=subprocess.PIPE, check=True).stdout\n\
         print([project[\"name\"] for project in json.loads(out)])\n",
    );
}

/// Frames of a shot, of which some are missing, broken or different.
fn put_frames(desk: &Scratch) {
    for frame in (1001..=1024).filter(|frame| !(1017..=1018).contains(frame)) {
        let mut file = match frame {
            1009 => exr(96, 54),
            _ => exr(192, 108),
        };
        match frame {
            1012..=1014 => file.bytes.truncate(9000 + 100 * (frame - 1000)),
            1021 => file.set_offset(80, 0),
            _ => {}
        }
        let path = desk.write(&format!("comp/sh010.{frame}.exr"), file.bytes);
        let written = SystemTime::now() - Duration::from_secs(3600);
        let file = fs::File::options().write(true).open(path).expect("a frame");
        file.set_modified(written).expect("a time");
    }
}

/// Libraries and programs to inspect: `libfoo.so`, `plugins/`, `apps/`, and `rg`, a static program.
fn put_binaries(desk: &Scratch) {
    let sources = Scratch::new("sources");
    for (name, text) in [
        (
            "foo.c",
            "int fcntl64(int, int, ...); int foo(void) { return fcntl64(0, 0); }",
        ),
        (
            "bar.c",
            "int puts(const char *); int bar(void) { return puts(\"\"); }",
        ),
        ("one.c", "int one(void) { return 1; }"),
        ("two.c", "int two(void) { return 2; }"),
        (
            "plugin.c",
            "int one(void); int two(void); int plugin(void) { return one() + two(); }",
        ),
        (
            "shade.c",
            "int bar_v2(void); int shade(void) { return bar_v2(); }",
        ),
        ("rg.c", "void _start(void) { for (;;) __asm__(\"hlt\"); }"),
        (
            "render.c",
            "int bar(void); int main(void) { return bar(); }",
        ),
    ] {
        sources.write(name, text);
    }
    let root = desk.path();
    for directory in [
        "plugins",
        "app/lib",
        "app/bin",
        "apps/nuke",
        "apps/houdini",
        "apps/maya",
    ] {
        fs::create_dir_all(root.join(directory)).expect("a directory");
    }
    let build = |output: &str, arguments: &[&str]| {
        let mut gcc = Command::new("gcc");
        gcc.args(["-fPIC", "-o"])
            .arg(root.join(output))
            .args(arguments);
        let made = gcc.current_dir(sources.path()).output().expect("gcc");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "gcc {arguments:?}: {said}");
    };
    let at = |file: &str| root.join(file).to_str().unwrap().to_owned();
    build("libfoo.so", &["-shared", "foo.c"]);
    build("plugins/libfoo.so", &["-shared", "foo.c"]);
    build("plugins/libbar.so", &["-shared", "bar.c"]);
    build(
        "app/lib/libbar.so",
        &["-shared", "-Wl,-soname,libbar.so", "bar.c"],
    );
    let rpath = "-Wl,--disable-new-dtags,-rpath,$ORIGIN/../lib:$ORIGIN";
    build(
        "app/bin/render",
        &["render.c", &at("app/lib/libbar.so"), rpath],
    );
    let tbb = "-Wl,-soname,libtbb.so.2";
    build("apps/nuke/libtbb.so.2", &["-shared", tbb, "one.c"]);
    build("apps/houdini/libtbb.so.2", &["-shared", tbb, "one.c"]);
    build("apps/maya/libtbb.so.2", &["-shared", tbb, "two.c"]);
    let hashed = "-Wl,-soname,libtbb-0123abcd.so.12";
    build(
        "apps/maya/libtbb-0123abcd.so.12",
        &["-shared", hashed, "one.c"],
    );
    let (two, one) = (
        at("apps/maya/libtbb.so.2"),
        at("apps/maya/libtbb-0123abcd.so.12"),
    );
    let origin = "-Wl,-rpath,$ORIGIN";
    build(
        "apps/maya/plugin.so",
        &["-shared", "plugin.c", &two, &one, origin],
    );
    build("shade.so", &["-shared", "shade.c"]);
    build("rg", &["-static", "-nostdlib", "rg.c"]);
}

/// Whether a line matches that of the document, in which `…` is any text.
pub fn is_line(document: &str, printed: &str) -> bool {
    let mut parts = document.trim_end().split('…');
    let Some(mut rest) = parts
        .next()
        .and_then(|first| printed.trim_end().strip_prefix(first))
    else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in between {
        let Some((_, behind)) = rest.split_once(part) else {
            return false;
        };
        rest = behind;
    }
    rest.ends_with(last)
}

/// Whether lines match those of the document, in which a line `…` is any lines.
pub fn are_lines(document: &[String], printed: &[String]) -> bool {
    match (document.split_first(), printed.split_first()) {
        (None, None) => true,
        (None, Some(_)) => false,
        (Some((line, rest)), _) if line.trim() == "…" => {
            (0..=printed.len()).any(|skipped| are_lines(rest, &printed[skipped..]))
        }
        (Some(_), None) => false,
        (Some((line, rest)), Some((first, others))) => {
            is_line(line, first) && are_lines(rest, others)
        }
    }
}
