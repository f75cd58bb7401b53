//! The kinds of keys a configuration has. A leaf: the schemes declare their keys with it.

/// What a key takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A secret's source, or the secret itself.
    Secret,
    /// A key: as a secret, or the path of a file that exists.
    Key,
    /// A proxy's address, which may hold a password.
    Proxy,
    Integer,
    /// `30s`; a bare number is seconds.
    Duration,
    Bool,
    /// A list of HTTP statuses.
    Statuses,
    /// A table of strings with names of one's own.
    Texts,
    /// A table of secrets with names of one's own.
    Secrets,
    /// A table of anything.
    Json,
    /// A table with the keys of [`REQUEST`].
    Request,
}

/// A key, what it takes, and what it is for.
pub(crate) type Key = (&'static str, Kind);

/// The keys of `login`, `refresh` and `logout`: a request, and where its answer has what.
pub(crate) const REQUEST: &[Key] = &[
    ("method", Kind::Text),
    ("url", Kind::Text),
    ("headers", Kind::Texts),
    ("query", Kind::Texts),
    ("json", Kind::Texts),
    ("form", Kind::Texts),
    ("token", Kind::Text),
    ("refresh_token", Kind::Text),
    ("expires_in", Kind::Text),
    ("expires_at", Kind::Text),
];

/// The words of a table of choices, for [`Kind::Choice`].
#[allow(clippy::indexing_slicing)] // a wrong index fails to compile
pub(crate) const fn words<T: Copy, const N: usize>(
    table: &[(&'static str, T); N],
) -> [&'static str; N] {
    let mut words = [""; N];
    let mut at = 0;
    while at < N {
        words[at] = table[at].0;
        at += 1;
    }
    words
}
