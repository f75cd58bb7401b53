//! Files in shared directories, which other users write to, and other machines whose locks are not
//! visible; with and without the protection of the kernel.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::support::protection::{Kernel, under_each_protection};
use crate::support::server::{Response, Server};
use crate::support::{
    Child, Gate, Run, Scratch, binary, c47, can_be_two_users, entries, give_to_nobody, peers,
    wait_until, writer,
};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Sends half of a body, and the rest when the gate opens.
fn slow(head: &'static str, body: Vec<u8>) -> (Server, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    gate.close();
    let passed = Arc::clone(&gate);
    let server = Server::connection(move |mut stream| {
        let mut request = Vec::new();
        let mut byte = [0];
        while !request.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
            request.push(byte[0]);
        }
        let length = body.len();
        let (first, second) = body.split_at(length / 2);
        let head = format!("HTTP/1.1 200 OK\r\n{head}content-length: {length}\r\n\r\n");
        let _ = stream.write_all(&[head.as_bytes(), first].concat());
        passed.pass();
        let _ = stream.write_all(second);
    });
    (server, gate)
}

/// Runs c47 like on another machine, whose locks are not visible.
fn without_locks(strace: &Path, directory: &Path, words: &[&str]) -> Child {
    let run = Run::of(strace)
        .args(["-f", "-o", "/dev/null", "-e", "trace=flock"])
        .args(["-e", "inject=flock:retval=0"])
        .arg(binary())
        .args(words)
        .current_dir(directory);
    run.spawn()
}

/// Waits until `count` temporary files contain half of their content.
fn wait_for_halves(directory: &Path, count: usize, half: u64) {
    wait_until("half of the body is written", || {
        let files = fs::read_dir(directory).unwrap().flatten();
        let halves = files.filter(|file| {
            let is_part = file.path().extension().is_some_and(|kind| kind == "part");
            is_part && file.metadata().is_ok_and(|file| file.len() == half)
        });
        halves.count() == count
    });
}

const SIZE: usize = 200_000;

#[test]
fn writers_without_visible_locks_each_write_a_whole_file() {
    let Some(strace) = peers::tool("strace") else {
        return;
    };
    let scratch = Scratch::new("no-locks");
    let (first, open_first) = slow("", vec![b'a'; SIZE]);
    let (second, open_second) = slow("", vec![b'b'; SIZE]);
    let words = |server: &Server| {
        let url = server.url("/");
        ["http", &url, "-o", "x"].map(str::to_owned)
    };
    let spawn = |server: &Server| {
        let words = words(server);
        let words = words.each_ref().map(String::as_str);
        without_locks(&strace, scratch.path(), &words)
    };
    let one = spawn(&first);
    wait_for_halves(scratch.path(), 1, SIZE as u64 / 2);
    let other = c47()
        .current_dir(scratch.path())
        .args(words(&second))
        .spawn();
    wait_for_halves(scratch.path(), 2, SIZE as u64 / 2);
    open_first.open();
    one.wait().expect_code(0);
    let path = scratch.path().join("x");
    assert!(fs::read(&path).unwrap() == vec![b'a'; SIZE]);
    open_second.open();
    other.wait().expect_code(0);
    assert!(fs::read(&path).unwrap() == vec![b'b'; SIZE]);
    assert_eq!(entries(scratch.path()), ["x"]);
}

/// With and without a validator, without which a download writes no note.
#[test]
fn downloads_without_visible_locks_never_mix_their_bytes() {
    let Some(strace) = peers::tool("strace") else {
        return;
    };
    for head in ["etag: \"1\"\r\n", ""] {
        let scratch = Scratch::new("no-locks-download");
        let (first, open_first) = slow(head, vec![b'a'; SIZE]);
        // It may be refused before it sends a request.
        let (second, open_second) = slow(head, vec![b'b'; SIZE]);
        let second = second.may_be_idle();
        open_second.open();
        let words = |url: &str| {
            let options = ["--download", "--overwrite", "-o", "x"];
            let mut words = vec!["http".to_owned(), url.to_owned()];
            words.extend(options.map(str::to_owned));
            words
        };
        let spawn = |server: &Server| {
            let words = words(&server.url("/"));
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            without_locks(&strace, scratch.path(), &words)
        };
        let one = spawn(&first);
        wait_for_halves(scratch.path(), 1, SIZE as u64 / 2);
        let other = spawn(&second).wait();
        open_first.open();
        let one = one.wait();
        assert!(
            [one.code, other.code] == [0, 7] || [one.code, other.code] == [7, 0],
            "{}\n{}",
            one.tell(),
            other.tell()
        );
        let whole = if one.code == 0 { b'a' } else { b'b' };
        assert!(fs::read(scratch.path().join("x")).unwrap() == vec![whole; SIZE]);
    }
}

