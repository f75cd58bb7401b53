//! The part of XML 1.0 that manifests need: elements, attributes and text in UTF-8. A document type
//! declaration, and with it every entity of its own, is refused. Twice as small as a crate.

use std::borrow::Cow;
use std::fmt;

/// Limit for the depth of elements.
const MOST_DEPTH: usize = 64;
/// Limit for the attributes of an element.
const MOST_ATTRIBUTES: usize = 64;

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The byte at which it was found.
    pub at: usize,
    pub why: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid XML at byte {}: {}", self.at, self.why)
    }
}

/// A part of a document. Names are without the prefix of their namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event<'x> {
    Start(&'x str, Attributes<'x>),
    End(&'x str),
    /// Text inside an element. That of one element can come in several pieces.
    Text(Cow<'x, str>),
}

/// The attributes of an element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Attributes<'x>(Vec<(&'x str, Cow<'x, str>)>);

impl Attributes<'_> {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(one, _)| *one == name);
        found.map(|(_, value)| value.as_ref())
    }
}

/// Reads a document from its beginning to its end.
pub(crate) struct Reader<'x> {
    text: &'x str,
    at: usize,
    /// The names of the open elements, with their prefixes.
    open: Vec<&'x str>,
    /// The end of an element without content.
    empty: bool,
    has_root: bool,
}

