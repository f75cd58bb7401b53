//! The kinds of errors in the `--json` output. A leaf.

/// The kind of an error. The words never change; [`ErrorKind::ALL`] lists them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Usage,
    NoSuchCommand,
    NoSuchProgram,
    Secret,
    LoginRefused,
    LoginFailed,
    LoginBusy,
    TokenCache,
    Resolve,
    Connect,
    Tls,
    Proxy,
    ProxyCredentials,
    TimedOut,
    Truncated,
    Protocol,
    MalformedResponse,
    RequestBody,
    TooManyRedirects,
    Key,
    WrongKey,
    Claim,
    Token,
    Random,
    Signing,
    File,
    Filter,
    Malformed,
    Nothing,
    Listen,
    Repository,
    Exists,
    Busy,
    Overwrite,
    Output,
    System,
}

impl ErrorKind {
    /// All kinds, for the manual.
    pub(crate) const ALL: [ErrorKind; 36] = [
        ErrorKind::Usage,
        ErrorKind::NoSuchCommand,
        ErrorKind::NoSuchProgram,
        ErrorKind::Secret,
        ErrorKind::LoginRefused,
        ErrorKind::LoginFailed,
        ErrorKind::LoginBusy,
        ErrorKind::TokenCache,
        ErrorKind::Resolve,
        ErrorKind::Connect,
        ErrorKind::Tls,
        ErrorKind::Proxy,
        ErrorKind::ProxyCredentials,
        ErrorKind::TimedOut,
        ErrorKind::Truncated,
        ErrorKind::Protocol,
        ErrorKind::MalformedResponse,
        ErrorKind::RequestBody,
        ErrorKind::TooManyRedirects,
        ErrorKind::Key,
        ErrorKind::WrongKey,
        ErrorKind::Claim,
        ErrorKind::Token,
        ErrorKind::Random,
        ErrorKind::Signing,
        ErrorKind::File,
        ErrorKind::Filter,
        ErrorKind::Malformed,
        ErrorKind::Nothing,
        ErrorKind::Listen,
        ErrorKind::Repository,
        ErrorKind::Exists,
        ErrorKind::Busy,
        ErrorKind::Overwrite,
        ErrorKind::Output,
        ErrorKind::System,
    ];

    /// Its word in `error.kind`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            ErrorKind::Usage => "usage",
            ErrorKind::NoSuchCommand => "no_such_command",
            ErrorKind::NoSuchProgram => "no_such_program",
            ErrorKind::Secret => "secret",
            ErrorKind::LoginRefused => "login_refused",
            ErrorKind::LoginFailed => "login_failed",
            ErrorKind::LoginBusy => "login_busy",
            ErrorKind::TokenCache => "token_cache",
            ErrorKind::Resolve => "resolve",
            ErrorKind::Connect => "connect",
            ErrorKind::Tls => "tls",
            ErrorKind::Proxy => "proxy",
            ErrorKind::ProxyCredentials => "proxy_credentials",
            ErrorKind::TimedOut => "timeout",
            ErrorKind::Truncated => "truncated",
            ErrorKind::Protocol => "protocol",
            ErrorKind::MalformedResponse => "malformed_response",
            ErrorKind::RequestBody => "request_body",
            ErrorKind::TooManyRedirects => "too_many_redirects",
            ErrorKind::Key => "key",
            ErrorKind::WrongKey => "wrong_key",
            ErrorKind::Claim => "claim",
            ErrorKind::Token => "token",
            ErrorKind::Random => "random",
            ErrorKind::Signing => "signing",
            ErrorKind::File => "file",
            ErrorKind::Filter => "filter",
            ErrorKind::Malformed => "malformed",
            ErrorKind::Nothing => "nothing",
            ErrorKind::Listen => "listen",
            ErrorKind::Repository => "repository",
            ErrorKind::Exists => "exists",
            ErrorKind::Busy => "busy",
            ErrorKind::Overwrite => "overwrite",
            ErrorKind::Output => "output",
            ErrorKind::System => "system",
        }
    }

    /// What failed, in a few words.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            ErrorKind::Usage => "a wrong option, argument, item, profile or configuration file",
            ErrorKind::NoSuchCommand => "no such command",
            ErrorKind::NoSuchProgram => "a program to run was not found",
            ErrorKind::Secret => "the source of a secret failed",
            ErrorKind::LoginRefused => "the service refused the login",
            ErrorKind::LoginFailed => "the login failed for another reason",
            ErrorKind::LoginBusy => "another process is logging in",
            ErrorKind::TokenCache => "the token cache cannot be used",
            ErrorKind::Resolve => "the host name cannot be resolved",
            ErrorKind::Connect => "the connection failed",
            ErrorKind::Tls => "the TLS handshake failed",
            ErrorKind::Proxy => "the proxy refused the connection",
            ErrorKind::ProxyCredentials => "the proxy asks for credentials, or rejected them",
            ErrorKind::TimedOut => "timed out",
            ErrorKind::Truncated => "the response was cut short",
            ErrorKind::Protocol => "the response is not valid HTTP",
            ErrorKind::MalformedResponse => "the response cannot be used",
            ErrorKind::RequestBody => "the request body could not be read",
            ErrorKind::TooManyRedirects => "too many redirects",
            ErrorKind::Key => "the key cannot be used",
            ErrorKind::WrongKey => "the key does not fit the algorithm or the use",
            ErrorKind::Claim => "a claim or header member is invalid",
            ErrorKind::Token => "the token is malformed",
            ErrorKind::Random => "no random numbers",
            ErrorKind::Signing => "signing failed",
            ErrorKind::File => "a file could not be read or written",
            ErrorKind::Filter => "a jq filter failed on its input",
            ErrorKind::Malformed => "a file or an input is malformed",
            ErrorKind::Nothing => "nothing of the requested kind was found",
            ErrorKind::Listen => "the port could not be opened",
            ErrorKind::Repository => "the Rez repository does not exist",
            ErrorKind::Exists => "the package version already exists",
            ErrorKind::Busy => "another process is installing the same version",
            ErrorKind::Overwrite => "the package version cannot be overwritten",
            ErrorKind::Output => "stdout could not be written",
            ErrorKind::System => "another system call failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_kind_is_listed_once_with_a_unique_word() {
        // In the order of declaration without a gap, so only kinds after the last could be missing.
        for (at, kind) in ErrorKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, at, "{kind:?}");
        }
        assert_eq!(ErrorKind::ALL.last(), Some(&ErrorKind::System));
        let words: BTreeSet<&str> = ErrorKind::ALL.map(ErrorKind::word).into();
        assert_eq!(words.len(), ErrorKind::ALL.len());
    }
}
