use super::*;

const DATE: Timestamp = Timestamp(1_440_938_160); // 2015-08-30T12:36:00Z

fn keys(token: Option<&str>) -> Keys {
    let secret = |text: &str| Secret::new(text.as_bytes().to_vec());
    Keys::new(
        "AKIDEXAMPLE",
        secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        token.map(secret),
    )
    .unwrap()
}

fn scope(service: &str) -> Scope {
    Scope {
        region: "us-east-1".into(),
        service: service.into(),
    }
}

fn authorization(signature: &Signature) -> String {
    let header = signature.headers.last().unwrap();
    assert_eq!(header.name, "authorization");
    match &header.value {
        Value::Secret(secret) => secret.expose_text().unwrap().to_owned(),
        Value::Plain(_) => panic!("the signature is not marked as secret"),
    }
}

fn signed(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> String {
    let url = Url::parse(url).unwrap();
    let mut all = vec![Header::plain("host", url.host_header())];
    all.extend(
        headers
            .iter()
            .map(|(name, value)| Header::plain(name, *value)),
    );
    let request = Unsigned {
        method,
        url: &url,
        headers: &all,
        payload: &hex::encode(&sha256(body.as_bytes())),
    };
    let signature = signature(
        &request,
        &keys(None),
        &scope("service"),
        Mode::Headers,
        DATE,
    );
    authorization(&signature)
}

/// The test suite of AWS for Signature Version 4: get-vanilla, get-vanilla-query-order-key-case,
/// get-header-value-trim, get-header-key-duplicate, normalize-path/get-slashes, post-vanilla-query, and
/// post-x-www-form-urlencoded.
#[test]
fn published_signatures_are_reproduced() {
    let host = "https://example.amazonaws.com";
    for (method, path, headers, body, names, expected) in [
        (
            "GET",
            "/",
            &[][..],
            "",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "GET",
            "/?Param2=value2&Param1=value1",
            &[],
            "",
            "host;x-amz-date",
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        ),
        (
            "GET",
            "//",
            &[],
            "",
            "host;x-amz-date",
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        ),
        (
            "GET",
            "/",
            &[("my-header1", " value1"), ("my-header2", " \"a   b   c\"")],
            "",
            "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "GET",
            "/",
            &[
                ("my-header1", "value2"),
                ("my-header1", "value2"),
                ("my-header1", "value1"),
            ],
            "",
            "host;my-header1;x-amz-date",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
        ),
        (
            "POST",
            "/?Param1=value1",
            &[],
            "",
            "host;x-amz-date",
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
        ),
        (
            "POST",
            "/",
            &[("content-type", "application/x-www-form-urlencoded")],
            "Param1=value1",
            "content-type;host;x-amz-date",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ] {
        assert_eq!(
            signed(method, &format!("{host}{path}"), headers, body),
            format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders={names}, Signature={expected}"
            ),
            "{method} {path}"
        );
    }
}

/// The example of a presigned URL in the documentation of S3.
#[test]
fn published_presigned_url_is_reproduced() {
    let secret = Secret::new(b"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_vec());
    let keys = Keys::new("AKIAIOSFODNN7EXAMPLE", secret, None).unwrap();
    let url = Url::parse("https://examplebucket.s3.amazonaws.com/test.txt").unwrap();
    let request = Unsigned {
        method: "GET",
        url: &url,
        headers: &[Header::plain("host", url.host_header())],
        payload: UNSIGNED_PAYLOAD,
    };
    let at = Timestamp::parse("2013-05-24T00:00:00Z").unwrap();
    let signature = signature(&request, &keys, &scope("s3"), Mode::Query(86_400), at);
    let query: Vec<String> = signature
        .query
        .iter()
        .map(|member| format!("{}={}", member.name, member.value.expose_text().unwrap()))
        .collect();
    assert_eq!(
        query.join("&"),
        "X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
         &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
         &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}

#[test]
fn paths_are_normalized_except_for_s3() {
    for (path, other, s3) in [
        ("/", "/", "/"),
        ("/a/../b/./c//d/", "/b/c/d/", "/a/../b/./c//d/"),
        ("/a%20b", "/a%2520b", "/a%20b"),
        ("/a%2Fb", "/a%252Fb", "/a/b"),
        ("/a+b(c)", "/a%2Bb%28c%29", "/a%2Bb%28c%29"),
        ("/%C3%A9~", "/%25C3%25A9~", "/%C3%A9~"),
        ("/../..", "/", "/../.."),
    ] {
        assert_eq!(canonical_path(path, &scope("lambda")), other, "{path}");
        assert_eq!(canonical_path(path, &scope("s3")), s3, "{path}");
    }
}

#[test]
fn queries_are_sorted_after_encoding() {
    for (query, canonical) in [
        ("b=2&a=1", "a=1&b=2"),
        ("a=b&a=a&a", "a=&a=a&a=b"),
        ("A=1&a=1&B=1", "A=1&B=1&a=1"),
        ("k=a/b&k=a%2fb+c", "k=a%2Fb&k=a%2Fb%20c"),
        (
            "list-type=2&prefix=é".replace('é', "%c3%a9").as_str(),
            "list-type=2&prefix=%C3%A9",
        ),
        ("&a=1&&", "a=1"),
        ("a=b=c", "a=b%3Dc"),
    ] {
        assert_eq!(canonical_query(Some(query), &[]), canonical, "{query}");
    }
}

#[test]
fn headers_of_the_connection_and_the_client_are_not_signed() {
    let text = signed(
        "GET",
        "https://example.amazonaws.com/",
        &[
            ("user-agent", "c47/1"),
            ("accept", "*/*"),
            ("accept-encoding", "gzip"),
            ("connection", "close"),
            ("content-length", "0"),
            ("transfer-encoding", "chunked"),
            ("authorization", "old"),
            ("x-amz-date", "old"),
            ("x-api-key", "k"),
            ("content-md5", "m"),
            ("x-amz-meta-shot", "sh010"),
        ],
        "",
    );
    let (_, rest) = text.split_once("SignedHeaders=").unwrap();
    let (names, _) = rest.split_once(',').unwrap();
    assert_eq!(
        names,
        "content-md5;host;x-amz-date;x-amz-meta-shot;x-api-key"
    );
}

#[test]
fn session_token_and_hash_of_the_body_are_added() {
    let url = Url::parse("https://shots.s3.us-east-1.amazonaws.com/a").unwrap();
    let request = Unsigned {
        method: "PUT",
        url: &url,
        headers: &[Header::plain("host", url.host_header())],
        payload: UNSIGNED_PAYLOAD,
    };
    let signature = signature(
        &request,
        &keys(Some("tok/en")),
        &scope("s3"),
        Mode::Headers,
        DATE,
    );
    let names: Vec<&str> = signature
        .headers
        .iter()
        .map(|it| it.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "x-amz-date",
            "x-amz-content-sha256",
            "x-amz-security-token",
            "authorization"
        ]
    );
    assert!(signature.headers[2].is_secret());
    let all = "host;x-amz-content-sha256;x-amz-date;x-amz-security-token";
    assert!(authorization(&signature).contains(all));
}
