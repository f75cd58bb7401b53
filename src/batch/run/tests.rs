use std::collections::BTreeMap;
use std::io::{BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::*;
use crate::batch::input_file::InputFile;
use crate::batch::journal::{Journal, Wanted};
use crate::batch::rate::{Pace, Rate};
use crate::batch::source::Kind;
use crate::batch::token::{SharedToken, Validity};
use crate::http::credential::Placement;
use crate::http::tls::Trust;
use crate::http::url::Url;
use crate::http::{Settings, Transport};
use crate::secret::Secret;

/// A request as the server sees it.
#[derive(Clone, Debug)]
struct Seen {
    line: String,
    head: String,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

/// A keep-alive server. `answer` returns a whole response, or `None` to close the connection.
struct Server {
    port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    fn start(answer: impl Fn(&Seen) -> Option<String> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Server {
            port: listener.local_addr().unwrap().port(),
            seen: Arc::default(),
            connections: Arc::default(),
        };
        let (seen, connections) = (Arc::clone(&server.seen), Arc::clone(&server.connections));
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                connections.fetch_add(1, Ordering::SeqCst);
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || serve(&stream.unwrap(), &seen, &*answer));
            }
        });
        server
    }

    fn lines(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|seen| seen.line.clone()).collect()
    }

    /// Records for these methods and paths.
    fn input(&self, requests: &[(&str, String)]) -> String {
        let line = |(method, path): &(&str, String)| {
            let port = self.port;
            format!(
                "{{\"id\":\"{path}\",\"method\":\"{method}\",\"url\":\"http://127.0.0.1:{port}/{path}\"}}\n"
            )
        };
        requests.iter().map(line).collect()
    }

    fn gets(&self, count: usize) -> String {
        let all: Vec<(&str, String)> = (0..count).map(|n| ("GET", n.to_string())).collect();
        self.input(&all)
    }
}

fn serve(stream: &TcpStream, seen: &Mutex<Vec<Seen>>, answer: &dyn Fn(&Seen) -> Option<String>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !matches!(reader.read_line(&mut head), Ok(1..)) {
                return;
            }
        }
        let request = Seen {
            line: head.split(" HTTP").next().unwrap().to_owned(),
            head,
        };
        let length = request
            .header("content-length")
            .unwrap_or("0")
            .parse()
            .unwrap();
        reader.read_exact(&mut vec![0; length]).unwrap();
        seen.lock().unwrap().push(request.clone());
        let Some(response) = answer(&request) else {
            return;
        };
        if { stream }.write_all(response.as_bytes()).is_err() {
            return;
        }
    }
}

fn response(status: &str, headers: &str, body: &str) -> Option<String> {
    let length = body.len();
    Some(format!(
        "HTTP/1.1 {status}\r\n{headers}content-length: {length}\r\n\r\n{body}"
    ))
}

fn shared(journal: Option<Journal>) -> Shared {
    Shared {
        settings: Settings::new(Trust::Anybody),
        transport: Transport::for_callers(8),
        pace: Pace::default(),
        journal,
        token: None,
        prepare: Box::new(|record| {
            let url = Url::parse(&record.url).map_err(Error::usage)?;
            Ok((record.request(url)?, Access::Shared))
        }),
        idempotency_header: None,
        cookies: None,
        max_body: 1 << 20,
        files: None,
    }
}

const OPTIONS: Options = Options {
    jobs: 8,
    order: Order::AsFinished,
    on_invalid: OnInvalid::Stop,
    shard: None,
};

/// Runs without logins.
fn run_reporting<R: BufRead>(
    options: Options,
    shared: &Arc<Shared>,
    input: Input<R>,
    report: &mut dyn FnMut(Event) -> Result<(), Error>,
) -> Result<Tally, Error> {
    let renew = &mut |_| Ok(None);
    let desk = Desk {
        report,
        renew,
        check: None,
        tick: &mut |_| {},
    };
    run(options, shared, input, desk)
}

