use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};

use ureq::unversioned::transport::{Buffers, LazyBuffers, NextTimeout};

use super::*;
use crate::deadline::Deadline;
use crate::error::Error;
use crate::http::body::Body;
use crate::http::caller::Caller;
use crate::http::failure::Failure;
use crate::http::request::Request;
use crate::http::send;
use crate::http::settings::Settings;
use crate::http::timing::{ConnectionUse, Timing};
use crate::http::tls::{ClientCertificate, Trust};
use crate::http::transport;
use crate::http::url::Url;
use crate::http::wire::Wire;

#[derive(Debug)]
struct Fake {
    name: usize,
    is_open: bool,
    buffers: LazyBuffers,
}

impl Transport for Fake {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, _: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        Ok(())
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        Ok(false)
    }

    fn is_open(&mut self) -> bool {
        self.is_open
    }

    /// Tells one fake from another.
    fn is_tls(&self) -> bool {
        self.name.is_multiple_of(2)
    }
}

fn fake(name: usize, is_open: bool) -> Connection {
    Connection {
        transport: Box::new(Fake {
            name,
            is_open,
            buffers: LazyBuffers::new(1, 1),
        }),
        current: CurrentWire::new(Wire::new(Timing::start(ConnectionUse::New))),
        opened: Instant::now(),
    }
}

fn key(url: &str) -> Key {
    Key {
        destination: Destination::Server(Url::parse(url).unwrap().origin),
        tls: None,
        proxy_tls: None,
        family: Family::Any,
        overrides: Vec::new(),
    }
}

const LIMIT: Duration = Duration::from_secs(15);

fn take(pool: &Pool, key: &Key) -> Option<Connection> {
    pool.take(key, Repetition::Allowed)
}

#[test]
fn the_latest_open_connection_is_taken_once() {
    let pool = Pool::new(8);
    let key = key("http://a.lan/");
    for (name, is_open) in [(1, true), (2, true), (3, false)] {
        pool.give(key.clone(), fake(name, is_open), LIMIT);
    }
    assert!(take(&pool, &key).unwrap().transport.is_tls(), "the second");
    assert!(!take(&pool, &key).unwrap().transport.is_tls(), "the first");
    assert!(take(&pool, &key).is_none());
}

#[test]
fn different_destinations_share_no_connection() {
    let proxy = |password: &str| {
        let builder = ureq::Proxy::builder(ureq::ProxyProtocol::Http);
        let builder = builder.host("p").port(1).username("u");
        builder.password(password).build().unwrap()
    };
    let a = || Url::parse("https://a.lan/").unwrap().origin;
    let forwarding = |port, password: Option<&str>| Destination::Forwarding {
        host: "p".into(),
        port,
        authorization: password.map(|text| Secret::new(text.into())),
    };
    let socket = |path: &str| Destination::UnixSocket {
        path: path.into(),
        origin: a(),
    };
    let tunnel = |password| Destination::Tunnel {
        origin: a(),
        proxy: proxy(password),
    };
    let configuration = || {
        let builder = ClientConfig::builder_with_provider(crate::crypto::tls::provider());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = builder.with_root_certificates(rustls::RootCertStore::empty());
        Configuration(Arc::new(builder.with_no_client_auth()))
    };
    let (shown, withheld) = (configuration(), configuration());
    let with = |tls: &Configuration| Key {
        tls: Some(tls.clone()),
        ..key("https://a.lan/")
    };
    let resolved = Key {
        overrides: vec![Override::parse("a.lan:443:127.0.0.1").unwrap()],
        ..with(&shown)
    };
    let to = |destination| Key {
        destination,
        ..with(&shown)
    };
    let keys = [
        key("http://a.lan/"),
        key("http://a.lan:81/"),
        key("http://b.lan/"),
        key("https://a.lan/"),
        with(&shown),
        with(&withheld),
        resolved,
        Key {
            proxy_tls: Some(withheld.clone()),
            ..with(&shown)
        },
        Key {
            family: Family::Ipv4,
            ..with(&shown)
        },
        to(forwarding(1, None)),
        to(forwarding(2, None)),
        to(forwarding(1, Some("x"))),
        to(forwarding(1, Some("y"))),
        to(socket("/run/a")),
        to(socket("/run/b")),
        to(tunnel("x")),
        to(tunnel("y")),
    ];
    for (number, given) in keys.iter().enumerate() {
        let pool = Pool::new(8);
        pool.give(given.clone(), fake(1, true), LIMIT);
        for (other, wanted) in keys.iter().enumerate() {
            if other != number {
                assert!(take(&pool, wanted).is_none(), "{number} {other}");
            }
        }
        assert!(take(&pool, given).is_some(), "{number}");
    }
}

