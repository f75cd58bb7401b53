//! Texts with `{name}`: what is signed, and how a signature is written in a header. They differ from the
//! templates of a login: a field may be a header or a body that is too large for the memory.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::hex;

/// The most bytes of a template.
const MAX_LENGTH: usize = 4096;

/// A text with fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template<F>(Vec<Piece<F>>);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<F> {
    Text(String),
    Field(F),
}

/// A part of a request that can be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Method,
    Path,
    Query,
    /// The path, and the query if there is one, as in the request line.
    Target,
    Url,
    /// The Host header.
    Host,
    Body,
    /// The SHA-256 of the body in hexadecimal.
    BodySha256,
    /// Seconds since 1970.
    Timestamp,
    /// A random text.
    Nonce,
    /// The value of a header.
    Header(String),
}

/// A part of a header with a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The signature in hexadecimal.
    Hex,
    Base64,
    /// Base64 with `-` and `_`, without padding.
    Base64Url,
    Timestamp,
    Nonce,
}

/// The names in a template, for the parser and its messages.
const PARTS: [(&str, Part); 10] = [
    ("method", Part::Method),
    ("path", Part::Path),
    ("query", Part::Query),
    ("target", Part::Target),
    ("url", Part::Url),
    ("host", Part::Host),
    ("body", Part::Body),
    ("body_sha256", Part::BodySha256),
    ("timestamp", Part::Timestamp),
    ("nonce", Part::Nonce),
];

const MARKS: [(&str, Mark); 5] = [
    ("hex", Mark::Hex),
    ("base64", Mark::Base64),
    ("base64url", Mark::Base64Url),
    ("timestamp", Mark::Timestamp),
    ("nonce", Mark::Nonce),
];

/// What is signed.
pub(crate) type Signed = Template<Part>;

/// How a signature is written in a header.
pub(crate) type Written = Template<Mark>;

impl Signed {
    /// Reads what is signed, for example `{timestamp}\n{method}\n{path}\n{body}`.
    ///
    /// # Errors
    /// If a name is unknown.
    pub(crate) fn parse(text: &str) -> Result<Signed, String> {
        parse(text, |name| match name.strip_prefix("header:") {
            Some(name) => {
                crate::http::credential::ensure_header_name(name)?;
                Ok(Part::Header(name.to_ascii_lowercase()))
            }
            None => named(name, &PARTS).ok_or_else(|| unknown(name, &PARTS, ", header:NAME")),
        })
    }
}

impl Written {
    /// Reads how a signature is written, for example `sha256={hex}`.
    ///
    /// # Errors
    /// If a name is unknown, or there is not exactly one signature.
    pub(crate) fn parse(text: &str) -> Result<Written, String> {
        let template = parse(text, |name| {
            named(name, &MARKS).ok_or_else(|| unknown(name, &MARKS, ""))
        })?;
        let signatures = template.fields().filter(|mark| mark.is_signature());
        if signatures.count() != 1 {
            return Err(format!(
                "'{text}' must have one of {{hex}}, {{base64}} and {{base64url}}"
            ));
        }
        if text.chars().any(char::is_control) || template.texts().any(has_control) {
            return Err("a header cannot contain control characters".into());
        }
        Ok(template)
    }

    /// The value of the header.
    pub(crate) fn write(&self, signature: &[u8], timestamp: &str, nonce: &str) -> String {
        let mut value = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => value.push_str(text),
                Piece::Field(Mark::Hex) => value.push_str(&hex::encode(signature)),
                Piece::Field(Mark::Base64) => value.push_str(&STANDARD.encode(signature)),
                Piece::Field(Mark::Base64Url) => value.push_str(&URL_SAFE_NO_PAD.encode(signature)),
                Piece::Field(Mark::Timestamp) => value.push_str(timestamp),
                Piece::Field(Mark::Nonce) => value.push_str(nonce),
            }
        }
        value
    }

    /// Reads a value of the header; `None` if it is written in another way.
    pub(crate) fn read(&self, value: &str) -> Option<Marks> {
        let mut marks = Marks::default();
        let mut rest = value;
        let mut pieces = self.0.iter().peekable();
        while let Some(piece) = pieces.next() {
            let mark = match piece {
                Piece::Text(text) => {
                    rest = rest.strip_prefix(text.as_str())?;
                    continue;
                }
                Piece::Field(mark) => mark,
            };
            let end = match pieces.peek() {
                Some(Piece::Text(next)) => rest.find(next.as_str())?,
                Some(Piece::Field(_)) | None => rest.len(),
            };
            let (text, tail) = rest.split_at_checked(end)?;
            rest = tail;
            match mark {
                Mark::Hex => marks.signature = hex::decode(text)?,
                Mark::Base64 => marks.signature = STANDARD.decode(text).ok()?,
                Mark::Base64Url => marks.signature = URL_SAFE_NO_PAD.decode(text).ok()?,
                Mark::Timestamp => marks.timestamp = Some(text.to_owned()),
                Mark::Nonce => marks.nonce = Some(text.to_owned()),
            }
        }
        (rest.is_empty() && !marks.signature.is_empty()).then_some(marks)
    }
}

/// The parts of a header with a signature.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    pub signature: Vec<u8>,
    pub timestamp: Option<String>,
    pub nonce: Option<String>,
}

impl Mark {
    fn is_signature(self) -> bool {
        match self {
            Mark::Hex | Mark::Base64 | Mark::Base64Url => true,
            Mark::Timestamp | Mark::Nonce => false,
        }
    }
}

impl<F: PartialEq> Template<F> {
    pub(crate) fn pieces(&self) -> impl Iterator<Item = &Piece<F>> {
        self.0.iter()
    }

