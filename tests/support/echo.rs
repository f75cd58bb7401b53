//! Runs `c47 echo`, and parses its responses.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::Value;

use super::{Child, Output, Run, c47, peers};

/// A running server and its address.
pub struct Echo {
    pub child: Child,
    pub address: String,
}

impl Echo {
    #[track_caller]
    pub fn start(options: &[&str]) -> Echo {
        let mut child = c47().arg("echo").args(options).spawn();
        let line = child.stdout_line();
        let is_json = |option: &&str| option.starts_with("--json") || option.starts_with("--jq");
        let address = if options.iter().any(is_json) {
            let line: Value = serde_json::from_str(&line).expect("a JSON line");
            line["listening"].as_str().expect("an address").to_owned()
        } else {
            line.strip_prefix("listening on ")
                .expect("words")
                .to_owned()
        };
        let address = address.strip_prefix("http://").expect("http").to_owned();
        Echo { child, address }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).expect("a connection");
        let limit = Some(Duration::from_secs(50));
        stream.set_read_timeout(limit).unwrap();
        stream.set_write_timeout(limit).unwrap();
        stream
    }

    /// Sends these bytes, shuts down the sending side, and returns the whole response.
    pub fn raw(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes.as_ref());
        let _ = stream.shutdown(Shutdown::Write);
        all_from(stream)
    }

    pub fn curl(&self, arguments: &[&str], path: &str) -> Option<Output> {
        let curl = peers::tool("curl")?;
        let url = format!("http://{}{path}", self.address);
        Some(
            Run::of(curl)
                .args(["-sS", "--noproxy", "*"])
                .args(arguments)
                .arg(url)
                .run(),
        )
    }
}

pub fn all_from(mut stream: TcpStream) -> String {
    let mut response = Vec::new();
    let _ = stream.read_to_end(&mut response);
    String::from_utf8_lossy(&response).into_owned()
}

pub fn statuses(response: &str) -> Vec<&str> {
    response
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|response| &response[..3])
        .filter(|status| status.bytes().all(|b| b.is_ascii_digit()))
        .collect()
}

pub fn body(response: &str) -> Value {
    let (_, body) = response.split_once("\r\n\r\n").expect("a header");
    serde_json::from_str(body).expect("a JSON body")
}
