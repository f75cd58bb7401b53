//! Files that c47 writes to shared directories: planted links and FIFOs, permissions, and leftovers
//! of killed runs.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::server::{Response, Server};
use crate::support::{
    NOBODY, Output, Run, Scratch, c47, can_be_two_users, entries, give_to_nobody, sample,
    wait_until,
};

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A directory like /tmp: everyone may write, but remove only their own files.
fn shared(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    mode(scratch.path(), 0o1777);
    scratch
}

fn save(directory: &Path, url: &str, file: &str) -> Run {
    c47()
        .current_dir(directory)
        .args(["http", url, "--timeout", "20s", "-o", file])
}

/// Creates a FIFO with `mkfifo`.
fn fifo(path: &Path) {
    Run::of("mkfifo").arg(path).run().expect_code(0);
}

#[test]
fn output_replaces_another_users_link_instead_of_following_it() {
    if !can_be_two_users() {
        return;
    }
    let (shared, home) = (shared("planted"), Scratch::new("victim"));
    let server = Server::start(|_| Response::ok("new"));
    let victim = home.write(".bashrc", "precious");
    for (link, target) in [
        ("x.json", victim.as_path()),
        ("dangling", &home.path().join("made")),
    ] {
        let link = shared.path().join(link);
        symlink(target, &link).unwrap();
        give_to_nobody(&link);
        let name = link.file_name().unwrap().to_str().unwrap();
        save(shared.path(), &server.url("/"), name)
            .run()
            .expect_code(0);
        assert!(fs::symlink_metadata(&link).unwrap().is_file(), "{name}");
        assert_eq!(fs::read(&link).unwrap(), b"new");
    }
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert_eq!(entries(home.path()), [".bashrc"]);
    // A link to another link is refused too.
    let own = shared.path().join("own");
    symlink("theirs", &own).unwrap();
    symlink(&victim, shared.path().join("theirs")).unwrap();
    give_to_nobody(shared.path().join("theirs"));
    save(shared.path(), &server.url("/"), "own")
        .run()
        .expect_code(0);
    assert_eq!(fs::read(&victim).unwrap(), b"precious");
    assert!(fs::symlink_metadata(&own).unwrap().is_symlink());
}

#[test]
fn output_follows_a_link_of_its_user_or_of_root() {
    let server = Server::start(|_| Response::ok("new"));
    let scratch = Scratch::new("own-links");
    scratch.write("real", "old");
    symlink("real", scratch.path().join("link")).unwrap();
    save(scratch.path(), &server.url("/"), "link")
        .run()
        .expect_code(0);
    assert_eq!(fs::read(scratch.path().join("real")).unwrap(), b"new");
    assert!(
        fs::symlink_metadata(scratch.path().join("link"))
            .unwrap()
            .is_symlink()
    );
    if !can_be_two_users() {
        return;
    }
    // A link of root, followed for another user.
    let data = scratch.path().join("data");
    fs::create_dir(&data).unwrap();
    give_to_nobody(&data);
    symlink("data/file", scratch.path().join("to-data")).unwrap();
    save(scratch.path(), &server.url("/"), "to-data")
        .run_by_nobody()
        .run()
        .expect_code(0);
    assert_eq!(fs::read(data.join("file")).unwrap(), b"new");
}

#[test]
fn output_below_another_users_link_in_a_shared_directory_is_refused() {
    if !can_be_two_users() {
        return;
    }
    let (shared, home) = (shared("planted-dir"), Scratch::new("victim"));
    let server = Server::start(|_| Response::ok("new"));
    symlink(home.path(), shared.path().join("cache")).unwrap();
    give_to_nobody(shared.path().join("cache"));
    let output = save(shared.path(), &server.url("/"), "cache/x")
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("belongs to another user"),
        "{}",
        output.tell()
    );
    assert!(entries(home.path()).is_empty());
    // In a directory that only its owner can write, the owner's link is trusted.
    mode(shared.path(), 0o755);
    save(shared.path(), &server.url("/"), "cache/x")
        .run()
        .expect_code(0);
    assert_eq!(entries(home.path()), ["x"]);
}