#[test]
fn connections_are_neither_too_many_nor_too_old() {
    let pool = Pool::new(2);
    let key = key("http://a.lan/");
    for name in 1..=3 {
        pool.give(key.clone(), fake(name, true), LIMIT);
    }
    assert_eq!(pool.with(|state| state.idle.len()), 2);
    let now = Instant::now();
    let after = |seconds| now + Duration::from_secs(seconds);
    pool.with(|state| {
        assert!(state.expired(after(14)).is_empty());
        assert!(state.take(&key, Repetition::Forbidden, after(2)).is_none());
        assert!(state.take(&key, Repetition::Allowed, after(16)).is_none());
        assert_eq!(state.expired(after(16)).len(), 2);
    });
    // The name is looked up again after a minute, however busy the connection is.
    let mut old = fake(1, true);
    let Some(opened) = Instant::now().checked_sub(Duration::from_secs(61)) else {
        return; // the machine has just started
    };
    old.opened = opened;
    pool.give(key.clone(), old, LIMIT);
    assert!(take(&pool, &key).is_none());
    for number in 0..MAX_IDLE + 10 {
        let key = super::tests::key(&format!("http://a.lan:{}/", number + 1));
        pool.give(key, fake(number, true), LIMIT);
    }
    assert_eq!(pool.with(|state| state.idle.len()), MAX_IDLE);
}

/// A server whose connections are handled one after the other by `handle`, which gets the number of
/// the connection.
fn serve(mut handle: impl FnMut(usize, TcpStream) + Send + 'static) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            handle(number + 1, stream.unwrap());
        }
    });
    Url::parse(&url).unwrap()
}

/// Reads a request with its body; `None` at the end of the connection.
fn read_request(reader: &mut impl BufRead) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(head)
}

/// A server that responds to every request, and reports the number of its connection.
fn counting() -> (Url, Receiver<usize>) {
    let (sender, receiver) = channel();
    let url = serve(move |number, stream| {
        let sender: Sender<usize> = sender.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(&stream);
            while read_request(&mut reader).is_some() {
                sender.send(number).unwrap();
                (&stream)
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
                    .unwrap();
            }
        });
    });
    (url, receiver)
}

fn caller() -> Caller<'static> {
    Caller::new(Settings::new(Trust::Anybody))
}

fn post(url: &Url) -> Request {
    Request {
        method: "POST".into(),
        body: Body::text("once"),
        ..Request::get(url.clone())
    }
}

/// The connection that a whole exchange used, or why it failed.
fn exchange(caller: &mut Caller, mut request: Request) -> Result<ConnectionUse, Error> {
    let mut response = caller.call(&mut request)?;
    response.body.read_all(100)?;
    let timing = response.body.timing();
    let is_new = timing.connection == ConnectionUse::New;
    assert_eq!(
        (timing.resolve.is_some(), timing.connect.is_some()),
        (is_new, is_new)
    );
    Ok(timing.connection)
}

#[test]
fn later_requests_use_the_connection_of_an_earlier_one() {
    let (url, connections) = counting();
    let mut caller = caller();
    for request in [Request::get(url.clone()), post(&url), Request::get(url)] {
        exchange(&mut caller, request).unwrap();
    }
    let used: Vec<usize> = connections.iter().take(3).collect();
    assert_eq!(used, [1, 1, 1]);
}

