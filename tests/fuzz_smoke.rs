//! Randomly altered input, the same in each run, causes no panic and no hang, and no key is used as
//! an HMAC secret. It takes a few seconds; C47_TEST_FULL=1 or CI=true run many more rounds.

use std::fs;
use std::time::{Duration, Instant};

use c47::testing::{Cpu, Info, KeyKind, LibraryCache, Requirements, Root, SearchSettings};
use c47::testing::{
    archive_objects, aws_sections, demangled, has_sts_keys, is_cookie_file, is_curl_command,
    is_valid_token, masked_multipart, masked_text, read_key, response_status, stored_cookies, tree,
    unlocks, verdict,
};

use crate::elf_bounds::crafted_files;
use crate::support::zip::{Member, archive};
use crate::support::{Effort, Scratch, c47, effort};

const JWK: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
/// Values that cause overflows.
const EXTREMES: [u64; 8] = [
    0,
    1,
    0xff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    u64::MAX >> 1,
    u64::MAX,
];

/// A pseudo-random generator (xorshift64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most.max(1) as u64).unwrap()
    }

    /// Some bytes changed, added, removed or repeated.
    pub(crate) fn altered(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut altered = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(altered.len());
            let byte = u8::try_from(self.below(256)).unwrap();
            match self.below(5) {
                0 => altered.insert(at, byte),
                1 => altered.truncate(at),
                2 => altered.extend_from_within(at..),
                _ if altered.is_empty() => {}
                3 => drop(altered.remove(at)),
                _ => altered[at] = byte,
            }
        }
        altered
    }
}

fn rounds(usual: usize) -> usize {
    match effort() {
        Effort::Full => usual * 20,
        Effort::Quick | Effort::Usual => usual,
    }
}

/// A longer call is a hang.
#[track_caller]
fn in_time<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = work();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(20), "{what}: {took:?}");
    result
}

#[test]
fn altered_keys_are_never_used_as_secrets() {
    let scratch = Scratch::new("keys");
    c47()
        .args(["jwt", "keygen", "--alg=ES256", "-o", "key"])
        .current_dir(scratch.path())
        .run()
        .expect_code(0);
    let pem = fs::read_to_string(scratch.path().join("key.pub")).unwrap();
    let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut random = Random(47);
    for whole in [pem.as_str(), &base64, JWK] {
        assert_eq!(read_key(whole.as_bytes()), KeyKind::Asymmetric, "{whole}");
        for _ in 0..rounds(3000) {
            let altered = random.altered(whole.as_bytes());
            let kind = in_time("a key", || read_key(&altered));
            // With a third unaltered, it still looks like the original key.
            let third = whole.len() / 3;
            let begins_alike = altered.get(..third) == whole.as_bytes().get(..third);
            assert!(
                !(begins_alike && kind == KeyKind::Shared),
                "{}",
                String::from_utf8_lossy(&altered)
            );
        }
    }
}

/// From openssl, encrypted with the password pw and 1000 iterations.
const ENCRYPTED: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhJmQwuTkYk8gICA+gw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEAQIEEPjHZ296M6ktGY6wj1da16sEQLu4
2QAAPFJtPufiSSrXL0IQEihgRQs3hy/ALW8HGhVFBjCVaPoUHpIttgNOAKlDwrCW
Eu2dJQgjizmcZIGskaQ=
-----END ENCRYPTED PRIVATE KEY-----
";

#[test]
fn altered_encrypted_keys_do_not_hang() {
    assert!(unlocks(ENCRYPTED.as_bytes(), b"pw"));
    let mut random = Random(53);
    for _ in 0..rounds(300) {
        let altered = random.altered(ENCRYPTED.as_bytes());
        in_time("a key", || unlocks(&altered, b"pw"));
        let kind = in_time("a key", || read_key(&altered));
        let begins_alike = altered.get(..60) == ENCRYPTED.as_bytes().get(..60);
        assert!(
            !(begins_alike && kind == KeyKind::Shared),
            "{}",
            String::from_utf8_lossy(&altered)
        );
    }
}

