//! Secrets are removed from memory when they are no longer needed.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use crate::support::server::{Response, Server};
use crate::support::{Gate, Scratch, c47, can_be_two_users, wait_until};

/// Counts the occurrences of each needle in the writable memory of a process.
fn count_in_memory(pid: u32, needles: &[&[u8]]) -> Vec<usize> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).unwrap();
    let mut memory = File::open(format!("/proc/{pid}/mem")).unwrap();
    let mut counts = vec![0; needles.len()];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (start, rest) = line.split_once('-').unwrap();
        let (end, _) = rest.split_once(' ').unwrap();
        let address = |text: &str| u64::from_str_radix(text, 16).unwrap();
        let (start, end) = (address(start), address(end));
        let mut bytes = Vec::new();
        memory.seek(SeekFrom::Start(start)).unwrap();
        // Reserved but unmapped pages cannot be read.
        let _ = (&mut memory).take(end - start).read_to_end(&mut bytes);
        for (count, needle) in counts.iter_mut().zip(needles) {
            *count += memchr::memmem::find_iter(&bytes, needle).count();
        }
    }
    counts
}

/// The password is not needed after the login. Buffers for network, JSON and forms are overwritten
/// when they are freed.
#[test]
fn password_is_not_in_memory_after_login() {
    const PASSWORD: &str = "correct-horse-battery-staple";
    if !can_be_two_users() {
        return;
    }
    for body in ["json", "form"] {
        let gate = Arc::new(Gate::default());
        gate.close();
        let waiting = Arc::clone(&gate);
        let server = Server::start(move |request| match request.target.as_str() {
            "/login" => {
                assert!(request.body_text().contains(PASSWORD));
                Response::json(r#"{"access_token":"token-that-is-in-use"}"#)
            }
            _ => {
                waiting.pass();
                Response::ok("done")
            }
        });
        let scratch = Scratch::new("memory");
        let password = scratch.write("password", PASSWORD);
        let config = scratch.write(
            "config.toml",
            format!(
                "[profile.a]\nurl = '{}'\nauth = 'login'\nuser = 'u'\npassword = 'file:{}'\n\
                 [profile.a.login]\nurl = '/login'\n{body} = {{ name = '{{user}}', password = '{{password}}' }}\n",
                server.url(""),
                password.display()
            ),
        );
        let child = c47()
            .env("C47_CONFIG_PATH", config)
            .args(["http", "@a/x"])
            .spawn();
        wait_until("the request is sent", || server.requests().len() == 2);
        let token = b"token-that-is-in-use";
        let counts = count_in_memory(child.id(), &[token, PASSWORD.as_bytes()]);
        gate.open();
        child.wait().expect_code(0);
        assert!(counts[0] > 0, "the memory was not read");
        assert_eq!(counts[1], 0, "{body}: the password is still there");
    }
}
