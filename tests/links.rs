//! `c47 links`: links that are commands.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::support::{Run, Scratch, binary, c47};

fn commands() -> Vec<String> {
    let list = c47().arg("--list").run().expect_code(0);
    list.stdout_text().lines().map(str::to_owned).collect()
}

fn links(directory: &Path) -> Run {
    c47().args(["links", "--dir"]).arg(directory)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn each_link_is_its_command() {
    let bin = Scratch::new("bin");
    let output = links(bin.path()).run().expect_code(0);
    let made: Vec<PathBuf> = output.stdout_text().lines().map(PathBuf::from).collect();
    let expected: Vec<PathBuf> = commands()
        .iter()
        .map(|name| bin.path().join(format!("c47-{name}")))
        .collect();
    assert_eq!(made, expected);
    for (name, link) in commands().iter().zip(&made) {
        let help = c47().program(link).arg("-h").run().expect_code(0);
        let usage = format!("Usage: c47 {name}");
        assert!(help.stdout_text().starts_with(&usage), "{}", help.tell());
    }
    // Once more changes nothing.
    let again = links(bin.path()).run().expect_code(0);
    assert_eq!(again.stdout, output.stdout);
    let json = links(bin.path()).arg("--json").run().expect_code(0).json();
    assert_eq!(json["links"].as_array().unwrap().len(), made.len());
    links(bin.path()).arg("--remove").run().expect_code(0);
    assert!(names(bin.path()).is_empty());
    let nothing = links(bin.path()).arg("--remove").run().expect_code(0);
    assert!(nothing.stdout.is_empty());
    let text = nothing.stderr_text();
    assert!(text.starts_with("c47 links: removed no link to "), "{text}");
}

#[test]
fn remove_finds_links_of_any_prefix_that_lead_to_this_program() {
    let bin = Scratch::new("bin");
    let other = Scratch::new("other");
    let program = bin.place(binary(), "c47-0.1");
    let run = || c47().program(&program).arg("links");
    run().arg("--prefix=").arg("--force").run().expect_code(0);
    run().run().expect_code(0);
    let link = |name: &str, target: &Path| symlink(target, bin.path().join(name)).unwrap();
    link("studio-http", &program);
    link("chained-jwt", Path::new("studio-http"));
    // None of these is a link to this program that is named after a command.
    link("c47", Path::new("c47-0.1"));
    link("other-http", &other.place(binary(), "c47-0.2"));
    link("gone-http", &bin.path().join("gone"));
    bin.write("plain-http", "precious");
    let stays = ["c47", "c47-0.1", "gone-http", "other-http", "plain-http"];

    let one_prefix = run().args(["--remove", "--prefix="]).run().expect_code(0);
    let removed = one_prefix.stdout_text().lines().count();
    assert_eq!(removed, commands().len(), "{}", one_prefix.tell());
    let left = run().args(["--remove"]).run().expect_code(0);
    assert_eq!(names(bin.path()), stays, "{}", left.tell());
    let lines: Vec<&str> = left.stdout_text().lines().collect();
    assert_eq!(lines.len(), commands().len() + 2, "{lines:?}");
    for line in lines {
        assert!(line.starts_with("removed /"), "{line}");
    }
    let count = format!("c47 links: removed {} links to ", commands().len() + 2);
    assert!(left.stderr_text().starts_with(&count), "{}", left.tell());

    link("http", &program);
    let json = run().args(["--remove", "--json"]).run().expect_code(0);
    let http = bin.path().join("http").display().to_string();
    assert_eq!(json.json()["links"], serde_json::json!([http]));
    let json = run().args(["--remove", "--json"]).run().expect_code(0);
    assert_eq!(json.json()["links"], serde_json::json!([]));
    assert!(json.stderr.is_empty(), "{}", json.tell());
    assert_eq!(names(bin.path()), stays);
    // One link is not "1 links".
    link("http", &program);
    let one = run().arg("--remove").run().expect_code(0);
    assert!(
        one.stderr_text().contains("removed 1 link to "),
        "{}",
        one.tell()
    );
}

#[test]
fn beside_the_program_they_move_with_it() {
    let bin = Scratch::new("bin");
    let program = bin.place(binary(), "c47");
    c47().program(&program).arg("links").run().expect_code(0);
    let link = bin.path().join(format!("c47-{}", commands()[0]));
    assert_eq!(fs::read_link(link).unwrap(), Path::new("c47"));
    c47()
        .program(&program)
        .args(["links", "--remove"])
        .run()
        .expect_code(0);
    assert_eq!(names(bin.path()), ["c47"]);
}

#[test]
fn what_hides_a_tool_is_refused_unless_forced() {
    let (bin, system) = (Scratch::new("bin"), Scratch::new("system"));
    let tool = system.write(&commands()[0], "");
    let path = format!("{}:{}", bin.path().display(), system.path().display());
    let run = || links(bin.path()).arg("--prefix=").env("PATH", &path);
    let output = run().run().expect_code(2);
    let text = output.stderr_text();
    // Those of the machine that runs the tests are told, too.
    assert!(text.contains("c47 links: links would hide "), "{text}");
    assert!(text.contains(&tool.display().to_string()), "{text}");
    assert!(text.contains("nothing was made\nhint: "), "{text}");
    assert!(names(bin.path()).is_empty());
    run().arg("--force").run().expect_code(0);
    assert_eq!(names(bin.path()), commands());
    // Its own links are not in its way, and removed by the names they have.
    run().arg("--remove").run().expect_code(0);
    assert!(names(bin.path()).is_empty());
}

#[test]
fn what_is_there_stays() {
    let bin = Scratch::new("bin");
    let first = format!("c47-{}", commands()[0]);
    let file = bin.write(&first, "precious");
    for force in [&[][..], &["--force"]] {
        let output = links(bin.path()).args(force).run().expect_code(2);
        assert!(
            output
                .stderr_text()
                .contains("is not a link: nothing was made")
        );
        assert_eq!(names(bin.path()), [first.as_str()]);
    }
    links(bin.path()).arg("--remove").run().expect_code(0);
    assert_eq!(fs::read_to_string(&file).unwrap(), "precious");
    fs::remove_file(&file).unwrap();
    // A link to something else gives way to force alone, and is never removed.
    symlink("/elsewhere/c47", &file).unwrap();
    let output = links(bin.path()).run().expect_code(2);
    assert!(
        output.stderr_text().contains("--force replaces it"),
        "{}",
        output.tell()
    );
    links(bin.path()).arg("--remove").run().expect_code(0);
    assert_eq!(fs::read_link(&file).unwrap(), Path::new("/elsewhere/c47"));
    links(bin.path()).arg("--force").run().expect_code(0);
    assert_eq!(fs::read_link(&file).unwrap(), binary());
}

#[test]
fn another_prefix_would_not_be_understood() {
    let bin = Scratch::new("bin");
    let output = links(bin.path())
        .args(["--prefix", "x-"])
        .run()
        .expect_code(2);
    assert!(
        output.stderr_text().contains("would not know the command"),
        "{}",
        output.tell()
    );
    let output = links(&bin.path().join("absent")).run().expect_code(2);
    assert!(
        output
            .stderr_text()
            .contains("is not a directory\nhint: mkdir -p")
    );
}