#[test]
fn altered_tokens_are_not_valid() {
    let key = "k".repeat(32);
    let token = c47()
        .args(["jwt", "sign", "--alg=HS256", "--key=env:KEY", "--no-exp"])
        .env("KEY", &key)
        .args(["--claim", "iat:=0"])
        .run()
        .expect_code(0);
    let token = token.stdout_text().trim_end().as_bytes();
    assert!(is_valid_token(token, key.as_bytes()));
    let mut random = Random(48);
    for _ in 0..rounds(5000) {
        let altered = random.altered(token);
        let valid = in_time("a token", || is_valid_token(&altered, key.as_bytes()));
        assert!(
            !valid || altered == token,
            "{}",
            String::from_utf8_lossy(&altered)
        );
        in_time("a token", || is_valid_token(&altered, JWK.as_bytes()));
    }
}

#[test]
fn altered_bodies_and_headers_do_not_hang() {
    let form = b"--B\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nx\r\n--B\r\nContent-Disposition: form-data; name=a; filename=\"b\"\r\n\r\n\xff\r\n--B--\r\n";
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\nSet-Cookie: a=b\r\n\r\n";
    assert_eq!(response_status(head), Some(200));
    let mut random = Random(49);
    for _ in 0..rounds(5000) {
        let altered = random.altered(form);
        in_time("a form", || masked_multipart(&altered, "B"));
        in_time("a text", || masked_text(&String::from_utf8_lossy(&altered)));
        let altered = random.altered(head);
        in_time("a head", || response_status(&altered));
    }
}

#[test]
fn altered_curl_commands_are_read_or_refused() {
    let command = "curl 'https://a.lan/x?y=1' \\\n -H 'A: b' -H \"B: $C\" -sSLo f --data-raw $'\\u00e9\\x41\\n' -u \"me:$(cat f)\"\n";
    assert!(is_curl_command(command));
    let mut random = Random(51);
    for _ in 0..rounds(5000) {
        let altered = random.altered(command.as_bytes());
        in_time("a curl command", || {
            is_curl_command(&String::from_utf8_lossy(&altered))
        });
    }
}

#[cfg(feature = "tui")]
#[test]
fn altered_documents_and_lines_of_the_explorer_are_read_or_refused() {
    use c47::testing::candidates;

    let document = r##"{"openapi":"3.0.0","servers":[{"url":"/api"}],"paths":{"/data/projects/{id}":{"get":{"parameters":[
        {"$ref":"#/components/parameters/p"},{"name":"o","in":"query","schema":{"enum":["a","b"]}}]}}},
        "components":{"parameters":{"p":{"name":"page","in":"query"}}}}"##;
    let schema = r#"{"data":{"__schema":{"queryType":{"name":"Q"},"types":[{"name":"Q","fields":[
        {"name":"shots","args":[],"type":{"kind":"LIST","ofType":{"kind":"OBJECT","name":"Q"}}}]}]}}}"#;
    let response = r#"[{"id":"a\u00e9","project_id":47,"n":[1.50,{}]},null]"#;
    let lines = [
        "GET /data/projects/47 o==",
        "$a = POST /x b:='[1]' c=\"$a\" ${last[0].id} | .[]",
        "POST /graphql query='{ shots { sho",
    ];
    assert_eq!(
        candidates(document.as_bytes(), schema.as_bytes(), response, lines[0]),
        2
    );
    assert_eq!(candidates(b"", schema.as_bytes(), response, lines[2]), 1);
    let mut random = Random(53);
    for round in 0..rounds(3000) {
        let line = lines[round % lines.len()];
        let altered =
            [document, schema, response, line].map(|text| random.altered(text.as_bytes()));
        let [document, schema, response, line] = altered;
        let response = String::from_utf8_lossy(&response);
        in_time("the explorer", || {
            candidates(
                &document,
                &schema,
                &response,
                &String::from_utf8_lossy(&line),
            )
        });
    }
}

