//! The Rez context of the process, from the environment variables that Rez sets.

use nanoserde::SerJson;

use super::Environment;

/// A resolved environment.
#[derive(Clone, Debug, PartialEq, Eq, SerJson)]
#[nserde(serialize_none_as_null)]
#[allow(unreachable_pub)] // the derive reads no pub(crate)
pub struct Context {
    /// The resolved packages, such as `maya-2024.2`, in the order of Rez.
    pub resolve: Vec<String>,
    pub request: Vec<String>,
    /// The version of Rez.
    pub version: Option<String>,
    /// The file of the context.
    pub file: Option<String>,
}

/// The context. `None` outside of a context.
pub(crate) fn read(environment: &Environment) -> Option<Context> {
    let words = |name: &str| -> Option<Vec<String>> {
        let text = environment.text(name)?;
        Some(text.split_whitespace().map(str::to_owned).collect())
    };
    let resolve = words("REZ_USED_RESOLVE")?;
    Some(Context {
        resolve,
        request: words("REZ_USED_REQUEST").unwrap_or_default(),
        version: environment.text("REZ_USED_VERSION"),
        file: environment.text("REZ_RXT_FILE"),
    })
}
