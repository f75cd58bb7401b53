//! Makes all calls: combines settings, redirects, attempts, renewal of credentials and observers.

use super::cookies::{Channel, Cookies};
use super::credential::Credential;
use super::digest::Challenge;
use super::failure::Failure;
use super::guard;
use super::observe::{Notice, Observer};
use super::redirect::{self, Target};
use super::request::Request;
use super::response::Response;
use super::retry::{Attempts, Pause};
use super::send::exchange;
use super::settings::{Follow, Settings};
use super::tls::ClientCertificate;
use super::transport::Transport;
use super::url::Origin;
use crate::deadline::Deadline;
use crate::error::Error;

/// Why a new credential is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Renewal {
    /// The request is about to be sent again: a token for one request has been used.
    NextAttempt,
    /// The service rejected the credential with this status.
    Rejected(u16),
}

/// Returns a new credential; `None` if the current one stays in use.
pub(super) type Renew<'a> = Box<dyn FnMut(Renewal) -> Result<Option<Credential>, Error> + 'a>;

/// Makes calls. The settings, the latest credential, the cookies and the observers are kept between
/// calls.
pub(crate) struct Caller<'a> {
    settings: Settings,
    /// The deadline of all calls, if one is set.
    deadline: Option<Deadline>,
    renew: Option<Renew<'a>>,
    /// The last credential from `renew`, which later requests use too.
    renewed: Option<Credential>,
    /// The origin of the first request, which the client certificate is sent to.
    certificate_origin: Option<Origin>,
    transport: Transport,
    cookies: Cookies,
    observers: Vec<Box<dyn Observer + 'a>>,
}

