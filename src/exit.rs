//! Exit codes, the same for every command. Scripts and farm jobs depend on them.

/// How a command ended. The numbers never change; [`TABLE`] has their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done = 0,
    No = 1,
    Usage = 2,
    Redirection = 3,
    ClientError = 4,
    ServerError = 5,
    TooManyRedirects = 6,
    Failed = 7,
    TimedOut = 8,
    NoCredentials = 9,
    Bug = 70,
    NoSuchCommand = 127,
    Interrupted = 130,
    Terminated = 143,
}

/// Exit codes with the same meaning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    pub exits: &'static [Exit],
    pub meaning: &'static str,
}

/// The meaning of each exit code, for the manual. README has it too, and a test compares them.
pub(crate) const TABLE: &[Row] = &[
    row(&[Exit::Done], "done; the answer is yes"),
    row(
        &[Exit::No],
        "the answer is no: token invalid, binary does not run or fit, library missing, check failed, nothing matched",
    ),
    row(
        &[Exit::Usage],
        "usage or configuration: a wrong option, item, profile or configuration file; nothing was sent or written",
    ),
    row(
        &[Exit::Redirection, Exit::ClientError, Exit::ServerError],
        "the service answered 3xx (not followed), 4xx, 5xx",
    ),
    row(&[Exit::TooManyRedirects], "too many redirects"),
    row(
        &[Exit::Failed],
        "it could not be done: file, DNS, network, TLS, malformed response or file",
    ),
    row(&[Exit::TimedOut], "timed out"),
    row(
        &[Exit::NoCredentials],
        "no credentials: the secret's source failed, or the login was refused",
    ),
    row(&[Exit::Bug], "a bug in c47"),
    row(&[Exit::NoSuchCommand], "no such command"),
    row(
        &[Exit::Interrupted, Exit::Terminated],
        "interrupted, terminated",
    ),
];

const fn row(exits: &'static [Exit], meaning: &'static str) -> Row {
    Row { exits, meaning }
}

impl Row {
    /// Its codes, with commas between them: `3, 4, 5`.
    pub(crate) fn codes(&self) -> String {
        let codes: Vec<String> = self
            .exits
            .iter()
            .map(|exit| exit.code().to_string())
            .collect();
        codes.join(", ")
    }
}

impl Exit {
    /// The number the process exits with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// The exit code for an HTTP status: 0 for 2xx, and one each for 3xx, 4xx and 5xx.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The exit after this one; the compiler asks for a new one here.
    fn next(exit: Exit) -> Option<Exit> {
        match exit {
            Exit::Done => Some(Exit::No),
            Exit::No => Some(Exit::Usage),
            Exit::Usage => Some(Exit::Redirection),
            Exit::Redirection => Some(Exit::ClientError),
            Exit::ClientError => Some(Exit::ServerError),
            Exit::ServerError => Some(Exit::TooManyRedirects),
            Exit::TooManyRedirects => Some(Exit::Failed),
            Exit::Failed => Some(Exit::TimedOut),
            Exit::TimedOut => Some(Exit::NoCredentials),
            Exit::NoCredentials => Some(Exit::Bug),
            Exit::Bug => Some(Exit::NoSuchCommand),
            Exit::NoSuchCommand => Some(Exit::Interrupted),
            Exit::Interrupted => Some(Exit::Terminated),
            Exit::Terminated => None,
        }
    }

    #[test]
    fn table_has_each_exit_once_in_order() {
        let all: Vec<Exit> = std::iter::successors(Some(Exit::Done), |&exit| next(exit)).collect();
        let listed: Vec<Exit> = TABLE.iter().flat_map(|row| row.exits).copied().collect();
        assert_eq!(listed, all);
    }

    #[test]
    fn readme_has_the_same_table() {
        let readme = include_str!("../README.md");
        let rows = readme
            .lines()
            .skip_while(|&line| line != "| exit | meaning |");
        let rows: Vec<&str> = rows
            .skip(2)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let expected: Vec<String> = TABLE
            .iter()
            .map(|row| format!("| {} | {} |", row.codes(), row.meaning))
            .collect();
        assert_eq!(rows, expected);
    }
}