#[test]
fn download_resumes_in_a_copy_if_its_writer_may_run_on_another_machine() {
    let scratch = Scratch::new("continued");
    let server = Server::start(|request| match request.header("range") {
        None => Response::raw("HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 4\r\n\r\nbo"),
        Some(_) => {
            let head = "etag: \"1\"\r\ncontent-range: bytes 2-3/4\r\n";
            Response::new("206 Partial Content", head, "dy")
        }
    });
    let download = |options: &[&str]| {
        c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/"), "--download", "-o", "x"])
            .args(options)
            .run()
    };
    download(&[]).expect_code(7);
    let note = scratch.path().join("x.part.meta");
    let text = fs::read_to_string(&note).unwrap();
    let own = writer::own_kernel();
    assert!(text.contains(&own), "{text}");
    fs::write(&note, text.replace(&own, writer::OTHER_KERNEL)).unwrap();
    // The other machine still has it open.
    let part = scratch.path().join("x.part");
    let mut elsewhere = File::options().append(true).open(&part).unwrap();
    download(&["--continue"]).expect_code(0);
    elsewhere.write_all(b"late").unwrap();
    assert_eq!(fs::read(scratch.path().join("x")).unwrap(), b"body");
    assert_eq!(entries(scratch.path()), ["x"]);
}

#[test]
fn temporary_file_of_another_machine_is_kept_for_a_day() {
    let scratch = Scratch::new("elsewhere");
    let server = Server::start(|_| Response::ok("new"));
    let save = || {
        c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/"), "-o", "x"])
            .run()
            .expect_code(0)
    };
    let dead = scratch.write(&writer::name("y", &writer::dead()), "");
    let elsewhere = scratch.write(&writer::name("x", &writer::elsewhere()), "");
    save();
    assert!(elsewhere.exists() && !dead.exists());
    let file = File::options().write(true).open(&elsewhere).unwrap();
    let day = Duration::from_secs(25 * 60 * 60);
    file.set_modified(SystemTime::now() - day).unwrap();
    save();
    assert_eq!(entries(scratch.path()), ["x"]);
}

#[test]
fn downloads_take_a_name_as_long_as_the_file_system_allows() {
    let scratch = Scratch::new("long-download");
    let server = Server::start(|_| Response::new("200 OK", "etag: \"1\"\r\n", "new"));
    for name in ["n".repeat(255), "m".repeat(250), "é".repeat(127)] {
        c47()
            .current_dir(scratch.path())
            .args(["http", &server.url("/"), "--download", "-o", &name])
            .run()
            .expect_code(0);
        assert_eq!(fs::read(scratch.path().join(&name)).unwrap(), b"new");
    }
    assert_eq!(entries(scratch.path()).len(), 3);
}

/// A directory that everyone may write to, with a link of the user nobody to a directory of root.
fn planted_link(name: &str, directory_mode: u32) -> (Scratch, Scratch, PathBuf) {
    let (shared, home) = (Scratch::new(name), Scratch::new("victim"));
    mode(shared.path(), directory_mode);
    let link = shared.path().join("dir");
    symlink(home.path(), &link).unwrap();
    give_to_nobody(&link);
    (shared, home, link)
}

#[test]
fn no_command_follows_the_directory_link_of_another_user() {
    if !can_be_two_users() {
        return;
    }
    let server = Server::start(|_| Response::ok("new")).may_be_idle();
    let url = server.url("/");
    under_each_protection(|kernel| {
        let (shared, home, link) = planted_link("planted-links", 0o1777);
        home.write("bashrc", "precious");
        let tool = shared.write("tool", "#!/bin/sh\n");
        mode(&tool, 0o755);
        let below = |name: &str| link.join(name).display().to_string();
        let dir = link.display().to_string();
        let (bashrc, with_slash) = (below("bashrc"), format!("{dir}/"));
        let (man, key, config) = (below("man"), below("key"), below("new/config.toml"));
        let tool = tool.display().to_string();
        let download = ["http", &url, "--download", "--overwrite", "-o"];
        let install = ["rez", "install", "--name=say", "--pkg-version=1", "--tool"];
        let commands: [&[&str]; 8] = [
            &[&download[..], &[&bashrc]].concat(),
            &[&download[..], &[&dir]].concat(),
            &[&download[..], &[&with_slash]].concat(),
            &["links", "--dir", &dir],
            &["man", "--all", &man],
            &["jwt", "keygen", "--alg=ES256", "-o", &key],
            &["config", "init", "--output", &config],
            &[&install[..], &[&tool, "--repo", &dir]].concat(),
        ];
        for words in commands {
            let _ = fs::remove_file(&link);
            symlink(home.path(), &link).unwrap();
            give_to_nobody(&link);
            let output = c47().args(words).run();
            let told = output.stderr_text();
            // If the kernel does not show that the link leads to a directory, a download replaces
            // the link.
            let is_safe = match output.code {
                0 => fs::symlink_metadata(&link).unwrap().is_file(),
                _ => told.contains("belongs to another user") || kernel == Kernel::Protects,
            };
            assert!(is_safe, "{}", output.tell());
            assert_eq!(entries(home.path()), ["bashrc"], "{}", output.tell());
            assert_eq!(fs::read(home.path().join("bashrc")).unwrap(), b"precious");
        }
    });
}