#[test]
fn a_body_that_is_not_read_ends_its_connection() {
    let (url, connections) = counting();
    let mut caller = caller();
    drop(caller.call(&mut Request::get(url.clone())).unwrap());
    exchange(&mut caller, Request::get(url)).unwrap();
    assert_eq!(connections.iter().take(2).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn responses_in_use_at_the_same_time_have_their_own_connections() {
    let (url, connections) = counting();
    let mut caller = caller();
    let mut first = caller.call(&mut Request::get(url.clone())).unwrap();
    let mut second = caller.call(&mut Request::get(url.clone())).unwrap();
    assert_eq!(second.body.read_all(100).unwrap(), b"hello");
    assert_eq!(first.body.read_all(100).unwrap(), b"hello");
    // A later exchange does not change the times of an earlier one.
    let before = first.body.timing().started;
    exchange(&mut caller, Request::get(url)).unwrap();
    assert_eq!(first.body.timing().started, before);
    assert_eq!(connections.iter().take(3).collect::<Vec<_>>(), [1, 2, 1]);
}

#[test]
fn a_connection_that_the_server_closed_or_wrote_to_is_replaced() {
    // The end, or a response that no one requested, arrives after the response.
    for unexpected in [&b""[..], b"HTTP/1.1 408 Request Timeout\r\n\r\n"] {
        for method in ["GET", "POST"] {
            let (go, wait) = channel::<()>();
            let (sender, closed) = channel();
            let url = serve(move |number, stream| {
                read_request(&mut BufReader::new(&stream));
                let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
                if number == 1 {
                    // The client has read the response.
                    wait.recv().unwrap();
                    let _ = (&stream).write_all(unexpected);
                    let _ = stream.shutdown(Shutdown::Write);
                    sender.send(stream).unwrap();
                }
            });
            let mut caller = caller();
            let first = exchange(&mut caller, Request::get(url.clone())).unwrap();
            assert_eq!(first, ConnectionUse::New);
            go.send(()).unwrap();
            let _half_open = closed.recv().unwrap();
            let second = match method {
                "POST" => post(&url),
                _ => Request::get(url),
            };
            let second = exchange(&mut caller, second).unwrap();
            assert_eq!(second, ConnectionUse::New, "{method}");
        }
    }
}

/// The server closes each connection when it has read the second request, without a response.
fn closes_at_second_request() -> (Url, Receiver<String>) {
    let (sender, requests) = channel();
    let url = serve(move |_, stream| {
        let sender: Sender<String> = sender.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(&stream);
            for count in 1..=2 {
                let Some(head) = read_request(&mut reader) else {
                    return;
                };
                sender.send(head).unwrap();
                if count == 1 {
                    let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
                }
            }
        });
    });
    (url, requests)
}

#[test]
fn only_an_idempotent_request_is_repeated_after_an_idle_connection_fails() {
    let (url, requests) = closes_at_second_request();
    let mut caller = caller();
    exchange(&mut caller, Request::get(url.clone())).unwrap();
    let used = exchange(&mut caller, Request::get(url.clone())).unwrap();
    assert_eq!(used, ConnectionUse::New);
    let failed = exchange(&mut caller, post(&url)).unwrap_err();
    assert!(
        matches!(failed, Error::Http(Failure::Truncated { .. })),
        "{failed}"
    );
    // A new connection is not repeated: the first, its failure, the repetition, and the POST.
    let seen: Vec<String> = requests.try_iter().collect();
    let methods: Vec<&str> = seen
        .iter()
        .filter_map(|head| head.split(' ').next())
        .collect();
    assert_eq!(methods, ["GET", "GET", "GET", "POST"]);
}

#[test]
fn a_new_connection_that_fails_is_not_repeated() {
    let (sender, connections) = channel();
    let url = serve(move |number, stream| {
        read_request(&mut BufReader::new(&stream));
        sender.send(number).unwrap();
    });
    exchange(&mut caller(), Request::get(url)).unwrap_err();
    assert_eq!(connections.try_iter().collect::<Vec<_>>(), [1]);
}

#[test]
fn the_time_limits_are_those_of_the_current_request() {
    let url = serve(|_, stream| {
        let mut reader = BufReader::new(&stream);
        for count in 1.. {
            if read_request(&mut reader).is_none() {
                return;
            }
            if count == 1 {
                let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    let transport = transport::Transport::default();
    let call = |settings: &Settings| {
        let request = Request::get(url.clone());
        let withheld = ClientCertificate::Withheld;
        send::exchange(
            &transport,
            &request,
            settings,
            withheld,
            Deadline::default(),
        )
    };
    let mut settings = Settings::new(Trust::Anybody);
    call(&settings).unwrap();
    settings.limits.idle = Duration::from_millis(100);
    let failed = call(&settings).err().unwrap();
    let Error::Http(Failure::TimedOut { after, .. }) = failed else {
        panic!("{failed}");
    };
    assert_eq!(after, Some(settings.limits.idle));
}

#[test]
fn a_connection_with_a_client_certificate_is_not_used_without_it() {
    let transport = transport::Transport::default();
    let settings = Settings::new(Trust::Anybody);
    let configuration = |certificate| {
        let made = transport.tls(&settings.tls, certificate, Deadline::default());
        Configuration(made.unwrap())
    };
    let shown = configuration(ClientCertificate::Shown);
    assert!(shown == configuration(ClientCertificate::Shown));
    assert!(shown != configuration(ClientCertificate::Withheld));
    // Nor after another trust.
    let mut other = settings.tls.clone();
    other.oldest = crate::http::tls::Oldest::Tls13;
    let other = transport.tls(&other, ClientCertificate::Shown, Deadline::default());
    assert!(shown != Configuration(other.unwrap()));
}
