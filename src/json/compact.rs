//! A JSON text on one line: only white space between tokens is removed.

use super::layout::token_length;

/// A valid text without white space between its tokens, which are unchanged.
pub(crate) fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim_ascii();
    while let Some(first) = rest.bytes().next() {
        let (token, tail) = rest.split_at(token_length(rest, first));
        out.push_str(token);
        rest = tail.trim_ascii_start();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        for (text, expected) in [
            (" [ 1.10 ,\r\n 1e400,\ttrue ]\n", "[1.10,1e400,true]"),
            (
                "{ \"a b\" : \"c \\\" d\" , \"e\":{ } }",
                "{\"a b\":\"c \\\" d\",\"e\":{}}",
            ),
            (" null ", "null"),
        ] {
            assert_eq!(compact(text), expected);
        }
    }
}