impl<'x> Reader<'x> {
    pub(crate) fn new(text: &'x str) -> Reader<'x> {
        Reader {
            text,
            at: if text.starts_with('\u{feff}') { 3 } else { 0 },
            open: Vec::new(),
            empty: false,
            has_root: false,
        }
    }

    /// The next part; `None` at the end of the document.
    ///
    /// # Errors
    /// When the document is not well-formed, too deep, or has a document type declaration.
    pub(crate) fn next(&mut self) -> Result<Option<Event<'x>>, Fault> {
        if std::mem::take(&mut self.empty) {
            return self.close().map(Some);
        }
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                return match self.open.is_empty() && self.has_root {
                    true => Ok(None),
                    false => Err(self.fault("it ends too early")),
                };
            }
            if let Some(body) = rest.strip_prefix("<![CDATA[") {
                let end = self.end_of(body, "]]>")?;
                self.at += "<![CDATA[".len() + end + 3;
                let text = body.get(..end).unwrap_or_default();
                return self.inside().map(|()| Some(Event::Text(text.into())));
            }
            if let Some(body) = rest.strip_prefix("<!--") {
                self.at += "<!--".len() + self.end_of(body, "-->")? + 3;
            } else if let Some(body) = rest.strip_prefix("<?") {
                self.at += "<?".len() + self.end_of(body, "?>")? + 2;
            } else if rest.starts_with("<!") {
                return Err(self.fault("a document type declaration is not supported"));
            } else if rest.starts_with("</") {
                return self.end_tag().map(Some);
            } else if rest.starts_with('<') {
                return self.start_tag().map(Some);
            } else if let Some(text) = self.text()? {
                return Ok(Some(Event::Text(text)));
            }
        }
    }

    fn rest(&self) -> &'x str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, why: &'static str) -> Fault {
        Fault { at: self.at, why }
    }

    fn end_of(&self, text: &str, end: &str) -> Result<usize, Fault> {
        let found = memchr::memmem::find(text.as_bytes(), end.as_bytes());
        found.ok_or_else(|| self.fault("it ends too early"))
    }

    fn inside(&self) -> Result<(), Fault> {
        match self.open.is_empty() {
            true => Err(self.fault("text outside of the element")),
            false => Ok(()),
        }
    }

    /// Text up to the next tag. `None`: white space outside of the element.
    fn text(&mut self) -> Result<Option<Cow<'x, str>>, Fault> {
        let rest = self.rest();
        let end = memchr::memchr(b'<', rest.as_bytes()).unwrap_or(rest.len());
        let text = rest.get(..end).unwrap_or_default();
        if self.open.is_empty() && text.bytes().all(is_space) {
            self.at += end;
            return Ok(None);
        }
        self.inside()?;
        let text = self.resolved(text)?;
        self.at += end;
        Ok(Some(text))
    }

    fn start_tag(&mut self) -> Result<Event<'x>, Fault> {
        if self.open.is_empty() && self.has_root {
            return Err(self.fault("a second element at the top"));
        }
        if self.open.len() >= MOST_DEPTH {
            return Err(self.fault("the elements are nested too deep"));
        }
        self.at += 1;
        let name = self.name()?;
        let mut attributes = Attributes::default();
        loop {
            let had_space = self.skip_space();
            let rest = self.rest();
            if rest.starts_with("/>") {
                self.at += 2;
                self.empty = true;
                break;
            }
            if rest.starts_with('>') {
                self.at += 1;
                break;
            }
            if !had_space {
                return Err(self.fault("a malformed tag"));
            }
            let attribute = self.attribute()?;
            let is_known = attributes.0.iter().any(|(one, _)| *one == attribute.0);
            if is_known || attributes.0.len() >= MOST_ATTRIBUTES {
                return Err(self.fault("an attribute is given twice, or there are too many"));
            }
            attributes.0.push(attribute);
        }
        self.has_root = true;
        self.open.push(name);
        Ok(Event::Start(local(name), attributes))
    }

    fn attribute(&mut self) -> Result<(&'x str, Cow<'x, str>), Fault> {
        let name = self.name()?;
        self.skip_space();
        self.expect("=")?;
        self.skip_space();
        let rest = self.rest();
        let quote = match rest.bytes().next() {
            Some(quote @ (b'"' | b'\'')) => quote,
            _ => return Err(self.fault("a value without quotes")),
        };
        let body = rest.get(1..).unwrap_or_default();
        let end = memchr::memchr(quote, body.as_bytes());
        let end = end.ok_or_else(|| self.fault("it ends too early"))?;
        let value = body.get(..end).unwrap_or_default();
        if value.contains('<') {
            return Err(self.fault("a value with <"));
        }
        let value = self.resolved(value)?;
        self.at += end + 2;
        Ok((name, value))
    }

    fn end_tag(&mut self) -> Result<Event<'x>, Fault> {
        self.at += 2;
        let name = self.name()?;
        self.skip_space();
        self.expect(">")?;
        match self.open.last() {
            Some(open) if *open == name => self.close(),
            _ => Err(self.fault("an end tag without its start tag")),
        }
    }

    fn close(&mut self) -> Result<Event<'x>, Fault> {
        match self.open.pop() {
            Some(name) => Ok(Event::End(local(name))),
            None => Err(self.fault("an end tag without its start tag")),
        }
    }

    fn name(&mut self) -> Result<&'x str, Fault> {
        let rest = self.rest();
        let is_end = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !"_-.:".contains(c);
        let end = rest.find(is_end).unwrap_or(rest.len());
        let name = rest.get(..end).unwrap_or_default();
        let is_start = |c: char| !c.is_ascii() || c.is_ascii_alphabetic() || c == '_' || c == ':';
        if !name.starts_with(is_start) {
            return Err(self.fault("a name is missing"));
        }
        self.at += end;
        Ok(name)
    }

    fn expect(&mut self, text: &str) -> Result<(), Fault> {
        match self.rest().starts_with(text) {
            true => {
                self.at += text.len();
                Ok(())
            }
            false => Err(self.fault("a malformed tag")),
        }
    }

    fn skip_space(&mut self) -> bool {
        let length = self
            .rest()
            .bytes()
            .take_while(|byte| is_space(*byte))
            .count();
        self.at += length;
        length > 0
    }

    /// A text with its references replaced.
    fn resolved(&self, text: &'x str) -> Result<Cow<'x, str>, Fault> {
        if !text.contains(['&', '\r']) {
            return Ok(text.into());
        }
        // A line break is one line feed, however it is written.
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let mut parts = text.split('&');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (reference, rest) = part
                .split_once(';')
                .ok_or_else(|| self.fault("an & without a reference"))?;
            out.push(character(reference).ok_or_else(|| self.fault("an unknown reference"))?);
            out.push_str(rest);
        }
        Ok(out.into())
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// A name without the prefix of its namespace.
fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, name)| name)
}

