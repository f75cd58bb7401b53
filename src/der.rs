//! A strict reader and writer for the part of DER (ITU-T X.690) that keys need: definite and
//! shortest lengths, no multi-byte tags, no trailing bytes.

use zeroize::Zeroizing;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// `[number]` around another element, or in place of a SEQUENCE's tag.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// `[number]` in place of a primitive element's tag.
pub(crate) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// The bytes are not valid DER, or do not have the expected structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wrong;

/// Reads elements in sequence.
#[derive(Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(der: &'a [u8]) -> Reader<'a> {
        Reader { rest: der }
    }

    /// A reader for the content of a SEQUENCE, which must be all of `der`.
    pub(crate) fn sequence_of(der: &'a [u8]) -> Result<Reader<'a>, Wrong> {
        let mut outer = Reader::new(der);
        let inner = outer.nested(SEQUENCE)?;
        outer.finish()?;
        Ok(inner)
    }

    /// The tag of the next element; `None` at the end.
    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The tag and content of the next element.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), Wrong> {
        let (&tag, rest) = self.rest.split_first().ok_or(Wrong)?;
        if tag & 0x1f == 0x1f {
            return Err(Wrong); // a multi-byte tag, which no key has
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(Wrong)?;
        self.rest = rest;
        Ok((tag, content))
    }

    /// The content of the next element, which must have this tag.
    pub(crate) fn element(&mut self, tag: u8) -> Result<&'a [u8], Wrong> {
        if self.peek() != Some(tag) {
            return Err(Wrong);
        }
        self.any().map(|(_, content)| content)
    }

    /// The next element including its tag and length. It must have this tag.
    pub(crate) fn whole_element(&mut self, tag: u8) -> Result<&'a [u8], Wrong> {
        let before = self.rest;
        self.element(tag)?;
        let length = before.len() - self.rest.len();
        before.get(..length).ok_or(Wrong)
    }

    /// The content of the next element if it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Wrong> {
        if self.peek() == Some(tag) {
            self.element(tag).map(Some)
        } else {
            Ok(None)
        }
    }

    /// A reader for the content of the next element, which must have this tag.
    pub(crate) fn nested(&mut self, tag: u8) -> Result<Reader<'a>, Wrong> {
        self.element(tag).map(Reader::new)
    }

    /// A non-negative INTEGER without its sign byte; empty for zero.
    pub(crate) fn unsigned(&mut self) -> Result<&'a [u8], Wrong> {
        match self.element(INTEGER)? {
            [0] => Ok(&[]),
            [0, rest @ ..] if rest.first().is_some_and(|byte| byte & 0x80 != 0) => Ok(rest),
            [0, ..] | [] => Err(Wrong),
            [first, ..] if first & 0x80 != 0 => Err(Wrong),
            number => Ok(number),
        }
    }

    /// An INTEGER from 0 to 255, such as a version.
    pub(crate) fn small(&mut self) -> Result<u8, Wrong> {
        match self.unsigned()? {
            [] => Ok(0),
            [number] => Ok(*number),
            _ => Err(Wrong),
        }
    }

    /// A BIT STRING of whole bytes.
    pub(crate) fn bit_string(&mut self) -> Result<&'a [u8], Wrong> {
        whole_bytes(self.element(BIT_STRING)?)
    }

    /// Checks that no bytes are left.
    pub(crate) fn finish(self) -> Result<(), Wrong> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Wrong)
        }
    }
}

/// The content of a BIT STRING without the count of unused bits, which must be zero.
pub(crate) fn whole_bytes(content: &[u8]) -> Result<&[u8], Wrong> {
    content.strip_prefix(&[0]).ok_or(Wrong)
}

/// Reads the length at the start of `bytes`, which must have the shortest form.
fn length(bytes: &[u8]) -> Result<(usize, &[u8]), Wrong> {
    let (&first, rest) = bytes.split_first().ok_or(Wrong)?;
    let count = match first {
        0..=0x7f => return Ok((first.into(), rest)),
        0x81..=0x84 => usize::from(first & 0x7f),
        _ => return Err(Wrong), // indefinite, or longer than any key
    };
    let (digits, rest) = rest.split_at_checked(count).ok_or(Wrong)?;
    let length = digits
        .iter()
        .fold(0_usize, |length, &byte| length << 8 | usize::from(byte));
    if length < 0x80 || digits.first() == Some(&0) {
        return Err(Wrong);
    }
    Ok((length, rest))
}