#[test]
fn output_to_another_users_fifo_in_a_shared_directory_is_refused() {
    if !can_be_two_users() {
        return;
    }
    let shared = shared("planted-fifo");
    let server = Server::start(|_| Response::ok("new"));
    let path = shared.path().join("x.json");
    fifo(&path);
    give_to_nobody(&path);
    let began = Instant::now();
    let output = save(shared.path(), &server.url("/"), "x.json")
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("belongs to another user"),
        "{}",
        output.tell()
    );
    assert!(began.elapsed() < Duration::from_secs(4));
    // Through a link of that user, the FIFO is not opened.
    symlink("x.json", shared.path().join("link")).unwrap();
    give_to_nobody(shared.path().join("link"));
    save(shared.path(), &server.url("/"), "link")
        .run()
        .expect_code(0);
    assert_eq!(fs::read(shared.path().join("link")).unwrap(), b"new");
}

#[test]
fn output_to_a_fifo_without_a_reader_ends() {
    let scratch = Scratch::new("fifo");
    let server = Server::start(|_| Response::ok("new"));
    fifo(&scratch.path().join("pipe"));
    let began = Instant::now();
    let output = c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/"), "-o", "pipe"])
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("no process reads from it"),
        "{}",
        output.tell()
    );
    assert!(began.elapsed() < Duration::from_secs(15));
    let timed_out = c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/"), "-o", "pipe", "--timeout", "1s"])
        .run();
    timed_out.expect_code(8);
}

#[test]
fn output_to_a_fifo_that_is_no_longer_read_times_out() {
    let scratch = Scratch::new("fifo");
    let server = Server::start(|_| Response::ok(vec![b'x'; 1 << 20]));
    let path = scratch.path().join("pipe");
    fifo(&path);
    let reader = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(&path)
        .unwrap();
    let output = c47()
        .current_dir(scratch.path())
        .args(["http", &server.url("/"), "-o", "pipe", "--timeout", "1s"])
        .run();
    output.expect_code(8);
    drop(reader);
    assert!(fs::symlink_metadata(&path).unwrap().file_type().is_fifo());
}

#[test]
fn output_to_a_fifo_reaches_a_reader_that_starts_later() {
    let scratch = Scratch::new("fifo");
    let server = Server::start(|_| Response::ok(vec![b'x'; 1 << 20]));
    let path = scratch.path().join("pipe");
    fifo(&path);
    let child = save(scratch.path(), &server.url("/"), "pipe").spawn();
    wait_until("the response is there", || !server.requests().is_empty());
    let mut bytes = Vec::new();
    File::open(&path).unwrap().read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 1 << 20);
    child.wait().expect_code(0);
}

#[test]
fn output_to_a_descriptor_is_written_to_it() {
    let scratch = Scratch::new("descriptor");
    let server = Server::start(|_| Response::ok("body\n"));
    let shell = |script: &str| {
        Run::of("sh")
            .args(["-c", script, "sh"])
            .arg(crate::support::binary())
            .arg(server.url("/"))
            .current_dir(scratch.path())
            .run()
            .expect_code(0)
    };
    shell("(echo before; \"$1\" http \"$2\" -o /dev/stdout; echo after) > out");
    let text = fs::read_to_string(scratch.path().join("out")).unwrap();
    assert_eq!(text, "before\nbody\nafter\n");
    let inode = fs::metadata(scratch.path().join("out")).unwrap().ino();
    shell("exec 3>>out; \"$1\" http \"$2\" -o /dev/fd/3");
    let text = fs::read_to_string(scratch.path().join("out")).unwrap();
    assert_eq!(text, "before\nbody\nafter\nbody\n");
    assert_eq!(
        fs::metadata(scratch.path().join("out")).unwrap().ino(),
        inode
    );
    let piped = shell("\"$1\" http \"$2\" -o /dev/stdout | cat");
    assert_eq!(piped.stdout_text(), "body\n");
    let other = shell("\"$1\" http \"$2\" -o /dev/fd/3 3>&1 >/dev/null | cat");
    assert_eq!(other.stdout_text(), "body\n");
}