impl<'a> Caller<'a> {
    /// A caller without observers, whose credentials are not renewed.
    pub(crate) fn new(settings: Settings) -> Caller<'a> {
        Caller {
            settings,
            deadline: None,
            renew: None,
            renewed: None,
            certificate_origin: None,
            transport: Transport::default(),
            cookies: Cookies::default(),
            observers: Vec::new(),
        }
    }

    /// Uses the connections and TLS configurations of other callers too.
    #[must_use]
    pub(crate) fn sharing(mut self, transport: Transport) -> Caller<'a> {
        self.transport = transport;
        self
    }

    /// Uses these cookies. By default a caller starts without cookies and keeps them in memory.
    #[must_use]
    pub(crate) fn keeping(mut self, cookies: Cookies) -> Caller<'a> {
        self.cookies = cookies;
        self
    }

    /// Starts again without cookies.
    pub(crate) fn forget_cookies(&mut self) {
        self.cookies = Cookies::default();
    }

    /// Uses the credential of the next request, and not the last one from `renew`.
    pub(crate) fn forget_renewed(&mut self) {
        self.renewed = None;
    }

    /// Sets the function that renews a credential after it was used up or rejected.
    #[must_use]
    pub(crate) fn renewing(mut self, renew: Renew<'a>) -> Caller<'a> {
        self.renew = Some(renew);
        self
    }

    /// Ends every call at `deadline`, which includes earlier steps such as a login.
    #[must_use]
    pub(crate) fn until(mut self, deadline: Deadline) -> Caller<'a> {
        self.deadline = Some(deadline);
        self
    }

    /// Adds an observer; observers are called in the order of addition.
    #[must_use]
    pub(crate) fn observed_by(mut self, observer: Box<dyn Observer + 'a>) -> Caller<'a> {
        self.observers.push(observer);
        self
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Starts the clock of a call.
    pub(super) fn attempts(&self) -> Attempts {
        let deadline = self
            .deadline
            .unwrap_or_else(|| Deadline::after(self.settings.limits.whole));
        Attempts::new(self.settings.retry, deadline)
    }

    /// Makes the call, with redirects, retries and a renewed credential. Afterwards `request` is
    /// the last request that was sent.
    ///
    /// # Errors
    /// When there is no response, there are too many redirects, or a credential may not be sent.
    pub(crate) fn call(&mut self, request: &mut Request) -> Result<Response, Error> {
        self.call_within(&mut self.attempts(), request)
    }

    /// Makes a further call of a series: a token for one request is replaced by a new one.
    ///
    /// # Errors
    /// As [`Caller::call`], and when there is no new token.
    pub(crate) fn call_again(&mut self, request: &mut Request) -> Result<Response, Error> {
        if request.credential != Credential::None {
            self.renewed_for(Renewal::NextAttempt)?;
        }
        self.call(request)
    }

    /// Like [`Caller::call`], with the remaining attempts.
    ///
    /// # Errors
    /// As [`Caller::call`], after the last attempt.
    pub(super) fn call_within(
        &mut self,
        attempts: &mut Attempts,
        request: &mut Request,
    ) -> Result<Response, Error> {
        if let (Some(renewed), true) = (&self.renewed, request.credential != Credential::None) {
            request.credential = renewed.clone();
        }
        self.certificate_origin = Some(request.url.origin.clone());
        let first = self.renew.is_some().then(|| request.clone());
        let answer = self.follow(attempts, request)?;
        // A response after a redirect away from the service does not concern the credential.
        let is_rejected =
            matches!(answer.head.status, 400..=599) && request.credential != Credential::None;
        if let (true, Some(first)) = (is_rejected, first)
            && let Some(credential) = self.renewed_for(Renewal::Rejected(answer.head.status))?
        {
            answer.discard();
            *request = first;
            request.credential = credential;
            return self.follow(attempts, request);
        }
        Ok(answer)
    }

    /// Notifies the observers, then waits until the next attempt.
    pub(super) fn rest(&mut self, pause: &Pause) {
        self.notice(&Notice::Retrying(pause));
        std::thread::sleep(pause.wait);
    }

    fn renewed_for(&mut self, renewal: Renewal) -> Result<Option<Credential>, Error> {
        let Some(renew) = &mut self.renew else {
            return Ok(None);
        };
        let credential = renew(renewal)?;
        if credential.is_some() {
            self.renewed.clone_from(&credential);
        }
        Ok(credential)
    }

    /// Sends the request, and follows redirects.
    fn follow(
        &mut self,
        attempts: &mut Attempts,
        request: &mut Request,
    ) -> Result<Response, Error> {
        let mut followed = 0;
        loop {
            let answer = self.authenticated(attempts, request)?;
            let Follow::UpTo(limit) = self.settings.follow else {
                return Ok(answer);
            };
            let next = match redirect::target(&answer.head, request, self.settings.redirected_body)
            {
                Target::None => return Ok(answer),
                Target::Refused { to, why } => {
                    self.notice(&Notice::RedirectRefused { to, why });
                    return Ok(answer);
                }
                Target::Url(next) => next,
            };
            if followed == limit {
                return Err(Failure::TooManyRedirects { limit }.into());
            }
            followed += 1;
            redirect::apply(request, answer.head.status, next);
            answer.discard();
        }
    }

    /// Sends one request; if the server sends a Digest challenge, sends it again with the digest.
    fn authenticated(
        &mut self,
        attempts: &mut Attempts,
        request: &mut Request,
    ) -> Result<Response, Error> {
        // A digest is valid for one method and target; a stale nonce gets one more attempt.
        if let Credential::Digest { answer, .. } = &mut request.credential {
            *answer = None;
        }
        let mut answered = 0;
        loop {
            let answer = self.persist(attempts, request)?;
            let challenge = match (&request.credential, answer.head.status) {
                (Credential::Digest { .. }, 401) => Challenge::of(&answer.head),
                _ => None,
            };
            match challenge {
                Some(challenge) if answered == 0 || (answered == 1 && challenge.stale) => {
                    request.meet(&challenge)?;
                    answered += 1;
                    answer.discard();
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Sends the request until its response or error is final.
    fn persist(
        &mut self,
        attempts: &mut Attempts,
        request: &mut Request,
    ) -> Result<Response, Error> {
        loop {
            let result = self.send(request, attempts);
            let pause = match &result {
                Ok(answer) => attempts.after_answer(&request.method, &answer.head),
                Err(error) => attempts.after_error(&request.method, error),
            };
            let Some(pause) = pause else { return result };
            if let Ok(answer) = result {
                answer.discard();
            }
            self.rest(&pause);
            if request.credential != Credential::None
                && let Some(credential) = self.renewed_for(Renewal::NextAttempt)?
            {
                request.credential = credential;
            }
        }
    }

    fn send(&mut self, request: &mut Request, attempts: &mut Attempts) -> Result<Response, Error> {
        for observer in &mut self.observers {
            attempts.extend(observer.turn()?);
        }
        let channel = match guard::is_confidential(&request.url.origin, &self.settings)? {
            true => Channel::Confidential,
            false => Channel::PlainText,
        };
        // A signature may cover the cookies.
        self.cookies.add_to(request, channel);
        request.sign(attempts.deadline())?;
        for observer in &mut self.observers {
            observer.before(request)?;
        }
        guard::ensure_request_confidential(request, &self.settings)?;
        let certificate = match self.certificate_origin.as_ref() == Some(&request.url.origin) {
            true => ClientCertificate::Shown,
            false => ClientCertificate::Withheld,
        };
        let answer = exchange(
            &self.transport,
            request,
            &self.settings,
            certificate,
            attempts.deadline(),
        )?;
        self.cookies
            .receive(&request.url, &answer.head, channel, attempts.deadline());
        for observer in &mut self.observers {
            observer.after(request, &answer)?;
        }
        Ok(answer)
    }

    fn notice(&mut self, notice: &Notice) {
        for observer in &mut self.observers {
            observer.notice(notice);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::rc::Rc;
    use std::thread::JoinHandle;

    use super::*;
    use crate::http::credential::Placement;
    use crate::http::part::Header;
    use crate::http::url::Url;
    use crate::secret::Secret;

    /// Serves these responses, one for each connection; returns the headers of the requests.
    fn serve(answers: &'static [&'static str]) -> (Url, JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let server = std::thread::spawn(move || {
            let answer = |text: &&str| {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = Vec::new();
                let mut buffer = [0; 4096];
                while !request.ends_with(b"\r\n\r\n") {
                    let count = stream.read(&mut buffer).unwrap();
                    request.extend_from_slice(&buffer[..count]);
                }
                let head = format!("HTTP/1.1 {text}\r\nContent-Length: 0\r\n\r\n");
                stream.write_all(head.as_bytes()).unwrap();
                String::from_utf8(request).unwrap()
            };
            answers.iter().map(answer).collect()
        });
        (Url::parse(&url).unwrap(), server)
    }

    fn settings() -> Settings {
        use crate::http::settings::Retry;
        use crate::http::tls::Trust;

        Settings {
            follow: Follow::UpTo(3),
            retry: Retry {
                retries: 1,
                ..Retry::default()
            },
            ..Settings::new(Trust::Anybody)
        }
    }

    /// Notes the targets of the requests and the statuses of the responses.
    #[derive(Default)]
    struct Notes(Rc<RefCell<Vec<String>>>);

    impl Observer for Notes {
        fn before(&mut self, request: &Request) -> Result<(), Error> {
            self.0.borrow_mut().push(request.url.path_and_query());
            Ok(())
        }

        fn after(&mut self, _: &Request, answer: &Response) -> Result<(), Error> {
            self.0.borrow_mut().push(answer.head.status.to_string());
            Ok(())
        }
    }

    fn cookie(head: &str) -> Option<&str> {
        let (_, rest) = head.split_once("cookie: ")?;
        rest.split("\r\n").next()
    }

    #[test]
    fn an_observer_sees_every_request_of_every_call() {
        let (url, server) = serve(&[
            "302 Found\r\nLocation: /b",
            "503 Busy\r\nRetry-After: 0",
            "200 OK",
            "200 OK",
        ]);
        let notes = Notes::default();
        let seen = Rc::clone(&notes.0);
        let mut caller = Caller::new(settings()).observed_by(Box::new(notes));
        caller.call(&mut Request::get(url.clone())).unwrap();
        caller.call(&mut Request::get(url)).unwrap();
        server.join().unwrap();
        let expected = ["/", "302", "/b", "503", "/b", "200", "/", "200"];
        assert_eq!(*seen.borrow(), expected);
    }

    #[test]
    fn cookies_are_sent_with_redirects_retries_and_later_calls() {
        let (url, server) = serve(&[
            "302 Found\r\nLocation: /b\r\nSet-Cookie: a=1",
            "503 Busy\r\nRetry-After: 0\r\nSet-Cookie: a=2\r\nSet-Cookie: b=3; Path=/c",
            "200 OK",
            "200 OK",
            "200 OK",
        ]);
        let mut caller = Caller::new(settings());
        caller.call(&mut Request::get(url.clone())).unwrap();
        let below = url.join("/c/d").unwrap();
        caller.call(&mut Request::get(below)).unwrap();
        caller.forget_cookies();
        caller.call(&mut Request::get(url)).unwrap();
        let heads = server.join().unwrap();
        assert_eq!(
            heads.iter().map(|head| cookie(head)).collect::<Vec<_>>(),
            [None, Some("a=1"), Some("a=2"), Some("b=3; a=2"), None]
        );
    }

    #[test]
    fn cookies_of_the_user_and_of_the_server_are_one_header() {
        let (url, server) = serve(&[
            "302 Found\r\nLocation: /b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2",
            "200 OK",
        ]);
        let mut request = Request::get(url);
        request.headers.push(Header::plain("Cookie", "b=mine; c=3"));
        Caller::new(settings()).call(&mut request).unwrap();
        let heads = server.join().unwrap();
        assert_eq!(cookie(&heads[0]), Some("b=mine; c=3"));
        assert_eq!(cookie(&heads[1]), Some("a=1; b=mine; c=3"));
        assert_eq!(heads[1].matches("cookie:").count(), 1);
    }

    #[test]
    fn a_renewed_credential_serves_later_calls_too() {
        let (url, server) = serve(&["401 No", "200 OK", "200 OK"]);
        let bearer = |token: &str| Placement::Bearer.credential(&Secret::new(token.into()));
        let asked = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&asked);
        let mut caller = Caller::new(settings()).renewing(Box::new(move |renewal| {
            seen.borrow_mut().push(renewal);
            Ok(Some(bearer("new")))
        }));
        for _ in 0..2 {
            let mut request = Request {
                credential: bearer("old"),
                ..Request::get(url.clone())
            };
            let answer = caller.call(&mut request).unwrap();
            assert_eq!(answer.head.status, 200);
        }
        let heads = server.join().unwrap();
        let has = |head: &String| head.contains("Bearer new");
        assert_eq!(
            heads.iter().map(has).collect::<Vec<_>>(),
            [false, true, true]
        );
        assert_eq!(*asked.borrow(), [Renewal::Rejected(401)]);
    }

    #[test]
    fn a_secret_is_never_sent_in_plain_text_whoever_builds_the_request() {
        let mut request = Request::get(Url::parse("http://a.invalid/").unwrap());
        request.headers.push(Header::plain("X-Api-Key", "k"));
        let refused = Caller::new(settings()).call(&mut request).err().unwrap();
        assert!(refused.to_string().contains("plain text"), "{refused}");
    }
}