/// Whether `bytes` is exactly one SEQUENCE. Thirty random bytes match about once in a million.
pub(crate) fn is_sequence(bytes: &[u8]) -> bool {
    let Ok(mut inside) = Reader::sequence_of(bytes) else {
        return false;
    };
    let mut elements = 0;
    while inside.peek().is_some() {
        if inside.any().is_err() {
            return false;
        }
        elements += 1;
    }
    elements > 0
}

/// Writes an element with this tag. Its content is the concatenation of `contents`.
pub(crate) fn element(tag: u8, contents: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let length: usize = contents.iter().map(|content| content.len()).sum();
    // Allocate the full size: a reallocation would leave parts of a private key in memory.
    let mut der = Zeroizing::new(Vec::with_capacity(length + 10));
    der.push(tag);
    if let Ok(short) = u8::try_from(length)
        && short < 0x80
    {
        der.push(short);
    } else {
        let digits = length.to_be_bytes();
        let zeros = digits.iter().take_while(|&&byte| byte == 0).count();
        let digits = digits.get(zeros..).unwrap_or_default();
        der.push(0x80 | digits.len() as u8);
        der.extend_from_slice(digits);
    }
    for content in contents {
        der.extend_from_slice(content);
    }
    der
}

/// Writes an INTEGER from the big-endian bytes of a non-negative number.
pub(crate) fn unsigned(number: &[u8]) -> Zeroizing<Vec<u8>> {
    let number = without_leading_zeros(number);
    match number.first() {
        Some(byte) if byte & 0x80 == 0 => element(INTEGER, &[number]),
        _ => element(INTEGER, &[&[0], number]),
    }
}

/// A BIT STRING of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    element(BIT_STRING, &[&[0], bytes])
}

/// The bytes of a number in shortest form.
pub(crate) fn without_leading_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&byte| byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_must_have_shortest_form() {
        let long = vec![7; 300];
        for size in [0, 1, 127, 128, 255, 256, 300] {
            let content = &long[..size];
            let der = element(OCTET_STRING, &[content]);
            let mut reader = Reader::new(&der);
            assert_eq!(reader.element(OCTET_STRING), Ok(content));
            assert_eq!(reader.finish(), Ok(()));
        }
        for wrong in [
            &[0x04, 0x81, 0x01, 7][..],      // one byte is enough
            &[0x04, 0x82, 0x00, 0x80],       // one byte is enough
            &[0x04, 0x80, 7, 0, 0],          // indefinite
            &[0x04, 0x85, 0, 0, 0, 0, 1, 7], // five bytes of length
            &[0x04, 0x84, 0xff, 0xff, 0xff, 0xff],
            &[0x04, 2, 7],
            &[0x04],
            &[0x1f, 0x01, 1, 7],
        ] {
            assert_eq!(Reader::new(wrong).any(), Err(Wrong), "{wrong:x?}");
        }
    }

    #[test]
    fn integers_must_have_shortest_form() {
        let read = |der: &'static [u8]| Reader::new(der).unsigned();
        assert_eq!(read(&[2, 1, 0]), Ok(&[][..]));
        assert_eq!(read(&[2, 2, 0, 0x80]), Ok(&[0x80][..]));
        for wrong in [&[2, 0][..], &[2, 1, 0x80], &[2, 2, 0, 0x7f], &[3, 1, 0]] {
            assert_eq!(Reader::new(wrong).unsigned(), Err(Wrong), "{wrong:x?}");
        }
        assert_eq!(unsigned(&[0, 0, 0x80]).as_slice(), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0x7f]).as_slice(), [2, 1, 0x7f]);
        assert_eq!(unsigned(&[]).as_slice(), [2, 1, 0]);
    }

    #[test]
    fn is_sequence_requires_complete_der() {
        assert!(is_sequence(&[0x30, 3, 2, 1, 0]));
        assert!(!is_sequence(&[0x30, 0]));
        assert!(!is_sequence(&[0x30, 3, 2, 1]));
        assert!(!is_sequence(&[0x30, 3, 2, 1, 0, 0]));
        assert!(!is_sequence(b"0123456789abcdef"));
    }
}