/// A link of a colleague in a directory that a group shares.
#[test]
fn output_follows_a_link_to_a_directory_in_a_directory_of_a_group() {
    if !can_be_two_users() {
        return;
    }
    let server = Server::start(|_| Response::ok("new"));
    under_each_protection(|_| {
        let (_shared, home, link) = planted_link("group-links", 0o2775);
        for more in [&["-o"][..], &["--download", "--overwrite", "-o"]] {
            let output = c47().args(["http", &server.url("/")]).args(more);
            output.arg(link.join("x.json")).run().expect_code(0);
            assert_eq!(fs::read(home.path().join("x.json")).unwrap(), b"new");
        }
    });
}

#[test]
fn token_cache_behind_the_link_of_another_user_is_refused() {
    if !can_be_two_users() {
        return;
    }
    under_each_protection(|_| {
        let (_shared, home, link) = planted_link("planted-cache", 0o1777);
        let config = home.write(
            "c47.toml",
            "[profile.k]\nurl = 'http://127.0.0.1:9'\npreset = 'kitsu'\nuser = 'u'\npassword = 'env:P'\n",
        );
        let output = c47()
            .env("C47_CONFIG_PATH", config)
            .env("C47_CACHE_DIR", link.join("cache"))
            .env("P", "p")
            .args(["http", "@k/x", "--timeout=10s"])
            .run();
        assert_ne!(output.code, 0, "{}", output.tell());
        assert_eq!(entries(home.path()), ["c47.toml"], "{}", output.tell());
    });
}

#[test]
fn package_file_is_not_written_through_the_link_of_another_user() {
    if !can_be_two_users() {
        return;
    }
    let (shared, home) = (Scratch::new("planted-package"), Scratch::new("victim"));
    mode(shared.path(), 0o1777);
    let link = shared.path().join("package.py");
    symlink(home.path().join("made"), &link).unwrap();
    give_to_nobody(&link);
    let run = c47().current_dir(shared.path()).args(["rez", "package"]);
    run.run().expect_code(7);
    assert!(entries(home.path()).is_empty());
}

#[test]
fn links_pipes_and_partial_files_of_other_users_are_safe_under_each_protection() {
    if !can_be_two_users() {
        return;
    }
    let server = Server::start(|_| Response::ok("new")).may_be_idle();
    let url = server.url("/");
    under_each_protection(|_| {
        for directory_mode in [0o1777, 0o2775, 0o755] {
            let (shared, home) = (Scratch::new("protected"), Scratch::new("victim"));
            mode(shared.path(), directory_mode);
            let victim = home.write("bashrc", "precious");
            let save = |words: &[&str]| {
                let run = c47().current_dir(shared.path()).args(["http", &url]);
                run.args(words).args(["--timeout=20s"]).run()
            };
            let link = shared.path().join("link");
            symlink(&victim, &link).unwrap();
            let pipe = shared.path().join("pipe");
            Run::of("mkfifo").arg(&pipe).run().expect_code(0);
            let part = shared.write("x.part", "bo");
            for planted in [&link, &pipe, &part] {
                give_to_nobody(planted);
            }
            mode(&part, 0o666);
            save(&["-o", "link"]).expect_code(0);
            assert!(fs::symlink_metadata(&link).unwrap().is_file());
            let refused = save(&["-o", "pipe"]).expect_code(7);
            let told = refused.stderr_text();
            assert!(told.contains("belongs to another user"), "{told}");
            save(&["--download", "-o", "x"]).expect_code(7);
            assert_eq!(fs::read(&part).unwrap(), b"bo");
            assert_eq!(fs::read(&victim).unwrap(), b"precious");
            // A hard link to a file of root, if the kernel allows it.
            fs::hard_link(&victim, shared.path().join("y.part")).unwrap();
            save(&["--download", "-o", "y"]).expect_code(7);
            save(&["-o", "y.part"]).expect_code(0);
            assert_eq!(fs::read(&victim).unwrap(), b"precious");
        }
    });
}