#[test]
fn output_over_a_file_gives_no_new_group_access() {
    if !can_be_two_users() {
        return;
    }
    let server = Server::start(|_| Response::ok("new"));
    let scratch = Scratch::new("group");
    let path = scratch.path().join("file");
    // Root may keep any group.
    for kept in [0o640, 0o604, 0o664, 0o600, 0o444] {
        fs::write(&path, "old").unwrap();
        chown(&path, Some(0), Some(1234)).unwrap();
        mode(&path, kept);
        save(scratch.path(), &server.url("/"), "file")
            .run()
            .expect_code(0);
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.gid(), found.mode() & 0o777), (1234, kept));
    }
    // Another user cannot keep a foreign group, so neither group gains access.
    give_to_nobody(scratch.path());
    for (old, new) in [
        (0o640, 0o600),
        (0o604, 0o600),
        (0o664, 0o644),
        (0o666, 0o666),
    ] {
        fs::remove_file(&path).unwrap();
        fs::write(&path, "old").unwrap();
        chown(&path, Some(NOBODY), Some(1234)).unwrap();
        mode(&path, old);
        save(scratch.path(), &server.url("/"), "file")
            .run_by_nobody()
            .run()
            .expect_code(0);
        let found = fs::metadata(&path).unwrap();
        assert_eq!(
            (found.gid(), found.mode() & 0o777),
            (NOBODY, new),
            "{old:o}"
        );
    }
}

#[test]
fn output_takes_no_mode_from_a_file_that_another_user_planted() {
    if !can_be_two_users() {
        return;
    }
    let server = Server::start(|_| Response::ok("new"));
    let shared = shared("planted-mode");
    let path = shared.write("x.json", "bait");
    give_to_nobody(&path);
    mode(&path, 0o666);
    save(shared.path(), &server.url("/"), "x.json")
        .run()
        .expect_code(0);
    let found = fs::metadata(&path).unwrap();
    assert_eq!((found.uid(), found.mode() & 0o777), (0, 0o600));
}

#[test]
fn output_fails_if_the_old_file_cannot_be_inspected() {
    if crate::support::peers::tool("strace").is_none() {
        return;
    }
    let server = Server::start(|_| Response::ok("new"));
    let scratch = Scratch::new("no-stat");
    let path = scratch.write("file", "old");
    mode(&path, 0o640);
    let output = Run::of("strace")
        .args(["-f", "-o", "/dev/null", "-P"])
        .arg(&path)
        .args(["-e", "inject=?statx,?stat,?lstat,?newfstatat:error=EIO"])
        .arg(crate::support::binary())
        .args(["http", &server.url("/"), "-o"])
        .arg(&path)
        .run()
        .expect_code(7);
    assert!(
        output.stderr_text().contains("cannot write"),
        "{}",
        output.tell()
    );
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o640);
}

#[test]
fn output_takes_a_name_as_long_as_the_file_system_allows() {
    let server = Server::start(|_| Response::ok("new"));
    let scratch = Scratch::new("long");
    for name in ["n".repeat(255), "é".repeat(127)] {
        for _ in 0..2 {
            save(scratch.path(), &server.url("/"), &name)
                .run()
                .expect_code(0);
        }
        assert_eq!(fs::read(scratch.path().join(&name)).unwrap(), b"new");
    }
    assert_eq!(entries(scratch.path()).len(), 2);
}

#[test]
fn output_removes_temporary_files_of_a_killed_run() {
    let scratch = Scratch::new("killed");
    let hanging = Server::start(|_| {
        Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf").then_hang()
    });
    let half = |count: usize| {
        wait_until("the files are begun", || {
            let files = fs::read_dir(scratch.path()).unwrap();
            files
                .filter(|file| {
                    file.as_ref()
                        .unwrap()
                        .metadata()
                        .is_ok_and(|file| file.len() == 4)
                })
                .count()
                == count
        });
    };
    let killed: Vec<_> = (0..3)
        .map(|_| save(scratch.path(), &hanging.url("/"), "x").spawn())
        .collect();
    half(3);
    for child in killed {
        child.signal(libc::SIGKILL);
        child.wait().expect_code(-libc::SIGKILL);
    }
    assert_eq!(entries(scratch.path()).len(), 3);
    // A running process keeps its temporary file.
    let alive = save(scratch.path(), &hanging.url("/"), "x").spawn();
    half(1);
    let good = Server::start(|_| Response::ok("new"));
    save(scratch.path(), &good.url("/"), "x")
        .run()
        .expect_code(0);
    assert_eq!(entries(scratch.path()).len(), 2);
    alive.signal(libc::SIGTERM);
    alive.wait().expect_code(143);
    assert_eq!(entries(scratch.path()), ["x"]);
}

