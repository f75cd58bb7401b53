//! Tests of the rules for cookies that need https, and of the bounds of a jar.

use super::accept::accept;
use super::cookie::{Channel, Cookie};
use super::jar::{Changed, Jar, MAX_COOKIES};
use super::netscape;
use super::parse::parse;
use crate::http::url::Url;
use crate::timestamp::Timestamp;

const NOW: Timestamp = Timestamp(1_700_000_000);

fn cookie(url: &str, header: &str, channel: Channel) -> Option<Cookie> {
    let url = Url::parse(url).unwrap();
    parse(header.as_bytes(), NOW).and_then(|set| accept(set, &url, channel))
}

fn channel(url: &str) -> Channel {
    match url.starts_with("https") {
        true => Channel::Confidential,
        false => Channel::PlainText,
    }
}

/// A jar after responses, each from a URL with one header.
fn jar(responses: &[(&str, &str)]) -> Jar {
    let mut jar = Jar::default();
    for (url, header) in responses {
        if let Some(cookie) = cookie(url, header, channel(url)) {
            let _ = jar.store(cookie, NOW);
        }
    }
    jar
}

/// The names and values for a request.
fn sent(jar: &Jar, url: &str) -> String {
    let parsed = Url::parse(url).unwrap();
    let cookies = jar.matching(&parsed, channel(url), NOW);
    let pairs = cookies.iter().map(|cookie| {
        let name = String::from_utf8_lossy(&cookie.name);
        format!("{name}={}", String::from_utf8_lossy(cookie.value.expose()))
    });
    pairs.collect::<Vec<_>>().join("; ")
}

#[test]
fn domain_is_the_host_or_a_parent_that_one_owner_has() {
    for (host, domain, reaches) in [
        ("a.studio.lan", "studio.lan", "studio.lan b.a.studio.lan"),
        ("a.studio.lan", ".STUDIO.lan", "studio.lan"),
        ("a.studio.lan", "a.studio.lan", "b.a.studio.lan"),
        ("a.studio.lan", "", "a.studio.lan"),
    ] {
        let header = format!("a=1; Domain={domain}");
        let jar = jar(&[(&format!("https://{host}"), &header)]);
        for reached in reaches.split(' ') {
            let url = format!("https://{reached}/");
            assert_eq!(sent(&jar, &url), "a=1", "{host} {domain} {reached}");
        }
    }
    for (host, domain) in [
        ("a.studio.lan", "lan"),
        ("a.studio.lan", "b.studio.lan"),
        ("a.studio.lan", "udio.lan"),
        ("studio.lan", "a.studio.lan"),
        ("studio.co.uk", "co.uk"),
        ("me.github.io", "github.io"),
        ("10.0.0.1", "0.0.1"),
    ] {
        let url = format!("https://{host}/");
        let header = format!("a=1; Domain={domain}");
        assert_eq!(
            cookie(&url, &header, channel(&url)),
            None,
            "{host} {domain}"
        );
    }
    // A shared domain or an address can name itself.
    for host in ["github.io", "co.uk", "localhost", "10.0.0.1"] {
        let header = format!("a=1; Domain={host}");
        let jar = jar(&[(&format!("https://{host}"), &header)]);
        assert_eq!(sent(&jar, &format!("https://{host}/")), "a=1", "{host}");
        assert_eq!(sent(&jar, &format!("https://x.{host}/")), "", "{host}");
    }
}

#[test]
fn secure_cookies_are_neither_set_nor_replaced_nor_sent_over_plain_http() {
    let (https, http) = ("https://a.studio.lan/x", "http://a.studio.lan/x");
    assert_eq!(sent(&jar(&[(http, "a=1; Secure")]), https), "");
    let set = (https, "a=1; Secure; Path=/x");
    assert_eq!(sent(&jar(&[set]), https), "a=1");
    assert_eq!(sent(&jar(&[set]), http), "");
    for attack in [
        "a=2; Path=/x",
        "a=2; Path=/x/y",
        "a=2; Path=/x; Domain=studio.lan",
        "a=; Path=/x; Max-Age=0",
    ] {
        assert_eq!(sent(&jar(&[set, (http, attack)]), https), "a=1", "{attack}");
    }
    // Another path does not hide it, and https may replace it.
    assert_eq!(sent(&jar(&[set, (http, "a=2; Path=/")]), https), "a=1; a=2");
    assert_eq!(sent(&jar(&[set, (https, "a=2; Path=/x")]), https), "a=2");
}