fn from<'a, R>(source: Source<'a, R>, replay: Option<&'a Replay>) -> Input<'a, R> {
    Input {
        source,
        ensure_unchanged: &|| Ok(()),
        replay,
    }
}

/// Runs the input and returns the tally and a line for each event.
fn run_all(
    options: Options,
    shared: Shared,
    replay: Option<&Replay>,
    input: &str,
) -> (Tally, Vec<String>) {
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let mut events = Vec::new();
    let tally = run_reporting(
        options,
        &Arc::new(shared),
        from(source, replay),
        &mut |event| {
            events.push(match event {
                Event::Finished(finished) => {
                    let id = finished.id.unwrap();
                    match finished.outcome {
                        Outcome::Answered {
                            status,
                            body,
                            saved,
                        } => {
                            let body = match saved {
                                Some(path) => std::fs::read(path).unwrap(),
                                None => body,
                            };
                            format!("{id} {status} {}", String::from_utf8(body).unwrap())
                        }
                        Outcome::Failed(_) => format!("{id} failed"),
                        Outcome::Unknown(_) => format!("{id} unknown"),
                        Outcome::Stopped => format!("{id} stopped"),
                    }
                }
                Event::Invalid(invalid) => invalid.to_string(),
                Event::Undecided(record) => format!("{} undecided", record.name()),
            });
            Ok(())
        },
    );
    (tally.unwrap(), events)
}

fn journal_path() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("c47-batch-test-{}-{number}", std::process::id()))
}

const WANTED: Wanted = Wanted {
    input: "x",
    shard: "",
};

#[test]
fn every_request_is_sent_once_over_few_connections() {
    let server = Server::start(|seen| response("200 OK", "", &seen.line));
    let (tally, events) = run_all(OPTIONS, shared(None), None, &server.gets(500));
    assert_eq!((tally.done, tally.failed, tally.attempts), (500, 0, 500));
    assert_eq!(events.len(), 500);
    let mut lines = server.lines();
    lines.sort();
    lines.dedup();
    assert_eq!(lines.len(), 500);
    let connections = server.connections.load(Ordering::SeqCst);
    assert!((1..=8).contains(&connections), "{connections}");
}

#[test]
fn results_come_in_the_order_of_the_input() {
    let server = Server::start(|seen| {
        // Some are slower than others.
        if seen.line.ends_with('7') {
            thread::sleep(Duration::from_millis(5));
        }
        response("200 OK", "", "")
    });
    let options = Options {
        order: Order::AsInput,
        on_invalid: OnInvalid::Skip,
        ..OPTIONS
    };
    let input = server.gets(100) + "{}\n" + &server.gets(1);
    let (tally, events) = run_all(options, shared(None), None, &input);
    let mut expected: Vec<String> = (0..100).map(|number| format!("{number} 200 ")).collect();
    expected.extend(["line 101: it has no url".to_owned(), "0 200 ".to_owned()]);
    assert_eq!((events, tally.invalid), (expected, 1));
}

#[test]
fn every_shard_sends_its_part_and_no_other() {
    let server = Server::start(|_| response("200 OK", "", ""));
    let input = server.gets(60);
    let mut sent = 0;
    for index in 1..=3 {
        let options = Options {
            shard: Some(Shard::parse(&format!("{index}/3")).unwrap()),
            order: Order::AsInput,
            ..OPTIONS
        };
        let (tally, _) = run_all(options, shared(None), None, &input);
        sent += tally.done;
    }
    let mut lines = server.lines();
    lines.sort();
    lines.dedup();
    assert_eq!((sent, lines.len()), (60, 60));
}