/// Sends SIGTERM to c47 before each system call that creates, renames or removes a file.
#[test]
fn signal_at_any_system_call_leaves_no_temporary_file() {
    let Some(strace) = crate::support::peers::tool("strace") else {
        return;
    };
    let _ = strace;
    let server = Server::start(|_| Response::ok("new"));
    let mut ends = [0, 0];
    for at in sample((1..=40).collect::<Vec<usize>>(), 20) {
        let scratch = Scratch::new("signal");
        let inject =
            format!("inject=openat,open,flock,fsync,rename,unlink,fchmod:signal=SIGTERM:when={at}");
        let output: Output = Run::of("strace")
            .args(["-f", "-o", "/dev/null", "-e", &inject])
            .arg(crate::support::binary())
            .args(["http", &server.url("/"), "-o", "x"])
            .current_dir(scratch.path())
            .run();
        match entries(scratch.path()).as_slice() {
            [] => ends[0] += 1,
            [name] if name == "x" => ends[1] += 1,
            others => panic!("{others:?}\n{}", output.tell()),
        }
    }
    assert!(ends[0] > 0, "{ends:?}");
}

fn download(directory: &Path, url: &str, options: &[&str]) -> Run {
    c47()
        .current_dir(directory)
        .args(["http", url, "--download", "-o", "x"])
        .args(options)
}

#[test]
fn download_refuses_a_part_of_another_user() {
    if !can_be_two_users() {
        return;
    }
    let shared = shared("foreign-part");
    let server =
        Server::start(|_| Response::new("200 OK", "etag: \"1\"\r\n", "body")).may_be_idle();
    let part = shared.write("x.part", "bo");
    give_to_nobody(&part);
    mode(&part, 0o666);
    for options in [&[][..], &["--continue"], &["--overwrite"]] {
        let output = download(shared.path(), &server.url("/"), options)
            .run()
            .expect_code(7);
        let told = output.stderr_text();
        assert!(
            told.contains("x.part: it belongs to another user"),
            "{told}"
        );
        assert_eq!(fs::read(&part).unwrap(), b"bo");
        assert_eq!(entries(shared.path()), ["x.part"]);
    }
}

#[test]
fn download_ignores_the_note_of_another_user() {
    if !can_be_two_users() {
        return;
    }
    let shared = shared("foreign-note");
    let server = Server::start(|request| match request.header("range") {
        None => Response::raw("HTTP/1.1 200 OK\r\netag: \"1\"\r\ncontent-length: 4\r\n\r\nbo"),
        Some(_) => {
            let head = "etag: \"1\"\r\ncontent-range: bytes 2-3/4\r\n";
            Response::new("206 Partial Content", head, "dy")
        }
    });
    download(shared.path(), &server.url("/"), &[])
        .run()
        .expect_code(7);
    assert_eq!(entries(shared.path()), ["x.part", "x.part.meta"]);
    give_to_nobody(shared.path().join("x.part.meta"));
    let again = download(shared.path(), &server.url("/"), &["--continue"]).run();
    let again = again.expect_code(7);
    let told = again.stderr_text();
    assert!(
        told.contains("the version of the partial file is unknown"),
        "{told}"
    );
}

#[test]
fn download_removes_the_note_of_a_killed_download() {
    let scratch = Scratch::new("stale-note");
    let server = Server::start(|_| Response::ok("body")).may_be_idle();
    scratch.write("x", "old");
    scratch.write("x.part.meta", "version \"1\"\n");
    download(scratch.path(), &server.url("/"), &[])
        .run()
        .expect_code(2);
    assert_eq!(entries(scratch.path()), ["x"]);
}

#[test]
fn download_over_a_file_gives_no_new_group_access() {
    if !can_be_two_users() {
        return;
    }
    let scratch = Scratch::new("download-group");
    let server = Server::start(|_| Response::ok("body"));
    let path = scratch.write("x", "old");
    give_to_nobody(scratch.path());
    chown(&path, Some(NOBODY), Some(1234)).unwrap();
    mode(&path, 0o640);
    download(scratch.path(), &server.url("/"), &["--overwrite"])
        .run_by_nobody()
        .run()
        .expect_code(0);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
}

