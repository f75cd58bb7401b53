//! The screen of `c47 explore`, in a real terminal (tmux).

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::server::{Response, Server};

use crate::support::{Scratch, binary, peers};

/// A terminal of 80 columns and 24 rows, in which one command runs. It ends with the test.
struct Terminal {
    tmux: PathBuf,
    scratch: Scratch,
}

impl Terminal {
    /// Runs `c47 explore` with these arguments; afterwards the terminal shows `exit=CODE`.
    fn explore(arguments: &str) -> Option<Terminal> {
        let tmux = peers::tool("tmux")?;
        let scratch = Scratch::new("explore-screen");
        let home = scratch.path().display();
        let script = format!(
            "cd {home}\nexport HOME={home} C47_CACHE_DIR={home}/cache\nunset NO_COLOR XDG_RUNTIME_DIR\n\
             printf 'before\\n'\n{} explore {arguments}\nprintf 'exit=%s\\n' $?\nexec sleep 1000\n",
            binary().display()
        );
        scratch.write("run", script);
        let terminal = Terminal { tmux, scratch };
        let shell = format!("sh {}/run", terminal.scratch.path().display());
        terminal.tmux(&[
            "-f",
            "/dev/null",
            "new-session",
            "-d",
            "-x",
            "80",
            "-y",
            "24",
            &shell,
        ]);
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let socket = self.scratch.path().join("tmux");
        let output = Command::new(&self.tmux)
            .arg("-S")
            .arg(socket)
            .args(arguments)
            .env("TERM", "xterm-256color")
            .env("LANG", "C.UTF-8")
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn shown(&self) -> String {
        self.tmux(&["capture-pane", "-p"])
    }

    #[track_caller]
    fn wait_for(&self, text: &str) {
        let deadline = Instant::now() + Duration::from_secs(50);
        while !self.shown().contains(text) {
            let shown = self.shown();
            assert!(Instant::now() < deadline, "{text:?} is not shown:\n{shown}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Types characters.
    fn write(&self, text: &str) {
        self.tmux(&["send-keys", "-l", text]);
    }

    /// Presses a key with a name of tmux.
    fn press(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

const API: &str = r#"{"openapi":"3.0.0","paths":{"/data/projects":{"get":{}},
  "/data/projects/{project_id}":{"get":{}},"/data/projects/{project_id}/shots":{"get":{}},
  "/data/projects/{project_id}/scenes":{"get":{}}}}"#;

fn service() -> Server {
    Server::start(|request| match request.target.as_str() {
        "/openapi.json" => Response::json(API),
        "/data/projects" => {
            Response::json(r#"[{"id":"a1","name":"night"},{"id":"b2","name":"tide"}]"#)
        }
        "/data/projects/a1/shots" => Response::json(
            r#"[{"name":"sh010","frames":120},{"name":"sh020 \u001b[2J\u202e","frames":96}]"#,
        ),
        "/stall" => Response::raw("HTTP/1.1 200 OK\r\n").then_hang(),
        "/write" => Response::json("{\"written\":true}"),
        _ => Response::new("404 Not Found", "", "no"),
    })
}

#[test]
fn shots_of_a_project_are_ten_keys_away() {
    let server = service();
    let Some(terminal) = Terminal::explore(&server.url("")) else {
        return;
    };
    terminal.wait_for("4 operations are known");
    terminal.write("pro");
    terminal.press("Tab");
    terminal.press("Enter");
    terminal.wait_for("night");
    terminal.write("osh");
    terminal.press("Tab");
    terminal.press("Enter");
    terminal.wait_for("frames");
    terminal.wait_for("sh020 \\u{1b}[2J\\u{202e}");
    // The filter, a path, and the command line.
    terminal.write("|.[0].name");
    terminal.wait_for("\"sh010\"");
    terminal.press("Enter");
    terminal.write("p");
    terminal.wait_for("copied: .[0].name | .");
    terminal.write("ys");
    terminal.wait_for("saved as explore-");
    terminal.write("q");
    terminal.wait_for("exit=0");
    let shown = terminal.shown();
    assert!(shown.contains("before"), "{shown}");
    let command = format!("http GET {}", server.url("/data/projects/a1/shots"));
    assert!(shown.replace('\n', "").contains(&command), "{shown}");
    let directory = fs::read_dir(terminal.scratch.path()).unwrap();
    let script = directory
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "sh"))
        .unwrap();
    let script = fs::read_to_string(script).unwrap();
    assert!(script.contains(&format!("c47 {command}\n")), "{script}");
    // The history is private.
    let cache = fs::read_dir(terminal.scratch.path().join("cache")).unwrap();
    let history = cache
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|end| end == "history"))
        .unwrap();
    let lines = fs::read_to_string(&history).unwrap();
    assert!(lines.contains("GET /data/projects\n"), "{lines}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(
        fs::metadata(&history).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn stalled_service_does_not_block_keys() {
    let server = service();
    let Some(terminal) = Terminal::explore(&server.url("")) else {
        return;
    };
    terminal.wait_for("> GET /");
    terminal.write("stall");
    terminal.press("Enter");
    terminal.wait_for("GET /stall …");
    terminal.write("x");
    terminal.wait_for("> GET /stallx");
    terminal.tmux(&["resize-window", "-x", "1", "-y", "1"]);
    std::thread::sleep(Duration::from_millis(300));
    terminal.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    terminal.wait_for("> GET /stallx");
    terminal.press("Escape");
    terminal.wait_for("cancelled");
    // The next call has a thread of its own.
    terminal.press("C-u");
    terminal.write("GET /data/projects ");
    terminal.press("Enter");
    terminal.wait_for("night");
    terminal.press("C-c");
    terminal.wait_for("exit=0");
}

#[test]
fn calls_that_change_data_are_asked_about() {
    let server = service();
    let Some(terminal) = Terminal::explore(&server.url("")) else {
        return;
    };
    terminal.wait_for("> GET /");
    terminal.press("C-u");
    terminal.write("/write a=1");
    terminal.press("Enter");
    terminal.wait_for("POST /write can change data. Send it? y/n");
    terminal.write("n");
    terminal.wait_for("not sent");
    assert!(
        server
            .requests()
            .iter()
            .all(|request| request.method == "GET")
    );
    terminal.press("Enter");
    terminal.write("y");
    terminal.wait_for("written");
    terminal.press("C-c");
    terminal.wait_for("exit=0");
}

#[test]
fn fields_of_a_graphql_service_are_completed() {
    let Some(service) = peers::graphql() else {
        return;
    };
    let Some(terminal) = Terminal::explore(&service.url()) else {
        return;
    };
    terminal.wait_for("> GET /");
    terminal.press("C-u");
    terminal.write("POST / query='{ sho");
    terminal.press("Tab");
    terminal.wait_for("[Shot!]!");
    terminal.press("Tab");
    terminal.write(" { na");
    terminal.wait_for("String!");
    terminal.press("Tab");
    terminal.write(" } }' ");
    terminal.press("Enter");
    terminal.wait_for("\"data\"");
    terminal.write("e");
    terminal.wait_for("sh020");
    terminal.press("C-c");
    terminal.wait_for("exit=0");
}

#[test]
fn fifty_megabytes_are_shown_and_searched() {
    let element = r#"{"id":12345678,"name":"sh010_comp_v001","tags":["a","b"],"note":"a text as shots have"},"#;
    let mut text = element.repeat((50 << 20) / element.len());
    text.insert(0, '[');
    text.push_str("{\"name\":\"the last one\"}]");
    let server = Server::start(move |request| match request.target.as_str() {
        "/big" => Response::json(&text),
        _ => Response::new("404 Not Found", "", "no"),
    });
    let Some(terminal) = Terminal::explore(&server.url("")) else {
        return;
    };
    terminal.wait_for("> GET /");
    terminal.write("big");
    terminal.press("Enter");
    terminal.wait_for("sh010_comp");
    terminal.press("End");
    terminal.wait_for("the last one");
    terminal.press("Home");
    terminal.write("te/the last");
    terminal.press("Enter");
    terminal.wait_for("\"the last one\"");
    terminal.write("q");
    terminal.wait_for("exit=0");
}

#[test]
fn terminal_is_restored_when_the_process_is_terminated() {
    let server = service();
    let Some(terminal) = Terminal::explore(&server.url("")) else {
        return;
    };
    terminal.wait_for("> GET /");
    terminal.press("C-z");
    // The shell of the script has no job control: the process stays stopped until it is continued.
    let pid = terminal.tmux(&["display-message", "-p", "#{pane_pid}"]);
    let child = fs::read_to_string(format!("/proc/{0}/task/{0}/children", pid.trim())).unwrap();
    let kill = |signal: &str| {
        Command::new("kill")
            .arg(signal)
            .arg(child.trim())
            .status()
            .unwrap()
    };
    kill("-CONT");
    terminal.wait_for("> GET /");
    kill("-TERM");
    terminal.wait_for("exit=143");
    terminal.wait_for("before");
}