#[test]
fn pipe_in_its_owners_directory_receives_nothing_from_another_user() {
    if !can_be_two_users() {
        return;
    }
    let server = Server::start(|_| Response::ok("secret")).may_be_idle();
    let theirs = Scratch::new("theirs");
    let pipe = theirs.path().join("pipe");
    Run::of("mkfifo").arg(&pipe).run().expect_code(0);
    give_to_nobody(&pipe);
    give_to_nobody(theirs.path());
    let output = c47()
        .args(["http", &server.url("/"), "-o"])
        .arg(&pipe)
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("belongs to another user"),
        "{}",
        output.tell()
    );
}

fn keygen(directory: &Path) -> Vec<String> {
    let key = directory.join("k").display().to_string();
    ["jwt", "keygen", "--alg=ES256", "--overwrite", "-o", &key]
        .map(str::to_owned)
        .to_vec()
}

fn is_pair(directory: &Path) -> bool {
    let run = |words: &[&str]| c47().current_dir(directory).args(words).run();
    let sign = ["jwt", "sign", "--key=file:k", "--alg=ES256", "--no-exp"];
    let token = run(&sign).expect_code(0);
    let token = token.stdout_text().trim();
    run(&["jwt", "verify", token, "--key", "file:k.pub"]).code == 0
}

#[test]
fn first_key_pair_is_created_by_one_process_at_a_time() {
    let Some(strace) = peers::tool("strace") else {
        return;
    };
    let scratch = Scratch::new("first-pair");
    // Between the private and the public key.
    let delayed = Run::of(strace)
        .args(["-f", "-o", "/dev/null", "-e", "trace=rename"])
        .args(["-e", "inject=rename:delay_enter=3000000:when=2"])
        .arg(binary())
        .args(keygen(scratch.path()))
        .spawn();
    wait_until("the first half is there", || {
        scratch.path().join("k").exists()
    });
    let refused = c47().args(keygen(scratch.path())).run().expect_code(7);
    let told = refused.stderr_text();
    assert!(told.contains("another process is writing it"), "{told}");
    delayed.wait().expect_code(0);
    assert!(is_pair(scratch.path()));
    assert_eq!(entries(scratch.path()), ["k", "k.pub"]);
}

#[test]
fn killed_keygen_does_not_block_the_next_one() {
    let Some(strace) = peers::tool("strace") else {
        return;
    };
    let calls = [("rename", 2), ("unlink", 3), ("linkat", 2)];
    let moments = calls
        .map(|(call, count)| (1..=count).map(move |at| format!("{call}:signal=SIGKILL:when={at}")));
    for moment in moments.into_iter().flatten() {
        let scratch = Scratch::new("killed-keygen");
        scratch.write("k.old", "the user's own");
        c47().args(keygen(scratch.path())).run().expect_code(0);
        let killed = Run::of(&strace)
            .args(["-f", "-o", "/dev/null", "-e"])
            .arg(format!("inject={moment}"))
            .arg(binary())
            .args(keygen(scratch.path()))
            .run();
        assert_ne!(killed.code, 0, "{}", killed.tell());
        c47().args(keygen(scratch.path())).run().expect_code(0);
        assert!(is_pair(scratch.path()));
        assert_eq!(entries(scratch.path()), ["k", "k.old", "k.pub"], "{moment}");
        let old = fs::read_to_string(scratch.path().join("k.old")).unwrap();
        assert_eq!(old, "the user's own");
    }
}

#[test]
fn links_of_a_killed_run_are_removed() {
    let scratch = Scratch::new("left-links");
    let left = scratch
        .path()
        .join(writer::name("c47-http", &writer::dead()));
    symlink(binary(), &left).unwrap();
    let words = ["links", "--dir", "."];
    c47()
        .current_dir(scratch.path())
        .args(words)
        .run()
        .expect_code(0);
    assert!(fs::symlink_metadata(&left).is_err());
    assert!(
        entries(scratch.path())
            .iter()
            .all(|name| name.starts_with("c47-"))
    );
}
