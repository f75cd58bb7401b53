//! The text of an I/O error. A leaf: every module may use it.

use std::io;

/// The text of an error, without the "(os error 2)" that Rust appends.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => lower_first(text.get(..end).unwrap_or(&text)),
        None => lower_first(&text),
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        // "DNS failed" keeps its capitals, "No such file" does not.
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn os_error_number_is_removed() {
        let error = io::Error::from_raw_os_error(libc::ENOENT);
        assert_eq!(reason(&error), "no such file or directory");
        assert_eq!(reason(&io::Error::other("DNS failed")), "DNS failed");
    }
}
