//! What outlives a call and follows it: asked before each request goes out, told of each response.
//! A printer of request heads is one, a cookie jar another.

use super::answer::Answer;
use super::request::Request;
use super::retry::Pause;
use crate::error::Error;

/// Follows the requests of a [`super::Caller`]. All its methods have a default that does nothing.
pub(crate) trait Observer {
    /// Called before each request goes out, redirects and retries included. It may complete the
    /// request; what it adds is subject to the same rules on a redirect as the user's headers.
    ///
    /// # Errors
    /// Ends the call; nothing is sent.
    fn before(&mut self, request: &mut Request) -> Result<(), Error> {
        let _ = request;
        Ok(())
    }

    /// Called with each response head.
    ///
    /// # Errors
    /// Ends the call.
    fn after(&mut self, request: &Request, answer: &Answer) -> Result<(), Error> {
        let _ = (request, answer);
        Ok(())
    }

    /// Called when something happens in between.
    fn notice(&mut self, notice: &Notice) {
        let _ = notice;
    }
}

/// What happens between two requests of a call.
#[derive(Debug)]
pub(crate) enum Notice<'a> {
    /// The request is sent again after a wait.
    Retrying(&'a Pause),
    /// The response names another place, and it is not followed there: why.
    RedirectRefused { to: String, why: &'static str },
}
