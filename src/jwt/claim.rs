//! Claims on the command line: `k=v` for a string, `k:=json` for any JSON value.

use crate::json::{Text, ensure_unique_members};

/// A member of a token's claims or header. The text of its value is unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub name: String,
    pub value: Text,
}

impl Claim {
    /// Creates a claim.
    pub(crate) fn new(name: &str, value: Text) -> Claim {
        Claim {
            name: name.to_owned(),
            value,
        }
    }

    /// The claim as [`Claim::parse`] reads it.
    pub(crate) fn as_written(&self) -> String {
        match self.value.read::<String>() {
            Ok(text) => format!("{}={text}", self.name),
            Err(_) => format!("{}:={}", self.name, self.value),
        }
    }

    /// Reads `k=v` or `k:=json`. The value starts after the first `=`.
    ///
    /// # Errors
    /// The expected syntax or the JSON error, for a usage message.
    pub(crate) fn parse(text: &str) -> Result<Claim, String> {
        let wrong = || "a claim must be name=text or name:=JSON".to_owned();
        let (name, value) = text.split_once('=').ok_or_else(wrong)?;
        let (name, value) = match name.strip_suffix(':') {
            Some(name) => {
                let value = Text::parse(value)
                    .and_then(|value| ensure_unique_members(&value).map(|()| value))
                    .map_err(|why| format!("the value of {name} is not valid JSON: {why}"))?;
                (name, value)
            }
            None => (name, Text::string(value)),
        };
        if name.is_empty() {
            return Err(wrong());
        }
        Ok(Claim::new(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_json_are_read() {
        for (text, name, value) in [
            ("sub=bot", "sub", "\"bot\""),
            ("a=", "a", "\"\""),
            ("a=b=c", "a", "\"b=c\""),
            ("a=b:=c", "a", "\"b:=c\""),
            ("a:=1.10", "a", "1.10"),
            ("a:=[1, {\"b\":2}]", "a", "[1, {\"b\":2}]"),
            ("https://a.b/c=x", "https://a.b/c", "\"x\""),
            ("exp:=1e400", "exp", "1e400"),
        ] {
            let claim = Claim::parse(text).unwrap();
            assert_eq!((claim.name.as_str(), claim.value.as_str()), (name, value));
        }
    }

    #[test]
    fn invalid_claims_are_rejected() {
        for wrong in ["", "a", "=x", ":=1", "a:=", "a:=x", "a:={\"b\":1,\"b\":2}"] {
            assert!(Claim::parse(wrong).is_err(), "{wrong}");
        }
    }
}