#[test]
fn a_rejected_token_is_renewed_once_by_all_workers() {
    let bearer = |token: &str| Placement::Bearer.credential(&Secret::new(token.into()));
    let server = Server::start(|seen| match seen.header("authorization") {
        Some("Bearer new") => response("200 OK", "", ""),
        _ => response("401 No", "", ""),
    });
    let token = SharedToken::new(bearer("old"), Validity::Shared);
    let shared = Shared {
        token: Some(token),
        ..shared(None)
    };
    let input = server.gets(100);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    // Logins are not Send: they stay on this thread.
    let renewals = std::rc::Rc::new(std::cell::Cell::new(0));
    let desk = Desk {
        report: &mut |_| Ok(()),
        renew: &mut |renewal| {
            assert_eq!(renewal, Renewal::Rejected(401));
            renewals.set(renewals.get() + 1);
            Ok(Some(bearer("new")))
        },
        check: None,
        tick: &mut |_| {},
    };
    let tally = run(OPTIONS, &Arc::new(shared), from(source, None), desk).unwrap();
    assert_eq!((tally.done, tally.failed), (100, 0));
    assert_eq!(renewals.get(), 1);
}

#[test]
fn a_token_for_one_request_is_issued_for_each() {
    let bearer = |token: &str| Placement::Bearer.credential(&Secret::new(token.into()));
    let server = Server::start(|_| response("200 OK", "", ""));
    let shared = Shared {
        token: Some(SharedToken::new(bearer("0"), Validity::OneRequest)),
        ..shared(None)
    };
    let input = server.gets(50);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let mut issued = 0;
    let desk = Desk {
        report: &mut |_| Ok(()),
        renew: &mut |_| {
            issued += 1;
            Ok(Some(bearer(&issued.to_string())))
        },
        check: None,
        tick: &mut |_| {},
    };
    run(OPTIONS, &Arc::new(shared), from(source, None), desk).unwrap();
    let seen = server.seen.lock().unwrap();
    let mut tokens: Vec<&str> = seen
        .iter()
        .filter_map(|seen| seen.header("authorization"))
        .collect();
    tokens.sort_unstable();
    tokens.dedup();
    assert_eq!((tokens.len(), issued), (50, 49));
}

#[test]
fn retry_after_pauses_all_workers() {
    let first = AtomicUsize::new(0);
    let server = Server::start(move |_| match first.fetch_add(1, Ordering::SeqCst) {
        0 => response("429 Slow", "retry-after: 1\r\n", ""),
        _ => response("200 OK", "", ""),
    });
    let mut shared = shared(None);
    shared.pace = Pace::new(Some(Rate::parse("100/s").unwrap()));
    let began = Instant::now();
    let (tally, _) = run_all(OPTIONS, shared, None, &server.gets(20));
    assert_eq!((tally.done, tally.failed), (19, 1));
    assert!(began.elapsed() >= Duration::from_secs(1));
}

/// Bad statuses and refused connections have failed; a connection that breaks after the request, or a
/// gateway that got no response, makes it unknown.
#[test]
fn failed_requests_are_repeated_and_unknown_ones_only_if_that_is_safe() {
    let is_second = Arc::new(AtomicUsize::new(0));
    let second = Arc::clone(&is_second);
    let server = Server::start(move |seen| {
        let is_second = second.load(Ordering::SeqCst) > 0;
        match seen.line.rsplit('/').next().unwrap() {
            "bad" if !is_second => response("500 Bug", "", ""),
            "gateway" if !is_second => response("502 Bad Gateway", "", ""),
            "lost" if !is_second => None,
            _ => response("201 Created", "", ""),
        }
    });
    let input = server.input(&[
        ("POST", "good".into()),
        ("POST", "bad".into()),
        ("POST", "lost".into()),
        ("PUT", "lost".into()),
        ("POST", "gateway".into()),
    ]);
    let refused = r#"{"id":"refused","method":"POST","url":"http://127.0.0.1:1/"}"#;
    let input = input + refused;
    let path = journal_path();
    let options = Options {
        jobs: 1,
        order: Order::AsInput,
        ..OPTIONS
    };
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let (tally, events) = run_all(options, shared(Some(journal)), Some(&replay), &input);
    assert_eq!(
        events,
        [
            "good 201 ",
            "bad 500 ",
            "lost unknown",
            "lost unknown",
            "gateway 502 ",
            "refused failed"
        ]
    );
    assert_eq!((tally.done, tally.failed, tally.unknown), (1, 2, 3));

    is_second.store(1, Ordering::SeqCst);
    server.seen.lock().unwrap().clear();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let (tally, events) = run_all(options, shared(Some(journal)), Some(&replay), &input);
    assert_eq!(
        events,
        [
            "bad 201 ",
            "lost undecided",
            "lost 201 ",
            "gateway undecided",
            "refused failed"
        ]
    );
    assert_eq!((tally.skipped, tally.unknown), (1, 2));
    assert_eq!(server.lines(), ["POST /bad", "PUT /lost"]);

    // With a key the server can tell a repetition.
    server.seen.lock().unwrap().clear();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let keyed = Shared {
        idempotency_header: Some("Idempotency-Key".into()),
        ..shared(Some(journal))
    };
    let (_, events) = run_all(options, keyed, Some(&replay), &input);
    assert_eq!(events, ["lost 201 ", "gateway 201 ", "refused failed"]);
    let seen = server.seen.lock().unwrap();
    assert_eq!(seen[0].header("idempotency-key").unwrap().len(), 32);
    std::fs::remove_file(&path).unwrap();
}