fn keygen(directory: &Path, options: &[&str]) -> Run {
    c47()
        .current_dir(directory)
        .args(["jwt", "keygen", "--alg=ES256", "-o", "key"])
        .args(options)
}

/// Whether a token that one key signed is valid for the other.
fn is_pair(directory: &Path) -> bool {
    let sign = [
        "jwt",
        "sign",
        "--key",
        "file:key",
        "--alg=ES256",
        "--ttl=5m",
    ];
    let token = c47().current_dir(directory).args(sign).run().expect_code(0);
    let verify = ["jwt", "verify", token.stdout_text().trim()];
    let verified = c47()
        .current_dir(directory)
        .args(verify)
        .args(["--key", "file:key.pub"])
        .run();
    verified.code == 0
}

#[test]
fn one_of_eight_concurrent_keygens_writes_the_pair() {
    let scratch = Scratch::new("keygens");
    for options in [&[][..], &["--overwrite"]] {
        for _ in 0..5 {
            let started: Vec<_> = (0..8)
                .map(|_| keygen(scratch.path(), options).spawn())
                .collect();
            let codes: Vec<i32> = started.into_iter().map(|run| run.wait().code).collect();
            let made = codes.iter().filter(|code| **code == 0).count();
            assert!(made == 1 || made > 1 && !options.is_empty(), "{codes:?}");
            assert!(is_pair(scratch.path()), "{codes:?}");
            assert_eq!(entries(scratch.path()), ["key", "key.pub"]);
            if options.is_empty() {
                fs::remove_file(scratch.path().join("key")).unwrap();
                fs::remove_file(scratch.path().join("key.pub")).unwrap();
            }
        }
    }
}

#[test]
fn failed_keygen_keeps_the_old_pair() {
    if !can_be_two_users() {
        return;
    }
    let shared = shared("keygen-fails");
    keygen(shared.path(), &[]).run().expect_code(0);
    assert!(is_pair(shared.path()));
    give_to_nobody(shared.path().join("key"));
    let old = fs::read(shared.path().join("key")).unwrap();
    // In a sticky directory, the user nobody cannot replace the other file, which belongs to root.
    keygen(shared.path(), &["--overwrite"])
        .run_by_nobody()
        .run()
        .expect_code(7);
    assert_eq!(fs::read(shared.path().join("key")).unwrap(), old);
    assert_eq!(entries(shared.path()), ["key", "key.pub"]);
    // A single file next to an existing one is not created either.
    fs::remove_file(shared.path().join("key")).unwrap();
    keygen(shared.path(), &[])
        .run_by_nobody()
        .run()
        .expect_code(2);
    assert_eq!(entries(shared.path()), ["key.pub"]);
}

#[test]
fn one_of_eight_concurrent_writers_creates_the_file() {
    let commands: [(&[&str], i32, &str); 2] = [
        (&["rez", "package"], 7, "package.py"),
        (&["config", "init", "--output", "c.toml"], 2, "c.toml"),
    ];
    for (words, refused, name) in commands {
        for _ in 0..5 {
            let scratch = Scratch::new("one-of-eight");
            let run = || c47().current_dir(scratch.path()).args(words).spawn();
            let started: Vec<_> = (0..8).map(|_| run()).collect();
            let mut codes: Vec<i32> = started.into_iter().map(|run| run.wait().code).collect();
            codes.sort_unstable();
            assert_eq!((codes[0], &codes[1..]), (0, &[refused; 7][..]), "{words:?}");
            assert_eq!(entries(scratch.path()), [name]);
        }
    }
}

#[test]
fn package_file_is_written_whole_or_not_at_all() {
    let scratch = Scratch::new("package-limit");
    let script = "ulimit -f 0; trap '' XFSZ; exec \"$1\" rez package";
    let output = Run::of("sh")
        .args(["-c", script, "sh"])
        .arg(crate::support::binary())
        .current_dir(scratch.path())
        .run();
    output.expect_code(7);
    assert!(entries(scratch.path()).is_empty());
}
