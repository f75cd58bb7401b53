//! A service that fails, limits, and drops connections before and after it acts, from a seed. It knows
//! what it has done.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::server::{Request, Response, Server};

/// What the service has done with the requests for one path.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// How often it read such a request.
    pub seen: u32,
    /// How often it took effect.
    pub acted: u32,
    /// The client cannot know the result of at least one of them: no whole response was sent.
    pub dropped: bool,
    /// The values of Idempotency-Key.
    pub keys: BTreeSet<String>,
}

#[derive(Default)]
struct State {
    ledgers: BTreeMap<String, Ledger>,
    /// The keys that have taken effect.
    keys: BTreeSet<String>,
}

/// The running service.
pub struct Flaky {
    server: Server,
    state: Arc<Mutex<State>>,
    seen: Arc<AtomicUsize>,
}

/// What happens to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Acts,
    /// A status that says that nothing was done.
    Fails,
    /// 429, to be sent again at once.
    Limited,
    DroppedBeforeActing,
    DroppedAfterActing,
    /// It acts, and half of the response is sent.
    DroppedWithinResponse,
}

impl Flaky {
    pub fn start(seed: u64) -> Flaky {
        let state: Arc<Mutex<State>> = Arc::default();
        let seen: Arc<AtomicUsize> = Arc::default();
        let (shared, counter) = (Arc::clone(&state), Arc::clone(&seen));
        let server = Server::start(move |request| {
            counter.fetch_add(1, Ordering::SeqCst);
            shared.lock().unwrap().respond(seed, request)
        });
        Flaky {
            server,
            state,
            seen,
        }
    }

    pub fn url(&self, path: &str) -> String {
        self.server.url(path)
    }

    /// How many requests it has read so far.
    pub fn seen(&self) -> usize {
        self.seen.load(Ordering::SeqCst)
    }

    /// What it has done, by path.
    pub fn ledgers(&self) -> BTreeMap<String, Ledger> {
        self.state.lock().unwrap().ledgers.clone()
    }
}

impl State {
    fn respond(&mut self, seed: u64, request: &Request) -> Response {
        let ledger = self.ledgers.entry(request.target.clone()).or_default();
        let fate = fate(seed, &request.target, ledger.seen);
        ledger.seen += 1;
        let key = request.header("idempotency-key").map(str::to_owned);
        ledger.keys.extend(key.clone());
        let acts = match fate {
            Fate::Acts | Fate::DroppedAfterActing | Fate::DroppedWithinResponse => true,
            Fate::Fails | Fate::Limited | Fate::DroppedBeforeActing => false,
        };
        // A key that has taken effect does so only once.
        if acts && key.is_none_or(|key| self.keys.insert(key)) {
            ledger.acted += 1;
        }
        ledger.dropped |= match fate {
            Fate::DroppedBeforeActing | Fate::DroppedAfterActing | Fate::DroppedWithinResponse => {
                true
            }
            Fate::Acts | Fate::Fails | Fate::Limited => false,
        };
        match fate {
            Fate::Acts => Response::json("{\"done\":true}"),
            Fate::Fails => Response::new("500 Internal Server Error", "", "no"),
            Fate::Limited => Response::new("429 Too Many Requests", "retry-after: 0\r\n", "later"),
            Fate::DroppedBeforeActing | Fate::DroppedAfterActing => Response::close(),
            Fate::DroppedWithinResponse => {
                Response::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"done\"")
            }
        }
    }
}

/// Depends on the seed, the path, and how often it was seen, not on the order of the requests.
fn fate(seed: u64, path: &str, seen: u32) -> Fate {
    let mut draw = Random::new(seed ^ u64::from(seen).rotate_left(40));
    for byte in path.bytes() {
        draw = Random::new(draw.next() ^ u64::from(byte));
    }
    match draw.below(1000) {
        0..50 => Fate::Fails,
        50..80 => Fate::Limited,
        80..90 => Fate::DroppedBeforeActing,
        90..100 => Fate::DroppedAfterActing,
        100..105 => Fate::DroppedWithinResponse,
        _ => Fate::Acts,
    }
}

/// A pseudo-random generator (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