/// A worker may wait for a response when the process ends, so the lock of the journal is not left to it.
#[test]
fn the_journal_is_free_after_the_run_even_if_a_worker_still_has_it() {
    let server = Server::start(|_| response("200 OK", "", ""));
    let path = journal_path();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let shared = Arc::new(shared(Some(journal)));
    let late = Arc::clone(&shared);
    let input = server.gets(2);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let report = &mut |_| Ok(());
    let tally = run_reporting(OPTIONS, &shared, from(source, Some(&replay)), report).unwrap();
    assert_eq!(tally.done, 2);
    drop(shared);
    let (_, replay) = Journal::open(&path, WANTED).unwrap();
    assert_eq!(replay.count(State::Done), 2);
    drop(late);
    std::fs::remove_file(&path).unwrap();
}

/// Nothing is sent that cannot be recorded; the result of a request that was sent is still reported.
#[test]
fn nothing_is_sent_when_the_journal_cannot_be_written() {
    let path = journal_path();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let server = Server::start(|_| response("200 OK", "", ""));
    let shared = Arc::new(shared(Some(journal)));
    let input = server.gets(100);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let options = Options { jobs: 1, ..OPTIONS };
    let mut count = 0;
    let failed = run_reporting(options, &shared, from(source, Some(&replay)), &mut |_| {
        count += 1;
        if count == 10 {
            shared.journal.as_ref().unwrap().fill_disk();
        }
        Ok(())
    });
    let failed = failed.unwrap_err();
    assert!(matches!(failed, Error::File { .. }), "{failed}");
    let replay = Journal::read(&path).unwrap();
    let (done, unknown) = (replay.count(State::Done), replay.count(State::Unknown));
    let sent = server.lines().len();
    // A request that was in flight is unknown, and no request was sent without a record.
    assert!(
        (10..=11).contains(&done) && unknown <= 1,
        "{done} {unknown}"
    );
    assert_eq!(sent, done + unknown);
    std::fs::remove_file(&path).unwrap();
}

