//! The types of configuration keys. Schemes declare their keys with them.

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// The source of a secret, or the secret itself.
    Secret,
    /// A cryptographic key: a secret, or the path of an existing file.
    Key,
    /// A proxy URL, which may contain a password.
    Proxy,
    /// A command line, or the list of its words.
    Words,
    Integer,
    /// `30s`; a bare number is seconds.
    Duration,
    Bool,
    /// A list of HTTP statuses.
    Statuses,
    /// A table of strings with any names.
    Texts,
    /// A table of names for members of a response.
    Members,
    /// A table of secrets with any names.
    Secrets,
    /// A table with any content.
    Json,
    /// A table with the keys of [`REQUEST`].
    Request,
    /// A table with the keys of [`PAGES`].
    Pages,
}

/// The name of a key and its type.
pub(crate) type Key = (&'static str, Kind);

/// The keys of `login`, `refresh` and `logout`: the request, and the member names in the response.
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
    ("also", Kind::Members),
];

/// The keys of `pages`, as the options of `c47 http`.
pub(crate) const PAGES: &[Key] = &[
    ("next", Kind::Text),
    ("page_param", Kind::Text),
    ("items", Kind::Text),
];

/// The names in a table of choices, for [`Kind::Choice`].
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