#[test]
fn altered_cookies_and_their_files_are_read_or_refused() {
    let header = b"__Host-sid=a b=\"c\"; Path=/; Domain=studio.lan; Secure; HttpOnly; Max-Age=60; Expires=Sun, 06 Nov 2094 08:49:37 GMT";
    let file = b"# Netscape HTTP Cookie File\n\n#HttpOnly_.studio.lan\tTRUE\t/\tTRUE\t0\tsid\tx\r\nlocalhost\tFALSE\t/a\tFALSE\t4000000000.5\ta\t\n";
    assert!(is_cookie_file(file));
    let mut random = Random(53);
    let (mut stored, mut files) = (0, 0);
    for _ in 0..rounds(5000) {
        let altered = random.altered(&header[7..]);
        let written = in_time("a cookie", || stored_cookies(&altered));
        let is_cookie = |line: &&[u8]| line.len() > 3 && !line.starts_with(b"# ");
        let lines = written.split(|&byte| byte == b'\n');
        let count = lines.filter(is_cookie).count();
        assert!(count <= 1, "{}", String::from_utf8_lossy(&altered));
        stored += count;
        let altered = random.altered(file);
        files += usize::from(in_time("a file", || is_cookie_file(&altered)));
    }
    assert!(stored > 0 && files > 0);
}

#[test]
fn altered_files_of_the_aws_cli_are_read_or_refused_without_their_text() {
    let file = b"\xef\xbb\xbf# c\n[default]\nregion=eu-west-1\n[profile \"a b\"] ; c\r\nrole_arn = arn:aws:iam::1:role/a=b # c\n\
        s3 =\n  max_queue = 5\n\taddressing_style = path\n  more\n[services x]\nsts =\n endpoint_url = http://127.0.0.1:1/hunter2\n";
    let sections = |bytes: &[u8]| aws_sections(&String::from_utf8_lossy(bytes));
    assert_eq!(sections(file).unwrap().len(), 3);
    let mut random = Random(54);
    let (mut read, mut refused) = (0, 0);
    for _ in 0..rounds(5000) {
        let altered = random.altered(file);
        match in_time("a file", || sections(&altered)) {
            Ok(sections) => {
                // What is stored does not outgrow the file.
                let pairs = sections.values().flatten();
                let stored: usize = pairs.map(|(key, value)| key.len() + value.len()).sum();
                assert!(stored <= 2 * altered.len(), "{stored}");
                read += 1;
            }
            Err(why) => {
                assert!(why.starts_with("line ") && why.len() < 60, "{why}");
                refused += 1;
            }
        }
    }
    assert!(read > 0 && refused > 0);
}

#[test]
fn altered_responses_of_sts_are_read_or_refused() {
    let xml = b"<AssumeRoleResponse><Credentials>\n<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>a/b+c&amp;d</SecretAccessKey>\
        <SessionToken>t==</SessionToken><Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResponse>";
    let has_keys = |bytes: &[u8]| has_sts_keys(&String::from_utf8_lossy(bytes));
    assert!(has_keys(xml));
    let mut random = Random(55);
    let mut with_keys = 0;
    let count = rounds(5000);
    for _ in 0..count {
        let altered = random.altered(xml);
        with_keys += usize::from(in_time("a response", || has_keys(&altered)));
    }
    assert!(with_keys > 0 && with_keys < count);
    // Neither many elements nor many entities take quadratic time.
    for piece in ["<AccessKeyId>", "<Secret", "&amp;", "&lt;AccessKeyId&gt;"] {
        let long = piece.repeat((1 << 20) / piece.len());
        in_time("a long response", || has_keys(long.as_bytes()));
        let long = format!("<AccessKeyId>{long}</AccessKeyId>");
        in_time("a long response", || has_keys(long.as_bytes()));
    }
}