/// `--check` asks the service about requests of which the response never came.
#[test]
fn a_check_decides_about_unknown_requests() {
    let server = Server::start(|_| response("201 Created", "", ""));
    let path = journal_path();
    let (journal, _) = Journal::open(&path, WANTED).unwrap();
    for number in 0..3 {
        let pending = crate::batch::journal::Pending {
            number,
            line: number + 1,
            id: None,
        };
        let durability = crate::batch::journal::Durability::Written;
        journal.sent(pending, durability).unwrap();
    }
    drop(journal);
    let all = [
        ("POST", "yes".to_owned()),
        ("POST", "no".to_owned()),
        ("POST", "?".to_owned()),
    ];
    let input = server.input(&all);
    for expected in [&["? undecided", "no done"][..], &["? undecided"]] {
        let (journal, replay) = Journal::open(&path, WANTED).unwrap();
        let shared = Arc::new(shared(Some(journal)));
        let source = Source::new(input.as_bytes(), Kind::Objects, None)
            .ok()
            .unwrap();
        let mut events = Vec::new();
        let desk = Desk {
            report: &mut |event| {
                events.push(match event {
                    Event::Finished(finished) => {
                        format!("{} {}", finished.id.clone().unwrap(), finished.state())
                    }
                    Event::Undecided(record) => format!("{} undecided", record.name()),
                    Event::Invalid(invalid) => invalid.to_string(),
                });
                Ok(())
            },
            renew: &mut |_| Ok(None),
            check: Some(&mut |record| match record.name().as_str() {
                "yes" => Ok(Processed::Yes),
                "no" => Ok(Processed::No),
                _ => Err(Error::usage("the service does not know")),
            }),
            tick: &mut |_| {},
        };
        let tally = run(OPTIONS, &shared, from(source, Some(&replay)), desk).unwrap();
        events.sort();
        assert_eq!(events, expected);
        assert_eq!((tally.unknown, tally.exit()), (1, Exit::Failed));
    }
    assert_eq!(server.lines(), ["POST /no"]);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn bodies_are_written_to_files() {
    let server = Server::start(|seen| match seen.line.ends_with('3') {
        true => response("404 No", "", "none"),
        false => response("200 OK", "content-type: application/json\r\n", "{}"),
    });
    let directory = journal_path();
    let files = crate::batch::body_files::BodyFiles::new(directory.clone()).unwrap();
    let written = Shared {
        files: Some(files),
        ..shared(None)
    };
    let (tally, mut events) = run_all(OPTIONS, written, None, &server.gets(5));
    events.sort();
    assert_eq!(
        events,
        ["0 200 {}", "1 200 {}", "2 200 {}", "3 404 none", "4 200 {}"]
    );
    assert_eq!((tally.done, tally.exit()), (4, Exit::ClientError));
    let mut names: Vec<String> = std::fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "000001-0.json",
        "000002-1.json",
        "000003-2.json",
        "000005-4.json",
    ];
    assert_eq!(names, expected);
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn a_run_ends_when_its_input_changes() {
    let server = Server::start(|_| response("200 OK", "", ""));
    let input = server.gets(1000);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let checks = std::cell::Cell::new(0);
    let ensure_unchanged = || {
        checks.set(checks.get() + 1);
        match checks.get() {
            3 => Err(Error::malformed("in.csv", "it was changed during the run")),
            _ => Ok(()),
        }
    };
    let input = Input {
        ensure_unchanged: &ensure_unchanged,
        ..from(source, None)
    };
    let failed =
        run_reporting(OPTIONS, &Arc::new(shared(None)), input, &mut |_| Ok(())).unwrap_err();
    assert!(failed.to_string().contains("changed"), "{failed}");
    assert!(server.lines().len() <= 512);
}

/// What a process that is killed, or has no disk space, runs. It does nothing as a test.
#[test]
fn run_of_another_process() {
    let Ok(given) = std::env::var("C47_TEST_BATCH") else {
        return;
    };
    crate::process_limits::ignore_file_size_signal();
    let (journal, input) = given.split_once('|').unwrap();
    let (journal, replay) = Journal::open(journal.as_ref(), WANTED).unwrap();
    let input = InputFile::open(input.as_ref(), "/nowhere".as_ref()).unwrap();
    let source = Source::new(input.reader(), Kind::Objects, None)
        .ok()
        .unwrap();
    let ensure_unchanged = || input.ensure_unchanged();
    let input = Input {
        source,
        ensure_unchanged: &ensure_unchanged,
        replay: Some(&replay),
    };
    let options = Options {
        order: Order::AsInput,
        ..OPTIONS
    };
    run_reporting(
        options,
        &Arc::new(shared(Some(journal))),
        input,
        &mut |_| Ok(()),
    )
    .unwrap();
    if let Ok(path) = std::env::var("C47_TEST_STATUS") {
        std::fs::copy("/proc/self/status", path).unwrap();
    }
}

/// A batch of POST and PUT that other processes run in part.
struct Disturbed {
    server: Server,
    seen: Arc<AtomicUsize>,
    all: Vec<(&'static str, String)>,
    input: String,
    input_path: PathBuf,
    journal: PathBuf,
}

impl Disturbed {
    fn new(requests: usize) -> Disturbed {
        let seen = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&seen);
        let server = Server::start(move |_| {
            counted.fetch_add(1, Ordering::SeqCst);
            response("200 OK", "", "")
        });
        let method = |number: usize| {
            if number.is_multiple_of(4) {
                "PUT"
            } else {
                "POST"
            }
        };
        let all: Vec<_> = (0..requests).map(|n| (method(n), n.to_string())).collect();
        let input = server.input(&all);
        let input_path = journal_path();
        std::fs::write(&input_path, &input).unwrap();
        Disturbed {
            server,
            seen,
            all,
            input,
            input_path,
            journal: journal_path(),
        }
    }

    /// A process that runs the batch, after these commands of a shell.
    fn process(&self, before: &str) -> std::process::Child {
        self.command(before).spawn().unwrap()
    }

    fn command(&self, before: &str) -> std::process::Command {
        let given = format!("{}|{}", self.journal.display(), self.input_path.display());
        let mut command = std::process::Command::new("/bin/sh");
        command
            .arg("-c")
            .arg(format!(
                "{before} exec \"$0\" --exact batch::run::tests::run_of_another_process"
            ))
            .arg(std::env::current_exe().unwrap())
            .env("C47_TEST_BATCH", given)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command
    }

    /// Ends the batch: each POST was sent at most once, and each request is done or undecided; each PUT
    /// is done.
    fn ensure_nothing_lost_or_doubled(self, most_undecided: usize) {
        let (journal, replay) = Journal::open(&self.journal, WANTED).unwrap();
        let (tally, events) = run_all(OPTIONS, shared(Some(journal)), Some(&replay), &self.input);
        let undecided = events.iter().filter(|event| event.ends_with("undecided"));
        let undecided: Vec<&str> = undecided
            .filter_map(|event| event.split(' ').next())
            .collect();
        let ended = tally.done + tally.skipped + tally.unknown;
        assert_eq!(ended, self.all.len() as u64);
        assert_eq!(tally.unknown as usize, undecided.len());
        assert!(undecided.len() <= most_undecided, "{undecided:?}");
        let lines = self.server.lines();
        for (method, name) in &self.all {
            let line = format!("{method} /{name}");
            let count = lines.iter().filter(|seen| **seen == line).count();
            let is_undecided = undecided.contains(&name.as_str());
            match *method {
                "PUT" => assert!(count >= 1 && !is_undecided, "{line}: {count}"),
                _ => assert!(
                    count == 1 || (count == 0 && is_undecided),
                    "{line}: {count}"
                ),
            }
        }
        for path in [self.journal, self.input_path] {
            std::fs::remove_file(path).unwrap();
        }
    }
}

/// The most memory that a process used for a batch of this size, in KiB.
fn peak_memory(requests: usize) -> u64 {
    let batch = Disturbed::new(requests);
    let status = journal_path();
    let mut command = batch.command("");
    command.env("C47_TEST_STATUS", &status);
    assert!(command.status().unwrap().success());
    assert_eq!(batch.seen.load(Ordering::SeqCst), requests);
    let text = std::fs::read_to_string(&status).unwrap();
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    for path in [status, batch.journal, batch.input_path] {
        std::fs::remove_file(path).unwrap();
    }
    let peak = peak.unwrap().trim().trim_end_matches(" kB");
    peak.parse().unwrap()
}

#[test]
fn memory_does_not_grow_with_the_number_of_requests() {
    let (small, large) = (peak_memory(1_000), peak_memory(12_000));
    assert!(large < small + 2048, "{small} KiB, {large} KiB");
}

#[test]
fn killed_runs_lose_nothing_and_send_nothing_twice() {
    let batch = Disturbed::new(400);
    for _ in 0..6 {
        let before = batch.seen.load(Ordering::SeqCst);
        let mut child = batch.process("");
        while batch.seen.load(Ordering::SeqCst) < before + 37 && child.try_wait().unwrap().is_none()
        {
            thread::yield_now();
        }
        let _ = child.kill(); // SIGKILL
        child.wait().unwrap();
    }
    // At most one request of each job was in flight when a run was killed.
    batch.ensure_nothing_lost_or_doubled(6 * OPTIONS.jobs);
}

/// The journal reaches the limit of the size of files, in the middle of a line.
#[test]
fn a_full_disk_loses_nothing_and_sends_nothing_twice() {
    let batch = Disturbed::new(400);
    for blocks in [4, 8, 9] {
        let status = batch
            .process(&format!("ulimit -f {blocks};"))
            .wait()
            .unwrap();
        assert!(!status.success(), "{blocks}");
    }
    let seen = batch.seen.load(Ordering::SeqCst);
    assert!(seen > 20 && seen < 400, "{seen}");
    batch.ensure_nothing_lost_or_doubled(3 * OPTIONS.jobs);
}

#[test]
fn a_stop_ends_the_run_with_the_journal_whole() {
    let path = journal_path();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let server = Server::start(|_| response("200 OK", "", ""));
    let shared = Arc::new(shared(Some(journal)));
    let input = server.gets(1000);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let mut count = 0;
    let tally = run_reporting(OPTIONS, &shared, from(source, Some(&replay)), &mut |_| {
        count += 1;
        if count == 100 {
            shared.pace.stop();
        }
        Ok(())
    })
    .unwrap();
    assert!(tally.done >= 100 && tally.done < 1000, "{}", tally.done);
    let replay = Journal::read(&path).unwrap();
    assert_eq!(replay.count(State::Done) as u64, tally.done);
    assert_eq!(replay.unknown.len(), 0);
    assert_eq!(server.lines().len() as u64, tally.done);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn requests_that_a_stopped_run_sent_are_unknown() {
    let path = journal_path();
    let (journal, replay) = Journal::open(&path, WANTED).unwrap();
    let sent = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&sent);
    // The second response never comes.
    let server = Server::start(move |_| {
        if counted.fetch_add(1, Ordering::SeqCst) > 0 {
            thread::sleep(Duration::from_secs(60));
        }
        response("200 OK", "", "")
    });
    let shared = Arc::new(shared(Some(journal)));
    let stopping = Arc::clone(&shared);
    thread::spawn(move || {
        while sent.load(Ordering::SeqCst) < 2 {
            thread::yield_now();
        }
        stopping.pace.stop();
    });
    let input = server.input(&[
        ("POST", "a".into()),
        ("POST", "b".into()),
        ("POST", "c".into()),
    ]);
    let source = Source::new(input.as_bytes(), Kind::Objects, None)
        .ok()
        .unwrap();
    let options = Options { jobs: 1, ..OPTIONS };
    let tally = run_reporting(options, &shared, from(source, Some(&replay)), &mut |_| {
        Ok(())
    })
    .unwrap();
    assert_eq!((tally.done, tally.failed), (1, 0));
    let replay = Journal::read(&path).unwrap();
    let states: BTreeMap<u64, State> = (0..3)
        .map(|number| (number, replay.state(number)))
        .collect();
    let expected = [(0, State::Done), (1, State::Unknown), (2, State::New)];
    assert_eq!(states, BTreeMap::from(expected));
    std::fs::remove_file(&path).unwrap();
}
