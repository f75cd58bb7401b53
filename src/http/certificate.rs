//! Reads the fields of a certificate that messages and reports need.

use std::net::IpAddr;

use crate::der::{self, Reader};
use crate::timestamp::{Timestamp, from_civil};

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SET: u8 = 0x31;
/// 2.5.4.3 and 2.5.4.10.
const COMMON_NAME: [u8; 3] = [0x55, 4, 3];
const ORGANIZATION: [u8; 3] = [0x55, 4, 10];
/// 2.5.29.17.
const SUBJECT_ALT_NAME: [u8; 3] = [0x55, 29, 17];

/// Fields of a certificate (RFC 5280 §4.1).
pub(crate) struct Fields<'a> {
    issuer: &'a [u8],
    validity: &'a [u8],
    subject: &'a [u8],
    /// The key, and the extensions from version 3 on.
    rest: Reader<'a>,
}

impl<'a> Fields<'a> {
    /// Reads the fields; fails if the certificate is not DER.
    pub(crate) fn read(certificate: &'a [u8]) -> Result<Fields<'a>, der::Wrong> {
        let mut outer = Reader::sequence_of(certificate)?;
        let mut inner = outer.nested(der::SEQUENCE)?;
        inner.optional(der::context(0))?; // version
        inner.element(der::INTEGER)?; // serial number
        inner.element(der::SEQUENCE)?; // signature algorithm
        let issuer = inner.element(der::SEQUENCE)?;
        let validity = inner.element(der::SEQUENCE)?;
        let subject = inner.element(der::SEQUENCE)?;
        Ok(Fields {
            issuer,
            validity,
            subject,
            rest: inner,
        })
    }

    /// The quoted common name of the subject, or its organization.
    pub(crate) fn subject_name(&self) -> Option<String> {
        common_name(self.subject)
    }

    /// The quoted common name of the issuer, or its organization.
    pub(crate) fn issuer_name(&self) -> Option<String> {
        common_name(self.issuer)
    }

    /// The hosts, addresses and URIs of the certificate.
    pub(crate) fn names(&self) -> Vec<String> {
        self.alternative_names().unwrap_or_default()
    }

    fn alternative_names(&self) -> Result<Vec<String>, der::Wrong> {
        let mut rest = self.rest.clone();
        rest.element(der::SEQUENCE)?; // the key
        rest.optional(der::context_primitive(1))?; // issuer's and subject's unique ids
        rest.optional(der::context_primitive(2))?;
        let mut extensions = rest.nested(der::context(3))?.nested(der::SEQUENCE)?;
        while extensions.peek().is_some() {
            let mut extension = extensions.nested(der::SEQUENCE)?;
            let kind = extension.element(der::OID)?;
            extension.optional(der::BOOLEAN)?; // whether it is critical
            let value = extension.element(der::OCTET_STRING)?;
            if kind == SUBJECT_ALT_NAME {
                return general_names(Reader::sequence_of(value)?);
            }
        }
        Ok(Vec::new())
    }

    /// The start and end of the validity.
    pub(crate) fn validity(&self) -> Option<(Timestamp, Timestamp)> {
        let mut reader = Reader::new(self.validity);
        Some((time(reader.any().ok()?)?, time(reader.any().ok()?)?))
    }
}

/// UTCTime or GeneralizedTime, in UTC to the second (RFC 5280 §4.1.2.5).
fn time((tag, content): (u8, &[u8])) -> Option<Timestamp> {
    let text = std::str::from_utf8(content).ok()?.strip_suffix('Z')?;
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    let text = match (tag, text.len()) {
        (UTC_TIME, 12) if text < "50" => format!("20{text}"),
        (UTC_TIME, 12) => format!("19{text}"),
        (GENERALIZED_TIME, 14) => text.to_owned(),
        _ => return None,
    };
    let number = |from: usize, to: usize| text.get(from..to)?.parse().ok().filter(|_| digits);
    from_civil(
        (number(0, 4)?, number(4, 6)?, number(6, 8)?),
        (number(8, 10)?, number(10, 12)?, number(12, 14)?),
    )
}

/// Reads the GeneralNames (RFC 5280 §4.2.1.6) that can name a host.
fn general_names(mut list: Reader) -> Result<Vec<String>, der::Wrong> {
    const DNS_NAME: u8 = der::context_primitive(2);
    const URI: u8 = der::context_primitive(6);
    const IP_ADDRESS: u8 = der::context_primitive(7);
    let mut names = Vec::new();
    while list.peek().is_some() {
        match list.any()? {
            (DNS_NAME | URI, name) => names.push(String::from_utf8_lossy(name).into_owned()),
            (IP_ADDRESS, address) => names.extend(ip_address(address).map(|it| it.to_string())),
            _ => {} // a person's or a directory's
        }
    }
    Ok(names)
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4.or(v6).ok()
}

/// The common name in a Name, or the organization.
fn common_name(name: &[u8]) -> Option<String> {
    let mut found: Option<String> = None;
    let mut sets = Reader::new(name);
    while let Ok(set) = sets.element(SET) {
        let mut attribute = Reader::new(set).nested(der::SEQUENCE).ok()?;
        let kind = attribute.element(der::OID).ok()?;
        let (_, value) = attribute.any().ok()?;
        let text = || format!("'{}'", String::from_utf8_lossy(value));
        if kind == COMMON_NAME {
            return Some(text());
        }
        if kind == ORGANIZATION {
            found = Some(text());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(
            time((UTC_TIME, b"261123160000Z")),
            Timestamp::parse("2026-11-23T16:00:00Z").ok()
        );
        assert_eq!(
            time((UTC_TIME, b"991231235959Z")),
            Timestamp::parse("1999-12-31T23:59:59Z").ok()
        );
        assert_eq!(
            time((GENERALIZED_TIME, b"20901231235959Z")),
            Timestamp::parse("2090-12-31T23:59:59Z").ok()
        );
        for wrong in [
            "",
            "Z",
            "2611231600Z",
            "261123160000+0100",
            "２611231600Z",
            "261323160000Z",
        ] {
            assert_eq!(time((UTC_TIME, wrong.as_bytes())), None, "{wrong}");
        }
    }

    #[test]
    fn alternative_names_are_hosts_addresses_and_uris() {
        let inside = [
            &[0x82, 5][..],
            b"a.lan",
            &[0x81, 3], // an e-mail address
            b"a@b",
            &[0x87, 4, 10, 0, 0, 7],
            &[0x87, 5, 10, 0, 0, 7, 7], // no address has five bytes
            &[0x86, 3],
            b"x:y",
        ]
        .concat();
        let names = general_names(Reader::new(&inside));
        assert_eq!(
            names,
            Ok(vec!["a.lan".into(), "10.0.0.7".into(), "x:y".into()])
        );
        assert_eq!(general_names(Reader::new(&inside[..6])), Err(der::Wrong));
    }

    #[test]
    fn no_bytes_are_a_certificate_by_accident() {
        let mut state = 47_u32;
        for length in 0..2_000 {
            let bytes: Vec<u8> = (0..length % 97)
                .map(|_| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (state >> 24) as u8
                })
                .collect();
            assert!(Fields::read(&bytes).is_err());
            let _ = common_name(&bytes);
        }
    }
}