#[test]
fn elf_headers_with_large_counts_do_not_hang() {
    let scratch = Scratch::new("counts");
    let path = scratch.path().join("altered.so");
    let mut random = Random(50);
    // Small files, because they are parsed many times.
    let files: Vec<Vec<u8>> = crafted_files()
        .into_iter()
        .map(|(_, bytes)| bytes)
        .filter(|bytes| bytes.len() < 1 << 20)
        .collect();
    assert!(files.len() > 3);
    for _ in 0..rounds(25) {
        let mut altered = files[random.below(files.len())].clone();
        for _ in 0..=random.below(6) {
            // The headers, the end of the dynamic section, and the start of the tables.
            let region = [64 + 2 * 56, 64 + 56, altered.len() - 8][random.below(3)];
            let at = random.below(region) & !1;
            let width = [2, 4, 8][random.below(3)];
            let value = EXTREMES[random.below(EXTREMES.len())].to_le_bytes();
            altered[at..at + width].copy_from_slice(&value[..width]);
        }
        fs::write(&path, &altered).unwrap();
        in_time("an ELF file", || {
            if let Ok(object) = Requirements::of_file(&path, &mut Vec::new()) {
                verdict::runs_on(&[object]);
            }
            let _ = Info::of_file(&path);
            let mut shelves = LibraryCache::new(SearchSettings {
                root: Root::Host,
                library_path: "/nowhere".into(),
                preload: "".into(),
                cpu: Cpu::of_this_machine(),
            });
            let _ = tree::resolve(&mut shelves, &path);
        });
    }
}

#[test]
fn altered_archives_do_not_panic_or_hang() {
    let scratch = Scratch::new("archives");
    let path = scratch.path().join("altered.zip");
    let library = crafted_files()
        .into_iter()
        .map(|(_, bytes)| bytes)
        .min_by_key(Vec::len)
        .unwrap();
    let library = &library[..library.len().min(4000)];
    let whole = archive(&[
        Member::deflated("a/lib.so", library),
        Member::stored("b/lib.so", library),
        Member::stored("c.txt", b"text"),
    ]);
    let directory = whole.len() - 22 - 3 * 46 - "a/lib.sob/lib.soc.txt".len();
    let mut random = Random(51);
    let mut read = 0;
    for round in 0..rounds(800) {
        let mut altered = whole.clone();
        match round % 3 {
            0 => altered = random.altered(&whole),
            // The central directory and its end record.
            _ => {
                for _ in 0..=random.below(3) {
                    let at = directory + random.below(altered.len() - directory - 8);
                    let width = [1, 2, 4, 8][random.below(4)];
                    let value = EXTREMES[random.below(EXTREMES.len())].to_le_bytes();
                    altered[at..at + width].copy_from_slice(&value[..width]);
                }
            }
        }
        fs::write(&path, &altered).unwrap();
        read += usize::from(in_time("an archive", || archive_objects(&path)).is_some());
    }
    println!("{read} could be read");
    assert!(read > 0);
}

#[test]
fn altered_cxx_names_are_demangled_in_time_and_bounded() {
    let names = [
        "_ZNSt6thread15_M_start_threadESt10unique_ptrINS_6_StateESt14default_deleteIS1_EEPFvvE",
        "_ZNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEE10_M_replaceEmmPKcm",
        "_ZSt16__ostream_insertIcSt11char_traitsIcEERSt13basic_ostreamIT_T0_ES6_PKS3_l",
        "_Z1fIJidSt4pairIiS_IJS0_S0_EEEEEvDpOT_",
        "_ZZN3fooIXadL_Z3barvEEE1xEvE1y_0",
    ];
    let mut random = Random(52);
    for round in 0..rounds(5000) {
        let mut altered = random.altered(names[round % names.len()].as_bytes());
        // Repeated parts, as in names that expand.
        for _ in 0..random.below(5) {
            let from = random.below(altered.len());
            altered.extend_from_within(from..);
            altered.truncate(4000);
        }
        let name = String::from_utf8_lossy(&altered).into_owned();
        let text = in_time("a name", || demangled(&name));
        assert!(text.is_none_or(|text| text.len() <= 8192), "{name}");
    }
}