    pub(crate) fn fields(&self) -> impl Iterator<Item = &F> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Field(field) => Some(field),
            Piece::Text(_) => None,
        })
    }

    pub(crate) fn has(&self, field: &F) -> bool {
        self.fields().any(|own| own == field)
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Text(text) => Some(text.as_str()),
            Piece::Field(_) => None,
        })
    }
}

fn has_control(text: &str) -> bool {
    text.chars().any(char::is_control)
}

fn named<F: Clone>(name: &str, table: &[(&str, F)]) -> Option<F> {
    let found = table.iter().find(|(known, _)| *known == name);
    found.map(|(_, field)| field.clone())
}

fn unknown<F>(name: &str, table: &[(&str, F)], more: &str) -> String {
    let names: Vec<&str> = table.iter().map(|(name, _)| *name).collect();
    format!("unknown name '{{{name}}}'; use {}{more}", names.join(", "))
}

/// Reads `{name}`, `{{` and `}}` for braces, and the escapes `\n`, `\r`, `\t` and `\\`.
fn parse<F>(text: &str, field: impl Fn(&str) -> Result<F, String>) -> Result<Template<F>, String> {
    if text.is_empty() || text.len() > MAX_LENGTH {
        return Err(format!("a template has 1 to {MAX_LENGTH} bytes"));
    }
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => plain.push(escaped(rest.next())?),
            '{' | '}' if rest.as_str().starts_with(c) => {
                rest.next();
                plain.push(c);
            }
            '{' => {
                let Some((name, tail)) = rest.as_str().split_once('}') else {
                    return Err("'{' without a closing '}'; write {{ for a brace".into());
                };
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(Piece::Field(field(name)?));
                rest = tail.chars();
            }
            '}' => return Err("'}' without an opening '{'; write }} for a brace".into()),
            c => plain.push(c),
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(Template(pieces))
}

fn escaped(c: Option<char>) -> Result<char, String> {
    match c {
        Some('n') => Ok('\n'),
        Some('r') => Ok('\r'),
        Some('t') => Ok('\t'),
        Some('\\') => Ok('\\'),
        Some(_) | None => Err("unknown escape; use \\n, \\r, \\t or \\\\".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_have_texts_fields_braces_and_escapes() {
        let signed = Signed::parse(r"v0:{timestamp}\n{header:X-Show}{{\\}}{body}").unwrap();
        let pieces: Vec<&Piece<Part>> = signed.pieces().collect();
        assert_eq!(
            pieces,
            [
                &Piece::Text("v0:".into()),
                &Piece::Field(Part::Timestamp),
                &Piece::Text("\n".into()),
                &Piece::Field(Part::Header("x-show".into())),
                &Piece::Text(r"{\}".into()),
                &Piece::Field(Part::Body),
            ]
        );
        for wrong in [
            "",
            "{",
            "}",
            "{bod}",
            "{body",
            r"\x",
            r"a\",
            "{header:a b}",
            "{}",
        ] {
            assert!(Signed::parse(wrong).is_err(), "{wrong}");
        }
        let why = Signed::parse("{bdy}").unwrap_err();
        assert!(
            why.contains("body_sha256, timestamp, nonce, header:NAME"),
            "{why}"
        );
    }

    #[test]
    fn a_written_signature_is_read_back() {
        let signature = [0xfb, 0xff, 0x00, 0x47];
        for (template, expected) in [
            ("sha256={hex}", "sha256=fbff0047"),
            ("{base64}", "+/8ARw=="),
            (
                "HMAC id=\"a\",ts={timestamp},n={nonce},s={base64url}",
                "HMAC id=\"a\",ts=12,n=ab,s=-_8ARw",
            ),
        ] {
            let written = Written::parse(template).unwrap();
            let value = written.write(&signature, "12", "ab");
            assert_eq!(value, expected);
            assert_eq!(
                written.read(&value).unwrap().signature,
                signature,
                "{template}"
            );
            for wrong in [
                "",
                "sha256=",
                "sha256=fbff004",
                "x",
                &format!("{value}!"),
                &format!(" {value}"),
            ] {
                assert_eq!(written.read(wrong), None, "{template}: {wrong}");
            }
        }
        for wrong in [
            "sha256=",
            "{hex}{base64}",
            "{body}",
            "a\n{hex}",
            r"a\n{hex}",
            "{timestamp}",
        ] {
            assert!(Written::parse(wrong).is_err(), "{wrong}");
        }
    }

    /// Random texts and their alterations, the same in each run.
    #[test]
    fn random_templates_and_values_do_not_panic() {
        let pieces = [
            "{",
            "}",
            "{{",
            "}}",
            "\\",
            "\\n",
            "{hex}",
            "{base64}",
            "{base64url}",
            "{timestamp}",
            "{nonce}",
            "{body}",
            "{header:",
            "a",
            "é",
            "=",
            ",",
            "\n",
            "00",
            "\u{0}",
        ];
        let mut state = 47_u64;
        let mut below = |most: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % most as u64).unwrap()
        };
        for _ in 0..20_000 {
            let mut text =
                || -> String { (0..below(7)).map(|_| pieces[below(pieces.len())]).collect() };
            let (template, value) = (text(), text());
            let _ = Signed::parse(&template);
            if let Ok(written) = Written::parse(&template) {
                let _ = written.read(&value);
                let own = written.write(b"\x00\x47", "1", "2");
                // Two fields side by side cannot be told apart.
                if let Some(marks) = written.read(&own) {
                    assert!(!marks.signature.is_empty(), "{template}");
                }
            }
        }
    }
}
