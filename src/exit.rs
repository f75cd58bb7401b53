//! Exit codes: the contract with shell scripts and farm jobs, the same for every command.

/// How a command ended. The numbers are documented in README and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done; the answer is yes.
    Done = 0,
    /// Done; the answer is no: a token is not valid, nothing matched.
    No = 1,
    /// A wrong option, item, profile or configuration; nothing was sent or written.
    Usage = 2,
    /// The service answered 3xx and it was not followed.
    Redirection = 3,
    /// The service answered 4xx.
    ClientError = 4,
    /// The service answered 5xx.
    ServerError = 5,
    /// Too many redirects.
    TooManyRedirects = 6,
    /// It could not be done: file, DNS, network, TLS, a malformed reply or file.
    Failed = 7,
    /// Timed out.
    TimedOut = 8,
    /// No credentials could be had: a secret's source failed, or the login was refused.
    NoCredentials = 9,
    /// A bug in c47.
    Bug = 70,
    /// No such command.
    NoSuchCommand = 127,
    /// Interrupted by SIGINT.
    Interrupted = 130,
    /// Ended by SIGTERM.
    Terminated = 143,
}

impl Exit {
    /// The number the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit that stands for an HTTP status: 2xx is done, 3xx, 4xx and 5xx have their own.
    pub fn from_status(status: u16) -> Exit {
        match status {
            300..=399 => Exit::Redirection,
            400..=499 => Exit::ClientError,
            500..=599 => Exit::ServerError,
            _ => Exit::Done,
        }
    }
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