/// The character of a reference.
fn character(reference: &str) -> Option<char> {
    match reference {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => {}
    }
    let (digits, radix) = match reference.strip_prefix("#x") {
        Some(digits) => (digits, 16),
        None => (reference.strip_prefix('#')?, 10),
    };
    let is_number = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let code = u32::from_str_radix(digits, radix)
        .ok()
        .filter(|_| is_number)?;
    char::from_u32(code).filter(|c| is_character(*c))
}

/// Whether XML 1.0 can have a character.
pub(crate) fn is_character(c: char) -> bool {
    match c {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        _ => c >= ' ',
    }
}

/// A text for an element or an attribute. Line breaks are references, so that they are kept.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events in a short notation.
    fn read(text: &str) -> Result<String, Fault> {
        let mut reader = Reader::new(text);
        let mut out = String::new();
        while let Some(event) = reader.next()? {
            match event {
                Event::Start(name, attributes) => {
                    out.push_str(&format!("<{name}"));
                    for (name, value) in &attributes.0 {
                        out.push_str(&format!(" {name}={value}"));
                    }
                    out.push('>');
                }
                Event::End(name) => out.push_str(&format!("</{name}>")),
                Event::Text(text) => out.push_str(&text),
            }
        }
        Ok(out)
    }

    #[test]
    fn documents_are_read() {
        for (text, expected) in [
            ("<a/>", "<a></a>"),
            ("\u{feff}<?xml version='1.0'?>\n<a >x</a >\n", "<a>x</a>"),
            ("<p:a b = 'c\"' d=\"&lt;\"/>", "<a b=c\" d=<></a>"),
            ("<a>1<!-- <b> -->2<![CDATA[<&]]></a>", "<a>12<&</a>"),
            ("<a>&amp;&#10;&#xe9;\r\né</a>", "<a>&\né\né</a>"),
            ("<a><b/><b>x</b></a>", "<a><b></b><b>x</b></a>"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn malformed_documents_are_refused() {
        for text in [
            "",
            " ",
            "x",
            "<",
            "<a",
            "<a>",
            "<a></b>",
            "</a>",
            "<a/><b/>",
            "<a/>x",
            "<a b/>",
            "<a b=c/>",
            "<a b='1'c='2'/>",
            "<a b='1' b='2'/>",
            "<a b='<'/>",
            "<a>&x;</a>",
            "<a>&</a>",
            "<a>&#0;</a>",
            "<a>&#xd800;</a>",
            "<a>&#+1;</a>",
            "<a><![CDATA[</a>",
            "<a><!-- </a>",
            "<1/>",
            "<a/><?x",
            "<![CDATA[x]]><a/>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |depth| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(read(&nested(MOST_DEPTH)).is_ok());
        assert!(read(&nested(MOST_DEPTH + 1)).is_err());
        let many: String = (0..100).map(|at| format!(" a{at}='1'")).collect();
        assert!(read(&format!("<a{many}/>")).is_err());
    }

    #[test]
    fn escaped_text_is_read_unchanged() {
        let text = "<a> & \"b\" 'c' \t\r\n ]]> é";
        let document = format!("<a>{}</a>", escape(text));
        assert_eq!(read(&document).unwrap(), format!("<a>{text}</a>"));
        assert!(!is_character('\u{1}') && !is_character('\u{ffff}') && is_character('é'));
    }

    #[test]
    fn every_cut_and_changed_byte_is_survived() {
        let text = "<?xml version='1.0'?><!-- c --><p:a b='&lt;'><![CDATA[x]]>&#10;<c/></p:a>";
        for at in 0..text.len() {
            let _ = read(text.get(..at).unwrap());
            for byte in ["<", ">", "&", ";", "'", "/", "!", "é", "\0"] {
                let changed = [text.get(..at).unwrap(), byte, text.get(at + 1..).unwrap()];
                let _ = read(&changed.concat());
            }
        }
    }
}