#[test]
fn prefixes_of_names_hold_what_they_claim() {
    for (header, is_set) in [
        ("__Secure-a=1; Secure", true),
        ("__secure-a=1", false),
        ("__Host-a=1; Secure; Path=/", true),
        ("__Host-a=1; Path=/", false),
        ("__HOST-a=1; Secure; Path=/x", false),
        ("__Host-a=1; Secure", false),
        ("__Host-a=1; Secure; Path=/; Domain=studio.lan", false),
    ] {
        let found = cookie("https://studio.lan/", header, Channel::Confidential);
        assert_eq!(found.is_some(), is_set, "{header}");
    }
}

#[test]
fn longer_paths_come_first_then_older_cookies() {
    let url = "https://a.lan/x/y";
    let set = |header| (url, header);
    let jar = jar(&[
        set("a=1; Path=/"),
        set("b=1; Path=/x/y"),
        set("c=1; Path=/x"),
        set("d=1; Path=/"),
        set("a=2; Path=/"),
    ]);
    assert_eq!(sent(&jar, url), "b=1; c=1; a=2; d=1");
    let reread = netscape::read(&netscape::write(&jar), NOW).unwrap();
    assert_eq!(sent(&reread, url), "b=1; c=1; a=2; d=1");
}

#[test]
fn expired_and_deleted_cookies_are_removed() {
    let url = "https://a.lan/";
    let mut jar = jar(&[
        (url, "a=1; Max-Age=10"),
        (url, "b=1"),
        (url, "b=; Max-Age=0"),
    ]);
    assert_eq!(jar.cookies().len(), 1);
    let later = NOW.plus(10);
    let parsed = Url::parse(url).unwrap();
    assert!(
        jar.matching(&parsed, Channel::Confidential, later)
            .is_empty()
    );
    let another = cookie(url, "c=1", Channel::Confidential).unwrap();
    assert_eq!(jar.store(another, later), Changed::Yes);
    assert_eq!(jar.cookies().len(), 1);
}

#[test]
fn a_jar_keeps_the_newest_cookies_of_each_domain_and_in_all() {
    let mut jar = jar(&[("https://a.lan/", "secure=1; Secure")]);
    for number in 0..60 {
        let header = format!("n{number}=1");
        let cookie = cookie("https://a.lan/", &header, Channel::Confidential);
        let _ = jar.store(cookie.unwrap(), NOW);
    }
    let kept = sent(&jar, "https://a.lan/");
    assert_eq!(kept.split("; ").count(), 50);
    assert!(kept.starts_with("secure=1; n11=1; n12=1"), "{kept}");
    let mut many = String::new();
    for number in 0..MAX_COOKIES + 10 {
        let line = format!("h{number}.lan\tFALSE\t/\tFALSE\t0\ta\t1\n");
        many.push_str(&line);
    }
    let jar = netscape::read(many.as_bytes(), NOW).unwrap();
    assert_eq!(jar.cookies().len(), MAX_COOKIES);
    assert_eq!(jar.cookies()[0].domain, "h10.lan");
}

#[test]
fn files_of_other_programs_are_read() {
    let text = "# HTTP Cookie File\n\n.a.lan\tTRUE\t/\tfalse\t0\tone\t1\r\n#HttpOnly_B.lan\tFALSE\t/\tTRUE\t\ttwo\t2\n10.0.0.1\tTRUE\t/\tFALSE\t4000000000.25\tthree\n.com\tTRUE\t/\tFALSE\t0\tfour\t4\n.a.lan\tTRUE\t/\tFALSE\t5\tpast\t5\n.a.lan\tTRUE\t/\tFALSE\t0\tone\tnew\n";
    let jar = netscape::read(text.as_bytes(), NOW).unwrap();
    let written = netscape::write(&jar);
    let written = String::from_utf8_lossy(&written);
    let lines: Vec<&str> = written.lines().skip(3).collect();
    assert_eq!(
        lines,
        [
            "#HttpOnly_b.lan\tFALSE\t/\tTRUE\t0\ttwo\t2",
            "10.0.0.1\tFALSE\t/\tFALSE\t4000000000\tthree\t",
            "com\tFALSE\t/\tFALSE\t0\tfour\t4",
            ".a.lan\tTRUE\t/\tFALSE\t0\tone\tnew",
        ]
    );
}

#[test]
fn parallel_changes_of_a_jar_keep_how_a_cookie_came() {
    let url = "http://a.lan/";
    let earlier = jar(&[(url, "a=1"), (url, "b=1")]);
    let mut merged = netscape::read(&netscape::write(&earlier), NOW).unwrap();
    let other = cookie(url, "b=2", Channel::Confidential).unwrap();
    let _ = merged.store(other, NOW);
    merged.keep_channels(&earlier);
    let channels: Vec<Channel> = merged.cookies().iter().map(|it| it.channel).collect();
    assert_eq!(channels, [Channel::PlainText, Channel::Confidential]);
}
