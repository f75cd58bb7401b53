//! How long a server keeps an idle connection open, by the headers of its last response.

use std::time::Duration;

use super::head::Head;

/// The limit for an idle connection without a hint: less than the usual timeouts of servers and
/// load balancers, of which many close after 60 s and some after 15 s.
const DEFAULT: Duration = Duration::from_secs(15);
/// A connection is not used in the last part of the time that the server announces, because the
/// request takes time to arrive.
const MARGIN: Duration = Duration::from_secs(1);

/// How long the connection of this response may stay idle; `None` if it is not used again. ureq
/// decides about `Connection: close` and HTTP/1.0, and closes such a connection itself.
pub(super) fn idle_limit(head: &Head) -> Option<Duration> {
    let closes = |name: &str| {
        let mut values = head.values(name);
        values.any(|value| options(value).any(|option| option.eq_ignore_ascii_case("close")))
    };
    // Proxies from before HTTP/1.1 send Proxy-Connection.
    if closes("connection") || closes("proxy-connection") || head.status == 101 {
        return None;
    }
    let mut limit = DEFAULT;
    for parameter in head.values("keep-alive").flat_map(options) {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let Ok(value) = value.trim().trim_matches('"').parse::<u64>() else {
            continue;
        };
        match name.trim().to_ascii_lowercase().as_str() {
            "timeout" => {
                let announced = Duration::from_secs(value);
                limit = limit.min(announced.saturating_sub(MARGIN.min(announced / 2)));
            }
            "max" if value == 0 => return None,
            _ => {}
        }
    }
    (!limit.is_zero()).then_some(limit)
}

fn options(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_limits_how_long_a_connection_stays_idle() {
        for (headers, expected) in [
            ("", Some(15_000)),
            ("Keep-Alive: timeout=5, max=100\r\n", Some(4_000)),
            ("keep-alive: TIMEOUT=\"5\"\r\n", Some(4_000)),
            ("Keep-Alive: timeout=1\r\n", Some(500)),
            ("Keep-Alive: timeout=600\r\n", Some(15_000)),
            (
                "Keep-Alive: max=3\r\nKeep-Alive: timeout=3\r\n",
                Some(2_000),
            ),
            ("Keep-Alive: timeout=99999999999999999999\r\n", Some(15_000)),
            ("Keep-Alive: timeout=soon\r\n", Some(15_000)),
            ("Keep-Alive: timeout=0\r\n", None),
            ("Keep-Alive: timeout=5, max=0\r\n", None),
            ("Connection: Close\r\n", None),
            ("Connection: foo , close\r\n", None),
            ("Connection: foo\r\nConnection: close\r\n", None),
            ("Proxy-Connection: close\r\n", None),
            ("Connection: closed\r\n", Some(15_000)),
        ] {
            let head = Head::parse(format!("HTTP/1.1 200 OK\r\n{headers}\r\n").as_bytes()).unwrap();
            let limit = idle_limit(&head).map(|limit| limit.as_millis());
            assert_eq!(limit, expected, "{headers}");
        }
        let switched = Head::parse(b"HTTP/1.1 101 Switching Protocols\r\n\r\n").unwrap();
        assert_eq!(idle_limit(&switched), None);
    }
}
