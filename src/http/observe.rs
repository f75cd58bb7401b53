//! Observers of a call, which see each request and response, for example to print headers.

use std::time::Duration;

use super::request::Request;
use super::response::Response;
use super::retry::Pause;
use crate::error::Error;

/// Observes the requests of a [`super::Caller`]. The default methods do nothing.
pub(crate) trait Observer {
    /// Waits until the next request may be sent, and returns the time that this took. It does not count
    /// as time of the call.
    ///
    /// # Errors
    /// Ends the call before the request is sent.
    fn turn(&mut self) -> Result<Duration, Error> {
        Ok(Duration::ZERO)
    }

    /// Called before each request, including redirects and retries.
    ///
    /// # Errors
    /// Ends the call before the request is sent.
    fn before(&mut self, request: &Request) -> Result<(), Error> {
        let _ = request;
        Ok(())
    }

    /// Called after the headers of each response.
    ///
    /// # Errors
    /// Ends the call.
    fn after(&mut self, request: &Request, answer: &Response) -> Result<(), Error> {
        let _ = (request, answer);
        Ok(())
    }

    /// Called for events between two requests.
    fn notice(&mut self, notice: &Notice) {
        let _ = notice;
    }
}

/// An event between two requests of a call.
#[derive(Debug)]
pub(crate) enum Notice<'a> {
    /// The request is sent again after a pause.
    Retrying(&'a Pause),
    /// A redirect is not followed, for this reason.
    RedirectRefused { to: String, why: &'static str },
}
