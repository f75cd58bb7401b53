//! Expands `${ENV}` and `${ENV:-default}` in configuration strings.

/// Looks up a variable.
pub(crate) type Variables = fn(&str) -> Option<String>;

/// Replaces variables by their values. `$` without `{` is literal.
///
/// # Errors
/// If a variable is not set and has no default, or a brace is not closed.
pub(super) fn expand(text: &str, variables: Variables) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (inner, tail) = after.split_once('}').ok_or("'${' without a closing '}'")?;
        let (name, default) = match inner.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err("invalid variable name in '${}'".into());
        }
        // As in the shell, an empty variable gets the default.
        let value = variables(name).filter(|value| default.is_none() || !value.is_empty());
        match (value, default) {
            (Some(value), _) => out.push_str(&value),
            (None, Some(default)) => out.push_str(default),
            (None, None) => return Err(format!("environment variable {name} is not set")),
        }
        rest = tail;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_and_defaults_are_expanded() {
        fn known(name: &str) -> Option<String> {
            match name {
                "A" => Some("x".to_owned()),
                "EMPTY" => Some(String::new()),
                _ => None,
            }
        }
        let expanded = |text| expand(text, known);
        assert_eq!(expanded("1${A}2${B:-c}$3"), Ok("1x2c$3".into()));
        assert_eq!(expanded("${EMPTY:-d}${EMPTY}"), Ok("d".into()));
        assert_eq!(expanded("${B:-}"), Ok(String::new()));
        for wrong in ["${B}", "${", "${}", "${A B}", "${A"] {
            assert!(expanded(wrong).is_err(), "{wrong}");
        }
    }
}
